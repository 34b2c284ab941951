"""Small networks, data and runs that the tests of the core share."""

import dataclasses

import torch
from torch import Tensor, nn

from infogan_utils import Categorical, LatentSpec, Trainer, Uniform, build
from infogan_utils.models import Widths
from infogan_utils.recipes import CONTRASTIVE, FAST, PAPER, PLAIN_GAN, THREE_STEP, Recipe

SPEC = LatentSpec(4, (Categorical(10), Uniform(), Uniform()))
TINY = Widths(g_fc=(16,), g_map=8, g_up=(4,), d_conv=(4, 8), d_fc=16, q_fc=0)
RECIPES = {"FAST": FAST, "PAPER": PAPER, "PLAIN_GAN": PLAIN_GAN, "THREE_STEP": THREE_STEP, "CONTRASTIVE": CONTRASTIVE}


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def images(n: int = 64) -> Tensor:
    return torch.randint(0, 256, (n, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(9))


def reals(n: int = 16) -> Tensor:
    return images(n).unsqueeze(1) / 255


def make(recipe: Recipe = FAST, *, spec: LatentSpec = SPEC, seed: int = 0, device: str = "cpu", **changes) -> Trainer:
    """A tiny run of 16 images a step; ``changes`` are fields of the recipe."""
    G, D = build(spec, TINY, seed=seed)
    return Trainer(G, D, spec, dataclasses.replace(recipe, **{"batch": 16} | changes), seed=seed, device=device)


def weights(run: Trainer) -> dict[str, Tensor]:
    """A copy of each part's parameters, as one vector."""
    vectors = {part: [p.detach().flatten() for p in owned] for part, owned in run.parameters.items()}
    return {part: torch.cat([torch.empty(0), *found]) for part, found in vectors.items()}


def moved(before: dict[str, Tensor], after: dict[str, Tensor]) -> set[str]:
    return {name for name in before if not torch.equal(before[name], after[name])}


def same(one: Trainer, other: Trainer) -> bool:
    """Whether two runs are equal to the bit."""
    a, b = one.state_dict(), other.state_dict()
    x, y = a.pop("tensors"), b.pop("tensors")
    return a == b and x.keys() == y.keys() and all(torch.equal(x[name], y[name]) for name in x)


def without_batch_norm(run: Trainer) -> Trainer:
    """The same run before its first step, its networks without batch norm."""
    for net in (run.G.fc, run.G.up, run.D.trunk):
        for i, layer in enumerate(net):
            if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
                net[i] = nn.Identity()
    return Trainer(run.G, run.D, run.spec, run.recipe, seed=run.seed)


class OwnG(nn.Module):
    """A reader's own generator of points in the plane."""

    def __init__(self, total: int = SPEC.total) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(total, 16), nn.ReLU(), nn.Linear(16, 2))

    def forward(self, latent: Tensor) -> Tensor:
        return self.layers(latent)


class OwnD(nn.Module):
    """A reader's own discriminator of points, with dropout and without a ``forward``."""

    def __init__(self, answers: int = SPEC.answers) -> None:
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Dropout(0.3))
        self.d_head, self.q_head = nn.Linear(16, 1), nn.Linear(16, answers)


def points(n: int, generator: torch.Generator) -> Tensor:
    """A sampler: points on a circle."""
    angle = 6.28 * torch.rand(n, generator=generator)
    return torch.stack([angle.cos(), angle.sin()], dim=1)


def make_own(seed: int = 0, spec: LatentSpec = SPEC) -> Trainer:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Trainer(OwnG(spec.total), OwnD(spec.answers), spec, Recipe(batch=16), seed=seed)
