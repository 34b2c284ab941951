"""Train the same digits from one start with seven λ, summed and with the information loss in a step of its own.

    INFOGAN_DATA=FOLDER python tests/benchmarks/sweep.py --steps 600

Writes infogan_utils/assets/lambda_sweep.json, which notebook 07 draws: for each λ the L_I of each code in nats on
fresh samples, the best-match accuracy of Q on the test digits, the sample quality as an energy distance to
real test digits, ten samples, and the command, data and machine that gave them. A sweep that is stopped writes nothing.
"""

import argparse
import base64
import json
import os
import platform
import sys
import time
from dataclasses import replace
from pathlib import Path

import torch

from infogan_utils import Trainer, build, data, metrics, train
from infogan_utils.data.plane import energy_distance
from infogan_utils.models import SMALL
from infogan_utils.recipes import FAST

LAMS = (0.0, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
OUT = Path(__file__).resolve().parents[2] / "infogan_utils" / "assets" / "lambda_sweep.json"
WIDTHS = replace(SMALL, q_fc=128)  # a Q with a hidden layer, as the paper's
COMPARED = 2_000  # images on either side of the energy distance


def measure(run: Trainer, digits: data.DataSet) -> dict:
    """The numbers of one finished run."""
    model = run.averaged
    drawn = model.draw(model.spec.sample(COMPARED, torch.Generator().manual_seed(1)))
    latents = model.spec.sample(10, torch.Generator().manual_seed(2))
    latents.c["cat 1"] = torch.arange(10)
    pixels = (model.draw(latents).clamp(0, 1) * 255).to(torch.uint8)
    return {
        "lam": run.lam,
        "L_I": metrics.held_out_information(model, torch.Generator().manual_seed(3)),
        "accuracy": metrics.accuracy(model, digits.test, digits.test_labels).accuracy,
        "energy_distance": energy_distance(drawn.flatten(1), digits.test[:COMPARED].float().div(255).flatten(1)),
        "samples": base64.b64encode(pixels.numpy().tobytes()).decode(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    digits = data.load("mnist")
    n = COMPARED
    half = digits.test[:n].float().div(255).flatten(1), digits.train[:n].float().div(255).flatten(1)
    found: dict = {
        "command": f"python tests/benchmarks/sweep.py --steps {options.steps} --seed {options.seed}",
        "data": f"{len(digits.train):,} digits to train on, {len(digits.test):,} held out",
        "machine": f"{os.cpu_count()} processors ({platform.machine()}), torch {torch.__version__}",
        "steps": options.steps,
        "floor": energy_distance(*half),  # real against real
        "runs": {},
    }
    began = time.monotonic()
    for name, separate in (("summed", False), ("own Adam", True)):
        recipe = replace(FAST, agreement=0.0, average=0.99, separate_step=separate)  # nothing but λ·L_I: no agreement
        rows = found["runs"][name] = []
        for lam in LAMS:
            networks = build(digits.spec, WIDTHS, seed=options.seed)
            run = Trainer(*networks, digits.spec, replace(recipe, lam=lam), seed=options.seed)
            if not train(run, digits.train, until=options.steps):
                sys.exit(
                    f"stopped at step {run.steps} of {options.steps} with λ = {lam:g}, {name}: nothing was written, "
                    f"{options.out} is as it was"
                )
            rows.append(measure(run, digits))
            numbers = {k: v for k, v in rows[-1].items() if k != "samples"}
            print(f"{time.monotonic() - began:.0f} s, {name}: {numbers}", flush=True)
    found["seconds"] = round(time.monotonic() - began)
    part = options.out.with_suffix(".part")  # so that a kill leaves the old file whole
    part.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    part.replace(options.out)


if __name__ == "__main__":
    main()
