"""One step of notebook 06's recipe on a quiet machine and beside a program that keeps one core busy.

    python tests/benchmarks/busy.py [--rounds 3] [--steps 6]

One thread and two, with the waiting of threads as OpenMP has it by default (they spin) and as the package sets it
(``OMP_WAIT_POLICY=passive``, they sleep). Each measurement is a process of its own, all take turns round by round, and
rows are compared within a round. About 80 seconds a round on two cores.
"""

import argparse
import itertools
import os
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager

import torch  # before the package, which sets how threads wait

from infogan_utils import Trainer, build, data, recipes

WAITING = {"spin": {}, "sleep": {"OMP_WAIT_POLICY": "passive"}}


def measure(steps: int) -> float:
    """Milliseconds a step in this process, the median; pictures of noise, float32."""
    spec = data.SETS["mnist"].spec
    trainer = Trainer(*build(spec), spec, recipes.FAST)
    trainer.bfloat16 = False
    real, times = torch.rand(trainer.real_images, 1, 28, 28), []
    for _ in range(steps + 2):
        began = time.perf_counter()
        trainer.step(real)
        times.append(time.perf_counter() - began)
    return statistics.median(times[2:]) * 1e3


@contextmanager
def neighbour(busy: bool):
    """A process that keeps a core busy, if it is asked for."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"]) if busy else None
    try:
        yield
    finally:
        if process:
            process.kill()
            process.wait()


def measured(threads: int, waiting: str, busy: bool, steps: int) -> float:
    """The same in a process of its own with these settings."""
    place = {name: value for name, value in os.environ.items() if not name.startswith(("OMP_", "GOMP_", "KMP_"))}
    place |= {"OMP_NUM_THREADS": str(threads), **WAITING[waiting]}
    with neighbour(busy):
        done = subprocess.run([sys.executable, __file__, "--measure", str(steps)], env=place, stdout=subprocess.PIPE)
    done.check_returncode()
    return float(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=6, help="a measurement")
    parser.add_argument("--measure", type=int, metavar="STEPS", help="measure in this process alone")
    options = parser.parse_args()
    if options.measure:
        print(measure(options.measure))
        return
    cases = list(itertools.product((1, 2), WAITING, (False, True)))
    rounds = [{case: measured(*case, options.steps) for case in cases} for _ in range(options.rounds)]

    def ratio(case: tuple, other: tuple) -> str:
        found = sorted(r[case] / r[other] for r in rounds)
        return f"{statistics.median(found):.2f} ({found[0]:.2f} to {found[-1]:.2f})"

    print(f"{os.cpu_count()} cores, torch {torch.__version__}; {options.rounds} rounds of {options.steps} steps")
    print("| threads | they wait and | quiet, ms | beside a busy core, ms | ratio |\n|---|---|---|---|---|")
    for threads, waiting in itertools.product((1, 2), WAITING):
        quiet, busy = ((threads, waiting, how) for how in (False, True))
        ms = [f"{statistics.median(r[case] for r in rounds):.0f}" for case in (quiet, busy)]
        print(f"| {threads} | {waiting} | {ms[0]} | {ms[1]} | {ratio(busy, quiet)} |")
    print("Two threads that sleep, quiet, against two that spin:", ratio((2, "sleep", False), (2, "spin", False)))
    print("the same beside a busy core:", ratio((2, "sleep", True), (2, "spin", True)))
    print("One thread against two that sleep, beside a busy core:", ratio((1, "sleep", True), (2, "sleep", True)))


if __name__ == "__main__":
    main()
