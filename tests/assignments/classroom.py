"""A course in a temporary folder: submissions made from the released notebooks, graded, scores read back."""

import contextlib
import copy
import importlib.util
import io
import json
import shutil
import sys
from pathlib import Path

import nbformat

COURSE = Path(__file__).resolve().parents[2] / "notebooks" / "assignments"
ASSIGNMENTS = sorted(path.name for path in (COURSE / "source").iterdir() if path.is_dir())
FILES = ("nbgrader_config.py", "grading.py")


def load_manage():
    """The instructor's script as a module."""
    if "manage" not in sys.modules:
        spec = importlib.util.spec_from_file_location("manage", COURSE / "manage.py")
        sys.modules["manage"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules["manage"])
    return sys.modules["manage"]


def notebook(kind: str, assignment: str) -> nbformat.NotebookNode:
    """The assignment's notebook of `source` or `release`."""
    (path,) = (COURSE / kind / assignment).glob("*.ipynb")
    return nbformat.read(path, as_version=4)


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
        for name in FILES:
            shutil.copy(COURSE / name, folder / name)
        with (folder / "nbgrader_config.py").open("a") as config:
            config.write("\n" + settings)
        shutil.copytree(COURSE / "source" / assignment, folder / "source" / assignment)
        (path,) = (COURSE / "source" / assignment).glob("*.ipynb")
        self.name = path.name

    def submit(self, student: str, nb: nbformat.NotebookNode) -> None:
        path = self.folder / "submitted" / student / self.assignment / self.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(nb), encoding="utf-8")  # as it is: nbformat would mend copied cell ids

    def grade(self, jobs: int = 2, warm: bool = True) -> dict:
        manage, said = load_manage(), io.StringIO()
        with contextlib.chdir(self.folder), contextlib.redirect_stdout(said):
            result = manage.grade(self.folder, self.assignment, jobs, warm=warm)
        self.said = said.getvalue()
        return result

    def scores(self) -> dict[str, dict[str, float]]:
        return load_manage().scores(self.folder, self.assignment)

    def graded(self, student: str) -> nbformat.NotebookNode:
        path = self.folder / "autograded" / student / self.assignment / self.name
        return nbformat.read(path, as_version=4)


def run_cells(
    assignment: str, answers: dict[str, str], seeds: list[int], only: set[str], draws: int = 5
) -> dict[str, int]:
    """Execute the notebook's code in this process and count how often each test of `only` passes.

    Quicker than nbgrader, for repetition over seeds; what nbgrader makes of it is tested elsewhere.
    `draws` inputs a seed; grading takes five.
    """
    import os

    nb = copy.deepcopy(notebook("source", assignment))
    passed = dict.fromkeys(only, 0)
    space: dict = {"__name__": "__main__"}
    kept = os.environ.copy()
    os.environ["NBGRADER_EXECUTION"] = "autograde"
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            for cell in (c for c in nb.cells if c.cell_type == "code"):
                name = about(cell).get("grade_id")
                if about(cell).get("grade"):
                    for seed in seeds if name in only else []:
                        os.environ["ASSIGNMENT_SEED"] = str(seed)
                        with contextlib.suppress(Exception):
                            exec(compile(cell.source, name, "exec"), space)
                            passed[name] += 1
                elif about(cell).get("solution") or name:
                    exec(compile(answers.get(name, cell.source), str(name), "exec"), space)
                    if name == "helpers":
                        space["graded"].__defaults__ = (draws,)
    finally:
        os.environ.clear()
        os.environ.update(kept)
    return passed
