"""What students get: it runs to its end undone, on the oldest supported versions too, without nbgrader; and done."""

import pytest
from classroom import ASSIGNMENTS, about, filled, notebook, reference
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell
from test_answers import NAMES


def said(cell) -> str:
    return "".join(output.get("text", "") for output in cell.outputs)


def checks(nb) -> list:
    """The check cells; that of a3 which trains for half a minute is left out."""
    return [c for c in nb.cells if c.source.startswith("%%check") and not c.source.startswith("%%check Training")]


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_the_release_runs_to_its_end_undone_and_says_so(assignment):
    nb = notebook("release", assignment)
    NotebookClient(nb, timeout=120).execute()  # raises if a cell raises
    for cell in checks(nb):
        assert said(cell).strip().endswith("not done yet."), (cell.source[:60], said(cell))


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_every_check_passes_for_the_solution_whatever_the_students_variables_are_called(assignment):
    nb = filled(assignment, reference(assignment))
    nb.cells = [cell for cell in nb.cells if not cell.source.startswith("%%check Training")]
    for cell in checks(nb):
        nb.cells.insert(nb.cells.index(cell), new_code_cell(NAMES))
    if assignment == "a4":  # its last cells print and draw with names that only a student's own cell may hold
        last = max(nb.cells.index(cell) for cell in checks(nb))
        del nb.cells[last + 1 :]
    NotebookClient(nb, timeout=120).execute()
    for cell in checks(nb):
        shown = said(cell).strip()
        assert shown.endswith("passed.") or "After step" in shown and "raised" not in shown, shown


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_the_release_needs_nothing_but_the_readers_packages(assignment):
    code = "\n".join(c.source for c in notebook("release", assignment).cells if c.cell_type == "code")
    assert "nbgrader" not in code.lower().replace("nbgrader_execution", "")
    assert "solution" not in code.lower() and "def observe(" not in code
    if assignment != "a4":  # the open project trains with the package
        assert "infogan_utils" not in code


def test_the_graders_cells_are_locked_and_the_answers_are_not():
    for assignment in ASSIGNMENTS:
        for cell in notebook("release", assignment).cells:
            if about(cell).get("grade_id"):
                assert about(cell)["locked"] == (not about(cell)["solution"])
