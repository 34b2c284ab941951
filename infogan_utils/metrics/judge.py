"""A small classifier of real images that judges generated ones. For measuring only: it has seen labels, no run sees it.

Notebook 08 asks it whether a sample looks like the digit of its category. ``images`` are uint8 or float in [0, 1],
(n, height, width) or (n, channels, height, width), ``labels`` (n,) int64 in 0 … classes−1.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from infogan_utils.looking import as_floats
from infogan_utils.seeds import modules_draw_from, stream

BATCH, LOOK = 128, 500  # images in a step, and in a look


def train_judge(images: Tensor, labels: Tensor, *, classes: int = 10, epochs: int = 3, seed: int = 0) -> nn.Sequential:
    """Train the classifier: two convolutions and two FC layers, about 0.98 on MNIST's test digits after 10 seconds.

    Returns the network in eval mode: (n, channels, height, width) floats in [0, 1] → (n, classes) logits.
    """
    images, labels = torch.as_tensor(images), torch.as_tensor(labels).long()
    if len(images) != len(labels) or not len(images) or images.ndim not in (3, 4):
        raise ValueError(f"images {tuple(images.shape)} and {len(labels)} labels were given; the judge takes n of each")
    if labels.min() < 0 or labels.max() >= classes:
        given = f"labels {labels.min()} to {labels.max()} were given with classes = {classes}"
        raise ValueError(f"{given}; give as many classes, and leave out images without a label (-1)")
    channels = 1 if images.ndim == 3 else images.shape[1]
    units = 32 * math.prod(math.ceil(size / 4) for size in images.shape[-2:])  # after two convolutions of stride 2
    generator = stream(seed, "judge")
    with modules_draw_from(stream(seed, "judge's modules")):
        judge = nn.Sequential(
            *(nn.Conv2d(channels, 16, 5, stride=2, padding=2), nn.ReLU()),
            *(nn.Conv2d(16, 32, 5, stride=2, padding=2), nn.ReLU()),
            *(nn.Flatten(), nn.Linear(units, 128), nn.ReLU()),
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
def verdicts(judge: nn.Module, images: Tensor) -> Tensor:
    """The likeliest class of each image, (n,)."""
    return torch.cat([judge(as_floats(x)).argmax(dim=1) for x in torch.as_tensor(images).split(LOOK)])


@torch.no_grad()
def features(judge: nn.Sequential, images: Tensor) -> Tensor:
    """The 128 units before the judge's last layer, (n, 128): what ``variety`` compares."""
    return torch.cat([judge[:-1](as_floats(x)) for x in torch.as_tensor(images).split(LOOK)])


def diversity(images: Tensor, labels: Tensor) -> float:
    """How unlike two images of one class are: root mean squared difference of a pixel, mean square over classes."""
    labels = torch.as_tensor(labels)
    classes, counts = labels.unique(return_counts=True)
    if not len(classes) or counts.min() < 2:
        raise ValueError(f"classes {classes.tolist()} have {counts.tolist()} images; leave out those with one alone")
    pixels = as_floats(images).flatten(1)
    variances = [pixels[labels == k].var(dim=0).mean() for k in classes]
    return float((2 * torch.stack(variances).mean()).sqrt())  # two independent draws differ by twice the variance
