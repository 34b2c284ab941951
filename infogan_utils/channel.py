"""The noisy channel T: a random map that every image, real or generated, passes before the trunk sees it.

c → x → T(x) is a Markov chain, so I(c; T(x)) <= I(c; x) by the data-processing inequality: what Q reads off
T(x) is still a lower bound on I(c; x). What T destroys, a code can't be read from, so the codes learn to say
something that survives T. Notebook 06 uses it.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class Channel:
    """How far T goes: each image draws its own map, every quantity uniform within plus and minus its bound.

    ``rotation`` in radians; ``shear`` as a slope; ``scale`` and ``shift`` as shares of the image; ``aspect``,
    the natural logarithm of width against height; ``stroke``, the largest blend towards the 3 × 3 maximum
    (thicker) or minimum (thinner). The first ``spared`` of a batch is kept from rotation, shear, scale and
    shift, so that continuous codes can be read from it.
    """

    rotation: float = 0.3
    shear: float = 0.4
    scale: float = 0.15
    shift: float = 0.1
    aspect: float = 0.25
    stroke: float = 0.6
    spared: float = 0.5

    def __post_init__(self) -> None:
        if not (0 <= self.spared <= 1 and 0 <= self.stroke <= 1 and 0 <= self.scale < 1):
            raise ValueError(f"{self} was given; spared and stroke lie in [0, 1], scale in [0, 1)")

    def spared_of(self, n: int) -> int:
        """How many images at the start of a batch of ``n`` are spared."""
        return round(n * self.spared)

    def __call__(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """Pass float images (batch, channels, height, width) through T, a fresh map each; differentiable."""
        n = len(x)
        u = torch.rand(8, n, generator=generator, device=generator.device) * 2 - 1  # U(-1, 1)
        far = torch.ones(n, device=u.device)
        far[: self.spared_of(n)] = 0
        angle, shear = u[0] * self.rotation * far, u[1] * self.shear * far
        size = 1 + u[2] * self.scale * far
        sx, sy = size * torch.exp(u[5] * self.aspect / 2), size * torch.exp(-u[5] * self.aspect / 2)
        cos, sin = torch.cos(angle), torch.sin(angle)
        # rotation · shear · diag(sx, sy), then the shift in units of half an image
        rows = [cos * sx, (cos * shear - sin) * sy, u[3] * 2 * self.shift * far]
        rows += [sin * sx, (sin * shear + cos) * sy, u[4] * 2 * self.shift * far]
        theta = torch.stack(rows, dim=1).view(n, 2, 3).to(x.device)
        grid = F.affine_grid(theta, list(x.shape), align_corners=False)
        x = F.grid_sample(x, grid, align_corners=False)  # (batch, channels, height, width)
        blend = (u[6].abs() * self.stroke).view(n, 1, 1, 1).to(x.device)
        side = torch.where(u[7] < 0, -1.0, 1.0).view(n, 1, 1, 1).to(x.device)
        pooled = side * F.max_pool2d(side * x, 3, stride=1, padding=1)  # the minimum is -max(-x)
        return x + blend * (pooled - x)
