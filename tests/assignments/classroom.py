"""A course in a temporary folder, and an assignment's tests in this process: what both suites of tests need."""

import contextlib
import copy
import functools
import io
import json
import shutil
import sys
from pathlib import Path

import nbformat

COURSE = Path(__file__).resolve().parents[2] / "notebooks" / "assignments"
ASSIGNMENTS = sorted(path.name for path in (COURSE / "source").iterdir() if path.is_dir())
sys.path[:0] = [str(COURSE), str(COURSE / "grader")]


def notebook(kind: str, assignment: str) -> nbformat.NotebookNode:
    """The assignment's notebook of `source` or `release`."""
    (path,) = (COURSE / kind / assignment).glob("*.ipynb")
    nb = nbformat.read(path, as_version=4)
    for name, (usual, *_) in nb.metadata.get("variants", {}).items():
        for cell in nb.cells:
            cell.source = cell.source.replace(name, usual)
    return nb


def about(cell) -> dict:
    """The cell's nbgrader metadata, empty for an ordinary cell."""
    return cell.metadata.get("nbgrader", {})


def find(nb, grade_id: str):
    """The cell with the grade id."""
    return next(c for c in nb.cells if about(c).get("grade_id") == grade_id)


def checks_of(assignment: str) -> dict[str, float]:
    """Test cells and their points, in order; cells graded by hand are left out."""
    cells = notebook("source", assignment).cells
    return {
        about(c)["grade_id"]: about(c)["points"] for c in cells if about(c).get("grade") and not about(c)["solution"]
    }


def checks_after(assignment: str) -> dict[str, list[str]]:
    """Answer cell -> the test cells between it and the next answer cell."""
    out, answer = {}, None
    for cell in notebook("source", assignment).cells:
        if about(cell).get("solution") and cell.cell_type == "code":
            answer = about(cell)["grade_id"]
            out[answer] = []
        elif about(cell).get("grade") and cell.cell_type == "code":
            out[answer].append(about(cell)["grade_id"])
    return out


def reference(assignment: str) -> dict[str, str]:
    """Answer cell -> the solution in the source notebook."""
    cells = notebook("source", assignment).cells
    return {about(c)["grade_id"]: c.source for c in cells if about(c).get("solution") and c.cell_type == "code"}


def filled(assignment: str, answers: dict[str, str]) -> nbformat.NotebookNode:
    """The released notebook with these answers typed in."""
    nb = notebook("release", assignment)
    for name, source in answers.items():
        find(nb, name).source = source.strip("\n")
    return nb


class Classroom:
    """A temporary course: `submit` notebooks, `grade` them with the real nbgrader, read `scores`."""

    def __init__(self, folder: Path, assignment: str, settings: str = ""):
        self.folder, self.assignment = folder, assignment
        shutil.copytree(COURSE / "grader", folder / "grader", ignore=shutil.ignore_patterns("__pycache__"))
        text = (COURSE / "nbgrader_config.py").read_text("utf-8")
        (folder / "nbgrader_config.py").write_text(f"{text}\n{settings}", encoding="utf-8")
        shutil.copytree(COURSE / "source" / assignment, folder / "source" / assignment)
        (path,) = (COURSE / "source" / assignment).glob("*.ipynb")
        self.name = path.name

    def submit(self, student: str, nb: nbformat.NotebookNode, name: str = "") -> Path:
        path = self.folder / "submitted" / student / self.assignment / (name or self.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(nb), encoding="utf-8")  # as it is: nbformat would mend copied cell ids
        return path

    def grade(self, jobs: int = 2, **options) -> dict:
        import run

        said = io.StringIO()
        with contextlib.chdir(self.folder), contextlib.redirect_stdout(said):
            result = run.grade(self.folder, self.assignment, jobs, **options)
        self.said = said.getvalue()
        return result

    def scores(self) -> dict[str, dict[str, float]]:
        """Student -> grade id -> points, from the gradebook."""
        import run

        table = {}
        with contextlib.chdir(self.folder), run.open_gradebook(self.folder) as gradebook:
            for submission in gradebook.assignment_submissions(self.assignment):
                table[submission.student.id] = {g.cell.name: g.score for n in submission.notebooks for g in n.grades}
        return table

    def notes(self, student: str) -> list[str]:
        return json.loads((self.folder / "grading" / self.assignment / f"{student}.json").read_text())["notes"]

    def graded(self, student: str) -> nbformat.NotebookNode:
        path = self.folder / "autograded" / student / self.assignment / self.name
        return nbformat.read(path, as_version=4)


@functools.cache
def known(assignment: str, seed: int = 100, draws: int = 5, student: str = ""):
    """The assignment with the true results of its probes, in this process."""
    import marks

    (path,) = (COURSE / "source" / assignment).glob("*.ipynb")
    return marks.Assignment(path, student).learn(room(), seed, draws)


def room():
    """A room to run cells in, here: without IPython, without limits."""
    import sandbox

    user: dict = {"__name__": "__main__"}

    def run_cell(source: str) -> Exception | None:
        try:
            exec(compile(source, "<cell>", "exec"), user)
        except Exception as error:
            return error
        return None

    return sandbox.Room(run_cell, user)


def lost(
    assignment: str,
    answers: dict[str, str],
    only: str = "",
    seed: int = 100,
    draws: int = 5,
    own: str = "",
    student: str = "",
) -> dict:
    """Test cell -> why it fails, for the reference with these answers in their cells; `only` one answer's tests.

    `own` is a cell of the student's own that runs before each test and each answer.
    """
    import marks

    assignment_, here, out, answer = known(assignment, seed, draws, student), room(), {}, ""
    here.names = assignment_.names
    for kind, name, source in assignment_.order:
        if own and kind != "locked":
            here.cell(own)
        if kind == "answer":
            answer = name
            here.cell(answers.get(name, source))
        elif kind == "locked":
            here.cell(marks.without_magic(source), locked=True)
        elif not only or answer == only:
            test, given = assignment_.tests[name], assignment_.given[name]
            for k, one in enumerate(test.seeds):  # the first draw that fails is enough
                drawn = copy.copy(test)
                drawn.seeds, drawn.truth = [one], [test.truth[k]]
                ask = functools.partial(here.probe, test.source, [one])
                if failed := drawn.failure(ask, given):
                    out[name] = failed
                    break
    return out
