"""What students get: it runs to its end undone, on the oldest supported versions too, without nbgrader."""

import pytest
from classroom import ASSIGNMENTS, about, notebook
from nbclient import NotebookClient


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_the_release_runs_to_its_end_undone_and_says_so(assignment):
    nb = notebook("release", assignment)
    NotebookClient(nb, timeout=120).execute()  # raises if a cell raises
    for cell in nb.cells:
        if about(cell).get("grade") and cell.cell_type == "code":
            said = "".join(o.get("text", "") for o in cell.outputs)
            assert "not done yet" in said, (about(cell)["grade_id"], said)


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_the_release_needs_nothing_but_the_readers_packages(assignment):
    code = "\n".join(c.source for c in notebook("release", assignment).cells if c.cell_type == "code")
    assert "nbgrader" not in code
    if assignment != "a4":  # the open project trains with the package
        assert "infogan_utils" not in code
