"""Marks: what the probes saw of a submission is compared with what they see of the solution, outside the submission.

A test cell of `source/` has a public check and, between the markers of hidden tests, a probe `observe(generator)`; an
answer has to pass both. Where equality is not what is asked for (random draws), there is `verdict(seen, true)`, too,
which raises AssertionError. Here they are read.
"""

import contextlib
import functools
import itertools
import math
import os
import re
from pathlib import Path

import nbformat
import numpy as np
from isolate import Sandbox
from repairs import defined, grade_id
from variants import fill

TOOLS = (Path(__file__).parent / "probes.py").read_text("utf-8")  # the start of each probe
HIDDEN = re.compile(r"### BEGIN HIDDEN TESTS\n(.*?)### END HIDDEN TESTS", re.DOTALL)
# the probe first: a setting that the function leaves changed would be the usual one after the public check
BOTH = """
PUBLIC, hidden = {public!r}, observe


def observe(generator):
    seen = hidden(generator)
    exec(compile(PUBLIC, "check", "exec"), dict(globals()))
    return seen
"""
DRAWS = 5


def number(seen) -> bool:
    return isinstance(seen, dict) and "data" in seen


def array(seen: dict) -> np.ndarray:
    """A number, tensor or array as it was encoded, in double precision."""
    return np.array(seen["data"], dtype=float).reshape(seen["shape"])


def compare(what: str, got, want, tol: float) -> None:
    """Assert that two encoded things agree: kind, shape, each number to `tol` of its size (at least of `tol`)."""
    if isinstance(want, dict) and "dict" in want:
        assert isinstance(got, dict) and "dict" in got, f"{what}: expected a dictionary."
        for key, value in want["dict"].items():
            assert key in got["dict"], f"{what}: {key!r} is missing."
            compare(f"{what}: {key}" if what else key, got["dict"][key], value, tol)
    elif isinstance(want, dict) and "list" in want:
        many = len(want["list"])
        right = isinstance(got, dict) and "list" in got and len(got["list"]) == many
        assert right, f"{what}: expected {many} results."
        for k, value in enumerate(want["list"], start=1):
            compare(f"{what}, result {k}" if many > 1 else what, got["list"][k - 1], value, tol)
    elif number(want):
        compare_numbers(what, got, want, tol)
    else:
        assert got == want, f"{what}: {got if isinstance(got, str) else 'not what is expected'}."


def compare_numbers(what: str, got, want: dict, tol: float) -> None:
    relative = "the gradient" in what or "the move" in what  # of what is small, a small error counts
    if not number(got):
        found = "there is none" if got == "none" else f"expected a number or a tensor, got {name_of(got)}"
        raise AssertionError(f"{what}: {found}.")
    mine, true = array(got), array(want)
    assert mine.shape == true.shape, f"{what}: expected the shape {true.shape}, got {mine.shape}."
    if want["kind"] == "tensor" and "int" in want["dtype"]:
        kind = got["dtype"]
        assert kind == want["dtype"], f"{what}: expected whole numbers, {want['dtype']}, got {kind}."
    assert np.isfinite(mine).all(), f"{what}: {int((~np.isfinite(mine)).sum())} of {mine.size} are not finite."
    size = np.abs(true).max(initial=1e-12) if relative else 1 + np.abs(true)
    wrong = np.abs(mine - true) > tol * size
    if wrong.any():
        first = mine[wrong].flat[0]
        raise AssertionError(f"{what}: got {first:.5g}, which is not right.")


def name_of(seen) -> str:
    return "None" if seen is None else seen.get("other", "several") if isinstance(seen, dict) else type(seen).__name__


class Test:
    """One test cell: its probe's source, its tolerance, its verdict."""

    def __init__(self, name: str, cell: str):
        hidden, public = "\n".join(HIDDEN.findall(cell)), HIDDEN.sub("", without_magic(cell))
        self.name, self.source = name, f"{TOOLS}\n{hidden}\n{BOTH.format(public=public)}"
        space: dict = {"np": np, "math": math}
        exec(compile(hidden, name, "exec"), space)
        self.tolerance, self.verdict = space.get("TOLERANCE", 1e-4), space.get("verdict")
        self.seeds: list[int] = []
        self.truth: list[dict] = []

    def judge(self, answer: dict) -> None:
        """Raise AssertionError, with the seed, unless each draw of `answer` agrees with the solution's."""
        draws = answer.get("draws")
        assert isinstance(draws, list) and len(draws) == len(self.seeds), said(answer)
        for seed, got, true in zip(self.seeds, draws, self.truth, strict=True):
            try:
                assert "seen" in got, said(got)
                if self.verdict is None:
                    compare("", got["seen"], true["seen"], self.tolerance)
                else:
                    self.verdict(plain(got["seen"]), plain(true["seen"]))
            except AssertionError as failed:
                raise AssertionError(f"{failed} [seed {seed}]") from None
            except Exception as error:  # what was seen has not the form that the verdict reads
                raise AssertionError(f"the results have not the expected form ({error}) [seed {seed}]") from None

    def failure(self, ask, given: list[str]) -> str:
        """Why the test fails, empty where it passes; `ask(solutions, locked)` lets the probe look.

        Earlier steps are the solutions', then the student's own, which may take more; names as locked cells set them,
        then as the student did.
        """
        first, answer = "", {}
        for solutions, locked in itertools.product((given, []) if given else ([],), (True, False)):
            if locked or answer.get("rebound"):
                answer = ask(solutions, locked)
                try:
                    return self.judge(answer) or ""
                except AssertionError as failed:
                    first = first or str(failed)
        return first


def plain(seen):
    """An encoded thing for a verdict to read: arrays, lists, dictionaries, words."""
    if number(seen):
        return array(seen)
    if isinstance(seen, dict) and "dict" in seen:
        return {key: plain(value) for key, value in seen["dict"].items()}
    if isinstance(seen, dict) and "list" in seen:
        return [plain(value) for value in seen["list"]]
    return seen


def said(answer: dict) -> str:
    """An error of the student's function in words."""
    kind, says = answer.get("error"), str(answer.get("says"))
    told = {"NotImplementedError": "not done yet.", "AssertionError": says}
    told["None"] = "what the test's process sent is no record of what it saw."
    return told.get(str(kind), f"your code raised {kind}: {says}")


class Assignment:
    """What grading takes from a notebook of `source/`: cells in order, tests, the solutions of earlier steps."""

    def __init__(self, path: Path, student: str = ""):
        source = fill(nbformat.read(path, as_version=4), student)
        cells = [c for c in source.cells if c.cell_type == "code" and grade_id(c)]
        self.tests, self.given, self.names, self.order = {}, {}, [], []
        answers: list[str] = []
        for cell in cells:
            about, name = cell.metadata.nbgrader, grade_id(cell)
            if about["grade"] and not about["solution"]:
                self.tests[name] = Test(name, cell.source)
                self.given[name] = answers[:-1]
                self.order.append(("test", name, ""))
            elif about["solution"]:
                answers.append(cell.source)
                self.names += sorted(defined(cell.source))
                self.order.append(("answer", name, cell.source))
            elif not cell.source.startswith("%%check"):
                self.order.append(("locked", name, cell.source))

    def learn(self, room, seed: int, draws: int = DRAWS) -> "Assignment":
        """Let the probes look at the solution; `room` has `cell` and `probe`, here or in a process of its own."""
        room.names = self.names
        for kind, name, source in self.order:
            if kind == "test":
                test = self.tests[name]
                test.seeds = [seed + k for k in range(draws)]
                test.truth = room.probe(test.source, test.seeds, self.given[name])["draws"]
                broken = [said(draw) for draw in test.truth if "seen" not in draw]
                assert not broken, f"{name}: the solution itself fails: {broken[0]}"
            else:
                answer = room.cell(without_magic(source), locked=kind == "locked")
                assert "error" not in answer, f"{name}: {answer}"
        return self


def without_magic(source: str) -> str:
    """A locked cell's Python: `%%keep` or `%%check`, its first line, is for the reader's notebook."""
    return source.split("\n", 1)[1] if source.startswith("%%") else source


class Process:
    """A sandbox with the interface of a room."""

    def __init__(self, sandbox: Sandbox, names: list[str]):
        self.sandbox = sandbox
        self.sandbox.ask({"do": "names", "names": names}, 60)

    def cell(self, source: str, locked: bool = False, seconds: float = 60) -> dict:
        return self.sandbox.ask({"do": "cell", "source": source, "locked": locked}, seconds)

    def probe(self, source, seeds, given=(), locked=True, seconds: float = 60) -> dict:
        about = {"source": source, "seeds": seeds, "given": list(given), "locked": locked}
        return self.sandbox.ask({"do": "probe"} | about, seconds)


@functools.cache
def assignment(path: Path, inside: str, student: str) -> Assignment:
    """The assignment with its truths, once for a run: everybody gets the same fresh inputs, or a student their own."""
    seed = int(os.environ.get("ASSIGNMENT_SEED") or int.from_bytes(os.urandom(4), "big") // 2)
    known = Assignment(path, student)
    with contextlib.closing(Sandbox(inside=inside)) as sandbox:
        return known.learn(Process(sandbox, known.names), seed)
