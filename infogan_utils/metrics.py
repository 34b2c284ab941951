"""The numbers that say whether it worked: best-match accuracy on real images, and what needs no labels.

Notebook 06 measures with it. Networks are used in eval mode throughout, so that no
batch's statistics leak into an answer.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from infogan_utils.codes import Layout
from infogan_utils.models import Discriminator, Generator, check_pictures
from infogan_utils.objectives import information


@dataclass(frozen=True)
class Match:
    """Categories matched one to one with classes, so that the most images agree.

    ``accuracy`` in [0, 1]; ``label_of[category]``; ``confusion`` (classes, categories), counts.
    """

    accuracy: float
    label_of: np.ndarray
    confusion: np.ndarray

    def merged(self, share: float = 0.3) -> list[tuple[int, list[int]]]:
        """Categories in which several classes meet: (category, classes with at least ``share`` of their images)."""
        shares = self.confusion / np.maximum(self.confusion.sum(axis=1, keepdims=True), 1)  # a class may have no image
        groups = [(k, np.flatnonzero(shares[:, k] >= share).tolist()) for k in range(shares.shape[1])]
        return [(k, classes) for k, classes in groups if len(classes) > 1]


def best_match(categories: Tensor, labels: Tensor, k: int) -> Match:
    """Match ``k`` categories with as many classes one to one (the Hungarian method) and count the agreement.

    Args:
        categories, labels: (n,), whole numbers in 0 … k−1.

    Raises:
        ValueError: if the shapes differ, n is 0, or a value is no whole number or lies outside its range.
    """
    if categories.is_floating_point() or labels.is_floating_point():
        raise ValueError(f"categories of {categories.dtype}, labels of {labels.dtype} were given; both are integers")
    categories, labels = categories.long(), labels.long()  # in 8 bits labels * k would overflow
    if categories.shape != labels.shape or categories.ndim != 1 or len(labels) == 0:
        raise ValueError(
            f"{tuple(categories.shape)} categories and {tuple(labels.shape)} labels were given; both are (n,), n > 0"
        )
    both = torch.stack([labels, categories])
    if both.min() < 0 or both.max() >= k:
        raise ValueError(f"values from {both.min()} to {both.max()} were given; k = {k} allows 0 to {k - 1}")
    confusion = torch.bincount(labels * k + categories, minlength=k * k).view(k, k).numpy()
    classes, matched = linear_sum_assignment(confusion, maximize=True)
    label_of = np.empty(k, dtype=np.int64)
    label_of[matched] = classes
    return Match(float(confusion[classes, matched].sum() / len(labels)), label_of, confusion)


@torch.no_grad()
def posterior(net: Discriminator, images: Tensor, batch: int = 500) -> Tensor:
    """Q(c|x) of the first categorical code: (n, K) probabilities, on the CPU.

    Args:
        images: uint8, (n, side, side) or (n, channels, side, side).

    Raises:
        ValueError: if they have another shape or type, or if there is no categorical code.
    """
    if not net.layout.categorical:
        raise ValueError(f"{net.layout} has no categorical code, so there is no category to ask Q for")
    images = check_pictures(images, net.image_shape, "this Q")
    was_training, device = net.training, next(net.parameters()).device
    net.eval()
    try:
        parts = []
        for x in images.split(batch):
            parts.append(net(x.to(device).float().div(255))[1].logits[0].softmax(dim=1).cpu())
    finally:
        net.train(was_training)
    return torch.cat(parts)


def accuracy(net: Discriminator, images: Tensor, labels: Tensor) -> Match:
    """The first categorical code as a classifier of real images: best match of Q's likeliest category."""
    probabilities = posterior(net, images)
    return best_match(probabilities.argmax(dim=1), labels, probabilities.shape[1])


def answer_information(probabilities: Tensor) -> float:
    """I between an image and Q's answer in nats, H(mean Q) − mean H(Q), from (n, K) probabilities. No labels."""

    def entropy(p: Tensor) -> Tensor:
        return -(p * p.clamp_min(1e-12).log()).sum(dim=-1)

    return float(entropy(probabilities.mean(dim=0)) - entropy(probabilities).mean())


@torch.no_grad()
def held_out_information(
    G: Generator, net: Discriminator, layout: Layout, generator: torch.Generator, *, n: int = 2_000
) -> dict[str, float]:
    """L_I of each code in nats on fresh samples, both networks in eval mode, no channel in between."""
    modes, device = (G.training, net.training), next(G.parameters()).device
    G.eval()
    net.eval()
    try:
        sums: dict[str, float] = {}
        for count in [min(500, n - drawn) for drawn in range(0, n, 500)] or [n]:
            codes = layout.sample(count, generator).to(device)
            for name, bound in information(net(G(codes))[1], codes).items():
                sums[name] = sums.get(name, 0.0) + count * bound.item()
    finally:
        G.train(modes[0])
        net.train(modes[1])
    return {name: value / n for name, value in sums.items()}


def merged_pairs_bound(pairs: int, k: int = 10) -> float:
    """The most I(class; category) can be, in nats, when ``pairs`` pairs of k equal classes share a category."""
    if not 0 <= 2 * pairs <= k:
        raise ValueError(f"{pairs} pairs of {k} classes were given; there can be 0 to {k // 2}")
    return math.log(k) - pairs * 2 * math.log(2) / k
