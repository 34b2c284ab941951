"""Grade copies of an assignment with the real nbgrader: seconds each, and what that means for a class of 200.

    python tests/benchmarks/grading.py [a1 a2 a3 a4] [--copies 20] [--jobs 2]

The copies take turns: the solution, right answers in three styles, wrong ones and a blank notebook; none loops for
ever. Seconds a submission a core are wall seconds times the jobs, which waiting for a busy machine inflates; processor
seconds are what the processes themselves used. "Libraries" is the part of them that goes into starting the process that
a submission runs in: all that processes kept warm could save.
"""

import argparse
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "assignments"))

import importlib

from classroom import ASSIGNMENTS, Classroom, filled, notebook, reference

CLASS = 200


def processor_seconds() -> float:
    """Of this process and of every process below it that has ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def hand_ins(assignment: str) -> list:
    """What a class might hand in, a notebook each."""
    right, answers = reference(assignment), importlib.import_module(f"answers_{assignment}")
    out = [filled(assignment, right), notebook("release", assignment)]
    for k in range(3):
        out.append(filled(assignment, right | {name: sources[k] for name, sources in answers.RIGHT.items()}))
    for k in range(5):
        wrong = {name: list(kinds.values())[k][0] for name, kinds in answers.WRONG.items() if k < len(kinds)}
        out.append(filled(assignment, right | wrong))
    return out


def start_seconds() -> float:
    """Processor seconds that the libraries take in a sandbox's process before the first cell."""
    import isolate

    sandbox = isolate.Sandbox()
    used = sandbox.ask({"do": "cell", "source": "import time\nraise ValueError(time.process_time())"}, 120)
    sandbox.close(2.0)
    return float(used["says"])


def measure(assignment: str, copies: int, jobs: int) -> None:
    kinds = hand_ins(assignment)
    with tempfile.TemporaryDirectory() as folder:
        room = Classroom(Path(folder), assignment)
        for k in range(copies):
            room.submit(f"student-{k:03}", kinds[k % len(kinds)])
        began, used = time.perf_counter(), processor_seconds()
        result = room.grade(jobs)
        wall, used = time.perf_counter() - began, processor_seconds() - used
        assert result["graded"] == copies and not result["failed"], result
    start, each, cpu = start_seconds(), wall * jobs / copies, used / copies
    print(
        f"{assignment}: {copies} copies, {jobs} at a time: {wall:.1f} s, {each:.2f} s a submission a core "
        f"({cpu:.2f} processor seconds, {start:.2f} of them libraries); {CLASS} submissions: "
        f"{each * CLASS / jobs / 60:.1f} min here, {cpu * CLASS / jobs / 60:.1f} min where nothing else runs",
        flush=True,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("assignments", nargs="*", default=ASSIGNMENTS)
    parser.add_argument("--copies", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    for name in options.assignments or ASSIGNMENTS:
        measure(name, options.copies, options.jobs)
