"""The starting note's networks, in the shape that the most used PyTorch port of InfoGAN has.

The same heads and the same interface as in ``models``, so that the same step trains them: ``build`` makes
either family from a ``Size``. They have few parameters and many multiply-adds; notebook 05 counts both.
"""

import torch
from torch import Tensor, nn

from infogan_utils.codes import Layout
from infogan_utils.models import Discriminator, Generator, Size

NOTE_LEAK, DROP = 0.2, 0.25
NOTE_SIZE = Size(g_fc=0, d_fc=0, narrow=64, wide=128, q_fc=0, family="note")  # 0: there is no such layer


class ChannelDropout(nn.Module):
    """Blanks whole channels of an image with probability ``p`` in training mode, as ``nn.Dropout2d`` does.

    Its draws come from a seed of its own and a count, both buffers, so that a run can be repeated, saved and
    resumed to the same numbers; ``nn.Dropout2d`` draws from torch's global state.
    """

    def __init__(self, p: float = DROP) -> None:
        super().__init__()
        self.p = p
        self.register_buffer("seed", torch.randint(2**53, ()))
        self.register_buffer("draws", torch.zeros((), dtype=torch.int64))

    def forward(self, h: Tensor) -> Tensor:
        """The same shape, (batch, channels, height, width); what stays is scaled by 1/(1 - p)."""
        if not self.training:
            return h
        own = torch.Generator().manual_seed(int(self.seed) + int(self.draws))
        self.draws += 1
        keep = torch.rand(*h.shape[:2], 1, 1, generator=own) >= self.p
        return h * keep.to(h) / (1 - self.p)


class NoteGenerator(Generator):
    """G: latent vector (batch, total) → images (batch, channels, side, side) in [0, 1].

    FC to a (side/4)² map of 128 channels, then twice: enlarge by repeating pixels, 3 × 3 convolution.
    """

    def layers(self, size: Size) -> tuple[nn.Sequential, nn.Sequential]:
        fc = nn.Sequential(nn.Linear(self.layout.total, size.wide * self.base**2))
        up = nn.Sequential(
            nn.BatchNorm2d(size.wide),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(size.wide, size.wide, 3, padding=1),
            nn.BatchNorm2d(size.wide),
            nn.LeakyReLU(NOTE_LEAK),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(size.wide, size.narrow, 3, padding=1),
            nn.BatchNorm2d(size.narrow),
            nn.LeakyReLU(NOTE_LEAK),
            nn.Conv2d(size.narrow, self.image_shape[0], 3, padding=1),
        )
        return fc, up


class NoteDiscriminator(Discriminator):
    """Trunk of four 3 × 3 convolutions of stride 2 with dropped channels, and two linear heads on its features."""

    def layers(self, size: Size, answers: int) -> tuple[nn.Sequential, nn.Linear, nn.Sequential]:
        channels, side, _ = self.image_shape
        if size.wide % 8:
            raise ValueError(f"{size} was given; the note's trunk doubles wide/8 three times: wide must divide by 8")
        trunk, width = nn.Sequential(), channels
        for i, wider in enumerate((size.wide // 8, size.wide // 4, size.wide // 2, size.wide)):
            trunk += nn.Sequential(
                nn.Conv2d(width, wider, 3, stride=2, padding=1), nn.LeakyReLU(NOTE_LEAK), ChannelDropout()
            )
            if i > 0:
                trunk.append(nn.BatchNorm2d(wider))
            width, side = wider, (side + 1) // 2
        trunk.append(nn.Flatten())
        features = width * side**2
        return trunk, nn.Linear(features, 1), nn.Sequential(nn.Linear(features, answers))


def build(
    layout: Layout, size: Size, *, channels: int = 1, side: int = 28, learn_sigma: bool = True
) -> tuple[Generator, Discriminator]:
    """G, and the trunk with its two heads, in the family and the widths of ``size``."""
    make_g, make_d = (NoteGenerator, NoteDiscriminator) if size.family == "note" else (Generator, Discriminator)
    shape = {"channels": channels, "side": side}
    return make_g(layout, size, **shape), make_d(layout, size, **shape, learn_sigma=learn_sigma)
