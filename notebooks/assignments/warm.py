"""Kernels that start warm: one process imports torch, every submission's kernel is a fork of it.

A Jupyter kernel that imports torch pays about two seconds of CPU for it, for each submission. Here a
server pays once; the kernel spec starts this file as ``warm.py launch CONNECTION_FILE``, which asks the
server for a fork and lives as long as the fork does. Each submission still has a process of its own.
POSIX only: without ``os.fork`` the graders use ordinary kernels.
"""

import contextlib
import json
import os
import signal
import socket
import sys

SOCKET = "WARM_KERNEL_SOCKET"  # the environment variable with the path of the server's socket


def launch(connection_file: str) -> int:
    """Ask the server for a kernel and wait until it has ended. Uses the standard library only, to start fast."""
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(os.environ[SOCKET])
        request = {"file": connection_file, "folder": os.getcwd(), "environment": dict(os.environ)}
        line.sendall(json.dumps(request).encode() + b"\n")
        line.settimeout(1.0)
        grader = os.getppid()
        while os.getppid() == grader:
            with contextlib.suppress(TimeoutError):
                if line.recv(1) == b"":
                    break  # the server hangs up when the kernel has ended
    return 0


def kill(pid: int) -> None:
    """End a forked kernel and what it started."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
        os.killpg(pid, signal.SIGKILL)


def become_kernel(request: dict) -> None:
    """Turn this freshly forked process into the kernel that the request describes; never returns."""
    from ipykernel.kernelapp import IPKernelApp

    os.setsid()
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    os.environ.pop("JPY_PARENT_PID", None)
    sys.argv = ["ipykernel_launcher", "-f", request["file"], "--log-level=40", "--HistoryManager.hist_file=:memory:"]
    sys.path[0] = ""  # the notebook's folder, as in any kernel
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)  # the kernel's greeting; what cells print goes to the notebook
    os.dup2(quiet, 2)
    try:
        IPKernelApp.launch_instance()
    finally:
        os._exit(0)


def serve(path: str) -> None:
    """Import what submissions import, then fork a kernel for each request until the parent process ends."""
    import selectors

    import ipykernel.kernelapp  # noqa: F401
    import torch
    import torch._dynamo  # the first optimiser step imports it, for another second
    import torch.optim

    with contextlib.suppress(ImportError):  # assignment 4 alone uses the series' package
        import infogan_utils.data
        import infogan_utils.loop
        import infogan_utils.plots  # noqa: F401

    torch.set_num_threads(1)
    parent = os.getppid()
    watch, kernels = selectors.DefaultSelector(), {}
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(64)
    watch.register(listener, selectors.EVENT_READ)
    while os.getppid() == parent:
        for key, _ in watch.select(timeout=0.05):
            if key.fileobj is listener:
                line = listener.accept()[0]
                request = json.loads(line.makefile().readline())
                pid = os.fork()
                if pid == 0:
                    watch.close()
                    listener.close()
                    for other in [line, *kernels.values()]:
                        other.close()
                    become_kernel(request)
                kernels[pid] = line
                watch.register(line, selectors.EVENT_READ, pid)
            else:  # the launcher was killed: so is its kernel
                watch.unregister(key.fileobj)
                kill(key.data)
        while kernels:
            pid, _ = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            line = kernels.pop(pid)
            with contextlib.suppress(KeyError):
                watch.unregister(line)
            line.close()
    for pid in kernels:
        kill(pid)


if __name__ == "__main__":
    if sys.argv[1] == "launch":
        sys.exit(launch(sys.argv[2]))
    serve(sys.argv[2])
