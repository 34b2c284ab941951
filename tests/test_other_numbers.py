"""The notebooks as readers use them: run twice in one kernel, with other numbers, and with long cells stopped.

All lengths are cut first, so that a notebook takes seconds; then every constant is halved, or doubled.
"""

import ast
import os
import re
import signal

import matplotlib.axes
import pytest
import series
import torch
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import CapturedIO, capture_output
from traitlets.config import Config

from infogan_utils.plots import players

CUT, LENGTHS, BY_PLACE = 60, {"steps", "until", "epochs", "every"}, {"play", "train_ring", "train"}
TWICE, DOUBLED = ("01", "02", "03", "04", "05", "07"), ("06",)  # notebooks that take seconds so


def is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)


class Numbers(ast.NodeTransformer):
    """Cut the lengths, and multiply them and every constant: an upper-case name that is given a number, but a seed."""

    def __init__(self, factor: float) -> None:
        self.factor, self.given = factor, {}

    def cut(self, node: ast.expr, shortest: int = 4) -> ast.expr:
        if not is_number(node) or node.value <= shortest:
            return node
        return ast.Constant(int(max(shortest, node.value // CUT) * self.factor))

    def visit_keyword(self, node: ast.keyword) -> ast.keyword:
        self.generic_visit(node)
        if node.arg in LENGTHS:
            node.value = ast.Constant(1) if node.arg == "every" else self.cut(node.value)
        return node

    def visit_Call(self, node: ast.Call) -> ast.Call:
        self.generic_visit(node)
        if getattr(node.func, "id", getattr(node.func, "attr", "")) in BY_PLACE:
            node.args = [self.cut(arg, 10) for arg in node.args]
        return node

    def visit_For(self, node: ast.For) -> ast.For:
        self.generic_visit(node)
        names = [getattr(name, "id", "") for name in getattr(node.target, "elts", [])]
        for row in getattr(node.iter, "elts", []):  # for lam, steps in ((0, 20), (1, 60))
            if isinstance(row, ast.Tuple) and len(row.elts) == len(names):
                row.elts = [self.cut(x) if name in LENGTHS else x for name, x in zip(names, row.elts, strict=True)]
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self.generic_visit(node)
        for arg, value in zip(reversed(node.args.args), reversed(node.args.defaults), strict=False):
            if arg.arg in LENGTHS and is_number(value):
                value.value = 1 if arg.arg == "every" else self.cut(value).value
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.Assign:
        self.generic_visit(node)
        target, value = node.targets[0], node.value
        both = isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
        for name, number in zip(target.elts, value.elts, strict=True) if both else [(target, value)]:
            if isinstance(name, ast.Name) and name.id.isupper() and is_number(number) and name.id != "SEED":
                length = "STEPS" in name.id
                number.value = self.cut(number).value if length else type(number.value)(number.value * self.factor)
                self.given[name.id] = number.value
        return node


def cells(number: str, factor: float) -> tuple[list[str], dict[str, float]]:
    """The code cells with other numbers, and what the constants are now."""
    change = Numbers(factor)
    trees = [change.visit(ast.parse(source)) for source in series.code(number)]
    return [ast.unparse(ast.fix_missing_locations(tree)) for tree in trees], change.given


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """A kernel in this process that prints every title, and of a moving picture draws two stills."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("INFOGAN_DATA", raising=False)
    set_title, moving = matplotlib.axes.Axes.set_title, players.moving

    def said(ax, label, *rest, **options):
        print(label)
        return set_title(ax, label, *rest, **options)

    monkeypatch.setattr(matplotlib.axes.Axes, "set_title", said)
    monkeypatch.setattr(
        players, "moving", lambda draw, rows, *rest, **options: moving(draw, rows[:2], *rest, **options)
    )
    threads = torch.get_num_threads()
    yield InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
    torch.set_default_dtype(torch.float32)
    torch.set_num_threads(threads)


def text(captured: CapturedIO) -> str:
    """What was printed, and the text of what was displayed, pictures by their alternative text; no widgets."""
    parts = [part.data for part in captured.outputs if not any("widget" in kind for kind in part.data)]
    shown = [part.get("text/markdown") or part.get("text/plain", "") for part in parts]
    return re.sub(r"'model_id': '\w+'| at 0x\w+", "", "\n".join([captured.stdout, captured.stderr, *shown]))


def run_all(shell: InteractiveShell, sources: list[str]) -> list[str]:
    """Run the cells; what each printed and displayed. A cell that fails ends the test."""
    found = []
    for source in sources:
        with capture_output() as captured:
            result = shell.run_cell(source)
        error = result.error_before_exec or result.error_in_exec
        assert error is None, f"{type(error).__name__}: {error}, raised by\n{source}"
        found.append(text(captured))
    return found


@pytest.mark.parametrize("number", TWICE)
def test_a_notebook_runs_twice_in_one_kernel_with_its_numbers_halved(shell, number):
    sources, given = cells(number, 0.5)
    first, second = run_all(shell, sources), run_all(shell, sources)
    for source, one, two in zip(sources, first, second, strict=True):
        assert one == two, f"another output the second time, of\n{source}"


@pytest.mark.parametrize("number", DOUBLED)
def test_a_notebook_runs_with_its_numbers_doubled(shell, number):
    sources, given = cells(number, 2)
    said = "\n".join(run_all(shell, sources))
    check_06(said, given)


def check_06(said: str, given: dict[str, float]) -> None:
    """What notebook 06 prints of its numbers is so."""
    paper, first = given["PAPER_STEPS"], min(given["PAPER_STEPS"], given["FIGURE_1_STEPS"])
    for line in (
        f"{paper} of {paper} steps taken",
        f"The first {first} steps",
        f"after {paper} steps",
        f"{given['START_READERS']} starts",
        f"{given['STEPS']} of {given['STEPS']} steps taken, with a chosen start",
        f"after {given['STEPS']} steps",
    ):
        assert line in said, f"{line!r} is not in what the notebook says with {given}"


def test_long_cells_of_notebook_06_can_be_stopped(shell, monkeypatch):
    sources, _ = cells("06", 1)
    step, taken = torch.optim.Adam.step, []

    def stop_at_the_third(self, *rest):
        if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:  # under a stop flag
            taken.append(1)
            if len(taken) == 3:
                os.kill(os.getpid(), signal.SIGINT)
        return step(self, *rest)

    monkeypatch.setattr(torch.optim.Adam, "step", stop_at_the_third)
    said = []
    for source in sources:
        taken.clear()
        said += run_all(shell, [source])
    said = "\n".join(said)
    for line in (
        "stopped: the run below begins without a chosen start",
        "2 of 13 steps taken",
        "The first 2 steps",
        "without a chosen start",
    ):
        assert line in said, said
