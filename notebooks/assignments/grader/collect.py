"""A class's hand-ins out of the zip that Moodle or Canvas makes of them: plug-ins of nbgrader's zip_collect.

`Extractor` unpacks it, and zips in it, each into a folder of its whole name: what lies below "hw.zip" is one student's.
`Collector` tells whose file zip_collect has found.
"""

import contextlib
import itertools
import math
import os
import re
import shutil
import tarfile
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from handins import plain_name
from nbgrader.plugins.zipcollect import ExtractorPlugin, FileNameCollectorPlugin

# Moodle: "Ada Lovelace_12345_assignsubmission_file_NAME.ipynb", or a folder "Ada Lovelace_12345_assignsubmission_file"
# Canvas: "lovelaceada_987_4321_NAME.ipynb", "lovelaceada_LATE_987_4321_NAME.ipynb", "anon_x3Ys1_4321_NAME.ipynb",
# "lovelaceada_987_text.html". Else: a folder for each student.
FORMS = (
    r"(?P<who>.+?)_(?P<number>\d+)_assignsubmission_(?:file|onlinetext)_?(?P<file>.*)",
    r"(?:LATE_)?(?P<who>anon)_(?P<number>\w{5})_\d+_(?P<file>.+)",
    r"(?P<who>.+?)(?:_LATE)?_(?P<number>\d+)_\d+_(?P<file>.+)",
    r"(?P<who>.+?)(?:_LATE)?_(?P<number>\d+)_(?P<file>(?:text|link)\.html)",
)
PACKED = (".zip", ".tar", ".tar.gz", ".tgz")
MOST = 2**30  # bytes that a student's zip may hold


class Extractor(ExtractorPlugin):
    """Unpack the class's zip and those in it; one that can't be unpacked stays as it is, and costs only its student."""

    def extract(self, archive_path: str, extracted_path: str) -> None:
        shutil.copytree(archive_path, extracted_path, dirs_exist_ok=True)
        broken: set[Path] = set()
        spent: Counter = Counter()  # bytes that a student's zip, with those in it, has taken
        for _ in range(3):  # a zip may hold itself
            packed = {p for p in Path(extracted_path).rglob("*") if is_packed(p.name) and p.is_file()}
            for path in sorted(packed - broken):
                inner = path.relative_to(extracted_path).parts  # the class's zip, then what lies in it
                theirs = inner[: next((k for k, part in enumerate(inner) if k and is_packed(part)), 0) + 1]
                try:
                    spent[theirs] += unpack(path, MOST - spent[theirs] if len(theirs) > 1 else math.inf)
                except Exception as error:  # whatever a broken file brings about
                    broken.add(path)
                    self.log.error("%s can't be unpacked: %s", "/".join(inner), error)


def is_packed(name: str) -> bool:
    return name.lower().endswith(PACKED)


def unpack(path: Path, most: float) -> int:
    """Put a folder with what the file holds into its place; returns its bytes, ValueError if more than `most`."""
    with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        folder = Path(scratch) / "all"
        folder.mkdir()
        if path.suffix.lower() == ".zip":
            with zipfile.ZipFile(path) as file:
                size = total((entry.file_size for entry in file.infolist()), most)
                file.extractall(folder)
        else:
            with tarfile.open(path) as file:
                size = total((entry.size for entry in file), most)
                file.extractall(folder, filter="data")
        path.unlink()
        folder.rename(path)
    return size


def total(sizes: Iterable[int], most: float) -> int:
    """The sum, or ValueError as soon as it goes beyond `most`: a small file may hold terabytes."""
    done = 0
    for done in itertools.accumulate(sizes):
        if done > most:
            raise ValueError(f"it holds more than the {MOST / 2**30:g} GB that a student may hand in")
    return done


class Collector(FileNameCollectorPlugin):
    """Whose file is it? The student is called NAME_NUMBER, with the number that the system knows.

    A file that is no notebook is collected, too, so that `grade` can say what was found in place of one. Of one name
    the latest counts; where the zip does not say which that is, all of a student's files are kept, and `tidy` says
    which one it took.
    """

    def __init__(self, **settings):
        super().__init__(**settings)
        self.seen: Counter = Counter()

    def collect(self, submitted_file: str) -> dict | None:
        _, archive, *parts = place(submitted_file)
        parts = parts or [archive]
        # the system names what lies outside of zips in the class's zip, the student what lies in them
        outer = [*itertools.takewhile(lambda part: not is_packed(part), parts[:-1])]
        outer.append(parts[len(outer)])
        named = [archive, *outer] if "_assignsubmission_" in archive else outer
        found = next(filter(None, (re.fullmatch(form, part) for part in named for form in FORMS)), None)
        name = found["file"] if found and found.string == parts[-1] else parts[-1]
        if name == "timestamp.txt" or any(part.startswith((".", "__MACOSX")) for part in parts):
            return None  # nbgrader would take a student's timestamp for the date
        student = f"{found['who']}_{found['number']}" if found else [stem(archive), *outer][-2]
        student = re.sub(r"[][*?]", "", student)  # nbgrader would take them for patterns
        told = {"student_id": student, "file_id": plain_name(name)}
        if when := date(submitted_file):
            return told | {"timestamp": str(when)}
        self.seen[student, name] += 1  # of two files of one name nbgrader would give up, with the whole class
        copies = self.seen[student, name]
        return told | {"file_id": name if copies == 1 else f"{Path(name).stem} ({copies}){Path(name).suffix}"}


def stem(name: str) -> str:
    """A zip's name, or a notebook's, without its ending."""
    return re.sub(rf"({'|'.join(map(re.escape, PACKED))}|\.ipynb)$", "", name, flags=re.IGNORECASE)


def place(extracted: str) -> list[str]:
    """downloaded/a1, the archive's name, and the path in it, part by part."""
    found = re.match(r"(.*?/downloaded/[^/]+)/extracted/(.*)", extracted.replace(os.sep, "/"), re.DOTALL)
    return [found[1], *found[2].split("/")]


def date(extracted: str) -> datetime | None:
    """When a file was handed in: its date in the class's zip, or that of the zip there that held it.

    None where all dates there lie within an hour: Canvas and today's Moodle write the time of the download.
    """
    head, archive, *parts = place(extracted)
    with contextlib.suppress(OSError, ValueError, zipfile.BadZipFile):
        with zipfile.ZipFile(f"{head}/archive/{archive}") as file:
            dates = {entry.filename: datetime(*entry.date_time) for entry in file.infolist()}
        if max(dates.values()) - min(dates.values()) > timedelta(hours=1):
            for k in range(len(parts), 0, -1):
                if found := dates.get("/".join(parts[:k])):
                    return found
    return None
