"""InfoGAN and InfoGAN-CR on drawn sprites, whose factors are known: four scores, over seeds and along each run.

    python tests/benchmarks/sprites.py --steps 10000 --json FILE [--keep FOLDER]

On a GPU all runs train side by side (``side_by_side.py``) and are scored in as many processes as there are cores; on a
CPU one run follows the other. FILE gets each run as soon as it is measured. A run that it holds is not repeated: after
a stop, give the same command again. Scored are the first 10,000 held-out pictures, by DCI as many as ``--dci`` says: it
takes two minutes of a core for 10,000. ``--keep`` saves each run's networks, and gives every recipe's runs their
ModelCentrality, from 2,000 pictures that each run drew. Beside FILE it draws two of the runs, as ``sprites.png``.

Settings are chosen with ``--choose``, on training pictures of another draw: ``--choose --only`` and names of ``TRIED``.

``own T`` is no InfoGAN of the paper: each code is read behind a T of its own (``rolled.py``).
"""

import argparse
import dataclasses
import itertools
import json
import shlex
import sys
import time
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import torch
from figures import few_colours, replace_text, rounded
from rolled import OWN_T
from scores import FIGURES, Now, quick, read, slow
from side_by_side import WIDTH, Run, side_by_side

from infogan_utils import LatentSpec, Recipe, Trainer, Uniform, build, checkpoint, data, metrics, plots
from infogan_utils.models import SMALL, SPRITES
from infogan_utils.recipes import CONTRASTIVE
from infogan_utils.recipes import SPRITES as INFOGAN

SPEC, SAMPLES, LOOKS, DRAWN = data.SETS["sprites"].spec, 10_000, 4, 2_000  # LOOKS: how often a run is scored
REMARK = (
    "published: means over 50 runs of arXiv 1906.06034 on dSprites, 64 x 64 pixels, 322,560 steps of 64 with two of G "
    "each, H trained on pairs of its own, the regulariser from step 288,000 on, gap 0; its FactorVAE score has 500 "
    "groups of 100. Here: 32 x 32 pixels, soft edges, other scales, pairs out of the step's own batch, the regulariser "
    "from the start with a gap that closes in the first half, one step of G for one of D. untrained: codes scaled to "
    "deviation 1. own T: D's head sees pictures without T, and each code is read behind a T of its own; whoever writes "
    "it knows the factors"
)
PUBLISHED = {  # means, in the order of FIGURES
    "InfoGAN, modified": (0.82, 0.22, 0.41, 0.60),
    "InfoGAN-CR": (0.88, 0.37, 0.58, 0.71),
    "InfoGAN-CR, chosen by ModelCentrality": (0.92, 0.45, 0.65, 0.77),
}


TABLE = {
    "untrained": INFOGAN,
    "infogan": INFOGAN,
    "contrastive": CONTRASTIVE,
    "own T": dataclasses.replace(INFOGAN, views=OWN_T, plain_d=True),
}
TRIED = {  # for choosing the settings
    "batch norm": dataclasses.replace(INFOGAN, lr_d=2e-4, lr_q=2e-4),
    "sigma learned": INFOGAN,
    **{f"lam {lam}": dataclasses.replace(INFOGAN, lam=lam) for lam in (0.02, 0.05, 1.0)},
    **{f"lr_d {lr}": dataclasses.replace(INFOGAN, lr_d=lr, lr_q=lr) for lr in (1e-3, 4e-3, 8e-3)},
    **{f"contrast {weight}": dataclasses.replace(CONTRASTIVE, contrast=weight) for weight in (1.0, 10.0, 20.0)},
    **{f"lam 0.05, contrast {w}": dataclasses.replace(CONTRASTIVE, lam=0.05, contrast=w) for w in (10.0, 40.0)},
    "no gap": dataclasses.replace(CONTRASTIVE, gap_steps=1),
}
ROWS = TABLE | TRIED
SPECS = {"sigma learned": LatentSpec(5, (Uniform(),) * 5, uniform_noise=True)}
WIDTHS = {"batch norm": SMALL}


class SpritesRun(Run):
    """A run of one row, that is scored on its way."""

    def __init__(self, name: str, seed: int, steps: int, shown: tuple, pool: Executor, device: str = "cpu") -> None:
        recipe, spec, (images, *self.held) = ROWS[name], SPECS.get(name, SPEC), shown
        recipe = dataclasses.replace(recipe, gap_steps=max(1, steps // 2) if recipe.gap_steps > 1 else 1)
        self.name, self.seed, self.pool, self.trend = name, seed, pool, []
        networks = build(spec, WIDTHS.get(name, SPRITES), side=images.shape[-1], seed=seed)
        super().__init__(Trainer(*networks, spec, recipe, seed=seed, device=device), images, steps)
        self.gap = torch.full((), recipe.gap(0), device=device)  # a recorded step reads it where it stands
        vars(recipe)["gap"] = lambda steps: self.gap

    def advance(self) -> None:
        with torch.cuda.stream(self.stream):
            self.gap.fill_(Recipe.gap(self.trainer.recipe, self.trainer.steps))
        super().advance()

    def pause(self) -> None:
        """Score it, at each quarter of its steps."""
        if self.trainer.steps >= (len(self.trend) + 1) * self.until / LOOKS:
            pictures, factors = self.held
            scores = self.pool.submit(quick, read(self.trainer.averaged, pictures), factors)
            self.trend.append((self.trainer.steps, scores))

    def measured(self, dci: int) -> dict:
        """The run as an object of FILE, its scores still to come."""
        model, (pictures, factors) = self.trainer.averaged, self.held
        bounds = metrics.held_out_information(model, torch.Generator().manual_seed(self.seed))
        about = {"name": self.name, "seed": self.seed, "steps": self.trainer.steps}
        codes = read(model, pictures)
        if not self.until:
            codes /= codes.std(axis=0)  # as they are, the FactorVAE score leaves out most
        scores = [self.pool.submit(quick, codes, factors), self.pool.submit(slow, codes, factors, dci)]
        return about | {"L_I": rounded(bounds), "scores": scores, "trend": self.trend}


def come(run: dict) -> dict:
    """The same run when its scores are there."""
    scores = {name: value for future in run.pop("scores") for name, value in future.result().items()}
    trend = [{"steps": steps} | rounded(future.result()) for steps, future in run.pop("trend")]
    return run | rounded(scores) | {"trend": trend}


def choose(runs: list[dict], folder: Path) -> None:
    """Give the runs of one row their ModelCentrality, if all are kept, from pictures that each one drew."""
    paths, images = [path(folder, run) for run in runs], []
    if len(runs) < 3 or not all(path.exists() for path in paths):
        return
    models = [checkpoint.load_model(path) for path in paths]
    for seed, model in enumerate(models):
        latents = model.spec.sample(DRAWN, torch.Generator().manual_seed(seed))
        images.append((model.draw(latents), torch.stack([*latents.c.values()], dim=1).numpy()))
    scores = metrics.model_centrality([lambda x, model=model: read(model, x) for model in models], images)
    for run, score in zip(runs, scores.tolist(), strict=True):
        run["ModelCentrality"] = rounded(score)


def picture(folder: Path, runs: list[dict]) -> bytes:
    """Each code from −1 to 1 for two draws of the rest: the last InfoGAN on the left, the last own T on the right."""
    sides, names = [], [text for name in SPEC.names for text in (name, "")]
    for run in ([run for run in runs if run["name"] == name][-1] for name in ("infogan", "own T")):
        model, rows = checkpoint.load_model(path(folder, run)), []
        z, c = SPEC.sample(2, torch.Generator().manual_seed(0))
        for name, i in itertools.product(SPEC.names, (0, 1)):
            row = {key: value[i].expand(9) for key, value in c.items()} | {name: torch.linspace(-1, 1, 9)}
            rows.append(model.draw(SPEC.by_hand(z[i], row)))
        sides.append(torch.stack(rows))
    x = torch.cat([sides[0], torch.zeros_like(sides[0][:, :1]), sides[1]], dim=1)  # (rows, 19, 1, side, side)
    x[..., 0], x[..., 0, :], x[:, 9] = 0.4, 0.4, 1.0  # edges
    title = "One code from −1 to 1 in each row. Left: InfoGAN. Right: each code behind a T of its own"
    grid = plots.image_grid(x, rows=names, title=title, cell=0.32)
    return few_colours(plots.to_png(grid), 32)


def path(folder: Path, run: dict) -> Path:
    """Where the networks of a run are kept."""
    return folder / f"{run['name'].replace(' ', '-')}-{run['seed']}-{run['steps']}.safetensors"


def trend(runs: list[dict]) -> plots.results.Table:
    """The two watched scores along the runs: mean ± deviation over the seeds."""
    rows = [["recipe", "steps", *FIGURES[:2]]]
    for name in dict.fromkeys(run["name"] for run in runs):
        for looks in zip(*(run["trend"] for run in runs if run["name"] == name), strict=True):
            cells = [plots.results.over_seeds([look[figure] for look in looks]) for figure in FIGURES[:2]]
            rows.append([name, str(looks[0]["steps"]), *cells])
    return plots.results.table(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", choices=ROWS, nargs="+", default=list(TABLE), metavar="ROW")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--dci", type=int, default=SAMPLES, metavar="PICTURES")
    parser.add_argument("--choose", action="store_true", help="score training pictures of another draw")
    parser.add_argument("--json", type=Path, required=True, metavar="FILE")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="for the networks of each run")
    options = parser.parse_args()
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    device = "cuda" if torch.cuda.is_available() else "cpu"
    drawn = data.load("sprites", seed=int(options.choose))
    part, factors = (drawn.train, drawn.train_factors) if options.choose else (drawn.test, drawn.test_factors)
    shown = (drawn.train, part[:SAMPLES], torch.stack([*factors.values()], dim=1)[:SAMPLES].numpy())
    machine = torch.cuda.get_device_name() if device == "cuda" else "CPU, one run after the other"
    found = {
        "command": f"python tests/benchmarks/sprites.py {shlex.join(sys.argv[1:])}",
        "machine": f"{machine}; PyTorch {torch.__version__}",
        "data": f"{drawn.source}; scored on {'training' if options.choose else 'held-out'} pictures",
        "remark": REMARK,
        "published": {name: dict(zip(FIGURES, row, strict=True)) for name, row in PUBLISHED.items()},
        "runs": [],
    }
    if options.json.exists():
        found["runs"] = json.loads(options.json.read_text("utf-8"))["runs"]
    there = [(run["name"], run["seed"], run["steps"]) for run in found["runs"]]
    plan = [(name, seed, options.steps * (name != "untrained")) for seed in options.seeds for name in options.only]
    pool = ProcessPoolExecutor(mp_context=get_context("spawn")) if device == "cuda" else Now()
    waiting = []

    def write() -> None:
        replace_text(options.json, json.dumps(found, indent=1))

    def done(run: SpritesRun) -> None:
        waiting.append(run.measured(options.dci))
        if options.keep:
            checkpoint.save_model(run.trainer.averaged, path(options.keep, waiting[-1]))
        while waiting and (device == "cpu" or waiting[0]["scores"][1].done()):
            found["runs"].append(come(waiting.pop(0)))
            print(json.dumps(found["runs"][-1]), flush=True)
            write()

    with pool:
        runs = [SpritesRun(*which, shown, pool, device) for which in plan if which not in there]
        for run in [run for run in runs if not run.until]:
            done(run)
        began = time.monotonic()
        side_by_side([run for run in runs if run.until], done, width=1 if device == "cpu" else WIDTH)
        print(f"{time.monotonic() - began:.0f} s of training, and of measuring in between")
        found["runs"] += map(come, waiting)
    write()
    of_this = [run for run in found["runs"] if run["steps"] in (0, options.steps)]
    for name in set(options.only) - {"untrained"} if options.keep else ():
        choose([run for run in of_this if run["name"] == name], options.keep)
    write()
    if options.keep and {"infogan", "own T"} <= set(options.only):
        options.json.with_name("sprites.png").write_bytes(picture(options.keep, of_this))
    print(plots.parts_table(figures=(*FIGURES, "ModelCentrality"), runs=of_this), trend(of_this), sep="\n\n")


if __name__ == "__main__":
    main()
