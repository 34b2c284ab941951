"""Random changes of an image, the noisy channel T: what the trunk sees in place of the image. Notebook 06 uses it.

c → x → T(x) is a Markov chain, so I(c; T(x)) ≤ I(c; x) by the data-processing inequality: what Q reads off T(x) is
still a lower bound on I(c; x). What T destroys, a code can't be read from. Passing real and generated images through
it: DiffAugment (arXiv 2006.10738) and ADA (arXiv 2006.06676).
"""

from dataclasses import astuple, dataclass
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn import functional as F

from infogan_utils.seeds import sent


@dataclass(frozen=True)
class Augment:
    """How far T goes: each image draws its own change, every quantity uniform within plus and minus its bound."""

    rotation: float = 0.0  # radians
    shear: float = 0.0  # a slope
    scale: float = 0.0  # as a share of the image
    shift: float = 0.0  # as a share of the image
    aspect: float = 0.0  # the logarithm of width against height
    stroke: float = 0.0  # blend towards the 3 × 3 maximum (thicker, for light ink on black) or minimum (thinner)
    mirror: float = 0.0  # the probability of exchanging left and right

    def __post_init__(self) -> None:
        if not (0 <= self.stroke <= 1 and 0 <= self.scale < 1 and 0 <= self.mirror <= 1):
            raise ValueError(f"{self} was given; stroke and mirror lie in [0, 1], scale in [0, 1)")

    def __call__(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """Pass float images (n, channels, height, width) through T, a fresh change each; differentiable."""
        return change(x, torch.tensor(astuple(self)).repeat(len(x), 1), generator)


@dataclass(frozen=True)
class View:
    """A part of each batch: its ``share``, the T that it passes, and the codes that are read from it alone."""

    augment: Augment
    share: float = 1.0
    codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Views:
    """T where parts of a batch pass different changes. A code is read from the first that names it, else from all."""

    parts: tuple[View, ...]

    def __post_init__(self) -> None:
        shares = [part.share for part in self.parts]
        if abs(sum(shares) - 1) > 1e-6 or min(shares) < 0:
            raise ValueError(f"parts with shares {shares} were given; each is 0 or more, and together they are 1")

    def cuts(self, n: int) -> list[int]:
        """Where the parts of a batch of ``n`` begin and end."""
        shares = torch.tensor([0.0, *(part.share for part in self.parts)]).cumsum(0)
        return (shares * n).round().int().tolist()

    def rows(self, name: str, n: int) -> slice:
        """The rows of a batch of ``n`` from which the code ``name`` is read; all of them where no image is left."""
        for part, (start, stop) in zip(self.parts, pairwise(self.cuts(n)), strict=True):
            if name in part.codes and stop > start:
                return slice(start, stop)
        return slice(0, n)

    def __call__(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """Pass float images (n, channels, height, width) through T, each part through its own; differentiable."""
        sizes = torch.tensor(self.cuts(len(x))).diff()
        return change(x, torch.tensor([astuple(p.augment) for p in self.parts]).repeat_interleave(sizes, 0), generator)


def change(x: Tensor, bounds: Tensor, generator: torch.Generator) -> Tensor:
    """Change each image within its own bounds, (n, 7) in the order of ``Augment``'s fields."""
    n, device = len(x), generator.device
    u = torch.rand(9, n, generator=generator, device=device, dtype=torch.float32) * 2 - 1  # U(-1, 1)
    rotation, shear, scale, shift, aspect, stroke, mirror = bounds.float().to(device, non_blocking=True).T
    angle, slope, size = u[0] * rotation, u[1] * shear, 1 + u[2] * scale
    sx, sy = size * torch.exp(u[5] * aspect / 2), size * torch.exp(-u[5] * aspect / 2)
    sx = torch.where(u[8] + 1 < 2 * mirror, -sx, sx)
    cos, sin = torch.cos(angle), torch.sin(angle)
    # rotation · shear · diag(sx, sy), then the shift in units of half an image
    rows = [cos * sx, (cos * slope - sin) * sy, u[3] * 2 * shift]
    rows += [sin * sx, (sin * slope + cos) * sy, u[4] * 2 * shift]
    theta = sent(torch.stack(rows, dim=1).view(n, 2, 3), x.device)
    grid = F.affine_grid(theta, list(x.shape), align_corners=False)
    x = F.grid_sample(x, grid, align_corners=False)  # (n, channels, height, width)
    blend = sent((u[6].abs() * stroke).view(n, 1, 1, 1), x.device)
    side = sent(torch.where(u[7] < 0, -1.0, 1.0).float().view(n, 1, 1, 1), x.device)
    pooled = side * largest(side * x)  # the minimum is -max(-x)
    return x + blend * (pooled - x)


def largest(x: Tensor) -> Tensor:
    """The maximum of each pixel's 3 × 3 neighbourhood; row by row, then column by column where no gradient flows."""
    if x.requires_grad:
        return F.max_pool2d(x, 3, stride=1, padding=1)
    x = F.pad(x, (1, 1, 1, 1), value=-torch.inf)  # on a CPU 20 times as fast
    x = torch.maximum(torch.maximum(x[..., :-2], x[..., 1:-1]), x[..., 2:])
    return torch.maximum(torch.maximum(x[..., :-2, :], x[..., 1:-1, :]), x[..., 2:, :])
