"""The paper's five layouts of codes and their stand-ins: train one on its set, measure what fits the set, draw it.

    INFOGAN_DATA=FOLDER python tests/benchmarks/sets.py --data coil20 --recipe fast --networks small --steps 1500

FOLDER holds the set as ``data.load`` reads it. The stand-ins: "coil20" for the paper's chairs, "yaleb" for its faces.
``--codes`` puts a layout on another set, for one that isn't at hand: ``--data mnist --codes svhn``.
Recipes: ``paper``, as the paper trains; ``fast``, notebook 06's recipe with the set's own T, without a T of its own for
each code. On a GPU the seeds train side by side. Each run is added to ``infogan_utils/assets/sets.json`` as soon as it
is measured, in the place of an earlier one with the same settings; the picture ``sets_DATA[_CODES].png`` there is drawn
by the run of the first seed.
"""

import argparse
import dataclasses
import json
from pathlib import Path

import numpy as np
import torch
from figures import few_colours, put, rounded
from side_by_side import WIDTH, Run, side_by_side
from torch import Tensor

from infogan_utils import Model, Trainer, best_device, build, choose_start, data, metrics, plots, recipes
from infogan_utils.latents import Latents
from infogan_utils.models import SMALL

ASSETS = Path(plots.results.ASSETS)
NAMES = tuple(name for name in data.SETS if name not in ("folder", "sprites"))
# what makes a run: the command's options
KEY = ("data", "codes", "recipe", "set", "networks", "steps", "batch", "seed")
DRAWN = 2_000  # generated pictures that are measured


def recipe_of(found: data.DataSet, name: str, batch: int, changes: dict[str, float]) -> recipes.Recipe:
    """The recipe of that name for this set. Without a category there is nothing for the agreement bound."""
    recipe = recipes.PAPER if name == "paper" else recipes.FAST
    if name == "fast":
        recipe = dataclasses.replace(recipe, views=found.augment, agreement=float(bool(found.spec.discrete)))
    return dataclasses.replace(recipe, batch=batch, **changes)


class SetRun(Run):
    """A run of one seed; a chosen start comes first where the recipe and Q allow it."""

    def __init__(
        self, found: data.DataSet, recipe: recipes.Recipe, networks: str, steps: int, seed: int, device
    ) -> None:
        side, channels = found.train.shape[-1], 1 if found.train.ndim == 3 else 3
        self.seed, self.widths = seed, SMALL if networks == "small" else found.widths
        nets = build(found.spec, self.widths, channels=channels, side=side, seed=seed)
        trainer = Trainer(*nets, found.spec, recipe, seed=seed, device=device)
        super().__init__(trainer, found.train, steps)

    def prepare(self) -> None:
        """Choose the start; on a GPU record the step."""
        if self.trainer.recipe.agreement and not self.widths.q_fc and self.until:
            choose_start(self.trainer, self.images, steps=min(500, -(-self.until // 3)))
        if self.until:
            super().prepare()


def measured(model: Model, found: data.DataSet, seed: int) -> dict:
    """What fits the set, on held-out pictures: categories against classes, codes against the angle or the light."""
    generator = torch.Generator().manual_seed(seed)
    about = {"L_I": metrics.held_out_information(model, generator, DRAWN)}
    q = model.read(found.test)
    if model.spec.discrete:
        about["information"] = {n: metrics.answer_information(q[n].probs) for n in model.spec.discrete}
        if (found.train_labels >= 0).all() and len(found.classes) <= model.spec["cat 1"].k:
            about |= kinds(model, found)
    if "angle" in found.test_factors:
        about |= turning(model, found)
    if found.name == "yaleb":
        about["light"] = light(model, found.test, generator)
    return rounded(about)


def kinds(model: Model, found: data.DataSet) -> dict:
    """The category that agrees best with the classes on the pictures trained on: its best match on those held out.

    "told apart": the share of classes whose most frequent value of that category is no other class's.
    """

    def match(images: Tensor, labels: Tensor, name: str) -> metrics.Match:
        return metrics.best_match(model.read(images)[name].probs.argmax(1), labels, model.spec[name].k)

    name = max(model.spec.discrete, key=lambda n: match(found.train, found.train_labels, n).accuracy)
    held_out = match(found.test, found.test_labels, name)
    values = held_out.confusion[: len(found.classes)].argmax(axis=1)
    alone = (np.bincount(values)[values] == 1).mean()
    return {"accuracy": held_out.accuracy, "told apart": float(alone)}


def turning(model: Model, found: data.DataSet) -> dict:
    """Correlation of Q's mean of each continuous code with the angle: the larger |r| of those with its sin and cos.

    On all pictures: "pooled" takes all objects together, "per object" is the mean over the objects. Training reads no
    angle.
    """
    images = torch.cat([found.train, found.test])
    both = {k: torch.cat([found.train_factors[k], found.test_factors[k]]) for k in ("object", "angle")}
    waves = torch.stack([torch.sin(torch.deg2rad(both["angle"])), torch.cos(torch.deg2rad(both["angle"]))])
    q, shares = model.read(images), {"pooled": {}, "per object": {}}
    for name in (n for n in model.spec.names if n not in model.spec.discrete):
        r = [
            abs(torch.corrcoef(torch.cat([q[name].mean[None, rows], waves[:, rows]]))[0, 1:])
            for rows in (both["object"] == k for k in both["object"].unique())
        ]
        shares["per object"][name] = float(torch.stack(r).nan_to_num().amax(1).mean())
        shares["pooled"][name] = float(abs(torch.corrcoef(torch.cat([q[name].mean[None], waves])))[0, 1:].max())
    return {"angle": shares}


def light(model: Model, images: Tensor, generator: torch.Generator) -> dict:
    """Share of "left" (the left half's brightness less the right's) and "above" that a code explains.

    "read": by Q's mean on held-out real pictures; "drawn": by the code itself on generated ones.
    """

    def sides(x: Tensor) -> dict[str, Tensor]:
        x = x.float().reshape(len(x), *x.shape[-2:])
        (h, w), all_of_it = x.shape[1:], x.mean((1, 2))
        left, above = x[:, :, : w // 2].mean((1, 2)), x[:, : h // 2].mean((1, 2))
        return {"left": left / all_of_it - 1, "above": above / all_of_it - 1}

    z, c = model.spec.sample(DRAWN, generator)
    q, drawn = model.read(images), sides(model.draw(Latents(z, c)))
    return {
        "read": {k: {n: metrics.explained(q[n].mean, v) for n in c} for k, v in sides(images).items()},
        "drawn": {k: {n: metrics.explained(c[n], v) for n in c} for k, v in drawn.items()},
    }


def picture(model: Model, title: str) -> bytes:
    """What each category draws, and each continuous code from −1 to 1, for two draws of the rest; few colours."""
    spec, rows, names = model.spec, [], []
    columns = max(10, *(code.width for code in spec.codes))
    shown = [*spec.discrete[:3], *(n for n in spec.names if n not in spec.discrete)]
    z, c = spec.sample(2, torch.Generator().manual_seed(0))
    for name in shown:
        values = torch.arange(columns) % spec[name].width if name in spec.discrete else torch.linspace(-1, 1, columns)
        for i in range(2):
            row = {key: value[i].expand(columns) for key, value in c.items()} | {name: values}
            rows.append(model.draw(spec.by_hand(z[i], row)))
            names.append(name if i == 0 else "")
    figure = plots.image_grid(torch.stack(rows), rows=names, title=title, cell=0.32)
    return few_colours(plots.to_png(figure), 128)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", choices=NAMES, required=True)
    parser.add_argument("--codes", choices=data.PAPER_SPECS, help="whose layout; the set's own if none is named")
    parser.add_argument("--recipe", choices=["paper", "fast"], default="fast")
    parser.add_argument("--set", nargs="+", metavar="NAME=NUMBER", help="fields of the recipe: lam=0.1 lr_d=1e-3")
    parser.add_argument("--networks", choices=["small", "paper"], default="small", help="paper: those of data.load")
    parser.add_argument("--steps", type=int, default=1500, help="0 measures networks that haven't learnt")
    parser.add_argument("--batch", type=int, default=64, help="images in a step")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--out", type=Path, default=ASSETS, metavar="FOLDER")
    options = parser.parse_args(arguments)
    found, path = data.load(options.data), options.out / "sets.json"
    if options.codes:
        found = dataclasses.replace(found, spec=data.PAPER_SPECS[options.codes])
    print(found.source, flush=True)
    changes = {name: float(number) for name, number in (change.split("=") for change in options.set or ())}
    recipe = recipe_of(found, options.recipe, options.batch, changes)
    options.set = options.set and " ".join(options.set)

    def done(run: SetRun) -> None:
        how = {key: value for key in KEY if (value := (vars(options) | {"seed": run.seed})[key]) is not None}
        model = run.trainer.averaged
        about = how | measured(model, found, run.seed) | {"trained on": len(found.train), "torch": torch.__version__}
        words = (f"--{'seeds' if key == 'seed' else key} {value}" for key, value in how.items())
        about |= {"machine": machine, "command": " ".join(["python tests/benchmarks/sets.py", *words])}
        print(json.dumps(about), flush=True)
        put(path, about, KEY)
        if options.steps and run.seed == options.seeds[0]:
            whose = f", codes of {options.codes}" if options.codes else ""
            title = f"{options.data}{whose}, {options.recipe}, {options.steps:,} steps, seed {run.seed}"
            name = "_".join(["sets", options.data, *filter(None, [options.codes])])
            (options.out / f"{name}.png").write_bytes(picture(model, title))

    device = best_device().type  # its self-test is in float32, and comes before TensorFloat-32
    machine = torch.cuda.get_device_name() if device == "cuda" else device
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    runs = [SetRun(found, recipe, options.networks, options.steps, seed, device) for seed in options.seeds]
    side_by_side(runs, done, width=1 if device == "cpu" else WIDTH)


if __name__ == "__main__":
    main()
