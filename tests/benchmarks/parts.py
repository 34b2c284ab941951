"""The recipe, and the recipe without each of its parts: many runs side by side on one GPU.

    INFOGAN_DATA=FOLDER python tests/benchmarks/parts.py --json FILE

How they share the GPU: ``side_by_side.py``. A start is chosen for one run after the other. FILE gets each run as soon
as it is measured (``figures.py``). On a CPU this serves for a test: ``--only fast --seeds 1 --steps 10``.

2,400 steps are what two laptop cores take in five minutes, 10,600 in twenty. Matrix products are in TensorFloat-32.
"""

import argparse
import dataclasses
import json
import shlex
import sys
from pathlib import Path
from typing import NamedTuple

import side_by_side
import torch
from figures import Yardstick, figures, replace_text, yardstick
from torch import Tensor

from infogan_utils import Recipe, Trainer, build, choose_start, data, metrics, plots
from infogan_utils.augment import Augment, View, Views
from infogan_utils.models import SMALL
from infogan_utils.recipes import DIGIT_AUGMENT, FAST


class WithoutGAN(Trainer):
    """T and the agreement bound alone: neither G nor D's head learns."""

    def _two_steps(self, real: Tensor) -> dict[str, Tensor]:
        with self.autocast():
            bound = self._agreement(self._see(torch.cat([real, real]))[1])
        loss = -self.lam * self.recipe.agreement * bound
        self._update("D step", loss, self.parameters["trunk"] + self.parameters["Q"])
        return {"A": bound}


class Part(NamedTuple):
    """A row of the table: how it trains, whether by a chosen start, for how long, with which seeds."""

    words: str
    recipe: Recipe = FAST
    start: bool = True
    kind: type[Trainer] = Trainer
    steps: int = 2400
    seeds: tuple[int, ...] = (1, 2, 3, 4, 5)


def fast(**changes) -> Recipe:
    return dataclasses.replace(FAST, **changes)


ONE_T = Views((View(Augment(aspect=0.25, stroke=0.6), 0.5, ("cont 1", "cont 2")), View(DIGIT_AUGMENT, 0.5)))
PARTS = {
    "fast": Part("notebook 06's recipe", seeds=tuple(range(1, 11))),
    "long": Part("the same, longer", steps=10600),
    "no plain D": Part("D's head behind T, too", fast(plain_d=False)),
    "no own T": Part("both continuous codes behind one T", fast(views=ONE_T)),
    "no start": Part("without the chosen start", start=False),
    "no agreement": Part("without that and the agreement bound", fast(agreement=0.0), start=False),
    "no T": Part("without these and T", fast(agreement=0.0, views=None, plain_d=False), start=False),
    "no GAN": Part("T, start and agreement bound alone", fast(plain_d=False), kind=WithoutGAN),
    "no GAN, lr_d 1e-3": Part("the same, half the rate", fast(plain_d=False, lr_d=1e-3), kind=WithoutGAN),
    "lr_d 2e-4": Part("D's learning rate as in the paper", fast(lr_d=2e-4)),
    "continuous weight 0.1": Part("L_I of the continuous codes at a weight of 0.1", fast(continuous_weight=0.1)),
}


class Run(side_by_side.Run):
    """A run of that name: the start that was chosen, if any, and then its steps."""

    def __init__(self, name: str, seed: int, images: Tensor, steps: int | None = None, device: str = "cpu") -> None:
        self.name, self.seed, self.part = name, seed, PARTS[name]
        recipe, spec = self.part.recipe, data.SETS["mnist"].spec
        trainer = self.part.kind(*build(spec, SMALL, seed=seed), spec, recipe, seed=seed, device=device)
        super().__init__(trainer, images, steps or self.part.steps)

    def prepare(self) -> None:
        """Choose the start; on a GPU record the step."""
        if self.part.start:
            choose_start(self.trainer, self.images)
        super().prepare()

    def measured(self, by: Yardstick) -> dict:
        """The run as an object of FILE. Where G didn't learn, the accuracy is all there is."""
        model, about = self.trainer.averaged, {"name": self.name, "seed": self.seed, "steps": self.trainer.steps}
        if self.part.kind is WithoutGAN:
            return about | {"accuracy": metrics.accuracy(model, by.digits.test, by.digits.test_labels).accuracy}
        return about | figures(model, by, self.seed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", choices=PARTS, nargs="+", default=list(PARTS))
    parser.add_argument("--seeds", type=int, nargs="+", help="of each row, in place of its own")
    parser.add_argument("--steps", type=int, help="of each run, in place of its own")
    parser.add_argument("--json", type=Path, required=True, metavar="FILE")
    options = parser.parse_args()
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    device = "cuda" if torch.cuda.is_available() else "cpu"
    digits = data.load("mnist")
    machine = torch.cuda.get_device_name() if device == "cuda" else "CPU, one run after the other"
    found = {
        "command": f"python tests/benchmarks/parts.py {shlex.join(sys.argv[1:])}",
        "machine": f"{machine}; PyTorch {torch.__version__}",
        "data": digits.source,
        "runs": [],
    }
    by = yardstick(digits)

    def done(run: Run) -> None:
        found["runs"].append(run.measured(by))
        print(json.dumps(found["runs"][-1]), flush=True)
        replace_text(options.json, json.dumps(found, indent=1))

    plan = [(name, seed) for name in options.only for seed in options.seeds or PARTS[name].seeds]
    side_by_side.side_by_side([Run(name, seed, digits.train, options.steps, device) for name, seed in plan], done)
    print(plots.parts_table(runs=found["runs"]))


if __name__ == "__main__":
    main()
