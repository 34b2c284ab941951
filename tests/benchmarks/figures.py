"""The figures of a trained model on MNIST, as ``parts.py`` and ``digits.py`` record them."""

import dataclasses
import io
import json
from collections.abc import Sequence
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor, nn

from infogan_utils import Model, metrics
from infogan_utils.data import DataSet

SAMPLES = 5_000  # real and generated images that are compared


@dataclasses.dataclass(frozen=True)
class Yardstick:
    """What a model is measured with: real test digits, a judge that has seen labels, its features of real digits."""

    digits: DataSet
    judge: nn.Sequential
    features: Tensor  # (SAMPLES, 128)


def yardstick(digits: DataSet) -> Yardstick:
    """Train the judge, about a minute on one core."""
    judge = metrics.train_judge(digits.train, digits.train_labels)
    every = max(1, len(digits.test) // SAMPLES)
    return Yardstick(digits, judge, metrics.features(judge, digits.test[::every][:SAMPLES]))


def figures(model: Model, by: Yardstick, seed: int = 0) -> dict:
    """Accuracy of the category; variety and look of samples; which code moves which property; L_I in nats.

    A model whose samples are no numbers has its accuracy alone.
    """
    digits, generator = by.digits, torch.Generator().manual_seed(seed)
    match = metrics.accuracy(model, digits.test, digits.test_labels)
    latents = model.spec.sample(len(by.features), generator)
    x = model.draw(latents)
    if not torch.isfinite(x).all():
        return {"accuracy": match.accuracy}
    wanted, drawn = torch.as_tensor(match.label_of)[latents.c["cat 1"]], metrics.features(by.judge, x)
    precision, recall = metrics.precision_recall(by.features, drawn)
    shares = metrics.variance_shares(model, digits.test, digits.test_labels, generator)
    found = {
        "accuracy": match.accuracy,
        "recognised": (metrics.verdicts(by.judge, x) == wanted).float().mean().item(),
        "precision": precision,
        "recall": recall,
        "coverage": metrics.density_coverage(by.features, drawn)[1],
        "frechet": metrics.frechet_distance(by.features, drawn),
        "noise alone": shares["noise alone"],
        "codes alone": shares["codes alone"],
        "L_I": metrics.held_out_information(model, generator),
        "properties": metrics.property_table(model, generator),
    }
    return rounded(found)


def rounded(found: dict | float) -> dict | float:
    """The same with four digits after the point."""
    return {key: rounded(value) for key, value in found.items()} if isinstance(found, dict) else round(found, 4)


def few_colours(png: bytes, colours: int) -> bytes:
    """The picture with so many colours at most, for a small file that comes along."""
    buffer = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").quantize(colours).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def put(path: Path, run: dict, key: Sequence[str]) -> None:
    """Write ``run`` to the runs of a file, a line each, in the place of an earlier one with the same ``key``."""
    runs = json.loads(path.read_text("utf-8"))["runs"] if path.exists() else []
    runs = [r for r in runs if any(r.get(name) != run.get(name) for name in key)] + [run]
    lines = ",\n".join(f"  {json.dumps(r, allow_nan=False)}" for r in runs)
    replace_text(path, f'{{"runs": [\n{lines}\n]}}\n')


def replace_text(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
