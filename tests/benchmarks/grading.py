"""Grade copies of an assignment with the real nbgrader: seconds each, and what that means for a class of 200.

    python tests/benchmarks/grading.py [a1 a2 a3] [--copies 40] [--jobs 2] [--cold]

The copies take turns: the reference, right answers in three styles, and wrong ones; none loops for ever. Seconds
a submission a core are wall seconds times the jobs, which waiting for a busy machine inflates; processor seconds
are what the processes themselves used, nbgrader, kernels and the import of torch included.
"""

import argparse
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "assignments"))

import classroom
import test_grading

CLASS = 200


def processor_seconds() -> float:
    """Of this process and of every process below it that has ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def measure(assignment: str, copies: int, jobs: int, warm: bool) -> None:
    rows = test_grading.table(assignment)
    kinds = list(rows)
    with tempfile.TemporaryDirectory() as folder:
        room = classroom.Classroom(Path(folder), assignment)
        for k in range(copies):
            room.submit(f"student-{k:03}", rows[kinds[k % len(kinds)]][0])
        began, used = time.perf_counter(), processor_seconds()
        result = room.grade(jobs, warm)
        wall, used = time.perf_counter() - began, processor_seconds() - used
        assert result["graded"] == copies and not result["failed"], result
        scores = room.scores()
        for k in range(copies):
            want = test_grading.expected(assignment, rows[kinds[k % len(kinds)]][1])
            assert test_grading.automatic(scores[f"student-{k:03}"], assignment) == want, kinds[k % len(kinds)]
    each, cpu = wall * jobs / copies, used / copies
    print(
        f"{assignment}: {copies} copies, {jobs} at a time, {'warm' if warm else 'ordinary'} kernels: {wall:.1f} s, "
        f"{each:.2f} s a submission a core ({cpu:.2f} processor seconds); {CLASS} submissions: "
        f"{each * CLASS / jobs / 60:.1f} min here, {cpu * CLASS / jobs / 60:.1f} min where nothing else runs",
        flush=True,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("assignments", nargs="*", default=classroom.ASSIGNMENTS)
    parser.add_argument("--copies", type=int, default=40)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--cold", action="store_true", help="an ordinary kernel for each submission")
    options = parser.parse_args()
    for name in options.assignments:
        measure(name, options.copies, options.jobs, not options.cold)
