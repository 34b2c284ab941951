"""What is added to nbgrader's grading: damaged submissions are repaired by name, a dead kernel costs one cell.

`RestoreCells` runs before nbgrader looks at a submission: it brings back deleted cells, names copied ones
and writes what it did into the first cell of the graded notebook. `GradeCells` executes: a cell that runs
out of time, or kills its kernel, loses its own points only. Both are switched on in nbgrader_config.py.
"""

import ast
import contextlib
import copy
import os
import time
from pathlib import Path

import nbformat
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbclient.util import run_sync
from nbformat import NotebookNode
from nbgrader.preprocessors import Execute, NbGraderPreprocessor
from traitlets import Integer

NOTES = "grading-notes"  # the id of the cell with what was repaired


def grade_id(cell: NotebookNode) -> str | None:
    """The cell's grade id; None where there is none."""
    return cell.metadata.get("nbgrader", {}).get("grade_id") or None


def defined(source: str) -> set[str]:
    """The functions and classes that a code cell defines at its top level; none if it does not parse."""
    with contextlib.suppress(SyntaxError, ValueError):
        kinds = ast.FunctionDef | ast.ClassDef
        return {node.name for node in ast.parse(source).body if isinstance(node, kinds)}
    return set()


class RestoreCells(NbGraderPreprocessor):
    """Give each graded cell of the source exactly one counterpart in the submission, and say what was done."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        names = resources["nbgrader"]
        course = self.parent.parent.coursedir
        folder = course.format_path(course.source_directory, ".", names["assignment"])
        source = nbformat.read(Path(folder) / f"{names['notebook']}.ipynb", as_version=4)
        for note in (notes := restore(nb, source)):
            self.log.warning("%s, %s: %s", names["student"], names["notebook"], note)
        if notes:
            text = "**Repaired before grading**\n\n" + "\n".join(f"- {note}" for note in notes)
            nb.cells.insert(0, nbformat.v4.new_markdown_cell(text, id=NOTES))
        return nb, resources


def restore(nb: NotebookNode, source: NotebookNode) -> list[str]:
    """Repair `nb` in place against the source notebook; returns one sentence for each repair."""
    notes = []
    wanted = {grade_id(cell): cell for cell in source.cells if grade_id(cell)}
    place: dict[str, NotebookNode] = {}
    for cell in reversed(nb.cells):  # of several copies the last keeps the id: all of them are executed
        name = grade_id(cell)
        if name in wanted and name not in place:
            place[name] = cell
        elif "nbgrader" in cell.metadata:
            del cell.metadata["nbgrader"]
            if name in wanted:
                notes.append(f"cell '{name}' exists more than once: the last one is graded, all are executed.")
            elif name:
                notes.append(f"cell '{name}' is not part of this assignment: executed, not graded.")

    for name, original in wanted.items():
        if name not in place and original.metadata.nbgrader["solution"] and original.cell_type == "code":
            functions = defined(original.source)
            free = [c for c in nb.cells if c.cell_type == "code" and grade_id(c) is None]
            found = [c for c in free if functions and functions <= defined(c.source)]
            if found:
                place[name] = found[-1]
                notes.append(f"answer cell '{name}' had lost its id: found by its function.")

    order = list(wanted)
    for i, name in enumerate(order):
        original = wanted[name]
        if name not in place:
            cell = copy.deepcopy(original)
            kind = "check"
            if original.metadata.nbgrader["solution"]:
                kind = "answer"
                cell.source = "# This answer cell was missing." if cell.cell_type == "code" else ""
            before = next((place[n] for n in reversed(order[:i]) if n in place), None)
            at = 0 if before is None else next(k for k, c in enumerate(nb.cells) if c is before) + 1
            nb.cells.insert(at, cell)
            place[name] = cell
            notes.append(f"{kind} cell '{name}' was missing: put back" + (", empty." * (kind == "answer") or "."))
        place[name].metadata["nbgrader"] = copy.deepcopy(original.metadata.nbgrader)

    seen: set[str] = set()
    for cell in nb.cells:  # copies share a cell id too, which notebooks must not
        if cell.get("id") in seen or not cell.get("id"):
            cell["id"] = nbformat.v4.new_code_cell().id
        seen.add(cell["id"])
    nb.nbformat, nb.nbformat_minor = 4, 5
    return notes


class GradeCells(Execute):
    """Execute a submission so that each cell answers for itself alone, within a limit for the whole notebook."""

    notebook_limit = Integer(120, help="seconds for all cells of a notebook together").tag(config=True)
    output_limit = Integer(20_000, help="characters of printed output kept for each cell").tag(config=True)

    database = contextlib.nullcontext()  # manage.py puts its lock here: it is let go while cells run

    def preprocess(self, nb, resources=None, km=None):
        self.deadline = time.monotonic() + self.notebook_limit
        self.timeout_func = lambda cell: max(1, min(self.timeout, int(self.deadline - time.monotonic())))
        self.culprits: set[int] = set()
        with released(self.database):
            return super().preprocess(nb, resources, km)

    def preprocess_cell(self, cell, resources, index):
        if cell.cell_type != "code":
            return cell, resources
        if time.monotonic() > self.deadline:
            fail(cell, "TimeLimit", f"not run: the notebook had used up its {self.notebook_limit} seconds.")
            return cell, resources
        try:
            cell, resources = super().preprocess_cell(cell, resources, index)
        except (DeadKernelError, CellTimeoutError) as error:
            dead = isinstance(error, DeadKernelError)
            reason = "the kernel died in this cell" if dead else "this cell could not be interrupted"
            fail(cell, type(error).__name__, f"{reason}; the others are graded with a new kernel.")
            self.culprits.add(index)
            self._restart(index)
        for output in cell.outputs:
            if output.output_type == "stream" and len(output.text) > self.output_limit:
                output.text = output.text[: self.output_limit] + "\n... cut here ...\n"
        return cell, resources

    def _restart(self, index: int) -> None:
        """Start a new kernel and define again what the cells up to `index` defined, without grading them."""
        run_sync(self._new_kernel)()
        for i, cell in enumerate(self.nb.cells[:index]):
            left = int(self.deadline - time.monotonic())
            graded = cell.metadata.get("nbgrader", {}).get("grade", False)
            if cell.cell_type != "code" or graded or i in self.culprits or left <= 0:
                continue
            try:
                self.execute_cell(copy.deepcopy(cell), i, store_history=False)
            except (DeadKernelError, CellTimeoutError):
                self.culprits.add(i)
                run_sync(self._new_kernel)()

    async def _new_kernel(self) -> None:
        self.kc.stop_channels()
        await self.km.restart_kernel(now=True)
        self.kc = self.km.client()
        self.kc.start_channels()
        await self.kc.wait_for_ready(timeout=self.startup_timeout)
        self.kc.allow_stdin = False


def fail(cell: NotebookNode, name: str, reason: str) -> None:
    """Give the cell an error as its output, so that nbgrader counts it as failed and shows why."""
    output = nbformat.v4.new_output("error", ename=name, evalue=reason, traceback=[f"{name}: {reason}"])
    cell.outputs = [*cell.get("outputs", []), output]


class FileLock:
    """One process at a time; the system frees it when its holder is killed."""

    def __init__(self, path: Path):
        self.path = path

    def __enter__(self):
        import fcntl

        self.handle = open(self.path, "w")
        fcntl.flock(self.handle, fcntl.LOCK_EX)
        return self

    def __exit__(self, *_):
        self.handle.close()


@contextlib.contextmanager
def released(lock):
    """Let a held lock go for the time of the block."""
    lock.__exit__(None, None, None)
    try:
        yield
    finally:
        lock.__enter__()


def notes_of(path: Path) -> list[str]:
    """What `RestoreCells` wrote into a graded notebook."""
    if not os.path.exists(path):
        return []
    cells = nbformat.read(path, as_version=4).cells
    text = next((c.source for c in cells if c.get("id") == NOTES), "")
    return [line[2:] for line in text.splitlines() if line.startswith("- ")]
