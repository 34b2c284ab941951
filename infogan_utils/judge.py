"""A small classifier of real digits that judges generated ones. For measuring only: it has seen labels, no run sees it.

Notebook 08 asks it whether a sample looks like the digit that its category is matched to.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

BATCH = 128


def train_judge(images: Tensor, labels: Tensor, *, classes: int = 10, epochs: int = 3, seed: int = 0) -> nn.Sequential:
    """Train the classifier: two convolutions and two FC layers, about 0.98 on MNIST's test digits after 10 seconds.

    Args:
        images: uint8, (n, side, side), the side a multiple of 4. labels: (n,) int64 in 0 … classes−1.

    Returns:
        The network in eval mode: (n, 1, side, side) floats in [0, 1] → (n, classes) logits.
    """
    fits = images.dtype == torch.uint8 and images.ndim == 3 and images.shape[1] % 4 == 0
    if len(images) != len(labels) or len(images) == 0 or not fits:
        raise ValueError(
            f"images {tuple(images.shape)} of type {images.dtype} and {len(labels)} labels were given; the judge "
            "learns from (n, side, side) in uint8, 0 to 255, and (n,), n > 0 and the side a multiple of 4"
        )
    side = images.shape[1] // 4
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):  # initialisation and dropout draw from torch's global state
        torch.manual_seed(seed)
        judge = nn.Sequential(
            *(nn.Conv2d(1, 16, 5, stride=2, padding=2), nn.ReLU()),
            *(nn.Conv2d(16, 32, 5, stride=2, padding=2), nn.ReLU()),
            *(nn.Flatten(), nn.Linear(32 * side**2, 128), nn.ReLU()),
            *(nn.Dropout(0.5), nn.Linear(128, classes)),
        )
        adam = torch.optim.Adam(judge.parameters(), lr=1e-3)
        for _ in range(epochs):
            for rows in torch.randperm(len(images), generator=generator).split(BATCH):
                x = images[rows].unsqueeze(1).float().div(255)
                F.cross_entropy(judge(x), labels[rows]).backward()
                adam.step()
                adam.zero_grad()
    return judge.eval()


@torch.no_grad()
def verdicts(judge: nn.Module, images: Tensor, batch: int = 500) -> Tensor:
    """The likeliest class (n,) of each image, uint8 (n, side, side) or float (n, 1, side, side) in [0, 1]."""
    if images.dtype == torch.uint8:
        images = images.unsqueeze(1).float().div(255)
    return torch.cat([judge(x).argmax(dim=1) for x in images.split(batch)])


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
    pixels = images.flatten(1).float() / (255 if images.dtype == torch.uint8 else 1)
    # two independent draws differ by twice the variance
    variances = [pixels[labels == k].var(dim=0).mean() for k in classes]
    return float((2 * torch.stack(variances).mean()).sqrt())
