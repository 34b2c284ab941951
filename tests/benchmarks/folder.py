"""Notebook 09's cells on a folder, run for longer than there: what they print and draw after so many steps.

    OMP_NUM_THREADS=1 python tests/benchmarks/folder.py --pictures demo --steps 400 1000 2000

The cells are the notebook's own, with another folder and more steps. PICTURES is a folder, "demo" (those that the
notebook makes) or "sprites" (500 of the coloured sprites). What they print after each number of steps is added to
``infogan_utils/assets/folder.json``, in the place of an earlier run with the same settings; ``folder_NAME.png`` there
shows what G draws at last.
"""

import argparse
import io
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path

import torch
from figures import few_colours, put
from PIL import Image

from infogan_utils import data, plots

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import series

ASSETS = Path(plots.results.ASSETS)
KEY = ("pictures", "steps")  # what makes a run
TAUGHT = ("moved", "shrunk", "judged", "Recoloured")


def cells(folder: str | None) -> list[str]:
    """The notebook's cells on a folder: load and look, build, train and judge."""
    marks = ("FOLDER = None", "my_run = Trainer(", "train(my_run,")
    found = [next(source for source in series.code("09") if mark in source) for mark in marks]
    return [found[0].replace("FOLDER = None", f"FOLDER = {folder!r}"), *found[1:]]


def sprites(folder: Path) -> None:
    """500 coloured sprites as files."""
    folder.mkdir()
    for i, picture in enumerate(data.load("sprites", colour=True, limit=625).train.permute(0, 2, 3, 1).numpy()):
        Image.fromarray(picture).save(folder / f"{i}.png")


def run(folder: str | None, steps: list[int], done: Callable[[int, list[str], float, bytes], None]) -> None:
    """The cells, the last once for each number of steps; ``done`` gets it, what was printed, seconds and the figure."""
    space, (look, build, go) = series.namespace("09", *TAUGHT), cells(folder)
    space["SEED"] = 0
    figures = []
    plots.use_style()
    space["plots"].Progress = lambda until: lambda trainer: None
    space["plots"].show = space["outcome"].show = lambda figure, alt: figures.append(plots.to_png(figure))
    exec(look, space)
    exec(build, space)
    for until in sorted(steps):
        began, printed = time.process_time(), io.StringIO()
        with redirect_stdout(printed):
            exec(go.replace("STEPS = 1000", f"STEPS = {until}"), space)
        lines = [line for line in printed.getvalue().splitlines() if "on this machine" not in line]
        done(until, lines, time.process_time() - began, figures[-1])


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--pictures", default="demo", help="a folder, demo or sprites")
    parser.add_argument("--steps", type=int, nargs="+", default=[400, 1000, 2000])
    parser.add_argument("--out", type=Path, default=ASSETS, metavar="FOLDER")
    options = parser.parse_args(arguments)
    given, path, spent = options.pictures, options.out.resolve() / "folder.json", 0.0
    name = Path(given).name

    def done(steps: int, printed: list[str], seconds: float, png: bytes) -> None:
        nonlocal spent
        spent += seconds
        command = f"python tests/benchmarks/folder.py --pictures {name} --steps {steps}"
        found = {"pictures": name, "steps": steps, "printed": printed, "processor seconds": round(spent)}
        found |= {"threads": torch.get_num_threads(), "torch": torch.__version__, "command": command}
        print(json.dumps(found), flush=True)
        put(path, found, KEY)
        path.with_name(f"folder_{name}.png").write_bytes(few_colours(png, 64))

    with tempfile.TemporaryDirectory() as scratch:
        folder = None if given == "demo" else Path(given).expanduser().absolute()
        if given == "sprites":
            sprites(folder := Path(scratch) / given)
        os.chdir(scratch)  # the demo's pictures are written below the working folder
        run(folder and str(folder), options.steps, done)


if __name__ == "__main__":
    main()
