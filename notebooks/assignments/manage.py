"""An instructor's commands around nbgrader. Run them in this folder (or name it with --course):

python manage.py check              # faults in source/ and release/, each with its file and cell
python manage.py release            # write release/ anew;  --check: say whether it is out of date
python manage.py grade a1 --jobs 4  # grade submitted/*/a1 in parallel; goes on where it stopped
python manage.py scores a1          # the scores from the gradebook, one line a student; --csv FILE
"""

import argparse
import contextlib
import csv
import hashlib
import json
import multiprocessing
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import nbformat

HERE = Path(__file__).resolve().parent
CONFIG = "nbgrader_config.py"
MARKER = re.compile(r"### (BEGIN|END) (SOLUTION|HIDDEN TESTS)$")  # as nbgrader wants it
ALIKE = re.compile(r"#+ *(BEGIN|END)[ _]+(SOLUTION|HIDDEN|TEST)", re.IGNORECASE)


# ---- the pre-flight check ----------------------------------------------------------------------------------


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
        if graded and not solution and not released and cell.cell_type == "code" and not kinds:
            fault("a test cell without hidden tests: constants would pass")
    if points == 0:
        found.append(f"{path.relative_to(course)}: no points at all")
    return found


# ---- the release -------------------------------------------------------------------------------------------


def settings(course: Path):
    """nbgrader's configuration for the course, from its nbgrader_config.py."""
    from traitlets.config import PyFileConfigLoader

    # nbgrader's own way of filling its database; pages of it would hide what a grader has to read
    warnings.filterwarnings("ignore", message="Object of type <Submitted")
    with contextlib.chdir(course):
        config = PyFileConfigLoader(CONFIG, path=str(course)).load_config()
    config.CourseDirectory.root = str(course)
    return config


def generate(course: Path) -> dict[str, str]:
    """Let nbgrader write the release of each assignment, in a copy of the course; returns path -> text."""
    from nbgrader.apps import NbGraderAPI

    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch)
        shutil.copytree(course / "source", copy / "source")
        config = settings(course)
        config.CourseDirectory.root = str(copy)
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


# ---- grading -----------------------------------------------------------------------------------------------


def digest(*folders: Path) -> str:
    """A hash over the notebooks of the folders: it changes with a new submission or a changed test."""
    total = hashlib.sha256()
    for path in sorted(p for folder in folders for p in folder.glob("*.ipynb")):
        total.update(path.name.encode() + path.read_bytes())
    return total.hexdigest()[:16]


@contextlib.contextmanager
def warm_kernels():
    """Serve kernels with torch imported for the time of the block; yields the environment they need."""
    if not hasattr(os, "fork"):
        yield {}
        return
    with tempfile.TemporaryDirectory() as scratch:
        socket, spec = os.path.join(scratch, "socket"), Path(scratch) / "kernels" / "warm"
        spec.mkdir(parents=True)
        script = str(HERE / "warm.py")
        launch = [sys.executable, "-I", "-S", script, "launch", "{connection_file}"]
        about = {"argv": launch, "display_name": "warm", "language": "python", "interrupt_mode": "message"}
        (spec / "kernel.json").write_text(json.dumps(about))
        path = os.pathsep.join(filter(None, [scratch, os.environ.get("JUPYTER_PATH")]))
        threads = os.environ.get("OMP_NUM_THREADS", "1")
        server = subprocess.Popen(
            [sys.executable, script, "serve", socket], env={**os.environ, "OMP_NUM_THREADS": threads}
        )
        try:
            while not os.path.exists(socket):
                if server.poll() is not None:
                    raise SystemExit("the server of warm kernels ended; is torch installed? Try --cold")
                time.sleep(0.05)
            yield {"JUPYTER_PATH": path, "WARM_KERNEL_SOCKET": socket, "OMP_NUM_THREADS": threads}
        finally:
            server.terminate()
            server.wait()


def grade_one(course: Path, assignment: str, student: str, record: Path, about: dict, warm: bool) -> None:
    """Grade one submission in this process and write its record, the last thing that is done."""
    import grading
    from nbgrader.apps import NbGraderAPI

    began = time.monotonic()
    config = settings(course)
    if warm:
        config.Execute.kernel_name = "warm"
    lock = grading.GradeCells.database = grading.FileLock(course / ".gradebook.lock")
    with lock:
        result = NbGraderAPI(config=config).autograde(assignment, student, force=True)
    graded = sorted((course / "autograded" / student / assignment).glob("*.ipynb"))
    about |= {
        "success": result["success"],
        "seconds": round(time.monotonic() - began, 2),
        "notes": [note for path in graded for note in grading.notes_of(path)],
    }
    if not result["success"]:
        about["log"] = (result.get("log") or "") + (result.get("error") or "")
    write(record, about)


def write(record: Path, about: dict) -> None:
    """Write the record in one move, so that an interruption leaves no half of it."""
    record.parent.mkdir(parents=True, exist_ok=True)
    part = record.with_suffix(".part")
    part.write_text(json.dumps(about, indent=1))
    os.replace(part, record)


def open_gradebook(course: Path):
    """The course's gradebook."""
    from nbgrader.api import Gradebook

    config = settings(course)
    return Gradebook(config.CourseDirectory.db_url, config.CourseDirectory.course_id)


def in_gradebook(course: Path, assignment: str) -> set[str]:
    """Students whose every automatic score of the assignment is in the gradebook."""
    with open_gradebook(course) as gradebook:
        complete = set()
        for submission in gradebook.assignment_submissions(assignment):
            grades = [g for notebook in submission.notebooks for g in notebook.grades]
            by_hand = {g.id for g in grades if g.cell.cell_type != "code"}
            if grades and all(g.auto_score is not None or g.id in by_hand for g in grades):
                complete.add(submission.student.id)
        return complete


def grade(course: Path, assignment: str, jobs: int, students: str = "*", warm: bool = True) -> dict:
    """Grade what is not graded yet, `jobs` submissions at a time; returns counts, seconds and failures."""
    import nbgrader.apps  # noqa: F401  (imported once here, inherited by each forked grader)

    config = settings(course)
    limit = config.GradeCells.get("notebook_limit", 120) + 60  # the last resort; GradeCells keeps the first
    source = course / "source" / assignment
    if not list(source.glob("*.ipynb")):
        raise SystemExit(f"{source} has no notebook; expected one of {sorted(os.listdir(course / 'source'))}")
    register(course, assignment)
    complete, waiting, skipped = in_gradebook(course, assignment), [], 0
    for folder in sorted(course.glob(f"submitted/{students}/{assignment}")):
        student = folder.parent.name
        record = course / "grading" / assignment / f"{student}.json"
        about = {"hash": digest(source, folder)}
        old = json.loads(record.read_text()) if record.exists() else {}
        if old.get("hash") == about["hash"] and old.get("success") and student in complete:
            skipped += 1
        else:
            record.unlink(missing_ok=True)
            waiting.append((student, record, about))
    print(f"{assignment}: {len(waiting)} to grade, {skipped} graded before", flush=True)

    began, failed, count, running = time.monotonic(), {}, len(waiting), {}
    context = multiprocessing.get_context("fork" if hasattr(os, "fork") else "spawn")
    with warm_kernels() if warm else contextlib.nullcontext({}) as environment:
        os.environ.update(environment)
        while waiting or running:
            while waiting and len(running) < jobs:
                student, record, about = waiting.pop(0)
                arguments = (course, assignment, student, record, about, bool(environment))
                process = context.Process(target=grade_one, args=arguments)
                process.start()
                running[process] = (student, record, about, time.monotonic())
            for process, (student, record, about, start) in list(running.items()):
                if process.is_alive() and time.monotonic() - start < limit:
                    continue
                if process.is_alive():
                    process.kill()
                    write(record, about | {"success": False, "log": f"stopped after {limit} seconds"})
                process.join()
                del running[process]
                result = json.loads(record.read_text()) if record.exists() else {}
                if not result.get("success"):
                    failed[student] = reason(result.get("log", "the grader ended without a result"))
                done = count - len(waiting) - len(running)
                state = "NOT GRADED: " + failed[student] if student in failed else "graded"
                print(f"[{done}/{count}] {student}: {state}", *result.get("notes", []), sep="\n    ", flush=True)
            time.sleep(0.02)
    seconds = time.monotonic() - began
    if count:
        print(f"{count} submissions, {seconds:.1f} s, {seconds / count:.2f} s each with {jobs} at a time")
    for student, why in failed.items():
        print(f"NOT GRADED {student}: {why}")
    return {"graded": count - len(failed), "skipped": skipped, "failed": failed, "seconds": seconds}


def reason(log: str) -> str:
    """The telling line of nbgrader's log: what was raised."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    said = [line for line in lines if re.match(r"[\w.]*(Error|Exception|Invalid\w*)\b", line)]
    return (said or lines or ["no reason given"])[0][:300]


def register(course: Path, assignment: str) -> None:
    """Tell the gradebook the assignment's cells and points, as `nbgrader generate_assignment` does."""
    from nbgrader.apps import NbGraderAPI

    before = {p: p.read_bytes() for p in course.glob(f"release/{assignment}/*.ipynb")}
    done = NbGraderAPI(config=settings(course)).generate_assignment(assignment, force=True)
    if not done["success"]:
        raise SystemExit(f"nbgrader could not register {assignment}: {reason(done.get('log') or done['error'])}")
    for path, content in before.items():
        if path.exists() and path.read_bytes() != content:
            print(f"note: {path.relative_to(course)} was out of date and has been written anew")


def scores(course: Path, assignment: str) -> dict[str, dict[str, float]]:
    """The automatic and manual scores from the gradebook: student -> grade id -> points."""
    table = {}
    with open_gradebook(course) as gradebook:
        for submission in gradebook.assignment_submissions(assignment):
            grades = [g for notebook in submission.notebooks for g in notebook.grades]
            table[submission.student.id] = {g.cell.name: g.score for g in grades}
    return dict(sorted(table.items()))


# ---- the command line --------------------------------------------------------------------------------------


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--course", type=Path, default=HERE, help="the course's folder (this one)")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check", help="find faults before students do")
    release = commands.add_parser("release", help="write release/ from source/")
    release.add_argument("--check", action="store_true", help="only say whether release/ is out of date")
    grading = commands.add_parser("grade", help="grade submissions in parallel")
    grading.add_argument("assignment")
    grading.add_argument("--jobs", type=int, default=os.cpu_count(), help="submissions at a time (all cores)")
    grading.add_argument("--student", default="*", help="a pattern of student names")
    grading.add_argument("--cold", action="store_true", help="an ordinary kernel for each submission: slower")
    table = commands.add_parser("scores", help="print the scores")
    table.add_argument("assignment")
    table.add_argument("--csv", type=Path, help="write them there, one column a cell")
    options = parser.parse_args(arguments)
    course = options.course.resolve()
    os.chdir(course)

    if options.command == "check":
        found = faults(course)
        print("\n".join(found) or "no faults found")
        return 1 if found else 0
    if options.command == "release":
        if options.check:
            found = drift(course)
            print("\n".join(found) or "release/ is what source/ gives")
            return 1 if found else 0
        fresh = generate(course)
        shutil.rmtree(course / "release", ignore_errors=True)
        for name, text in fresh.items():
            path = course / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(name)
        return 0
    if options.command == "grade":
        return 1 if grade(course, options.assignment, options.jobs, options.student, not options.cold)["failed"] else 0
    rows = scores(course, options.assignment)
    for student, cells in rows.items():
        print(f"{student:20} {sum(cells.values()):6g}")
    if options.csv:
        names = list(next(iter(rows.values()), {}))
        with options.csv.open("w", newline="", encoding="utf-8") as file:
            out = csv.writer(file)
            out.writerow(["student", *names, "total"])
            out.writerows([s, *(c.get(n, 0) for n in names), sum(c.values())] for s, c in rows.items())
    return 0


if __name__ == "__main__":
    sys.exit(main())
