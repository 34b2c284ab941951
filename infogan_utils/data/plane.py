"""Points in place of pictures: five arcs on a circle, and networks small enough to train while you watch. Notebook 07.

The generator has a category of five values and one continuous code: it could learn the arc of a point and the place on
it, but nothing except L_I asks it to.
"""

import math

import torch
from torch import Tensor, nn

from infogan_utils.codes import Categorical, Uniform
from infogan_utils.latents import LatentSpec
from infogan_utils.models import LEAK, Discriminator
from infogan_utils.recipes import Recipe
from infogan_utils.seeds import modules_draw_from, stream

ARCS, RADIUS, HALF_ANGLE, NOISE = 5, 2.0, 0.4, 0.08
SPEC = LatentSpec(4, (Categorical(ARCS), Uniform()))
RECIPE = Recipe(continuous_weight=0.1, lr_d=1e-3, lr_q=1e-3)  # the paper's rates are for images; here D's is G's


def real_points(n: int, generator: torch.Generator) -> Tensor:
    """Draw ``n`` points, (n, 2): one of five arcs, a place on it, Gaussian noise of 0.08 around it."""
    arc = torch.randint(ARCS, (n,), generator=generator)
    place = (torch.rand(n, generator=generator) * 2 - 1) * HALF_ANGLE
    angle = arc * (2 * math.pi / ARCS) + math.pi / 2 + place
    points = RADIUS * torch.stack([angle.cos(), angle.sin()], dim=1)
    return points + NOISE * torch.randn(n, 2, generator=generator)


def networks(seed: int, width: int = 64) -> tuple[nn.Module, nn.Module]:
    """G, from latent vectors (n, 10) to points (n, 2), and D with Q, from points to their answers: plain modules."""
    linear = nn.Linear
    with modules_draw_from(stream(seed, "first weights")):
        G = nn.Sequential(linear(SPEC.total, width), nn.ReLU(), linear(width, width), nn.ReLU(), linear(width, 2))
        trunk = nn.Sequential(linear(2, width), nn.LeakyReLU(LEAK), linear(width, width), nn.LeakyReLU(LEAK))
        q_head = nn.Sequential(linear(width, width), nn.LeakyReLU(LEAK), linear(width, SPEC.answers))
        return G, Discriminator(trunk, linear(width, 1), q_head)


def energy_distance(x: Tensor, y: Tensor) -> float:
    """2 E|x − y| − E|x − x'| − E|y − y'| from points (n, d) and (m, d): 0 where both have one distribution.

    Without the pairs of a point with itself it is unbiased, and by chance a little below 0. Székely and Rizzo, 2013.
    """
    n, m = len(x), len(y)
    within = torch.cdist(x, x).sum() / (n * (n - 1)) + torch.cdist(y, y).sum() / (m * (m - 1))
    return (2 * torch.cdist(x, y).mean() - within).item()
