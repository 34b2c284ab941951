"""Grade a class: each submission by nbgrader, several at a time, resumable, each student's fate in one line."""

import contextlib
import fcntl
import hashlib
import json
import multiprocessing
import os
import re
import threading
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from handins import tidy
from preflight import settings
from repairs import plain

OPEN = (
    "WARNING: this machine has neither bubblewrap nor a working `unshare`: a submission runs as an ordinary process of "
    "yours and can read and write what you can, the solutions and the scores included. Use --inside with a container."
)


class FileLock:
    """One process at a time; the system frees it when its holder is killed."""

    def __init__(self, path: Path):
        self.path = path

    def __enter__(self):
        self.handle = open(self.path, "w")
        fcntl.flock(self.handle, fcntl.LOCK_EX)
        return self

    def __exit__(self, *_):
        self.handle.close()


def digest(*folders: Path) -> str:
    """A hash over the notebooks of the folders: it changes with a new submission or a changed test."""
    total = hashlib.sha256()
    for path in sorted(p for folder in folders for p in folder.glob("*.ipynb")):
        total.update(path.name.encode() + path.read_bytes())
    return total.hexdigest()[:16]


def write(record: Path, about: dict) -> None:
    """Write the record in one move, so that an interruption leaves no half of it."""
    record.parent.mkdir(parents=True, exist_ok=True)
    part = record.with_suffix(".part")
    part.write_text(json.dumps(about, indent=1))
    os.replace(part, record)


def read(record: Path) -> dict:
    """The record of a submission; empty where there is none."""
    with contextlib.suppress(OSError, ValueError):
        return json.loads(record.read_text())
    return {}


def open_gradebook(course: Path):
    """The course's gradebook."""
    from nbgrader.api import Gradebook

    config = settings(course)
    return Gradebook(config.CourseDirectory.db_url, config.CourseDirectory.course_id)


def automatic(submission) -> dict[str, float | None]:
    """The automatic score of each test cell of a submission, by grade id."""
    grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
    return {grade.cell.name: grade.auto_score for grade in grades if grade.cell.cell_type == "code"}


def grade_one(job: tuple) -> dict:
    """Grade one submission and write its record, the last thing that is done."""
    course, assignment, student, record, about, inside = job
    import execute
    import repairs
    from nbgrader.apps import NbGraderAPI

    began, config = time.monotonic(), settings(course)
    config.GradeCells.inside = inside
    lock = FileLock(course / ".gradebook.lock")
    execute.GradeCells.database = lock  # nbgrader's writers take turns; the lock is let go while cells run
    with lock:
        result = NbGraderAPI(config=config).autograde(assignment, student, force=True)
    graded = sorted((course / "autograded" / student / assignment).glob("*.ipynb"))
    about |= {"success": result["success"], "seconds": round(time.monotonic() - began, 2)}
    about["notes"] += [note for path in graded for note in repairs.notes_of(path)]
    if result["success"]:
        with lock, open_gradebook(course) as gradebook:
            about["scores"] = automatic(gradebook.find_submission(assignment, student))
    else:
        about["log"] = reason((result.get("log") or "") + (result.get("error") or ""))
    write(record, about)
    return about


def each_in_a_worker(to_do: list[tuple], jobs: int):
    """Yield (student, record) as they are graded; workers are replaced after 25 each, with what they hold on to."""
    for start in range(0, len(to_do), 25 * jobs):
        some = to_do[start : start + 25 * jobs]
        with ProcessPoolExecutor(min(jobs, len(some)), multiprocessing.get_context("fork"), watch_parent) as pool:
            waiting = {pool.submit(grade_one, job): job[2] for job in some}
            try:
                for done in as_completed(waiting):
                    yield waiting[done], done.result()
            except BrokenProcessPool:
                in_hand = [student for future, student in waiting.items() if future.exception()][:jobs]
                raise SystemExit(
                    "A grading process was killed, most likely for want of memory, with one of these in hand: "
                    f"{', '.join(in_hand)}. What is graded is kept, and the same command goes on from there; with "
                    "fewer --jobs it takes less memory."
                ) from None
            except BaseException:  # Ctrl-C, too
                pool.shutdown(wait=False, cancel_futures=True)
                raise


def watch_parent() -> None:
    """In a worker: end with the process that started it, however that ends."""
    parent = os.getppid()

    def wait():
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def grade(course: Path, assignment: str, jobs: int, students: str = "*", inside: str = "") -> dict:
    """Grade what is not graded yet, `jobs` submissions at a time; returns counts, seconds and failures."""
    import isolate
    import marks

    source = course / "source" / assignment
    chosen = settings(course).GradeCells
    inside, variants = inside or chosen.get("inside", ""), "variants" * bool(chosen.get("variants"))
    notebooks = sorted(source.glob("*.ipynb"))
    if not notebooks:
        raise SystemExit(f"{source} has no notebook; expected one of {sorted(os.listdir(course / 'source'))}")
    register(course, assignment)
    jobs_to_do, failed, skipped = [], {}, 0
    with open_gradebook(course) as gradebook:
        booked = {s.student.id: automatic(s) for s in gradebook.assignment_submissions(assignment)}
    for folder in sorted(course.glob(f"submitted/{students}/{assignment}")):
        student = folder.parent.name
        record = course / "grading" / assignment / f"{student}.json"
        notes, fault = tidy(folder, notebooks)
        about, old = {"hash": digest(source, folder) + variants, "notes": notes}, read(record)
        if fault:
            failed[student] = fault
            write(record, about | {"success": False, "log": fault})
        elif old.get("hash") == about["hash"] and old.get("success") and old.get("scores") == booked.get(student):
            skipped += 1
        else:
            record.unlink(missing_ok=True)
            jobs_to_do.append((course, assignment, student, record, about, inside))
    count = len(jobs_to_do)
    print(f"{assignment}: {count} to grade, {skipped} graded before", flush=True)
    if count:
        where = "the container of --inside" if inside else isolate.enclosure()[0]
        print(f"each submission runs in {where}" if where else OPEN, flush=True)
        for path in notebooks:  # before the workers are forked: they all inherit the same inputs and true results
            marks.assignment(path, inside, "")
    began = time.monotonic()
    for done, (student, about) in enumerate(each_in_a_worker(jobs_to_do, jobs), start=1):
        if not about["success"]:
            failed[student] = about["log"]
        state = "NOT GRADED: " + failed[student] if student in failed else "graded"
        print(f"[{done}/{count}] {plain(student)}: {state}", *about["notes"], sep="\n    ", flush=True)
    seconds = time.monotonic() - began
    if count:
        print(f"{count} submissions, {seconds:.1f} s, {seconds / count:.2f} s each with {jobs} at a time")
    for student, why in failed.items():
        print(f"NOT GRADED {student}: {why}")
    graded = sum(job[2] not in failed for job in jobs_to_do)
    return {"graded": graded, "skipped": skipped, "failed": failed, "seconds": seconds}


def reason(log: str) -> str:
    """The telling line of nbgrader's log: what was raised."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    said = [line for line in lines if re.match(r"[\w.]*(Error|Exception|Invalid\w*)\b", line)]
    return plain((said or lines or ["no reason given"])[0])[:300]


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
