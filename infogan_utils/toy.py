"""A plane in place of images: five arcs on a circle, and networks small enough to train while you watch.

Notebook 07 turns lam on it. A real point is (arc, place along the arc, a little noise); the generator has a
category of five values and one continuous code, so it *could* learn arc and place, and nothing but L_I asks
it to.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from infogan_utils.codes import Codes, Layout
from infogan_utils.models import LEAK, Posterior
from infogan_utils.recipes import Recipe
from infogan_utils.training import Trainer

ARCS, RADIUS, HALF_ANGLE, WIDTH = 5, 2.0, 0.4, 0.08
TOY = Layout(noise=4, categorical=(ARCS,), continuous=1)
TOY_RECIPE = Recipe(channel=None, lr_d=1e-3)  # the paper's rates are for images; here D learns as fast as G


def real_points(n: int, generator: torch.Generator) -> Tensor:
    """Draw ``n`` points (n, 2): an arc of five, a place on it, Gaussian noise of 0.08 around it."""
    arc = torch.randint(ARCS, (n,), generator=generator)
    place = (torch.rand(n, generator=generator) * 2 - 1) * HALF_ANGLE
    angle = arc * (2 * math.pi / ARCS) + math.pi / 2 + place
    points = RADIUS * torch.stack([angle.cos(), angle.sin()], dim=1)
    return points + WIDTH * torch.randn(n, 2, generator=generator)


def energy_distance(x: Tensor, y: Tensor) -> float:
    """2 E|x − y| − E|x − x'| − E|y − y'| from (n, d) and (m, d) points: 0 where both have one distribution.

    The pairs of a point with itself are left out, so that its mean over draws is unbiased; it can be a
    little below zero by chance. Székely and Rizzo, 2013.
    """
    n, m = len(x), len(y)
    within = torch.cdist(x, x).sum() / (n * (n - 1)) + torch.cdist(y, y).sum() / (m * (m - 1))
    return (2 * torch.cdist(x, y).mean() - within).item()


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one thread inside: handing work as small as this to a second costs more than doing it."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


class PointGenerator(nn.Module):
    """G: latent vector (batch, total) → points (batch, 2); two hidden layers."""

    def __init__(self, layout: Layout, width: int) -> None:
        super().__init__()
        self.layout = layout
        self.net = nn.Sequential(
            nn.Linear(layout.total, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 2)
        )

    def forward(self, codes: Codes) -> Tensor:
        return self.net(self.layout.encode(codes))


class PointDiscriminator(nn.Module):
    """The trunk shared by D and Q on points (batch, 2), and the two heads, with ``Discriminator``'s methods."""

    def __init__(self, layout: Layout, width: int, *, learn_sigma: bool = True) -> None:
        super().__init__()
        self.layout, self.learn_sigma = layout, learn_sigma
        self.trunk = nn.Sequential(nn.Linear(2, width), nn.LeakyReLU(LEAK), nn.Linear(width, width), nn.LeakyReLU(LEAK))
        self.d_head = nn.Linear(width, 1)
        self.q_head = nn.Sequential(
            nn.Linear(width, width),
            nn.LeakyReLU(LEAK),
            nn.Linear(width, sum(layout.categorical) + 2 * layout.continuous),
        )

    def features(self, x: Tensor) -> Tensor:
        return self.trunk(x)

    def d(self, features: Tensor) -> Tensor:
        return self.d_head(features).squeeze(1)

    def q(self, features: Tensor) -> Posterior:
        cats, m = self.layout.categorical, self.layout.continuous
        *logits, mu, log_var = self.q_head(features).split([*cats, m, m], dim=1)
        return Posterior(tuple(logits), mu, log_var if self.learn_sigma else torch.zeros_like(log_var))

    def forward(self, x: Tensor) -> tuple[Tensor, Posterior]:
        features = self.features(x)
        return self.d(features), self.q(features)


class ToyTrainer(Trainer):
    """A run on the plane: the same step, the same lam, other networks.

    Args:
        recipe: how to train; without a channel, which is made for images.
        seed: of the initialisation and of every draw.
        width: of the hidden layers.

    Raises:
        ValueError: if the recipe has a channel.
    """

    def __init__(self, recipe: Recipe = TOY_RECIPE, *, seed: int = 0, width: int = 64) -> None:
        if recipe.channel is not None:
            raise ValueError(
                f"{recipe.channel} was given, which is made for images; for points start from toy.TOY_RECIPE, or take "
                "dataclasses.replace(recipe, agreement=0.0, channel=None)"
            )
        self.width = width
        super().__init__(TOY, recipe, seed=seed, image_shape=(2,))
        self.bfloat16 = False  # at this size the conversions cost more than the products

    def _networks(self) -> tuple[nn.Module, nn.Module]:
        G = PointGenerator(self.layout, self.width)
        return G, PointDiscriminator(self.layout, self.width, learn_sigma=self.recipe.learn_sigma)

    def batch(self) -> Tensor:
        """The next real points, drawn from the run's generator."""
        return real_points(self.recipe.batch, self.generator)
