"""An instructor's commands around nbgrader. Run them in this folder (or name it with --course):

python manage.py check              # faults in source/ and release/, each with its file and cell
python manage.py release            # write release/ anew;  --check: say whether it is out of date
python manage.py grade a1 --jobs 4  # grade submitted/*/a1 in parallel; goes on where it stopped
python manage.py scores a1          # one line a student, and hand-ins that are alike;  --csv FILE
python manage.py split FOLDER       # a private repository for source/, taken out of this one
python manage.py quiz FOLDER        # the notebooks' checks of understanding as a question bank (GIFT)
python manage.py slides FOLDER      # slides for the lectures, made of the notebooks
"""

import argparse
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "grader"))


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
    grading.add_argument("--inside", default="", help="a command that starts Python in a container")
    table = commands.add_parser("scores", help="print the scores")
    table.add_argument("assignment")
    table.add_argument("--csv", type=Path, help="write them there, a column a step")
    table.add_argument("--for", dest="system", choices=("moodle", "canvas"), help="with the columns of its import")
    for name, help in (
        ("split", "source/ into a repository"),
        ("quiz", "GIFT questions"),
        ("slides", "lecture slides"),
    ):
        commands.add_parser(name, help=help).add_argument("folder", type=Path)
    options = parser.parse_args(arguments)
    for name in ("csv", "folder"):  # before the folder is changed
        if getattr(options, name, None):
            setattr(options, name, getattr(options, name).expanduser().resolve())
    course = options.course.resolve()
    os.chdir(course)
    return globals()[options.command](course, options)


def check(course: Path, _options) -> int:
    from preflight import faults

    found = faults(course)
    print("\n".join(found) or "no faults found")
    return 1 if found else 0


def release(course: Path, options) -> int:
    from preflight import drift, write_release

    found = drift(course) if options.check else write_release(course)
    print("\n".join(found) or "release/ is what source/ gives")
    return 1 if options.check and found else 0


def grade(course: Path, options) -> int:
    import nbgrader.apps  # noqa: F401  (imported once here, inherited by each forked grader)
    import run

    assignment, student = options.assignment, options.student
    if any(course.glob(f"source/{assignment}")) and not any(course.glob(f"submitted/{student}/{assignment}")):
        there = ", ".join(sorted(path.parent.name for path in course.glob(f"submitted/*/{assignment}"))[:20])
        raise SystemExit(f"no hand-in at submitted/{student}/{assignment}; there are those of {there or 'nobody'}")
    done = run.grade(course, options.assignment, options.jobs, options.student, options.inside)
    return 1 if done["failed"] else 0


def scores(course: Path, options) -> int:
    import results
    from repairs import plain

    if options.system and not options.csv:
        raise SystemExit(f"--for {options.system} chooses the columns of a file; add --csv FILE")
    rows = results.rows(course, options.assignment)
    for row in rows:
        by_hand = f" (by hand: {row['points by hand']})" if row["points by hand"] else ""
        print(plain(f"{row['student']:20} {row['total']:>6} of {row['maximum']:g}  {row['status']}{by_hand}"))
    for students, share in results.alike(course, options.assignment):
        same = (
            "the same lines"
            if share == 1
            else f"each has at least {min(share, 0.999):.1%} of its lines in common with another"
        )
        print(plain(f"ALIKE {', '.join(students)}: {same}"))
    if options.csv and (left := results.write_csv(options.csv, rows, options.system or "", options.assignment)):
        print(plain(f"NOT IN {options.csv.name}: {', '.join(left)}: no number of {options.system}'s in the name"))
    return 0


def split(course: Path, options) -> int:
    import teach

    print(teach.split(course, options.folder))
    return 0


def quiz(course: Path, options) -> int:
    import teach

    print(teach.quiz(HERE.parent, options.folder))
    return 0


def slides(course: Path, options) -> int:
    import teach

    print(teach.slides(HERE.parent, options.folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
