"""Train the model that the explorer of notebook 07 shows, and write its weights into the package.

    INFOGAN_DATA=FOLDER python tests/benchmarks/weights.py --steps 3000

FOLDER holds MNIST as torchvision lays it out; without it the data are those that ``load_mnist`` finds. The
command, the number of digits and torch's version go into the file's header; the source of the data, the accuracy
and L_I are printed. A run that is stopped writes nothing.
"""

import argparse
import sys

import torch

from infogan_utils import data, explorer, metrics
from infogan_utils.codes import layout
from infogan_utils.loop import train
from infogan_utils.start import choose_start
from infogan_utils.training import Trainer


def say(run: Trainer) -> None:
    print(f"step {run.steps}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", default=explorer.WEIGHTS)
    options = parser.parse_args()
    digits = data.load_mnist()
    run = Trainer(layout("mnist"), seed=options.seed)
    chosen = choose_start(run, digits.train, show=lambda step, _: print(f"start, step {step}", flush=True), every=100)
    if chosen is None or not train(run, digits.train, until=options.steps, every=500, show=say):
        sys.exit(f"stopped at step {run.steps} of {options.steps}: nothing was written, {options.out} is as it was")
    net = run.averaged["D"].module
    match = metrics.accuracy(net, digits.test, digits.test_labels)
    bounds = metrics.held_out_information(run.averaged["G"].module, net, run.layout, torch.Generator().manual_seed(1))
    result = f"accuracy {match.accuracy:.4f}, L_I " + ", ".join(f"{k} {v:.3f}" for k, v in bounds.items())
    size = len(digits.train)
    command = f"python tests/benchmarks/weights.py --steps {options.steps} --seed {options.seed}"
    path = explorer.save_weights(run, options.out, command=f"{command} ({size:,} digits, torch {torch.__version__})")
    print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB; {result}; {digits.source}")


if __name__ == "__main__":
    main()
