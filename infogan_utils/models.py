"""The networks: a generator G, and a trunk with two heads, D (real or generated?) and Q (which code?).

Notebook 05 teaches them. ``PAPER`` has the sizes of the InfoGAN paper's MNIST networks (arXiv 1606.03657,
appendix C.1), ``SMALL`` is cut for a laptop's processor. The starting note's networks are in ``note_models``.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from infogan_utils.codes import Codes, Layout

LEAK = 0.1  # slope of the leaky rectifier on the negative side, as in the paper
FAMILIES = ("paper", "note")


@dataclass(frozen=True)
class Size:
    """Widths of the networks: FC layers of G and the trunk, the two convolutions, Q's hidden layer (0: it has none).

    ``family`` says which layers: "paper", those of this module, or "note", those of ``note_models``.
    """

    g_fc: int = 1024
    d_fc: int = 1024
    narrow: int = 64
    wide: int = 128
    q_fc: int = 128
    family: str = "paper"

    def __post_init__(self) -> None:
        if self.family not in FAMILIES:
            raise ValueError(f"no family of networks is called {self.family!r}; there are {FAMILIES}")


PAPER = Size()
SMALL = Size(g_fc=512, d_fc=512, narrow=32, wide=64, q_fc=0)


class Posterior(NamedTuple):
    """Q(c|x): ``logits``, a (batch, K) for each categorical code; ``mu``, ``log_var``: (batch, continuous)."""

    logits: tuple[Tensor, ...]
    mu: Tensor
    log_var: Tensor


def check_batch(x: Tensor, shape: tuple[int, ...], training: bool, name: str) -> None:
    """Raise ``ValueError`` for a batch of another shape, or of one while batch norm needs more."""
    if x.shape[1:] != shape or x.ndim != len(shape) + 1 or not x.is_floating_point():
        raise ValueError(
            f"{name} got {tuple(x.shape)} of {x.dtype}; expected a float batch of shape (batch, "
            f"{', '.join(map(str, shape))})"
        )
    if training and len(x) < 2:
        raise ValueError(
            f"{name} got a batch of {len(x)} in training mode, but batch norm needs 2 or more to measure a "
            "spread; give more, or call .eval() first"
        )


def check_pictures(images: Tensor, shape: tuple[int, ...], name: str) -> Tensor:
    """Return ``images``, uint8 and (n, *shape) or without the channels, as (n, *shape), or raise ``ValueError``."""
    images = images.unsqueeze(1) if images.ndim == 3 else images
    if images.dtype != torch.uint8 or images.shape[1:] != shape:
        raise ValueError(
            f"images of shape {tuple(images.shape)} and type {images.dtype} were given; {name} takes "
            f"(n, {', '.join(map(str, shape))}) in uint8, 0 to 255"
        )
    return images


class Generator(nn.Module):
    """G: latent vector (batch, total) → images (batch, channels, side, side) in [0, 1].

    FC, FC to a (side/4)² map, two 4 × 4 up-convolutions of stride 2, batch norm after all but the last.
    """

    def __init__(self, layout: Layout, size: Size = SMALL, *, channels: int = 1, side: int = 28) -> None:
        super().__init__()
        check_side(side)
        self.layout, self.base = layout, side // 4
        self.image_shape = (channels, side, side)
        self.fc, self.up = self.layers(size)

    def layers(self, size: Size) -> tuple[nn.Sequential, nn.Sequential]:
        """From the latent vector to the flat (side/4)² map, and from the map to the image before the sigmoid."""
        fc = nn.Sequential(
            nn.Linear(self.layout.total, size.g_fc, bias=False),
            nn.BatchNorm1d(size.g_fc),
            nn.ReLU(),
            nn.Linear(size.g_fc, size.wide * self.base**2, bias=False),
            nn.BatchNorm1d(size.wide * self.base**2),
            nn.ReLU(),
        )
        up = nn.Sequential(
            nn.ConvTranspose2d(size.wide, size.narrow, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(size.narrow),
            nn.ReLU(),
            nn.ConvTranspose2d(size.narrow, self.image_shape[0], 4, stride=2, padding=1),
        )
        return fc, up

    def forward(self, codes: Codes) -> Tensor:
        """Draw the images that belong to ``codes``, (batch, channels, side, side)."""
        latent = self.layout.encode(codes)
        check_batch(latent, (self.layout.total,), self.training, "the generator")
        h = self.fc(latent).unflatten(1, (-1, self.base, self.base))  # (batch, wide, side/4, side/4)
        return torch.sigmoid(self.up(h.contiguous(memory_format=torch.channels_last)).float())


class Discriminator(nn.Module):
    """The trunk shared by D and Q, and the two heads. Images (batch, channels, side, side) in [0, 1].

    With ``learn_sigma`` false, Q's sigma is fixed to 1 whatever its head says.
    """

    def __init__(
        self,
        layout: Layout,
        size: Size = SMALL,
        *,
        channels: int = 1,
        side: int = 28,
        learn_sigma: bool = True,
    ) -> None:
        super().__init__()
        check_side(side)
        self.layout, self.image_shape = layout, (channels, side, side)
        self.learn_sigma = learn_sigma
        self.trunk, self.d_head, self.q_head = self.layers(size, sum(layout.categorical) + 2 * layout.continuous)

    def layers(self, size: Size, answers: int) -> tuple[nn.Sequential, nn.Linear, nn.Sequential]:
        """The trunk, D's head and Q's, which gives ``answers`` numbers an image."""
        channels, side, _ = self.image_shape
        trunk = nn.Sequential(
            nn.Conv2d(channels, size.narrow, 4, stride=2, padding=1),
            nn.LeakyReLU(LEAK),
            nn.Conv2d(size.narrow, size.wide, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(size.wide),
            nn.LeakyReLU(LEAK),
            nn.Flatten(),
            nn.Linear(size.wide * (side // 4) ** 2, size.d_fc, bias=False),
            nn.BatchNorm1d(size.d_fc),
            nn.LeakyReLU(LEAK),
        )
        d_head = nn.Linear(size.d_fc, 1)
        if size.q_fc == 0:
            return trunk, d_head, nn.Sequential(nn.Linear(size.d_fc, answers))
        q_head = nn.Sequential(
            nn.Linear(size.d_fc, size.q_fc, bias=False),
            nn.BatchNorm1d(size.q_fc),
            nn.LeakyReLU(LEAK),
            nn.Linear(size.q_fc, answers),
        )
        return trunk, d_head, q_head

    def features(self, x: Tensor) -> Tensor:
        """What the trunk makes of the images: (batch, features)."""
        check_batch(x, self.image_shape, self.training, "the discriminator")
        return self.trunk(x.contiguous(memory_format=torch.channels_last))

    def d(self, features: Tensor) -> Tensor:
        """D's raw output, a logit or a validity: (batch,)."""
        return self.d_head(features).squeeze(1).float()

    def q(self, features: Tensor) -> Posterior:
        """Q's answer: logits, means and log-variances, all float32."""
        cats, m = self.layout.categorical, self.layout.continuous
        *logits, mu, log_var = self.q_head(features).float().split([*cats, m, m], dim=1)
        return Posterior(tuple(logits), mu, log_var if self.learn_sigma else torch.zeros_like(log_var))

    def forward(self, x: Tensor) -> tuple[Tensor, Posterior]:
        """D's raw output (batch,) and Q's answer, from one pass through the trunk."""
        features = self.features(x)
        return self.d(features), self.q(features)


def check_side(side: int) -> None:
    """Raise ``ValueError`` unless the images' side can be halved twice."""
    if side < 4 or side % 4:
        raise ValueError(f"images with a side of {side} were given; the side must be a multiple of 4, e.g. 28, 32, 64")
