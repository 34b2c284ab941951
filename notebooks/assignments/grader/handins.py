"""Hand-ins as they come: a browser's "(1)" in the name, a byte order mark, other file names, an LMS's zip.

`tidy` puts a copy under the expected name beside what was handed in, which stays as it is. `Collector` tells nbgrader's
zip_collect whose file it has found in the zip that Moodle or Canvas makes of a class's hand-ins.
"""

import json
import os
import re
import zipfile
from datetime import datetime
from pathlib import Path

from nbgrader.plugins.zipcollect import FileNameCollectorPlugin

# Moodle: "Ada Lovelace_12345_assignsubmission_file_NAME.ipynb", or a folder "Ada Lovelace_12345_assignsubmission_file"
# Canvas: "lovelaceada_987_4321_NAME.ipynb", "lovelaceada_LATE_987_4321_NAME.ipynb". Else: a folder for each student.
FORMS = (
    r"(?P<who>.+?)_(?P<number>\d+)_assignsubmission_file_?(?P<file>.*)",
    r"(?P<who>[^_]+)(?:_LATE)?_(?P<number>\d+)_\d+_(?P<file>.+)",
)


class Collector(FileNameCollectorPlugin):
    """Whose file is it? The student is called NAME_NUMBER, with the number that the system knows."""

    def collect(self, submitted_file: str) -> dict | None:
        if not submitted_file.lower().endswith(".ipynb"):
            return None
        _, archive, *parts = place(submitted_file)
        parts = parts or [archive]
        # from the outside: the system names the outer folder or file, a student what lies in a zip in it
        found = next(filter(None, (re.fullmatch(form, part) for part in parts for form in FORMS)), None)
        name = found["file"] if found and found.string == parts[-1] else parts[-1]
        student = f"{found['who']}_{found['number']}" if found else [Path(archive).stem, *parts][-2]
        return {
            "student_id": re.sub(r"[][*?]", "", student),  # nbgrader would take them for patterns
            "file_id": plain_name(name),
            "timestamp": str(date(submitted_file)),
        }


def place(extracted: str) -> list[str]:
    """downloaded/a1, the archive's name, and the path in it, part by part."""
    found = re.match(r"(.*?/downloaded/[^/]+)/extracted/(.*)", extracted.replace(os.sep, "/"), re.DOTALL)
    return [found[1], *found[2].split("/")]


def date(extracted: str) -> datetime:
    """When a file was handed in, by its date in the zip; unpacked, it has the date of today."""
    head, archive, *parts = place(extracted)
    try:
        with zipfile.ZipFile(f"{head}/archive/{archive}.zip") as file:
            return datetime(*file.getinfo("/".join(parts)).date_time)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        return datetime.fromtimestamp(os.path.getmtime(extracted))


def plain_name(name: str) -> str:
    """A file's name without what browsers and systems add: "a1 (1).ipynb", "a1-1.ipynb", "Copy of a1.ipynb" → "a1"."""
    stem = re.sub(r"\.ipynb$", "", name, flags=re.IGNORECASE)
    stem = re.sub(r"^(copy|kopie|copie|copia) (of|von|de|di) ", "", stem, flags=re.IGNORECASE)
    return re.sub(r"([ _-]*\(\d+\)|[ _-]+copy\d*|-\d+)+$", "", stem, flags=re.IGNORECASE)


def load(path: Path) -> dict:
    """A notebook file as JSON, a byte order mark or not; raises ValueError if it is no notebook."""
    notebook = json.loads(path.read_bytes().decode("utf-8-sig"))
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise ValueError("it has no list of cells")
    return notebook


def tidy(folder: Path, expected: list[str]) -> tuple[list[str], str]:
    """Give each expected notebook its file; returns (what was done, what is in the way or an empty string)."""
    notes = []
    found = sorted(path for path in folder.glob("*") if path.suffix.lower() == ".ipynb")
    for path in (folder.parent, folder, *found):
        if path.is_symlink():  # it could point to the solutions
            return notes, f"{path.name!r} is a link; expected a file of the student's own"
    for name in expected:
        path = folder / name
        alike = [p for p in found if p.name not in expected and plain_name(p.name) == Path(name).stem]
        if not path.exists():
            if not alike:
                there = ", ".join(repr(p.name) for p in found) or "no notebook"
                return notes, f"expected {name!r}, found {there}; rename the file if it is the right one"
            newest = max(alike, key=lambda p: p.stat().st_mtime)
            path.write_bytes(newest.read_bytes())
            notes.append(f"{newest.name!r} was taken for {name!r}.")
        elif alike and not any(p.read_bytes() == path.read_bytes() for p in alike):
            notes.append(f"{name!r} is graded; beside it lies {', '.join(repr(p.name) for p in alike)}.")
        raw = path.read_bytes()
        try:
            load(path)
        except (ValueError, UnicodeDecodeError) as error:
            return notes, f"{name!r} is no notebook: {str(error)[:200]}"
        if raw.startswith(b"\xef\xbb\xbf"):
            path.write_bytes(raw[3:])
            notes.append(f"{name!r} began with a byte order mark: taken off.")
    return notes, ""
