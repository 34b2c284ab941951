"""Faults for the tests: a web server that misbehaves, a folder that can't be written, a disk that is full."""

import contextlib
import errno
import gzip
import hashlib
import http.server
import os
import resource
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from torchvision import datasets

from infogan_utils.data import digits

PAGE = b"<!DOCTYPE html><html><body>Please log in to the network</body></html>"


class Server:
    """A web server on the loopback interface that serves ``files`` (name: bytes) with a fault.

    ``fault``: "", "403", "cut" (half of each file, then it hangs up), "wrong" (one byte altered), "page" (a
    proxy's page with status 200), "slow" (a kilobyte every 50 ms), "silent" (never a byte).
    """

    def __init__(self, files: dict[str, bytes], fault: str = "") -> None:
        self.files, self.fault, self.asked = files, fault, []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                with contextlib.suppress(OSError):
                    outer.answer(self, self.path.rsplit("/", 1)[-1])

            def log_message(self, *_) -> None:
                return

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.http.server_port}/"
        self.over = threading.Event()

    def answer(self, handler: http.server.BaseHTTPRequestHandler, name: str) -> None:
        body = PAGE if self.fault == "page" else self.files.get(name, b"")
        if self.fault == "silent":
            self.over.wait(20)
            return
        handler.send_response(403 if self.fault == "403" else 200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if self.fault == "403":
            return
        if self.fault == "wrong":
            body = body[:-3] + bytes([body[-3] ^ 1]) + body[-2:]
        if self.fault == "cut":
            body = body[: len(body) // 2]
        if self.fault != "slow":
            handler.wfile.write(body)
            return
        for start in range(0, len(body), 1024):
            if self.over.is_set():
                return
            handler.wfile.write(body[start : start + 1024])
            time.sleep(0.05)

    def __enter__(self) -> "Server":
        threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.over.set()
        self.http.shutdown()
        self.http.server_close()


def pack(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


def small_set(monkeypatch, which: type = datasets.MNIST, *mirrors: str) -> dict[str, bytes]:
    """Put 40 and 20 random pictures in the place of MNIST or Fashion-MNIST; return the files, unpacked, by name."""
    rng = np.random.default_rng(len(which.__name__))
    shapes = [(40, 28, 28), (40,), (20, 28, 28), (20,)]
    heads = [bytes([0, 0, 8, len(shape)]) + np.array(shape, ">u4").tobytes() for shape in shapes]
    bodies = [rng.integers(0, 256 if len(shape) > 1 else 10, shape, np.uint8).tobytes() for shape in shapes]
    files = {name: head + body for name, head, body in zip(digits.FILES, heads, bodies, strict=True)}
    md5 = {name: hashlib.md5(content).hexdigest() for name, content in files.items()}
    packed = [(f"{name}.gz", hashlib.md5(pack(content)).hexdigest()) for name, content in files.items()]
    monkeypatch.setitem(digits.MD5, which.__name__, " ".join(md5.values()))
    monkeypatch.setattr(which, "resources", packed)
    monkeypatch.setattr(which, "mirrors", list(mirrors))
    return files


@contextlib.contextmanager
def mounted(folder: Path, *options: str) -> Iterator[bool]:
    """A small file system of its own in ``folder``; gives False where mounting isn't allowed."""
    command = ["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", str(folder)]
    done = shutil.which("mount") is not None and subprocess.run(command, capture_output=True).returncode == 0
    try:
        yield done
    finally:
        if done:
            subprocess.run(["umount", "-l", str(folder)], check=True)


@contextlib.contextmanager
def full_disk(folder: Path, room: int) -> Iterator[None]:
    """In ``folder``, no file can grow beyond ``room`` bytes.

    A file system of that size where this process may mount one (as root), so that the system's own "no space
    left" is met; elsewhere a limit on the size of the files that this process writes.
    """
    folder.mkdir(exist_ok=True)
    with mounted(folder, f"size={max(4096, room)}") as done:
        if done:
            yield
            return
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextlib.contextmanager
def read_only(folder: Path, patch: Callable) -> Iterator[None]:
    """Nothing can be written below ``folder``.

    Its permissions where they bind; as root, whom they don't bind, a read-only file system if one can be
    mounted, and else ``Path.touch`` and ``Path.mkdir`` that fail (by ``patch``, a ``monkeypatch.setattr``).
    """
    folder.mkdir(exist_ok=True)
    if os.geteuid() != 0:
        folder.chmod(0o500)
        try:
            yield
        finally:
            folder.chmod(0o700)
        return
    with mounted(folder, "ro") as done:
        if not done:

            def refuse(path, *_, **__):
                raise OSError(errno.EROFS, "Read-only file system", str(path))

            patch(Path, "touch", refuse)
            patch(Path, "mkdir", refuse)
        yield
