"""Checks of notebook 09's exercises: the cost of uneven kinds, a T of one's own, pairs that share one code."""

import math
from collections.abc import Callable

import torch

from infogan_utils.checks import exercise
from infogan_utils.codes import Categorical, Uniform
from infogan_utils.latents import LatentSpec


@exercise("Exercise 9.1")
def uneven_cost(answer: Callable) -> None:
    """ln of the number of kinds that occur, less the entropy of their shares."""
    for counts in ([5, 5, 5, 5], [1, 1], [30, 10], [7, 0, 7], [90, 5, 5], [1]):
        shares = [n / sum(counts) for n in counts if n]
        entropy = -sum(p * math.log(p) for p in shares)
        wanted, got = math.log(len(shares)) - entropy, float(answer(list(counts)))
        causes = {
            "the entropy itself": entropy,
            "the cost in bits": wanted / math.log(2),
            "a cost with the wrong sign": -wanted,
            "ln of all counts, those of 0 included": math.log(len(counts)) - entropy,
        }
        cause = next((f": this is {name}" for name, value in causes.items() if abs(got - value) < 1e-6), "")
        assert abs(got - wanted) < 1e-6, f"counts {counts} cost {wanted:.4f} nats, got {got:.4f}{cause}."


@exercise("Exercise 9.2")
def dimmed(answer: Callable) -> None:
    """One factor in [0.5, 1] a picture, uniform, from the generator; x untouched; the gradient passes."""
    x = torch.rand(400, 3, 4, 4, generator=torch.Generator().manual_seed(92)) + 0.1
    before = x.clone()
    got = answer(x, torch.Generator().manual_seed(1))
    assert torch.equal(x, before), "x itself was changed: give back a new tensor."
    assert got.shape == x.shape, f"expected pictures of shape {tuple(x.shape)}, got {tuple(got.shape)}."
    ratio = (got / x).flatten(1)  # (400, 48)
    assert (ratio.std(1) < 1e-4).all(), "within a picture the factor differs: draw one number for each, (n, 1, 1, 1)."
    factor = ratio[:, 0]
    assert factor.std() > 1e-3, "all pictures have the same factor: draw n of them."
    low, high = factor.min().item(), factor.max().item()
    assert low > 0.499 and high < 1.001, f"factors lie between 0.5 and 1; got {low:.3f} to {high:.3f}."
    spread = abs(factor.mean() - 0.75) < 0.03 and abs(factor.std() - 0.5 / math.sqrt(12)) < 0.02
    assert spread, (
        f"uniform between 0.5 and 1: mean 0.75, deviation 0.144; got {factor.mean():.3f}, {factor.std():.3f}."
    )
    again, other = answer(x, torch.Generator().manual_seed(1)), answer(x, torch.Generator().manual_seed(2))
    assert torch.equal(again, got), "the same generator gave other factors: draw from `generator`."
    assert not torch.equal(other, got), "another seed gave the same factors: draw from `generator`."
    got = answer(x.requires_grad_(), torch.Generator().manual_seed(1))
    assert got.requires_grad, "the gradient doesn't pass: leave out detach, no_grad and NumPy."


@exercise("Exercise 9.3")
def pairs(answer: Callable) -> None:
    """Rows i and i + n/2 share the noise and code number shared[i]; all else is drawn independently from the prior."""
    spec, n = LatentSpec(3, (Categorical(4), Uniform(), Categorical(3), Uniform())), 4_000
    latents, shared = answer(spec, n, torch.Generator().manual_seed(93))
    shared = torch.as_tensor(shared)
    k, half = len(spec.names), n // 2
    assert shared.shape == (half,), f"shared is (n/2,) = ({half},), got {tuple(shared.shape)}."
    spec.encode(latents)  # a ValueError of its own if the shapes are wrong
    assert torch.equal(latents.z[:half], latents.z[half:]), "a pair has the same noise in both rows."
    assert latents.z[:half].std(0).min() > 0.9, "the noise differs from pair to pair."
    counts = torch.bincount(shared, minlength=k)
    assert len(counts) == k and counts.min() > half / k * 0.8, (
        f"each code is shared equally often; got {counts.tolist()}."
    )
    for i, (name, code) in enumerate(spec.items()):
        one, other = latents.c[name][:half], latents.c[name][half:]
        same = (one == other).float()
        assert same[shared == i].mean() == 1, f"{name} differs in pairs that share it."
        chance = 1 / code.k if code.discrete else 0.0
        rest = float(same[shared != i].mean())
        assert abs(rest - chance) < 0.05, (
            f"{name} is the same in {rest:.0%} of the pairs that don't share it, not {chance:.0%}."
        )
        prior = torch.bincount(one, minlength=code.k) / half - 1 / code.k if code.discrete else one.mean()[None]
        assert prior.abs().max() < 0.06 and one.dtype == code.dtype, f"{name} isn't drawn from its prior."
