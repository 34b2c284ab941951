"""Damaged submissions are repaired by name before nbgrader looks at them.

`restore` brings back deleted cells, names copied ones and finds answers that have lost their id. What it did is written
into the first cell of the graded notebook.
"""

import ast
import contextlib
import copy
import os
import re
import unicodedata
from pathlib import Path

import nbformat
from nbformat import NotebookNode

NOTES = "grading-notes"  # the id of the cell with what was repaired
EMPTY = ("", "YOUR ANSWER HERE", "Your text.")  # a text answer that nobody has written
ELSEWHERE = "*Nothing was written here; this notebook has text in cells of its own.*"
TAG = re.compile(r"<(?!/?(details|summary|code|b|i|sub|sup|br)>)(?=[a-zA-Z/!?])")  # all but those that only format
# where a link begins that has a scheme, or hides one behind an entity or a backslash
LINK = re.compile(
    r"\](?:\(|:)[\s<]*(?![\s<]|https?://|mailto:|attachment:|data:image/(?:png|jpeg|gif)[;,])(?=[^\s/?#)]*[:&\\])",
    re.IGNORECASE,
)
HREF = re.compile(r"\\+href")  # a formula's link
CONTROLS = ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp")  # Unicode's kinds: codes, directions, unpaired halves, line ends
HEAD = "**Repaired before grading**\n"


def grade_id(cell: NotebookNode) -> str | None:
    """The cell's grade id; None where there is none."""
    return cell.metadata.get("nbgrader", {}).get("grade_id") or None


def defined(source: str) -> set[str]:
    """The functions and classes that a code cell defines at its top level; none if it does not parse."""
    with contextlib.suppress(SyntaxError, ValueError):
        kinds = ast.FunctionDef | ast.ClassDef
        return {node.name for node in ast.parse(source).body if isinstance(node, kinds)}
    return set()


def note_down(nb: NotebookNode, notes: list[str]) -> None:
    """Add sentences to the notebook's first cell, which is made if there is none."""
    if notes:
        if not nb.cells or nb.cells[0].get("id") != NOTES:
            nb.cells.insert(0, nbformat.v4.new_markdown_cell(HEAD, id=NOTES))
        nb.cells[0].source += harmless("".join(f"\n- {plain(note)}" for note in notes))


def plain(text: object) -> str:
    """One line without control characters: a name that a student chose could else forge lines in a terminal."""
    return "".join("?" if unicodedata.category(c) in CONTROLS else c for c in str(text))


def harmless(text: str) -> str:
    """Text without tags and with links to pages alone: nbgrader shows it as HTML to whoever marks it.

    A script there could set scores. Of another link a "#" makes a place on the same page.
    """
    return HREF.sub("href", LINK.sub(r"\g<0>#", TAG.sub("< ", text)))


def notes_of(path: Path) -> list[str]:
    """What stands in the first cell of a graded notebook."""
    if not os.path.exists(path):
        return []
    cells = nbformat.read(path, as_version=4).cells
    text = next((c.source for c in cells if c.get("id") == NOTES), "")
    return [line[2:] for line in text.splitlines() if line.startswith("- ")]


def restore(nb: NotebookNode, source: NotebookNode) -> list[str]:
    """Repair `nb` in place against the source notebook; returns one sentence for each repair."""
    notes = []
    wanted = {grade_id(cell): cell for cell in source.cells if grade_id(cell)}
    place: dict[str, NotebookNode] = {}
    for cell in reversed(nb.cells):  # of several copies the last keeps the id: all of them are executed
        name = grade_id(cell)
        if name in wanted and name not in place and cell.cell_type == wanted[name].cell_type:
            place[name] = cell
        elif "nbgrader" in cell.metadata:
            del cell.metadata["nbgrader"]
            if name in wanted and cell.cell_type != wanted[name].cell_type:
                notes.append(f"cell '{name}' is a {cell.cell_type} cell: expected a {wanted[name].cell_type} cell.")
            elif name in wanted:
                notes.append(f"cell '{name}' exists more than once: the last one is graded, all are executed.")
            elif name:
                notes.append(f"cell '{name}' is not part of this assignment: executed, not graded.")

    for name, original in wanted.items():
        if name not in place and original.metadata.nbgrader["solution"]:
            found = lost(nb, source, original)
            if found is not None:
                place[name] = found
                how = "function" if original.cell_type == "code" else "place"
                notes.append(f"answer cell '{name}' had lost its id: found by its {how}.")

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

    given = {c.source for c in source.cells}
    free = [c.source for c in nb.cells if c.cell_type == "markdown" and grade_id(c) is None]
    written = any(text.strip() and text not in given for text in free)
    for name, cell in place.items():
        if cell.cell_type == "markdown" and cell.source.strip() in EMPTY and written:
            cell.source = ELSEWHERE  # changed, so that it waits for somebody who looks
            notes.append(f"text answer '{name}' is empty, but text stands in other cells: look there, mark it here.")

    seen = {NOTES}  # nobody hands in the cell with what was repaired
    for cell in nb.cells:  # copies share a cell id too, which notebooks must not
        if cell.get("id") in seen or not cell.get("id"):
            cell["id"] = nbformat.v4.new_code_cell().id
        seen.add(cell["id"])
    nb.nbformat, nb.nbformat_minor = 4, 5
    return notes


def lost(nb: NotebookNode, source: NotebookNode, original: NotebookNode) -> NotebookNode | None:
    """The answer without an id that `original` asks for: by its function, or a text by the heading above it."""
    if original.cell_type == "code":
        functions = defined(original.source)
        free = [c for c in nb.cells if c.cell_type == "code" and grade_id(c) is None]
        found = [c for c in free if functions and functions <= defined(c.source)]
        return found[-1] if found else None
    above = source.cells[source.cells.index(original) - 1].source
    given = {c.source for c in source.cells if not grade_id(c)}
    for heading, cell in zip(nb.cells, nb.cells[1:], strict=False):
        if heading.source == above and cell.cell_type == "markdown" and grade_id(cell) is None:
            return cell if cell.source not in given else None
    return None
