"""Hand-ins as they come: a browser's "(1)" in the name, a byte order mark, other file names.

`tidy` puts a copy under the expected name beside what was handed in, which stays as it is.
"""

import contextlib
import json
import re
from pathlib import Path

from repairs import plain


def plain_name(name: str) -> str:
    """A file's name without what browsers and systems add: "a1 (1).ipynb", "a1-1.ipynb", "Copy of a1.ipynb" → "a1"."""
    stem = re.sub(r"\.ipynb$", "", name, flags=re.IGNORECASE)
    stem = re.sub(r"^(copy|kopie|copie|copia) (of|von|de|di) ", "", stem, flags=re.IGNORECASE)
    return re.sub(r"([ _-]*\(\d+\)|[ _-]+copy\d*|-\d+)+$", "", stem, flags=re.IGNORECASE)


def load(path: Path) -> dict:
    """A notebook file as JSON, a byte order mark or not; raises ValueError if it is no notebook."""
    if not (raw := path.read_bytes()):
        raise ValueError("it has 0 bytes")
    notebook = json.loads(raw.decode("utf-8-sig"))
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise ValueError("it has no list of cells; expected nbformat 4")
    return notebook


def grade_ids(path: Path) -> set[str]:
    """The grade ids of the answers and tests that a notebook file holds; none where it can't be read."""
    with contextlib.suppress(ValueError, AttributeError, KeyError, TypeError, RecursionError):
        about = [cell.get("metadata", {}).get("nbgrader", {}) for cell in load(path)["cells"]]
        return {str(one["grade_id"]) for one in about if one.get("grade") or one.get("solution")}
    return set()


def other(path: Path, source: Path) -> str:
    """The assignment beside that of `source` whose cells a notebook file holds; empty if there is none."""
    there = grade_ids(path)
    shared = {p.parent.name: len(there & grade_ids(p)) for p in source.parents[1].glob("*/*.ipynb") if p != source}
    most = max(shared, key=shared.__getitem__, default="")
    return most if shared.get(most) else ""


def tidy(folder: Path, sources: list[Path]) -> tuple[list[str], str]:
    """Give each notebook of `sources` its file; returns (what was done, what is in the way or an empty string)."""
    notes = []
    everything = [path for path in sorted(folder.glob("*")) if path.name != "timestamp.txt"]
    found = [path for path in everything if path.suffix.lower() == ".ipynb"]
    for path in (folder.parent, folder, *found):
        if path.is_symlink():  # it could point to the solutions
            return notes, f"{path.name!r} is a link; expected a file of the student's own"
    for source in sources:
        name, path, wanted = source.name, folder / source.name, grade_ids(source)
        others = [p for p in found if p.name not in {one.name for one in sources}]
        alike = [p for p in others if plain_name(p.name) == source.stem]
        alike += [p for p in others if p not in alike and wanted & grade_ids(p)]
        if not path.exists():
            if not alike:
                there = ", ".join(repr(p.name) for p in found or everything) or "nothing"
                way = "rename the file if it is the right one" if found else "put the notebook beside it"
                if theirs := sorted({other(p, source) for p in found} - {""}):
                    way = f"it holds cells of {', '.join(theirs)}; ask for this assignment's file"
                return notes, f"expected {name!r}, found {there}; {way}"
            newest = max(alike, key=lambda p: p.stat().st_mtime)
            path.write_bytes(newest.read_bytes())
            notes.append(f"{newest.name!r} was taken for {name!r}.")
        beside = [p.name for p in alike if p.read_bytes() != path.read_bytes()]
        if beside:
            notes.append(f"{name!r} is graded; beside it lies {', '.join(map(repr, beside))}.")
        raw = path.read_bytes()
        try:
            load(path)
        except (ValueError, RecursionError) as error:
            return notes, f"{name!r} is no notebook: {str(error)[:200]}; ask for the file again"
        if (there := grade_ids(path)) and not wanted & there:
            what = f"those of {theirs}" if (theirs := other(path, source)) else plain(", ".join(sorted(there)[:3]))
            return notes, f"{name!r} holds none of this assignment's cells, but {what}; ask for this assignment's file"
        if raw.startswith(b"\xef\xbb\xbf"):
            path.write_bytes(raw[3:])
            notes.append(f"{name!r} began with a byte order mark: taken off.")
    return notes, ""
