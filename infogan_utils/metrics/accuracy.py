"""Was the category found? The best match of categories and classes, and information, which needs no labels.

A ``model`` is a ``looking.Model``, such as ``trainer.averaged``. Notebooks 06 and 08 measure with it.
"""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from infogan_utils.looking import Model


@dataclass(frozen=True)
class Match:
    """Categories matched one to one with classes, so that the most images agree."""

    accuracy: float  # in [0, 1]
    label_of: np.ndarray  # (categories,), the class of each
    confusion: np.ndarray  # (classes, categories), counts

    def merged(self, share: float = 0.3) -> list[tuple[int, list[int]]]:
        """Categories in which several classes meet: (category, classes with at least ``share`` of their images)."""
        shares = self.confusion / np.maximum(self.confusion.sum(axis=1, keepdims=True), 1)  # a class may have no image
        groups = [(k, np.flatnonzero(column >= share).tolist()) for k, column in enumerate(shares.T)]
        return [(k, classes) for k, classes in groups if len(classes) > 1]


def best_match(categories: Tensor, labels: Tensor, k: int) -> Match:
    """Match ``k`` categories with at most ``k`` classes, one to one (Hungarian method), and count the agreement.

    ``categories`` and ``labels`` are (n,), integers in 0 … k−1; ``ValueError`` if they are something else.
    """
    labels, categories = (torch.as_tensor(values).cpu() for values in (labels, categories))
    if labels.shape != categories.shape:
        raise ValueError(
            f"{len(labels)} labels were given for {len(categories)} categories; each image has one of each"
        )
    both = torch.stack([labels, categories])
    inside = (both >= 0) & (both < k)
    if both.is_floating_point() or both.ndim != 2 or not both.numel() or not inside.all():
        raise ValueError(
            f"labels, categories {tuple(labels.shape)} in {both.dtype} with {both[~inside][:5].tolist()} were given; "
            f"both are (n,) integers, 0 to {k - 1}. With more classes than categories give the code more values or "
            "leave classes out; leave out images without a label, too"
        )
    labels, categories = both.long()  # in 8 bits labels * k would overflow
    confusion = torch.bincount(labels * k + categories, minlength=k * k).view(k, k).numpy()
    classes, matched = linear_sum_assignment(confusion, maximize=True)
    label_of = np.empty(k, dtype=np.int64)
    label_of[matched] = classes
    return Match(float(confusion[classes, matched].sum() / len(labels)), label_of, confusion)


def accuracy(model: Model, images: Tensor, labels: Tensor | None) -> Match:
    """The first discrete code as a classifier: best match of images' likeliest category under Q with their labels."""
    if labels is None:
        raise ValueError("these pictures have no labels, so there is no accuracy; answer_information needs none")
    probabilities = model.categories(images)
    return best_match(probabilities.argmax(dim=1), labels, probabilities.shape[1])


def answer_information(probabilities: Tensor) -> float:
    """I between an image and Q's answer in nats, H(mean Q) − mean H(Q), from (n, K) probabilities. No labels."""
    probabilities, entr = torch.as_tensor(probabilities), torch.special.entr  # −p ln p
    return float(entr(probabilities.mean(dim=0)).sum() - entr(probabilities).sum(dim=1).mean())


def held_out_information(model: Model, generator: torch.Generator, n: int = 2_000) -> dict[str, float]:
    """L_I of each code in nats on ``n`` fresh samples, both networks in eval mode, no augmentation in between."""
    sums: dict[str, float] = {}
    for count in [min(500, n - done) for done in range(0, n, 500)]:
        latents = model.spec.sample(count, generator).to("cpu")
        for name, q in model.read(model.draw(latents)).items():
            bound = q.log_prob(latents.c[name]).sum() + count * model.spec[name].entropy
            sums[name] = sums.get(name, 0.0) + float(bound)
    return {name: value / n for name, value in sums.items()}
