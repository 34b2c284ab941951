"""nbgrader's own steps, replaced: damage is repaired, and a submission runs in a sandbox and is judged outside it.

`FillNumbers` runs first when a release is made, `RestoreCells` before nbgrader looks at a submission. `GradeCells` has
the place of nbgrader's Execute. A cell that runs out of time or memory, or ends its process, loses what it was to do
and nothing else: the others go on in a new process. A failed test becomes the error output that nbgrader counts. Checks
without points aren't run. What the student handed in as outputs (a4's figures) is kept for the marker.
"""

import contextlib
import re
import time
from pathlib import Path

import nbformat
from isolate import Sandbox, Stopped
from marks import Process, assignment, without_magic
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor
from preflight import enrolled, listed
from repairs import grade_id, harmless, note_down, restore
from traitlets import Bool, Integer, Unicode
from variants import fill

SAFE = ("image/png", "image/jpeg", "text/plain")  # what is kept of the outputs handed in: no script, no HTML


class FillNumbers(NbGraderPreprocessor):
    """The first step of nbgrader's generate_assignment."""

    student = Unicode("", help="whose numbers").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        return fill(nb, self.student), resources


class RestoreCells(NbGraderPreprocessor):
    """Give each graded cell of the source exactly one counterpart in the submission, and say what was done."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        source = nbformat.read(source_of(self, resources), as_version=4)
        note_down(nb, restore(nb, source))
        return nb, resources


def source_of(preprocessor: NbGraderPreprocessor, resources: dict) -> Path:
    """The notebook of source/ that belongs to the submission in hand."""
    names = resources["nbgrader"]
    course = preprocessor.parent.parent.coursedir
    folder = course.format_path(course.source_directory, ".", names["assignment"])
    return Path(folder) / f"{names['notebook']}.ipynb"


def memory_is_full(answer: dict) -> bool:
    """Did the process run out of memory? Its answers may have any form."""
    draws = answer.get("draws")
    said = [one for one in (answer, *(draws if isinstance(draws, list) else ())) if isinstance(one, dict)]
    return any(one.get("error") == "MemoryError" or "can't allocate memory" in str(one.get("says")) for one in said)


class GradeCells(NbGraderPreprocessor):
    """Run a submission so that each cell answers for itself alone, within limits."""

    cell_limit = Integer(20, help="seconds for one cell").tag(config=True)
    test_limit = Integer(10, help="seconds for one test").tag(config=True)
    notebook_limit = Integer(120, help="seconds for all cells of a notebook together").tag(config=True)
    memory_limit = Integer(2048, help="megabytes that a submission may take beyond the libraries'").tag(config=True)
    variants = Bool(False, help="other numbers for each student").tag(config=True)
    inside = Unicode("", help="a command that starts Python in a container").tag(config=True)

    database = contextlib.nullcontext()  # run.py puts its lock here: it is let go while cells run

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        self.database.__exit__(None, None, None)
        try:
            return self.execute(nb, resources)
        finally:
            self.database.__enter__()

    def execute(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        source = source_of(self, resources)
        names = enrolled(source.parents[2]) if self.variants else []
        student = listed(resources["nbgrader"]["student"], names) if self.variants else ""
        self.known = assignment(source, self.inside, student)
        self.deadline = time.monotonic() + self.notebook_limit
        self.ran: list[tuple[str, bool]] = []
        self.room: Process | None = None
        self.touched: set[str] = set()
        self.drawn = False  # a figure that a marker doesn't get
        notes: list[str] = []
        waiting, order = {}, list(self.known.tests)
        try:
            for cell in nb.cells:
                if cell.cell_type == "code" and grade_id(cell) in self.known.tests:
                    waiting[grade_id(cell)] = cell
                elif cell.cell_type == "code":
                    self.run(cell, notes)
                else:
                    cell.source = harmless(cell.source)
                while order and order[0] in waiting:  # wherever it stands: a later test brings the solutions before it
                    self.run(waiting[order.pop(0)], notes)
        finally:
            self.stop(patience=2.0)
        if names and student not in names:
            notes.append("not in students.txt: the numbers asked for were handed out to nobody.")
        if self.drawn:
            notes.append("figures that are neither PNG nor JPEG are left out here: see the file handed in.")
        if self.touched:
            names = re.sub(r"[^\w., ]", "?", printable(", ".join(sorted(self.touched))))
            notes.append(f"replaced functions of Python, PyTorch or NumPy: {names}.")
        note_down(nb, notes)
        return nb, resources

    def run(self, cell: NotebookNode, notes: list[str]) -> None:
        """Run one code cell, or the test that stands in its place."""
        about, name = cell.metadata.get("nbgrader", {}), grade_id(cell)
        test = self.known.tests.get(name) if about.get("grade") and not about.get("solution") else None
        self.drawn |= keep_safe(cell)
        if test:
            cell.outputs = []
        elif cell.source.startswith("%%check"):
            return
        locked = bool(name and about.get("locked"))
        if not self.within(1):
            if test:
                fail(cell, "TimeLimit", f"not run: the notebook had used up its {self.notebook_limit} seconds.")
            return
        try:
            if test:
                self.test(cell, test)
                return
            source = without_magic(cell.source) if locked else cell.source
            answer = self.alive().cell(source, locked, self.within(60 if locked else self.cell_limit))
            if memory_is_full(answer):
                raise Stopped("out of memory")
            self.ran.append((source, locked))
            if "error" in answer:
                fail(cell, answer["error"], answer.get("says"))
        except Stopped as reason:
            self.stop()
            fail(cell, "Stopped", f"this cell was stopped: {reason}; the others are graded in a new process.")
            notes.append(f"cell {repr(name) if name else repr(cell.source[:40])} was stopped: {reason}.")

    def test(self, cell: NotebookNode, test) -> None:
        """Judge what the probe sees."""

        def ask(solutions: list[str], locked: bool) -> dict:
            answer = self.alive().probe(test.source, test.seeds, solutions, locked, self.within(self.test_limit))
            if memory_is_full(answer):
                raise Stopped("out of memory")
            touched = answer.get("touched")
            self.touched |= set(map(str, touched)) if isinstance(touched, list) else set()
            return answer

        if failed := test.failure(ask, self.known.given[test.name]):
            fail(cell, "AssertionError", failed)

    def alive(self) -> Process:
        """The running process; a new one has run again what ran before."""
        if self.room is None:
            self.room = Process(Sandbox(self.memory_limit, self.inside), self.known.names)
            for source, locked in self.ran:
                self.room.cell(source, locked, self.within(60 if locked else self.cell_limit))
        return self.room

    def within(self, seconds: float) -> float:
        """As many seconds, where the notebook has them left."""
        return max(0.0, min(seconds, self.deadline - time.monotonic()))

    def stop(self, patience: float = 0.0) -> None:
        if self.room:
            self.room.sandbox.close(patience)
        self.room = None


def printable(said) -> str:
    """What a submission's process said, as text that can be stored, whatever it is."""
    return str(said)[:2000].encode("utf-8", "replace").decode()


def fail(cell: NotebookNode, name, reason) -> None:
    """Give the cell an error as its output, so that nbgrader counts it as failed and shows why."""
    name, reason = printable(name), printable(reason)
    output = nbformat.v4.new_output("error", ename=name, evalue=reason, traceback=[f"{name}: {reason}"])
    cell.outputs = [*cell.get("outputs", []), output]


def keep_safe(cell: NotebookNode, most: int = 20_000) -> bool:
    """Keep pictures and text of the outputs handed in, not too much; says whether another figure is lost."""
    kept, lost = [], False
    for output in cell.get("outputs", []):
        if output.output_type == "stream":
            output.text = output.text[:most] + ("\n... cut here ...\n" if len(output.text) > most else "")
            kept.append(output)
        elif output.output_type in ("display_data", "execute_result"):
            pictures = {kind for kind in output.data if kind.startswith(("image/", "application/vnd.plotly"))}
            lost |= bool(pictures) and not pictures & set(SAFE)
            output.data, output.metadata = {kind: output.data[kind] for kind in SAFE if kind in output.data}, {}
            kept.append(output)
    cell.outputs = kept
    return lost
