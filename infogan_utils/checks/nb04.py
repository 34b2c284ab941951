"""Checks of notebook 04's exercises: the gap on a table, a category with any prior, codes from U(a, b)."""

import math

import numpy as np
import torch

from infogan_utils.checks import exercise


def _number(got: object, call: str) -> float:
    """``got`` as a float; says what was expected when it is none."""
    if isinstance(got, torch.Tensor | np.ndarray) and np.prod(got.shape) != 1:
        raise AssertionError(f"{call} should return one number, got shape {tuple(got.shape)}.")
    try:
        return float(got)
    except (TypeError, ValueError):
        raise AssertionError(f"{call} should return one number, got {type(got).__name__}.") from None


def _close(got: object, wanted: float, call: str, where: str, tolerance: float = 1e-5) -> None:
    value = _number(got, call)
    if not abs(value - wanted) <= tolerance * max(1.0, abs(wanted)):
        raise AssertionError(f"{where} should give {wanted:.4f} nats, got {value:.4f}.")


def _table(rng: np.random.Generator, pictures: int, codes: int) -> tuple[np.ndarray, np.ndarray]:
    """A prior (codes,) that is not uniform, and P(x|c) of shape (pictures, codes)."""
    return rng.dirichlet(np.full(codes, 2.0)), rng.dirichlet(np.ones(pictures), codes).T


@exercise("Exercise 4.1")
def gap_of_table(gap) -> None:
    """The gap is zero for the posterior, H-weighted otherwise, and adds up with L_I to I."""
    rng = np.random.default_rng(41)
    for pictures, codes in ((3, 2), (5, 4), (2, 6)):
        P_c, P_x_given_c = _table(rng, pictures, codes)
        joint = P_x_given_c * P_c
        posterior = joint / joint.sum(1, keepdims=True)
        where = f"{pictures} pictures, {codes} codes"
        _close(gap(P_c, P_x_given_c, posterior), 0.0, "gap_of_table", f"{where}, Q the posterior:")
        Q = rng.dirichlet(np.ones(codes), pictures)
        entropy = -(P_c * np.log(P_c)).sum()
        information = entropy + (joint * np.log(posterior)).sum()
        L_I = entropy + (joint * np.log(Q)).sum()
        value = _number(gap(P_c, P_x_given_c, Q), "gap_of_table")
        if value < 0:
            raise AssertionError(f"{where}, prior not uniform: a gap is never negative, got {value:.4f}.")
        if not abs(L_I + value - information) <= 1e-8:
            raise AssertionError(
                f"{where}, prior not uniform: L_I + gap should be I = {information:.4f} nats, "
                f"got {L_I:.4f} + {value:.4f} = {L_I + value:.4f}."
            )


@exercise("Exercise 4.2")
def prior_bound(bound) -> None:
    """The entropy comes from the prior, so that a Q that repeats the prior stands at 0."""
    generator = torch.Generator().manual_seed(42)
    for prior in (torch.full((10,), 0.1), torch.tensor([0.7, 0.2, 0.1]), torch.tensor([0.5, 0.25, 0.125, 0.125])):
        K = len(prior)
        entropy = -(prior * prior.log()).sum().item()
        counts = (prior * 2000).round().long()
        c = torch.arange(K).repeat_interleave(counts)  # as often as the prior says
        c = c[torch.randperm(len(c), generator=generator)]
        name = f"prior {[round(p, 3) for p in prior.tolist()]}" if K < 10 else "10 equal categories"
        shift = torch.randn(len(c), 1, generator=generator)  # logits may be shifted row by row
        blind = prior.log().expand(len(c), K) + shift
        _close(bound(blind, c, prior), 0.0, "prior_bound", f"{name}, Q repeats the prior:")
        perfect = 60.0 * torch.nn.functional.one_hot(c, K).float()
        _close(bound(perfect, c, prior), entropy, "prior_bound", f"{name}, Q always right:")
        logits = torch.randn(len(c), K, generator=generator)
        wanted = logits.log_softmax(1).gather(1, c[:, None]).mean().item() + entropy
        _close(bound(logits, c, prior), wanted, "prior_bound", f"{name}, random logits:")


@exercise("Exercise 4.3")
def interval_bound(bound) -> None:
    """ln sigma is not halved, the entropy is ln(b - a) for each code, codes are summed, the batch averaged."""
    generator = torch.Generator().manual_seed(43)
    for a, b in ((-1.0, 1.0), (0.0, 5.0)):
        for sigma in (1.0, 0.1):
            c = a + (b - a) * torch.rand(64, 1, generator=generator)
            log_sigma = torch.full_like(c, math.log(sigma))
            wanted = math.log(b - a) - 0.5 * math.log(2 * math.pi) - math.log(sigma)
            where = f"one code on ({a:g}, {b:g}), mu = c, sigma = {sigma:g}:"
            _close(bound(c.clone(), log_sigma, c, a, b), wanted, "interval_bound", where)
            mu = c + sigma * torch.where(torch.arange(64)[:, None] % 2 == 0, 1.0, -1.0)
            where = f"one code on ({a:g}, {b:g}), every mu one sigma = {sigma:g} off:"
            _close(bound(mu, log_sigma, c, a, b), wanted - 0.5, "interval_bound", where, 1e-4)
    a, b, d = -2.0, 1.0, 3
    c = a + (b - a) * torch.rand(50, d, generator=generator)
    mu, log_sigma = torch.randn(50, d, generator=generator), 0.3 * torch.randn(50, d, generator=generator)
    density = torch.distributions.Normal(mu, log_sigma.exp()).log_prob(c)
    wanted = (density + math.log(b - a)).sum(1).mean().item()
    _close(bound(mu, log_sigma, c, a, b), wanted, "interval_bound", f"{d} codes on (-2, 1), batch of 50:")
