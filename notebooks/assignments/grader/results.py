"""Scores out: one row a student, with status, points of each step and late days, for a table, Moodle or Canvas.

The gradebook's scores are held against what the grading run wrote down: one that lies above the maximum, or that
something else has changed, is not given out. Hand-ins that are the same, or nearly, are listed in pairs.
"""

import csv
import itertools
import math
import os
from collections import Counter
from pathlib import Path

import nbformat
from preflight import enrolled, listed
from repairs import defined, grade_id, plain
from run import automatic, open_gradebook, read

ALIKE = 0.95  # share of two students' own lines that agrees


def steps(course: Path, assignment: str) -> dict[str, tuple[str, float]]:
    """Grade id -> (the answer that it grades, its points), in the notebook's order."""
    out, answer = {}, ""
    source = course / "source" / assignment
    if not any(source.glob("*.ipynb")):
        raise SystemExit(f"{source} has no notebook; expected one of {sorted(os.listdir(course / 'source'))}")
    for path in sorted(source.glob("*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            about = cell.metadata.get("nbgrader", {})
            if about.get("solution"):
                answer = about["grade_id"]
            if about.get("grade") or about.get("task"):
                out[about["grade_id"]] = (answer, float(about["points"]))
    return out


def rows(course: Path, assignment: str) -> list[dict]:
    """A row for each student of students.txt or of submitted/: student, status, points by step, total, late days."""
    points = steps(course, assignment)
    most = sum(number for _, number in points.values())
    handed_in = {path.parent.name for path in course.glob(f"submitted/*/{assignment}")}
    out = []
    with open_gradebook(course) as gradebook:
        booked = {s.student.id: s for s in gradebook.assignment_submissions(assignment)}
        names = enrolled(course)
        missing = set(names) - {listed(student, names) for student in handed_in | set(booked)}
        for student in sorted(handed_in | set(booked) | missing):
            record, submission = read(course / "grading" / assignment / f"{student}.json"), booked.get(student)
            row = {"student": student, "status": "missing"}
            row |= {answer: "" for answer, _ in points.values()} | {
                "total": "",
                "maximum": most,
                "late days": "",
                "points by hand": "",
            }
            if student in handed_in or submission:
                row["status"] = fate(record, submission, points)
            if submission and row["status"] in ("graded", "waits for marking"):
                by_step = dict.fromkeys((answer for answer, _ in points.values()), 0.0)
                for g in grades_of(submission):
                    by_step[points[g.cell.name][0]] += g.score
                late = math.ceil(submission.total_seconds_late / 86400)
                row |= by_step | {"total": sum(by_step.values()) - submission.late_submission_penalty}
                by_hand = [g.cell.name for g in grades_of(submission) if g.manual_score is not None]
                row |= {"late days": late, "points by hand": ", ".join(by_hand)}
            out.append(row)
    return out


def grades_of(submission) -> list:
    """Every graded cell of a submission, with its scores."""
    return [grade for notebook in submission.notebooks for grade in notebook.grades]


def fate(record: dict, submission, points: dict[str, tuple[str, float]]) -> str:
    """What has become of a hand-in, in words that a list of a hundred can be searched for."""
    if not record.get("success") or submission is None:
        return f"not graded: {plain(record.get('log', 'not yet'))}"
    if automatic(submission) != record.get("scores"):
        return "not graded: the gradebook's automatic scores are not those of the grading run; grade again"
    grades = grades_of(submission)
    over = [g.cell.name for g in grades if not 0 <= g.score <= points[g.cell.name][1]]
    if over:
        return f"not graded: more points than there are, or fewer than none, for {', '.join(over)}"
    return "waits for marking" if any(g.needs_manual_grade for g in grades) else "graded"


def write_csv(path: Path, rows: list[dict], system: str, assignment: str) -> list[str]:
    """Write the rows: all of them as they are, or the columns that an import into Moodle or Canvas asks for.

    Returns the students whose scores are left out of an import, because their names have no number that it knows.
    """
    done = [row for row in rows if row["status"] == "graded"]
    parts = {row["student"]: row["student"].rpartition("_") for row in done}
    left = [student for student, (name, _, number) in parts.items() if system and not (name and number.isdecimal())]
    done = [row for row in done if row["student"] not in left]
    if system == "moodle":  # "Upload grading worksheet" refuses a file without the first, third and last of these
        header = ("Identifier", "Full name", "Grade", "Maximum grade", "Last modified (grade)")
        table = [
            {
                "Identifier": f"Participant {parts[row['student']][2]}",
                "Full name": parts[row["student"]][0],
                "Grade": row["total"],
                "Maximum grade": row["maximum"],
                "Last modified (grade)": "-",  # as in Moodle's own file where nothing is marked yet
            }
            for row in done
        ]
    elif system == "canvas":  # Gradebook: Import; the assignment's column is called as in its export, NAME (ID)
        header = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section", assignment)
        empty = dict.fromkeys(header, "")
        table = [empty | {"Student": "    Points Possible", assignment: rows[0]["maximum"]}] if rows else []
        table += [
            empty | {"Student": parts[row["student"]][0], "ID": parts[row["student"]][2], assignment: row["total"]}
            for row in done
        ]
    else:
        header, table = tuple(rows[0]) if rows else ("student",), rows
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.DictWriter(file, header)
        out.writeheader()
        out.writerows(table)
    return left


def alike(course: Path, assignment: str) -> list[tuple[list[str], float]]:
    """Groups of students whose answers are the same or nearly, and the smallest share of lines that a pair shares."""
    given, own = set(), {}
    for path in (course / "source" / assignment).glob("*.ipynb"):
        cells = nbformat.read(path, as_version=4).cells
        given |= {line.strip() for c in cells if c.metadata.get("nbgrader", {}).get("locked") for line in lines(c)}
        names = {grade_id(c): defined(c.source) for c in cells if c.metadata.get("nbgrader", {}).get("solution")}
    for folder in sorted(course.glob(f"submitted/*/{assignment}")):
        text: list[str] = []
        for path in sorted(course.glob(f"autograded/{folder.parent.name}/{assignment}/*.ipynb")):
            for cell in nbformat.read(path, as_version=4).cells:
                if grade_id(cell) in names:
                    text += [line for line in lines(cell) if line not in given and not line.startswith("#")]
        own[folder.parent.name] = text
    counts = {student: Counter(text) for student, text in own.items()}
    groups: list[tuple[set[str], float]] = []
    for (one, a), (other, b) in itertools.combinations(own.items(), 2):
        size = len(a) + len(b)
        if min(len(a), len(b)) > 5 and 2 * min(len(a), len(b)) >= ALIKE * size:
            # in whatever order: time grows with the lines alone
            share = 2 * (counts[one] & counts[other]).total() / size
            if share >= ALIKE:
                near = [group for group in groups if group[0] & {one, other}]
                groups = [group for group in groups if group not in near]
                groups.append(({one, other}.union(*(g[0] for g in near)), min([share, *(g[1] for g in near)])))
    return sorted((sorted(students), share) for students, share in groups)


def lines(cell) -> list[str]:
    return [line.strip() for line in cell.source.splitlines() if line.strip()]
