"""The process that a submission runs in: cells and probes come in, what the probes saw goes out, a line of JSON each.

It holds no solution and no score, so nothing that a submission does to this process is worth a point: a probe is a
function `observe(generator)` that calls the student's function on freshly drawn inputs and returns what it sees. The
graders compare that, elsewhere, with what the same probe sees of the solution. A probe brings its tools (`probes.py`)
and makes them anew for each draw: what a submission has done to those of an earlier one is gone.
"""

import builtins
import contextlib
import json
import math
import os
import random
import resource
import sys
import types
import warnings
from collections.abc import Callable

import numpy as np
import torch


def usual_settings():
    """Undo what a submission has set for all of PyTorch: a test compares the settings before and after a call."""
    torch.set_default_dtype(torch.float32)
    torch.set_num_threads(1)
    torch.set_float32_matmul_precision("highest")
    torch.set_flush_denormal(False)
    torch.set_printoptions(profile="default")
    cudnn = torch.backends.cudnn
    cudnn.enabled, cudnn.benchmark, cudnn.deterministic = True, False, False
    if torch.are_deterministic_algorithms_enabled():  # the call itself loads PyTorch's compiler
        torch.use_deterministic_algorithms(False)


@contextlib.contextmanager
def undisturbed():
    """PyTorch as it starts, then and afterwards; gradients on, warnings off; global random numbers put back."""
    state = random.getstate(), np.random.get_state()  # noqa: NPY002
    usual_settings()
    try:
        with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with torch.inference_mode(False), torch.enable_grad(), torch.autograd.set_detect_anomaly(False):
                yield
    finally:
        random.setstate(state[0])
        np.random.set_state(state[1])  # noqa: NPY002
        usual_settings()


@contextlib.contextmanager
def replaced(space: dict, names: dict):
    """Set these names in a namespace for the time of the block."""
    missing = object()
    kept = {name: space.get(name, missing) for name in names}
    space.update(names)
    try:
        yield
    finally:
        for name, value in kept.items():
            if value is missing:
                space.pop(name, None)
            else:
                space[name] = value


def usual_names() -> dict:
    """Python's own names, such as `list`."""
    return {name: value for name, value in vars(builtins).items() if not name.startswith("_")}


HANDS_OFF = "a function that the test uses was replaced while it ran."


class Room:
    """A submission's namespace, and beside it one that only the graders' cells have written."""

    TOOLS = dict(torch=torch, math=math, undisturbed=undisturbed)

    def __init__(self, run_cell, user: dict):
        self.run_cell, self.user = run_cell, user
        self.kept: dict = {}  # names of the locked cells
        self.answers: dict = {}  # the last function under each graded name
        self.names: list[str] = []
        self.usual = functions()

    def cell(self, source: str, locked: bool = False) -> dict:
        """Run a cell; a locked one in the graders' namespace, its names handed to the submission."""
        with undisturbed():
            if locked:
                before = dict(self.kept)
                self.kept.setdefault(
                    "get_ipython", lambda: types.SimpleNamespace(register_magic_function=lambda *a: None)
                )
                exec(compile(source, "<locked cell>", "exec"), self.kept)
                new = {k: v for k, v in self.kept.items() if k not in before or before[k] is not v}
                self.user.update({k: v for k, v in new.items() if k not in ("__builtins__", "get_ipython")})
                return {}
            error = self.run_cell(source)
        for name in self.names:
            if callable(self.user.get(name)):
                self.answers[name] = self.user[name]
        return {} if error is None else {"error": type(error).__name__, "says": str(error)[:2000]}

    def probe(self, source: str, seeds: list[int], given: list[str] = (), locked: bool = True) -> dict:
        """Run the probe for each seed, with `given` answers in place of the student's own earlier ones."""
        plain = {k: v for k, v in self.user.items() if not hasattr(builtins, k) and not k.startswith("__")}
        base = plain | self.kept | self.TOOLS | {"__builtins__": builtins}
        true, touched = {}, self.put_back()
        for text in given:
            space = dict(base | true)
            exec(compile(text, "<given>", "exec"), space)
            true |= {k: v for k, v in space.items() if k not in base or base[k] is not v}
        base |= {k: v for k, v in self.answers.items() if k not in true}

        def made(space: dict) -> dict:  # the probe and its tools; Python notes warnings there, too
            own = {k: v for k, v in space.items() if base.get(k) is not v and k != "__warningregistry__"}
            return {k: (v, getattr(v, "__code__", None)) for k, v in own.items()}

        probe = compile(source, "<probe>", "exec")
        as_set = {k: v for k, v in self.kept.items() if k != "__builtins__"} | usual_names()
        rebound = {k: as_set[k] for k, v in self.user.items() if k in as_set and as_set[k] is not v}
        seen = []
        with replaced(self.user, true | (rebound if locked else {})):
            for seed in seeds:
                try:
                    with undisturbed():
                        exec(probe, space := dict(base))
                        before = made(space)
                        torch.manual_seed(seed)  # noise of the student's own differs from draw to draw
                        found = space["encode"](space["observe"](torch.Generator().manual_seed(seed)))
                        assert made(space) == before, HANDS_OFF
                        seen.append({"seen": found})
                except Exception as error:
                    seen.append({"error": type(error).__name__, "says": str(error)[:500]})
        if meanwhile := self.put_back():
            seen = [{"error": "AssertionError", "says": HANDS_OFF} for _ in seeds]
        return {"draws": seen, "rebound": sorted(rebound), "touched": touched + meanwhile}

    def put_back(self) -> list[str]:
        """Undo what a submission has put in the place of functions, and return their names."""
        found = functions()
        changed = [key for key, value in self.usual.items() if found.get(key) is not value]
        for place, name in changed:
            if place is sys:
                sys.modules[name] = self.usual[place, name]
            else:
                setattr(place, name, self.usual[place, name])
        return [f"{place.__name__}.{name}" for place, name in changed]


WATCHED = [builtins, math, random, torch, torch.Tensor, torch.nn.functional, torch.nn.Module, torch.autograd, np]
WATCHED += [torch.nn, torch.optim, contextlib, json, json.encoder, json.JSONEncoder]


def functions() -> dict:
    """Every function and module of Python, PyTorch and NumPy that a submission could put its own in place of."""
    out: dict = {(sys, name): sys.modules.get(name) for name in ("contextlib", "numbers", "numpy", "torch")}
    for place in WATCHED:
        for level in reversed(place.__mro__) if isinstance(place, type) else [place]:  # of a class, properties, too
            kinds = object if isinstance(place, type) else (Callable, types.ModuleType)
            out |= {(place, k): v for k, v in vars(level).items() if isinstance(v, kinds)}
    for key in ((torch, "manual_seed"), (torch.nn.Module, "__init__"), (torch.nn.Module, "__setstate__")):
        del out[key]  # PyTorch replaces them itself when its compiler is loaded
    return out


def shell_room() -> Room:
    """A room with IPython behind it, as in a notebook: magics and `display` work, nothing is shown or stored."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell.instance(config=config)
    shell.showtraceback = shell.showsyntaxerror = lambda *a, **k: None
    shell.enable_matplotlib = lambda gui=None: (gui, "agg")  # `%matplotlib inline`, `%pylab`, `%matplotlib widget`
    shell.enable_gui = lambda gui=None: None
    shell.system = shell.system_raw  # `!ls`, `%pip`: a sandbox has no terminal to lend

    def run_cell(source):
        result = shell.run_cell(source, store_history=False, silent=True)
        return result.error_before_exec or result.error_in_exec

    return Room(run_cell, shell.user_ns)


def limit(megabytes: int) -> None:
    """Refuse to map more than this beyond what the libraries take, and end if nobody else does."""
    now = 6 * 2**30  # where /proc isn't there to say it
    with contextlib.suppress(OSError), open("/proc/self/statm") as file:
        now = int(file.read().split()[0]) * resource.getpagesize()
    with contextlib.suppress(OSError, ValueError):  # macOS has no such limit
        resource.setrlimit(resource.RLIMIT_AS, (now + megabytes * 2**20,) * 2)
    with contextlib.suppress(OSError, ValueError), open("/proc/self/uid_map") as file:
        if file.read().split()[2] != "4294967295":  # users of its own: nobody else's processes count; root has no limit
            resource.setrlimit(resource.RLIMIT_NPROC, (256, 256))
    resource.setrlimit(resource.RLIMIT_CPU, (600, 600))  # seconds; far beyond the graders' own limits


def main(megabytes: int) -> None:
    requests, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    quiet = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(quiet, number)
    sys.stdin, sys.stdout, sys.stderr = open(os.devnull), open(os.devnull, "w"), open(os.devnull, "w")
    write, flush = answers.write, answers.flush  # as they are before a submission can replace them
    encode, decode = json.JSONEncoder().encode, json.JSONDecoder().decode
    room = shell_room()
    sys.path.insert(0, "")  # as in a notebook: what `%%writefile` wrote can be imported
    limit(megabytes)
    for line in requests:
        request = decode(line)
        do = request.pop("do")
        try:
            if do == "names":
                room.names, answer = request["names"], {}
            else:
                answer = getattr(room, do)(**request)
        except MemoryError:
            answer = {"error": "MemoryError", "says": "out of memory"}
        except BaseException as error:  # SystemExit, KeyboardInterrupt: a cell may raise anything
            answer = {"error": type(error).__name__, "says": str(error)[:500]}
        write(encode(answer) + "\n")
        flush()
    os._exit(0)  # no clean-up that a submission could hook into


if __name__ == "__main__":
    main(int(sys.argv[1]))
