"""The style of the series, as far as a machine can see it, on every notebook."""

import nbformat
import pytest
from style import RULES, make


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.__name__)
@pytest.mark.parametrize("path", make.notebooks(), ids=lambda p: p.name[:2])
def test_the_notebook_keeps_the_rule(path, rule):
    assert list(rule(path, nbformat.read(path, as_version=4))) == []


def test_badges_follow_from_the_constant_and_vanish_with_it(monkeypatch):
    path = make.notebooks()[0]
    notebook = nbformat.read(path, as_version=4)
    monkeypatch.setattr(make, "REPOSITORY", "someone/infogan")
    make.write_frame(path, notebook, [path])
    badge = f"https://colab.research.google.com/github/someone/infogan/blob/main/notebooks/{path.name}"
    assert badge in notebook.cells[0].source
    monkeypatch.setattr(make, "REPOSITORY", "")
    make.write_frame(path, notebook, [path])
    assert "colab" not in notebook.cells[0].source
