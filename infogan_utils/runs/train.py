"""A run from the command line, in one process or in several. Notebook 09 starts it.

    python -m infogan_utils.runs.train --data mnist --recipe fast --steps 2400 --seed 0 --out FOLDER
    torchrun --nproc-per-node 2 -m infogan_utils.runs.train …              two processes on a processor's cores
    accelerate launch --multi_gpu --num_processes 4 -m infogan_utils.runs.train …          one on each of four GPUs

FOLDER gets run.safetensors, which ``checkpoint.load`` reads, every ``--every`` steps, and result.json at the end. The
same command goes on from the last save, and further with more ``--steps``; of a finished run it keeps all as it is.
"""

import argparse
import dataclasses
import json
import sys
import tempfile
import time
import zlib
from contextlib import nullcontext
from pathlib import Path

import torch

from infogan_utils import Recipe, Trainer, build, checkpoint, choose_start, data, metrics, recipes, train
from infogan_utils.loop import Kept, TrainingDiverged
from infogan_utils.runs.processes import Processes

RECIPES = {name.lower().replace("_", "-"): r for name, r in vars(recipes).items() if isinstance(r, Recipe)}


def command() -> argparse.Namespace:
    """The command line's options."""
    parser = argparse.ArgumentParser("python -m infogan_utils.runs.train", description=__doc__.split("\n")[0])
    parser.add_argument("--data", choices=data.SETS, default="mnist")
    parser.add_argument("--folder", help="that holds the data")
    parser.add_argument("--recipe", choices=RECIPES, default="fast")
    parser.add_argument("--start", action="store_true", help="choose the start as notebook 06 does, about a minute")
    parser.add_argument("--steps", type=int, default=2400, help="of the whole run")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--every", type=int, default=200, help="steps between two saves")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    options = parser.parse_args()
    options.out = options.out.expanduser()  # a shell leaves --out=~/FOLDER as it is
    if options.steps < 1 or options.every < 1 or options.seed < 0:
        parser.error("--steps and --every are 1 or more, --seed 0 or more")
    return options


def begun(path: Path, settings: dict, pictures: data.DataSet, device: str) -> Trainer:
    """The run that the file holds, else a new one; ``SystemExit`` if the file's has other settings."""
    if path.exists():
        held = checkpoint.read(path, checkpoint.RUN)[0].get("settings", {})
        if odd := [name for name, value in settings.items() if held.get(name) != value]:
            has, asked = ({name: these.get(name) for name in odd} for these in (held, settings))
            sys.exit(f"{path} is a run with {has}, the command says {asked}. Give what it has, or another --out")
        return checkpoint.load(path, device=device)
    recipe, seed, shape = RECIPES[settings["recipe"]], settings["seed"], pictures.train.shape
    if recipe.views is not None and pictures.name != "mnist":
        recipe = dataclasses.replace(recipe, views=pictures.augment)  # the recipe's own are for digits
    channels = 1 if len(shape) == 3 else shape[1]
    nets = build(pictures.spec, pictures.widths, channels=channels, side=shape[-1], seed=seed)
    return Trainer(*nets, pictures.spec, recipe, seed=seed, device=device)


def recent(trainer: Trainer) -> dict[str, float]:
    """Each code's L_I in nats, the mean of the last 100 steps."""
    last = {name: trainer.history[name][-100:] for name in trainer.spec.names}
    return {name: round(sum(values) / len(values), 3) for name, values in last.items()}


def accuracy(trainer: Trainer, pictures: data.DataSet) -> float | None:
    """Of the averaged model on held-out pictures; None where there is no category for each class."""
    known, discrete = pictures.test_labels >= 0, trainer.spec.discrete
    if not discrete or not known.any() or len(pictures.classes) > trainer.spec[discrete[0]].k:
        return None
    return round(metrics.accuracy(trainer.averaged, pictures.test[known], pictures.test_labels[known]).accuracy, 4)


def main() -> None:
    options, processes = command(), Processes()
    first, path = processes.rank == 0, options.out / "run.safetensors"
    if first:
        try:  # what can't be written is said before any computing
            options.out.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=options.out).close()
        except OSError as error:
            sys.exit(f"nothing can be written to {options.out} ({error}); name another folder, --out FOLDER")
    with processes.state.local_main_process_first() if processes.state else nullcontext():  # one alone downloads
        pictures = data.load(options.data, options.folder)
    settings = {name: getattr(options, name) for name in ("data", "recipe", "start", "seed")}
    settings |= {"images": len(pictures.train), "their checksum": zlib.crc32(pictures.train.contiguous().numpy())}
    settings["processes"] = processes.count
    trainer = begun(path, settings, pictures, str(processes.device))
    if first:
        print(f"{pictures.source}; processes: {processes.count}, {processes.device}; step {trainer.steps}", flush=True)
        if options.start and trainer.steps == 0 and choose_start(trainer, pictures.train) is None:
            sys.exit("stopped while the start was chosen; the same command begins anew")
    images, kept = processes.join(trainer, pictures.train), Kept(trainer)
    clock, before, speed = time.monotonic(), trainer.steps, None
    while trainer.steps < options.steps:
        until = min(options.steps, (trainer.steps // options.every + 1) * options.every)
        done = train(trainer, images, until=until, kept=kept)
        if processes.count > 1 and not done:  # the others may be a step further
            sys.exit(f"process {processes.rank} was stopped; the same command goes on from the last save in {path}")
        processes.average_buffers(trainer)
        speed = round((trainer.steps - before) / (time.monotonic() - clock), 2)
        if first:
            checkpoint.save(trainer, path, settings=settings)
            print(f"step {trainer.steps} of {options.steps}, {speed} steps/s, L_I {recent(trainer)}", flush=True)
        if not done:
            sys.exit(f"stopped; the same command goes on from step {trainer.steps}")
    result = options.out / "result.json"
    if first and speed is None and result.exists() and f'"steps": {trainer.steps},' in result.read_text("utf-8"):
        print(f"this run is finished: it has taken {trainer.steps} steps, and {result} says what came of it")
    elif first:
        found = settings | {"steps": trainer.steps, "L_I": recent(trainer), "accuracy": accuracy(trainer, pictures)}
        machine = f"{processes.device}, {torch.get_num_threads()} threads a process, torch {torch.__version__}"
        found |= {"steps a second": speed, "images a step": trainer.recipe.batch * processes.count, "machine": machine}
        print(json.dumps(found))
        result.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    try:
        main()
    except (TrainingDiverged, data.DataError, checkpoint.CheckpointError, OSError, ValueError) as error:
        sys.exit(str(error))
