"""Checks of notebook 09's exercises: the cost of uneven kinds, a T of one's own, pairs that share one code."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from infogan_utils.checks import exercise
from infogan_utils.codes import Categorical, Code, Uniform
from infogan_utils.latents import LatentSpec


@exercise("Exercise 9.1")
def uneven_cost(answer: Callable) -> None:
    """ln of the number of kinds that occur, less the entropy of their shares."""
    for counts in ([5, 5, 5, 5], [1, 1], [30, 10], [7, 0, 7], [90, 5, 5], [1], [0, 3, 0, 600, 9]):
        shares = [n / sum(counts) for n in counts if n]
        entropy = -sum(p * math.log(p) for p in shares)
        given = list(counts)
        got = answer(given)
        assert given == counts, "the list of counts was changed: work on a copy."
        assert not isinstance(got, str | bytes | complex), f"expected a number, got {got!r}."
        wanted, got = math.log(len(shares)) - entropy, float(got)
        causes = {
            "the entropy itself": entropy,
            "the cost in bits": wanted / math.log(2),
            "a cost with the wrong sign": -wanted,
            "ln of all counts, those of 0 included": math.log(len(counts)) - entropy,
        }
        cause = next((f": this is {name}" for name, value in causes.items() if abs(got - value) < 1e-6), "")
        assert abs(got - wanted) < 1e-5, f"counts {counts} cost {wanted:.4f} nats, got {got:.4f}{cause}."


@exercise("Exercise 9.2")
def dimmed(answer: Callable) -> None:
    """One factor in [0.5, 1] a picture, uniform, from the generator; x untouched; the gradient passes."""

    def draw(x: Tensor, seed: int) -> Tensor:
        before = x.detach().clone()
        got = answer(x, torch.Generator().manual_seed(seed))
        assert torch.equal(x.detach(), before), "x itself was changed: give back a new tensor."
        assert isinstance(got, Tensor), f"expected a tensor of pictures, got {type(got).__name__}."
        assert got.shape == x.shape, f"expected pictures of shape {tuple(x.shape)}, got {tuple(got.shape)}."
        return got

    x = torch.rand(4_000, 3, 4, 4, generator=torch.Generator().manual_seed(92)) + 0.1
    got = draw(x, 1)
    ratio = (got / x).flatten(1)  # (4000, 48)
    assert (ratio.std(1) < 1e-4).all(), "within a picture the factor differs: draw one number for each, (n, 1, 1, 1)."
    factor = ratio[:, 0].sort().values
    assert factor.std() > 1e-3, "all pictures have the same factor: draw n of them."
    low, high = factor[0].item(), factor[-1].item()
    assert low > 0.499 and high < 1.001, f"factors lie between 0.5 and 1; got {low:.3f} to {high:.3f}."
    assert (factor.diff() > 1e-6).float().mean() > 0.95, "some pictures have the same factor: draw one for each."
    even = 0.5 + (torch.arange(4_000) + 0.5) / 8_000  # of uniform factors, in order
    assert (factor - even).abs().max() < 0.02, (
        f"uniform between 0.5 and 1: mean 0.75, deviation 0.144; got {factor.mean():.3f}, {factor.std():.3f}."
    )
    again, other = draw(x, 1), draw(x, 2)
    assert torch.equal(again, got), "the same generator gave other factors: draw from `generator`."
    assert not torch.equal(other, got), "another seed gave the same factors: draw from `generator`."
    draw(torch.rand(7, 1, 6, 6, generator=torch.Generator().manual_seed(93)), 1)  # grey ones of another side
    x.requires_grad_()
    got = draw(x, 1)
    assert got.requires_grad, "the gradient doesn't pass: leave out detach, no_grad and NumPy."
    (slope,) = torch.autograd.grad(got.sum(), x)
    assert torch.allclose(slope.flatten(1), ratio, atol=1e-4), "the gradient with respect to x isn't the factor."


@exercise("Exercise 9.3")
def pairs(answer: Callable) -> None:
    """Rows i and i + n/2 share the noise and code number shared[i]; all else is drawn independently from the prior."""
    one = LatentSpec(3, (Categorical(4), Uniform(), Categorical(3), Uniform()))
    for spec, n in ((one, 4_000), (LatentSpec(2, (Uniform(), Categorical(2)), uniform_noise=True), 6_000)):
        latents, shared = answer(spec, n, torch.Generator().manual_seed(93))
        spec.encode(latents)  # a ValueError of its own if the shapes are wrong
        assert len(latents.z) == n, f"expected {n} rows, got {len(latents.z)}."
        shared, half, k = torch.as_tensor(shared).long(), n // 2, len(spec.names)
        assert shared.shape == (half,), f"shared is (n/2,) = ({half},), got {tuple(shared.shape)}."
        z, known = latents.z[:half], spec.sample(n, torch.Generator().manual_seed(0)).z
        assert torch.equal(z, latents.z[half:]), "a pair has the same noise in both rows."
        assert (z.std(0) / known.std(0) - 1).abs().max() < 0.1 and z.mean(0).abs().max() < 0.1, (
            f"the noise isn't drawn from the prior of {spec}, anew for each pair."
        )
        counts = torch.bincount(shared, minlength=k)
        assert len(counts) == k and counts.min() > half / k * 0.8, (
            f"each code is shared equally often; got {counts.tolist()}."
        )
        for i, (name, code) in enumerate(spec.items()):
            in_pairs(name, code, *latents.c[name].chunk(2), shared == i)
        for seed, same in ((93, True), (94, False)):
            again = answer(spec, n, torch.Generator().manual_seed(seed))[0].c
            assert all(torch.equal(again[name], latents.c[name]) for name in spec.names) == same, (
                f"{'the same' if same else 'another'} generator gave {'other' if same else 'the same'} codes: "
                "draw everything from `generator`."
            )


def in_pairs(name: str, code: Code, one: Tensor, other: Tensor, shared: Tensor) -> None:
    """A code in both rows of each pair: equal where it is ``shared``, else independent; both rows from the prior."""
    assert (one == other)[shared].all(), f"{name} differs in pairs that share it."
    chance, rest = 1 / code.k if code.discrete else 0.0, (one == other)[~shared].float().mean().item()
    assert abs(rest - chance) < 0.05, (
        f"{name} is the same in {rest:.0%} of the pairs that don't share it, not {chance:.0%}."
    )
    known = spread(code, code.sample(20_000, torch.Generator().manual_seed(0)))
    for which, values in (("first", one), ("second", other)):
        assert values.dtype == code.dtype, f"{name} has {values.dtype}, its prior {code.dtype}."
        off = spread(code, values) - known if spread(code, values).shape == known.shape else torch.ones(1)
        assert off.abs().max() < 0.12, f"{name} isn't drawn from its prior in the {which} rows."
    together = torch.stack([one, other]).double()[:, ~shared]
    assert code.discrete or torch.corrcoef(together)[0, 1].abs() < 0.12, (
        f"{name} of one row can be told from the other row's in pairs that don't share it: draw it anew."
    )


def spread(code: Code, values: Tensor) -> Tensor:
    """What tells one distribution from another: the share of each value, or 21 quantiles."""
    if code.discrete:
        return torch.bincount(values, minlength=code.k) / len(values)
    return values.sort().values[torch.linspace(0, len(values) - 1, 21).long()]
