"""Before a lecture: faults that nbgrader would pass over in silence, and the release that it makes of source/."""

import contextlib
import re
import shutil
import tempfile
import warnings
from pathlib import Path

import nbformat

CONFIG = "nbgrader_config.py"
MARKER = re.compile(r"### (BEGIN|END) (SOLUTION|HIDDEN TESTS)$")  # as nbgrader wants it
ALIKE = re.compile(r"#+ *(BEGIN|END)[ _]+(SOLUTION|HIDDEN|TEST)", re.IGNORECASE)


def faults(course: Path) -> list[str]:
    """Everything that nbgrader would pass over in silence, in the words `file, cell: what`."""
    found = []
    sources = sorted(course.glob("source/*/*.ipynb"))
    if not sources:
        found.append(f"{course / 'source'}: no notebook; expected source/ASSIGNMENT/NOTEBOOK.ipynb")
    for path in sources:
        found += faults_of(path, course, released=False)
        release = course / "release" / path.parent.name / path.name
        if release.exists():
            found += faults_of(release, course, released=True)
        else:
            found.append(f"{release.relative_to(course)}: missing; run `manage.py release`")
    return found


def faults_of(path: Path, course: Path, released: bool) -> list[str]:
    """The faults of one notebook."""
    found, seen, points = [], {}, 0.0
    for number, cell in enumerate(nbformat.read(path, as_version=4).cells, start=1):
        about = cell.metadata.get("nbgrader", {})
        name = about.get("grade_id")
        where = f"{path.relative_to(course)}, cell {number}" + (f" '{name}'" if name else "")
        graded, solution, locked = (bool(about.get(key)) for key in ("grade", "solution", "locked"))

        def fault(what: str, where: str = where) -> None:
            found.append(f"{where}: {what}")

        markers = []
        for line in map(str.strip, cell.source.splitlines()):
            if match := MARKER.match(line):
                markers.append(match.groups())
            elif ALIKE.match(line):
                fault(f"'{line}' is no marker that nbgrader knows: what it encloses reaches students")
        for kind in ("SOLUTION", "HIDDEN TESTS"):
            ends = [edge for edge, what in markers if what == kind]
            if ends and released:
                fault(f"the marker of a {kind.lower()} is left in the release")
            if ends != ["BEGIN", "END"] * (len(ends) // 2):
                fault(f"### BEGIN {kind} and ### END {kind} do not pair up")
        kinds = {what for _, what in markers}
        if about and not name:
            fault("marked for nbgrader, but without a grade id")
        if not about and "SOLUTION" in kinds:
            fault("holds a solution, but is no answer cell and has no grade id")
        if "HIDDEN TESTS" in kinds and not (graded and not solution):
            fault("holds hidden tests, but is not a test cell")
        if name and name in seen:
            fault(f"the grade id is that of cell {seen[name]} too")
        seen.setdefault(name, number)
        if about.get("task") or graded:
            if not about.get("points", 0) > 0:
                fault("a test without points")
            points += about.get("points") or 0
        if graded and not solution and not locked:
            fault("a test cell that is not locked: students could edit it")
        if name and not (graded or solution or locked or about.get("task")):
            fault("has a grade id, but is neither answer nor test nor locked: students could edit it")
        if released and graded and not solution and cell.metadata.get("editable", True):
            fault("a test cell that is editable in the release")
        if released and name and cell.metadata.get("deletable", True) and not about.get("task"):
            fault("can be deleted in the release")
        if graded and not solution and not released and cell.cell_type == "code" and "def observe(" not in cell.source:
            fault("a test cell without a probe, `def observe(generator)`, among its hidden tests")
    if points == 0:
        found.append(f"{path.relative_to(course)}: no points at all")
    return found


def settings(course: Path):
    """nbgrader's configuration for the course, from its nbgrader_config.py."""
    from traitlets.config import PyFileConfigLoader

    # nbgrader's own way of filling its database; pages of it would hide what a grader has to read
    warnings.filterwarnings("ignore", message="Object of type <Submitted")
    with contextlib.chdir(course):
        config = PyFileConfigLoader(CONFIG, path=str(course)).load_config()
    config.CourseDirectory.root = str(course)
    return config


def generate(course: Path, student: str = "") -> dict[str, str]:
    """Let nbgrader write the release of each assignment, in a copy of the course; returns path -> text."""
    from nbgrader.apps import NbGraderAPI

    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch)
        shutil.copytree(course / "source", copy / "source")
        config = settings(course)
        config.CourseDirectory.root, config.FillNumbers.student = str(copy), student
        config.CourseDirectory.db_url = f"sqlite:///{copy / 'gradebook.db'}"
        api = NbGraderAPI(config=config)
        for assignment in sorted(p.name for p in (copy / "source").iterdir() if p.is_dir()):
            done = api.generate_assignment(assignment)
            if not done["success"]:
                raise SystemExit(f"nbgrader could not generate {assignment}:\n{done.get('log') or done['error']}")
        made = sorted((copy / "release").rglob("*"))
        return {str(p.relative_to(copy)): p.read_text(encoding="utf-8") for p in made if p.is_file()}


def drift(course: Path) -> list[str]:
    """Files of release/ that differ from what source/ gives, lack, or are left over."""
    fresh = generate(course)
    kept = {str(p.relative_to(course)) for p in course.glob("release/**/*.ipynb") if "checkpoint" not in str(p)}
    out = [f"{name}: left over, no source gives it" for name in sorted(kept - set(fresh))]
    for name, text in fresh.items():
        path = course / name
        if not path.exists():
            out.append(f"{name}: missing")
        elif path.read_text(encoding="utf-8") != text:
            out.append(f"{name}: not what source/ gives now")
    return out


def write_release(course: Path) -> list[str]:
    """Write release/ anew; returns the names of its files."""
    fresh = generate(course)
    shutil.rmtree(course / "release", ignore_errors=True)
    for name, text in fresh.items():
        path = course / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return [*fresh, *hand_out(course)]


def hand_out(course: Path) -> list[str]:
    """Where variants are on: handout/STUDENT/… for each name in students.txt; returns the names of the files."""
    if not settings(course).GradeCells.get("variants"):
        return []
    written: list[str] = []
    if not (students := enrolled(course)):
        names = course / "students.txt"
        raise SystemExit(f"variants are on, but {names} is missing: a student's name a line, as in submitted/")
    for student in students:
        for name, text in generate(course, student).items():
            path = course / "handout" / student / Path(name).relative_to("release")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            written.append(str(path.relative_to(course)))
    return written


def enrolled(course: Path) -> list[str]:
    """The names in students.txt, a line each, as they are called in submitted/; none where there is no such file."""
    with contextlib.suppress(FileNotFoundError):
        text = (course / "students.txt").read_text("utf-8-sig")
        return [line.strip() for line in text.splitlines() if line.strip()]
    return []


def listed(student: str, names: list[str]) -> str:
    """The line of students.txt for a name in submitted/, with its number or without: Moodle's changes each time."""
    short = student.rpartition("_")[0]
    return short if student not in names and short in names else student
