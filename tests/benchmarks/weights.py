"""Train the model that comes with the package, and write its weights into it.

    INFOGAN_DATA=FOLDER python tests/benchmarks/weights.py

FOLDER holds MNIST as torchvision lays it out. The command, the data and PyTorch's version go into the file's header;
accuracy, L_I and the table of properties are printed. A run that is stopped writes nothing.
"""

import argparse
import sys

import torch

from infogan_utils import Trainer, build, checkpoint, choose_start, data, metrics, recipes, train


def say(trainer: Trainer) -> None:
    print(f"step {trainer.steps}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--steps", type=int, default=2400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", default=checkpoint.SHIPPED)
    options = parser.parse_args()
    digits = data.load("mnist")
    G, D = build(digits.spec, digits.widths, seed=options.seed)
    trainer = Trainer(G, D, digits.spec, recipes.FAST, seed=options.seed)
    chosen = choose_start(trainer, digits.train)
    if chosen is None or not train(trainer, digits.train, until=options.steps, every=200, show=say):
        sys.exit(f"stopped at step {trainer.steps} of {options.steps}: nothing was written, {options.out} is as it was")
    model, generator = trainer.averaged, torch.Generator().manual_seed(1)
    print(f"accuracy {metrics.accuracy(model, digits.test, digits.test_labels).accuracy:.4f}")
    print("L_I in nats:", {name: round(v, 3) for name, v in metrics.held_out_information(model, generator).items()})
    for kind, shares in metrics.property_table(model, generator).items():
        print(f"{kind:7}", {name: round(share, 3) for name, share in shares.items()})
    command = f"python tests/benchmarks/weights.py --steps {options.steps} --seed {options.seed}"
    how = f"{command} ({len(digits.train):,} digits, torch {torch.__version__})"
    path = checkpoint.save_model(model, options.out, command=how, seed=options.seed)
    print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB; {digits.source}")


if __name__ == "__main__":
    main()
