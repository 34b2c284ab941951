"""Variants: other numbers for each student, made from the student's name, so that a copied answer misses its tests.

A notebook of source/ lists its numbers in its metadata: {"variants": {"T_REAL": ["1", "0.9"]}}. Wherever the name
stands in a cell it becomes the student's number; without variants, the first. `c.GradeCells.variants = True` switches
them on.
"""

import hashlib
import re

from nbformat import NotebookNode


def fill(nb: NotebookNode, student: str = "") -> NotebookNode:
    """Put the student's numbers into a notebook of source/, in place; the first of each where no student is named."""
    for name, choices in nb.metadata.pop("variants", {}).items():
        place = int(hashlib.sha256(f"{student}/{name}".encode()).hexdigest(), 16) % len(choices) if student else 0
        for cell in nb.cells:
            cell.source = re.sub(rf"\b{name}\b", choices[place], cell.source)
    return nb
