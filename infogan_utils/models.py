"""The networks: a generator G, and a trunk with two heads, D (real or generated?) and Q (which code?).

Notebook 05 teaches them. The widths are those of the InfoGAN paper (arXiv 1606.03657, appendix C) for 28, 32 and 64
pixels; ``SMALL`` is cut for a laptop.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from infogan_utils.latents import LatentSpec
from infogan_utils.seeds import modules_draw_from, stream

LEAK = 0.1  # slope of the leaky rectifier on the negative side, as in the paper


@dataclass(frozen=True)
class Widths:
    """How wide the layers are, and which there are. Batch norm follows all but the outer ones and the plain ones."""

    g_fc: tuple[int, ...] = (1024,)  # G's FC layers
    g_map: int = 128  # channels of the map that an FC makes of them
    g_up: tuple[int, ...] = (64,)  # 4 × 4 up-convolutions of stride 2, before the one to the picture
    d_conv: tuple[int, ...] = (64, 128)  # the trunk's 4 × 4 convolutions of stride 2
    d_fc: int = 1024  # its FC layer; 0: none
    q_fc: int = 128  # Q's hidden layer; 0: none
    same: int = 0  # 3 × 3 convolutions of stride 1 after G's map and at the end of the trunk's
    g_plain: int = 0  # how many of g_up, the last, are plain
    spectral: bool = False  # D and Q's hidden layer have spectral norm, and no batch norm


PAPER = Widths()
SMALL = Widths(g_fc=(512,), g_map=64, g_up=(32,), d_conv=(32, 64), d_fc=512, q_fc=0)
PAPER_32 = Widths(g_fc=(), g_map=448, g_up=(256, 128, 64), d_conv=(64, 128, 256), d_fc=0, g_plain=2)  # SVHN, CelebA
# after InfoGAN-CR's (arXiv 1906.06034) on dSprites; theirs have one layer more, for 64 pixels
SPRITES = Widths((128,), 64, (64, 32), d_conv=(32, 64, 64), d_fc=128, spectral=True)
PAPER_64 = Widths(g_map=256, g_up=(128, 64), d_conv=(64, 128, 256), same=2)  # chairs


class Generator(nn.Module):
    """G: latent vector (n, total) → images (n, channels, side, side) in [0, 1], grown from maps of ``base`` pixels."""

    def __init__(self, spec: LatentSpec, w: Widths, channels: int, base: int) -> None:
        super().__init__()
        self.fc, self.up = nn.Sequential(), nn.Sequential()
        width = spec.total
        for wider in (*w.g_fc, w.g_map * base**2):
            self.fc += nn.Sequential(nn.Linear(width, wider, bias=False), nn.BatchNorm1d(wider), nn.ReLU())
            width = wider
        self.fc.append(nn.Unflatten(1, (w.g_map, base, base)))
        width = w.g_map
        for _ in range(w.same):
            same = nn.Conv2d(width, width, 3, padding=1, bias=False)
            self.up += nn.Sequential(same, nn.BatchNorm2d(width), nn.ReLU())
        for i, wider in enumerate(w.g_up):
            normed = i < len(w.g_up) - w.g_plain
            self.up.append(nn.ConvTranspose2d(width, wider, 4, stride=2, padding=1, bias=not normed))
            self.up += nn.Sequential(*[nn.BatchNorm2d(wider)] * normed, nn.ReLU())
            width = wider
        self.up.append(nn.ConvTranspose2d(width, channels, 4, stride=2, padding=1))

    def forward(self, latent: Tensor) -> Tensor:
        h = self.fc(latent)  # (n, g_map, base, base)
        return torch.sigmoid(self.up(h.contiguous(memory_format=torch.channels_last)).float())


class Discriminator(nn.Module):
    """The trunk shared by D and Q, and the two heads, which compute in float32."""

    def __init__(self, trunk: nn.Module, d_head: nn.Module, q_head: nn.Module) -> None:
        super().__init__()
        self.trunk, self.d_head, self.q_head = trunk, d_head, q_head

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """D's raw output, a logit or a validity, (n,), and Q's raw answers, (n, answers)."""
        return heads(self, self.trunk(x))


def heads(D: nn.Module, h: Tensor, *, into_trunk: bool = True) -> tuple[Tensor, Tensor]:
    """D's raw output (n,) and Q's answers (n, answers) from the trunk's features, in float32 whatever the trunk took.

    Without ``into_trunk`` the gradient of Q's answers ends at Q's head.
    """
    with torch.autocast(h.device.type, enabled=False):
        h = h.float()
        return D.d_head(h).squeeze(1), D.q_head(h if into_trunk else h.detach())


class Flatten(nn.Flatten):
    """Hands the gradient back in the layout of the convolutions: with two layouts the layers below are far slower."""

    def forward(self, x: Tensor) -> Tensor:
        if x.requires_grad and x.ndim == 4:
            x.register_hook(lambda gradient: gradient.contiguous(memory_format=torch.channels_last))
        return super().forward(x)


def build(
    spec: LatentSpec, widths: Widths = SMALL, *, channels: int = 1, side: int = 28, seed: int = 0
) -> tuple[Generator, Discriminator]:
    """G and D for these latent variables and pictures, their first weights drawn from ``seed``."""
    halvings = len(widths.g_up) + 1
    base = side >> halvings
    if base < 1 or base << halvings != side:
        raise ValueError(f"a side of {side} was given; these networks take a multiple of {2**halvings} pixels")
    with modules_draw_from(stream(seed, "first weights")):
        G, D = Generator(spec, widths, channels, base), discriminator(spec, widths, channels, side)
    G.widths = widths  # for the file of a run
    return tuple(net.to(memory_format=torch.channels_last) for net in (G, D))  # convolutions are faster so


def pair_classifier(shape: tuple[int, ...], k: int, seed: int = 0) -> nn.Sequential:
    """H of InfoGAN-CR: which of ``k`` codes do two pictures share? (n, 2·channels, side, side) → logits (n, k).

    ``shape`` is that of one picture; the channels of the two stand one behind the other.
    """
    if k < 2 or len(shape) != 3:
        raise ValueError(f"H compares pictures of two codes or more; {k} codes, {shape} were given: set contrast=0.0")
    channels, side, _ = shape
    act = nn.LeakyReLU(LEAK)
    with modules_draw_from(stream(seed, "first weights of H")):
        convolutions = nn.Conv2d(2 * channels, 32, 4, 2, 1), act, nn.Conv2d(32, 64, 4, 2, 1), act, nn.Flatten()
        return nn.Sequential(*convolutions, nn.Linear(64 * (side // 4) ** 2, 128), act, nn.Linear(128, k))


def has_bfloat16(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 in hardware."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)  # emulated, as on a T4, it is slower
    return device.type == "cpu" and getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)()


def discriminator(spec: LatentSpec, w: Widths, channels: int, side: int) -> Discriminator:
    """The trunk and its heads of these widths."""
    trunk, width = nn.Sequential(), channels
    kernels = [(wider, 4, 2) for wider in w.d_conv] + [(w.d_conv[-1], 3, 1)] * w.same
    for i, (wider, kernel, stride) in enumerate(kernels):
        conv = nn.Conv2d(width, wider, kernel, stride=stride, padding=1, bias=i == 0 or w.spectral)
        trunk += with_norm(conv, w.spectral, *[nn.BatchNorm2d(wider)] * (i > 0))
        width = wider
    trunk.append(Flatten())
    width *= (side >> len(w.d_conv)) ** 2
    if w.d_fc:
        trunk += with_norm(nn.Linear(width, w.d_fc, bias=w.spectral), w.spectral, nn.BatchNorm1d(w.d_fc))
        width = w.d_fc
    if w.q_fc:
        hidden = with_norm(nn.Linear(width, w.q_fc, bias=w.spectral), w.spectral, nn.BatchNorm1d(w.q_fc))
        q_head = hidden.append(nn.Linear(w.q_fc, spec.answers))
    else:
        q_head = nn.Linear(width, spec.answers)
    d_head = nn.Linear(width, 1)
    return Discriminator(trunk, spectral_norm(d_head) if w.spectral else d_head, q_head)


def with_norm(layer: nn.Module, spectral: bool, *batch_norm: nn.Module) -> nn.Sequential:
    """A layer of D with its norm, spectral or batch norm, and its leaky rectifier."""
    return nn.Sequential(*([spectral_norm(layer)] if spectral else [layer, *batch_norm]), nn.LeakyReLU(LEAK))
