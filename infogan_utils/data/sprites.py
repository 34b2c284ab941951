"""Drawn pictures whose factors are known, after dSprites: a square, an ellipse or a heart, its scale, angle and place.

As in dSprites (https://github.com/google-deepmind/dsprites-dataset) there are 3 shapes, 6 scales, 40 angles and 32 × 32
places, and a square looks the same after a quarter turn. Unlike there, edges are soft, scales run from 0.6 to 1, the 40
angles all differ, a side has 32 or 64 pixels, and in colour there are 10 hues for the thing, 10 for the darker ground.
"""

import math
from pathlib import Path

import torch
from torch import Tensor

from infogan_utils.data.common import DataError, Pictures, pictures, random_rows

FACTORS = {"shape": 3, "scale": 6, "angle": 40, "x": 32, "y": 32}  # how many values each has
HUES = {"hue": 10, "ground": 10}
SHAPES = ("square", "ellipse", "heart")
BLOCK = 2**18  # pixels that are drawn together


def draw(n: int, generator: torch.Generator, side: int = 32, colour: bool = False) -> tuple[Tensor, dict[str, Tensor]]:
    """Draw ``n`` pictures, as ``render`` gives them, every factor uniform; and their factors by name, (n,) int64."""
    sizes = FACTORS | HUES if colour else FACTORS
    factors = {name: torch.randint(k, (n,), generator=generator) for name, k in sizes.items()}
    return render(factors, side), factors


def render(factors: dict[str, Tensor], side: int = 32) -> Tensor:
    """The pictures that have these factors: uint8, (n, side, side), or (n, 3, side, side) where hues are among them."""
    n, step, drawn = len(factors["shape"]), max(1, BLOCK // side**2), []
    for i in range(0, n, step):
        block = {name: value[i : i + step] for name, value in factors.items()}
        picture = coverage(block, side)  # (step, side, side), 0 … 1
        if "hue" in factors:
            thing, ground = (rgb(block[name])[..., None, None] for name in ("hue", "ground"))  # (step, 3, 1, 1)
            picture = torch.lerp(0.4 * ground, thing, picture.unsqueeze(1))
        drawn.append((picture * 255).round().to(torch.uint8))
    return torch.cat(drawn)


def coverage(factors: dict[str, Tensor], side: int) -> Tensor:
    """How much of each pixel the thing covers, (n, side, side): 1 inside, 0 outside; an edge is one pixel wide."""
    grid = (torch.arange(side) + 0.5) / side * 2 - 1  # the middle of each pixel; the picture spans −1 … 1
    x, y = (factors[name] / (FACTORS[name] - 1) - 0.5 for name in ("x", "y"))
    size = (0.6 + 0.4 * factors["scale"] / (FACTORS["scale"] - 1))[:, None, None]
    angle = (2 * math.pi / FACTORS["angle"] * factors["angle"])[:, None, None]
    right, up = (grid - x[:, None])[:, None, :], (y[:, None] - grid)[:, :, None]  # (n, 1, side) and (n, side, 1)
    cos, sin = angle.cos(), angle.sin()
    u, v = cos * right + sin * up, cos * up - sin * right  # turned back, (n, side, side)
    distance = torch.empty_like(u)
    for kind, outline in enumerate((square, ellipse, heart)):
        rows = (factors["shape"] == kind).nonzero()[:, 0]
        distance[rows] = outline(u[rows] / size[rows], v[rows] / size[rows]) * size[rows]
    return (0.5 - distance * (side / 2)).clamp_(0, 1)


def square(u: Tensor, v: Tensor) -> Tensor:
    """The distance of points from the outline, below 0 inside; here and in the next two at scale 1."""
    return torch.maximum(u.abs(), v.abs()) - 0.3


def ellipse(u: Tensor, v: Tensor, a: float = 0.4, b: float = 0.2) -> Tensor:
    """To first order: the implicit function over the length of its gradient."""
    k = torch.hypot(u / a, v / b)
    return k * (k - 1) / torch.hypot(u / a**2, v / b**2).clamp_min(1e-6)


def heart(u: Tensor, v: Tensor, half: float = 0.2) -> Tensor:
    """A square that stands on a corner, and a disc on each of its two upper sides."""
    p, q = (u + v) / math.sqrt(2), (v - u) / math.sqrt(2)
    discs = torch.minimum(torch.hypot(p - half, q), torch.hypot(p, q - half))
    return torch.minimum(torch.maximum(p.abs(), q.abs()), discs) - half


def rgb(hue: Tensor) -> Tensor:
    """Pure colours around the circle, red first: (n, 3), 0 … 1."""
    turn = (hue / HUES["hue"])[:, None] + torch.tensor([0, 2 / 3, 1 / 3])
    return ((turn % 1 * 6 - 3).abs() - 1).clamp(0, 1)


def sprites(
    folder: str | Path | None,
    download: bool,
    *,
    side: int = 32,
    colour: bool = False,
    limit: int = 60_000,
    seed: int = 0,
) -> Pictures:
    """``limit`` pictures drawn from ``seed``, a fifth of them held out. The classes are the three shapes."""
    if folder:
        raise DataError(
            f"sprites are drawn, but the folder {folder} was given; load('folder', {str(folder)!r}) reads it"
        )
    if not isinstance(limit, int) or limit < 2:
        raise DataError(f"limit = {limit!r} was given; it is how many pictures are drawn, 2 or more")
    images, factors = draw(limit, torch.Generator().manual_seed(seed), side, colour)
    source = f"pictures drawn {'in colour ' * bool(colour)}from {len(factors)} known factors: {{counts}}"
    return pictures(images, factors["shape"], random_rows(limit), SHAPES, source, **factors)
