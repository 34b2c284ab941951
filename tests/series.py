"""Reads the series' notebooks for the tests: their cells, and the functions that a notebook writes out."""

import ast
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import nbformat
import pytest

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"


def path(number: str) -> Path:
    """The notebook whose name begins with ``number``, e.g. ``"04"``."""
    found = sorted(NOTEBOOKS.glob(f"{number}_*.ipynb"))
    if len(found) != 1:
        raise FileNotFoundError(f"expected one notebook {number}_*.ipynb in {NOTEBOOKS}, found {len(found)}")
    return found[0]


def read(number: str) -> nbformat.NotebookNode:
    """The notebook as nbformat reads it."""
    return nbformat.read(path(number), as_version=4)


def code(number: str) -> list[str]:
    """The sources of its code cells, in order, without lines of magic."""
    sources = [c.source for c in read(number).cells if c.cell_type == "code"]
    return [re.sub(r"^([ ]*)%.*$", r"\1pass", source, flags=re.MULTILINE) for source in sources]


def namespace(number: str, *names: str) -> dict:
    """The imports and the named functions or classes of a notebook, defined without running the rest.

    Raises:
        LookupError: if one of ``names`` is not defined at the top level of a cell.
    """
    kept, found = [], set()
    for source in code(number):
        for node in ast.parse(source).body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                kept.append(node)
            elif isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in names:
                kept.append(node)
                found.add(node.name)
    if missing := set(names) - found:
        raise LookupError(f"notebook {number} defines no {sorted(missing)} at the top level of a cell")
    space: dict = {}
    exec(compile(ast.Module(kept, []), str(path(number)), "exec"), space)
    return space


def exercise_tests(check: ModuleType, right: dict[str, Callable], wrong: dict[str, list[Callable]]) -> tuple:
    """Two tests of a notebook's exercise checks: the right answer of each is taken, each wrong one refused with why."""

    @pytest.mark.parametrize("name", right)
    def takes(name, capsys):
        assert getattr(check, name)(right[name]), capsys.readouterr().out

    @pytest.mark.parametrize(("name", "i"), [(name, i) for name, answers in wrong.items() for i in range(len(answers))])
    def refuses(name, i, capsys):
        assert not getattr(check, name)(wrong[name][i])
        assert "not yet." in capsys.readouterr().out

    return takes, refuses
