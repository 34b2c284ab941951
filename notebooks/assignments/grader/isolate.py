"""Where a submission runs: a process of its own that sees Python's libraries, an empty folder, and nothing else.

With bubblewrap, or `unshare` of util-linux where the system allows it, the course's folder, other hand-ins, the home
folder and the network do not exist for a submission. `--inside "docker run ..."` puts it into a container. Where there
is none of these, `enclosure()` says so in words: then a submission is a process like any other of the same user.
"""

import atexit
import contextlib
import ctypes
import functools
import importlib.util
import json
import os
import selectors
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
PROGRAM = """\
import sys
sys.path += {paths!r}
exec({sandbox!r})
"""  # sent whole: the process can't read the folder that the file lies in
LONGEST = 5_000_000  # bytes of one answer; what a right function shows takes half of that at most
MOUNT = """
set -e
root=$1; shift
mount -t tmpfs -o mode=755,size=256m tmpfs "$root"
cd "$root"
mkdir -p proc dev tmp old
mount -t tmpfs -o size=256m tmpfs tmp  # first: a library may lie below /tmp
while [ "$1" != -- ]; do
    if [ -L "$1" ]; then mkdir -p ".$(dirname "$1")"; [ -e ".$1" ] || cp -P "$1" ".$1"
    elif [ -d "$1" ]; then
        mkdir -p ".$1"; mount --bind "$1" ".$1"
        # what the file system forbids already, such as devices, has to be forbidden again
        mount -o remount,bind,ro,nosuid ".$1" 2>/dev/null || mount -o remount,bind,ro,nosuid,nodev ".$1"
    fi
    shift
done
shift
# not everywhere allowed, and only the limit of memory reads it; root of the machine could write to it
mount -t proc -o ro,nosuid,nodev,noexec proc proc || true
for name in null zero urandom random; do touch dev/$name; mount --bind /dev/$name dev/$name; done
mount -o remount,ro,mode=755 "$root" || true
pivot_root . old
cd /tmp
umount -l /old
setpriv --bounding-set=-all --inh-caps=-all --no-new-privs "$@"
exit  # this shell stays the first process, which ends with the grader: a submission can't ask the kernel to spare it
"""


class Stopped(Exception):
    """The submission's process has ended, or did not answer in time."""


def readable() -> list[str]:
    """The folders that Python and its libraries need, those of the system first."""
    found = ["/usr", "/lib", "/lib64", "/bin", "/etc/alternatives", sys.base_prefix, sys.prefix]
    spec = importlib.util.find_spec("infogan_utils")
    found += list(spec.submodule_search_locations or []) if spec else []  # assignment 4 trains with the package
    out: list[str] = []
    for path in (os.path.abspath(p) for p in found if os.path.exists(p)):
        if not any(path == other or path.startswith(other + "/") for other in out):
            out.append(path)
    return out


@functools.cache
def enclosure() -> tuple[str, tuple[str, ...]]:
    """(what encloses a submission, the start of its command), the best that this machine allows."""
    paths = readable()
    if shutil.which("bwrap"):
        binds = [part for path in paths for part in ("--ro-bind", path, path)]
        bare = ("--unshare-all", "--die-with-parent", "--new-session", "--proc", "/proc", "--dev", "/dev")
        command = (shutil.which("bwrap"), *bare, "--remount-ro", "/proc", "--tmpfs", "/tmp", *binds, "--chdir", "/tmp")
        if works(command):
            return "bubblewrap", command
    if shutil.which("unshare"):
        spaces = ("--user", "--map-root-user", "--mount", "--pid", "--ipc", "--net", "--uts", "--fork", "--kill-child")
        root = tempfile.mkdtemp(prefix="sandbox-")  # an empty mount point; nothing is ever written to it
        atexit.register(shutil.rmtree, root, ignore_errors=True)
        command = (shutil.which("unshare"), *spaces, "sh", "-c", MOUNT, "sh", root, *paths, "--")
        if works(command):
            return "namespaces of its own (unshare)", command
    return "", ()


def works(command: tuple[str, ...]) -> bool:
    """Does the enclosure start Python here?"""
    ask = [*command, sys.executable, "-I", "-c", "print(6 * 7)"]
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        return subprocess.run(ask, capture_output=True, timeout=20).stdout.strip() == b"42"
    return False


def die_with_parent() -> None:
    """Linux: the kernel ends this process when the grader ends, however it ends."""
    with contextlib.suppress(Exception):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Sandbox:
    """A running `sandbox.py`: `ask` it, `close` it. `inside` is a command that starts Python elsewhere."""

    def __init__(self, megabytes: int = 2048, inside: str = ""):
        self.folder = tempfile.mkdtemp(prefix="submission-")
        python = [*shlex.split(inside)] if inside else [*enclosure()[1], sys.executable]
        environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "HOME": "/tmp",
            "LANG": "C.UTF-8",
            "MPLBACKEND": "agg",
        }
        environment |= {"NBGRADER_EXECUTION": "autograde", "OMP_NUM_THREADS": "1"}
        if not enclosure()[1]:
            environment |= {"HOME": self.folder, "TMPDIR": self.folder}
        spec = None if inside else importlib.util.find_spec("infogan_utils")
        paths = [str(Path(next(iter(spec.submodule_search_locations))).parent)] if spec else []
        program = PROGRAM.format(paths=paths, sandbox=(HERE / "sandbox.py").read_text("utf-8"))
        self.process = subprocess.Popen(
            [*python, "-I", "-c", program, str(megabytes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | environment if inside else environment,  # a container's client needs the user's own
            cwd=self.folder,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
        os.set_blocking(self.process.stdin.fileno(), False)  # a process that has stopped reads nothing
        self.left = b""

    def ask(self, request: dict, seconds: float) -> dict:
        """Send a request and wait for its answer; raises Stopped, with the reason in words."""
        source, out, until = self.process.stdin.fileno(), self.process.stdout.fileno(), time.monotonic() + seconds
        left, whole = json.dumps(request).encode() + b"\n", b"\n" in self.left
        with selectors.DefaultSelector() as watch:
            watch.register(out, selectors.EVENT_READ)
            watch.register(source, selectors.EVENT_WRITE)
            while left or not whole:
                ready = {key.fd for key, _ in watch.select(max(0.0, until - time.monotonic()))}
                if not ready or time.monotonic() > until:
                    raise Stopped(f"no answer within {seconds:.0f} seconds")
                if source in ready:
                    try:
                        left = left[os.write(source, left) :]
                    except OSError:
                        raise Stopped("the process had ended") from None
                    if not left:
                        watch.unregister(source)
                if out in ready:
                    part = os.read(out, 1 << 20)
                    if not part or len(self.left) > LONGEST:
                        raise Stopped("its answer is too long" if part else "its process ended")
                    self.left, whole = self.left + part, whole or b"\n" in part
        line, _, self.left = self.left.partition(b"\n")
        try:
            answer = json.loads(line)
        except (ValueError, RecursionError):
            raise Stopped("its answer cannot be read") from None
        return answer if isinstance(answer, dict) else {}

    def close(self, patience: float = 0.0) -> None:
        """Let the process end by itself within `patience` seconds; then end it, and all that it started."""
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(patience)
        pid = self.process.pid
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
                os.kill(int(child), signal.SIGKILL)  # an enclosure's first process: all in there end with it,
                self.process.wait(1)  # and then the one that waits for it outside
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)
