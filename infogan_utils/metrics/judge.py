"""A small classifier of real images that judges generated ones. For measuring only: it has seen labels, no run sees it.

Notebook 08 asks it whether a sample looks like the digit of its category, and measures variety in its features.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from infogan_utils.looking import as_floats
from infogan_utils.seeds import modules_draw_from, stream

BATCH = 128


def train_judge(images: Tensor, labels: Tensor, *, classes: int = 10, epochs: int = 3, seed: int = 0) -> nn.Sequential:
    """Train the classifier: two convolutions and two FC layers, about 0.98 on MNIST's test digits after 10 seconds.

    Args:
        images: uint8, (n, side, side) or (n, channels, side, side), the side a multiple of 4.
        labels: (n,) int64 in 0 … classes−1.

    Returns:
        The network in eval mode: (n, channels, side, side) floats in [0, 1] → (n, classes) logits.
    """
    fits = images.dtype == torch.uint8 and images.ndim in (3, 4) and images.shape[-1] == images.shape[-2]
    if len(images) != len(labels) or len(images) == 0 or not fits or images.shape[-1] % 4:
        raise ValueError(
            f"images {tuple(images.shape)} of type {images.dtype} and {len(labels)} labels were given; the judge "
            "learns from uint8 (n, side, side) or (n, channels, side, side) and labels (n,), "
            "n > 0, the side a multiple of 4"
        )
    if labels.min() < 0 or labels.max() >= classes:
        raise ValueError(f"labels from {labels.min()} to {labels.max()} were given; classes = {classes}")
    side, channels = images.shape[-1] // 4, 1 if images.ndim == 3 else images.shape[1]
    generator = stream(seed, "judge")
    with modules_draw_from(stream(seed, "judge's modules")):
        judge = nn.Sequential(
            *(nn.Conv2d(channels, 16, 5, stride=2, padding=2), nn.ReLU()),
            *(nn.Conv2d(16, 32, 5, stride=2, padding=2), nn.ReLU()),
            *(nn.Flatten(), nn.Linear(32 * side**2, 128), nn.ReLU()),
            *(nn.Dropout(0.5), nn.Linear(128, classes)),
        )
        adam = torch.optim.Adam(judge.parameters(), lr=1e-3)
        for _ in range(epochs):
            for rows in torch.randperm(len(images), generator=generator).split(BATCH):
                F.cross_entropy(judge(as_floats(images[rows])), labels[rows]).backward()
                adam.step()
                adam.zero_grad()
    return judge.eval()


@torch.no_grad()
def verdicts(judge: nn.Module, images: Tensor, batch: int = 500) -> Tensor:
    """The likeliest class (n,) of each image, uint8 or float in [0, 1], shaped as ``train_judge`` takes them."""
    return torch.cat([judge(as_floats(x)).argmax(dim=1) for x in images.split(batch)])


@torch.no_grad()
def features(judge: nn.Sequential, images: Tensor, batch: int = 500) -> Tensor:
    """The 128 units before the judge's last layer, (n, 128): what ``variety`` compares. Images as for ``verdicts``."""
    return torch.cat([judge[:-1](as_floats(x)) for x in images.split(batch)])


def diversity(images: Tensor, labels: Tensor) -> float:
    """How unlike two images of one class are: root mean squared difference of a pixel, mean square over classes.

    Args:
        images: as for ``verdicts``, at least two of each class that occurs. labels: (n,).

    Raises:
        ValueError: if a class has one image alone: it has no other to differ from.
    """
    classes, counts = labels.unique(return_counts=True)
    if len(classes) == 0 or counts.min() < 2:
        raise ValueError(
            f"classes {classes.tolist()} with {counts.tolist()} images were given; each needs two or more "
            "to be compared: give more images, or leave that class out"
        )
    pixels = as_floats(images).flatten(1)
    # two independent draws differ by twice the variance
    variances = [pixels[labels == k].var(dim=0).mean() for k in classes]
    return float((2 * torch.stack(variances).mean()).sqrt())
