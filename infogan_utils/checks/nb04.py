"""Checks of notebook 04's exercises: the gap on a table, a category with any prior, codes from U(a, b)."""

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.distributions import Normal

from infogan_utils.checks import exercise


def _expect(got: object, wanted: float, where: str, causes: dict[str, float] | None = None) -> None:
    """Compare ``got`` with ``wanted`` nats; where they differ, name the one of ``causes`` that gives this number."""
    if isinstance(got, Tensor | np.ndarray) and math.prod(got.shape) != 1:
        raise AssertionError(f"{where}: expected one number, got shape {tuple(got.shape)}")
    try:
        number = float(got)
    except (TypeError, ValueError):
        raise AssertionError(f"{where}: expected one number, got {type(got).__name__}") from None
    if not _near(number, wanted):
        named = {
            **(causes or {}),
            "the answer in bits": wanted / math.log(2),
            "the answer with the wrong sign": -wanted,
        }
        cause = next((f": this is {name}" for name, value in named.items() if _near(number, value)), "")
        raise AssertionError(f"{where}: expected {wanted:.4f} nats, got {number:.4f}{cause}")


def _near(number: float, value: float) -> bool:
    return abs(number - value) <= 1e-4 * max(1.0, abs(value))


def _trains(bound: Tensor, *outputs: Tensor) -> None:
    """The bound is worth nothing to Q unless its gradient reaches what the network put out."""
    slopes = []
    if isinstance(bound, Tensor) and bound.requires_grad:
        slopes = torch.autograd.grad(bound.sum(), outputs, allow_unused=True)
    assert slopes and all(slope is not None for slope in slopes), (
        "the number is right, but no gradient leads back to Q: return a tensor, without detach(), item() or float()"
    )


@exercise("Exercise 4.1")
def gap_of_table(gap: Callable) -> None:
    """The gap is 0 for the posterior, and L_I + gap = I for any other Q."""
    rng = np.random.default_rng(41)
    for pictures, codes in ((3, 2), (5, 4), (2, 6)):
        P_c, P_x_given_c = rng.dirichlet(np.full(codes, 2.0)), rng.dirichlet(np.ones(pictures), codes).T
        Q = rng.dirichlet(np.ones(codes), pictures)
        joint = P_x_given_c * P_c
        P_x = joint.sum(1)
        posterior = joint / P_x[:, None]
        kl = (posterior * np.log(posterior / Q)).sum(1)
        flat = P_x_given_c / codes
        causes = {
            "KL(Q‖P), the other way round": (P_x * (Q * np.log(Q / posterior)).sum(1)).sum(),
            "a plain mean over pictures; weight each by P(x)": kl.mean(),
            "a sum over pictures; weight each by P(x)": kl.sum(),
            "the gap for equally likely codes": (flat * np.log(flat / flat.sum(1, keepdims=True) / Q)).sum(),
            "a result with P(x|c) in place of P(c|x) in the logarithm": (joint * np.log(P_x_given_c / Q)).sum(),
        }
        where = f"{pictures} pictures, {codes} codes, a prior that is not uniform"
        _expect(gap(P_c, P_x_given_c, Q), (P_x * kl).sum(), f"{where}, any Q", causes)
        _expect(gap(P_c, P_x_given_c, posterior), 0.0, f"{where}, Q the posterior")


@exercise("Exercise 4.2")
def prior_bound(bound: Callable) -> None:
    """The entropy is the prior's, not that of the codes that this batch happens to hold."""
    generator = torch.Generator().manual_seed(42)
    for prior in (torch.full((10,), 0.1), torch.tensor([0.7, 0.2, 0.1]), torch.tensor([0.5, 0.25, 0.125, 0.125])):
        K = len(prior)
        c = torch.randint(K, (60,), generator=generator)  # not in the prior's proportions, as in any small batch
        entropy = -(prior * prior.log()).sum().item()
        in_batch = torch.bincount(c, minlength=K) / len(c)
        random = torch.randn(60, K, generator=generator)
        for name, logits in (
            ("random logits", random),
            ("Q repeats the prior", prior.log().expand(60, K) + random[:, :1]),  # logits may be shifted row by row
            ("Q is always right", 60.0 * torch.nn.functional.one_hot(c, K).float()),
        ):
            log_q = logits.log_softmax(1)
            mean = log_q.gather(1, c[:, None]).mean().item()
            raw = logits.gather(1, c[:, None]).mean().item()
            squashed = logits.softmax(1).log_softmax(1).gather(1, c[:, None]).mean().item()
            causes = {
                "L_I without H(c)": mean,
                "L_I with ln K, the entropy of equally likely codes": mean + math.log(K),
                "L_I with −ln prior averaged over this batch; H(c) is an average over the prior": mean
                - prior.log()[c].mean().item(),
                "L_I with the entropy of this batch's codes; H(c) is the prior's": mean
                - torch.special.xlogy(in_batch, in_batch).sum().item(),
                "L_I with the entropy's sign turned": mean - entropy,
                "L_I of a softmax taken twice": squashed + entropy,
                "L_I with the logits themselves in place of their log-softmax": raw + entropy,
                "L_I with a sum over the batch": 60 * mean + entropy,
                "L_I with a mean over all categories, not the one that was drawn": log_q.mean().item() + entropy,
            }
            where = f"prior {[round(p, 3) for p in prior.tolist()]}" if K < 10 else "10 equal categories"
            _expect(bound(logits, c, prior), mean + entropy, f"{where}, {name}", causes)
    _trains(bound(random.requires_grad_(), c, prior), random)


@exercise("Exercise 4.3")
def interval_bound(bound: Callable) -> None:
    """ln sigma is not halved, the entropy is ln(b - a) for each code, codes are summed, the batch averaged."""
    generator = torch.Generator().manual_seed(43)
    for a, b, d in ((-1.0, 1.0, 1), (0.0, 5.0, 1), (-2.0, 1.0, 3)):
        c = a + (b - a) * torch.rand(50, d, generator=generator)
        mu, log_sigma = c + torch.randn(50, d, generator=generator), 0.3 * torch.randn(50, d, generator=generator)

        def log_q(log_sigma: Tensor, mu: Tensor = mu, c: Tensor = c) -> float:
            return Normal(mu, log_sigma.exp()).log_prob(c).sum(1).mean().item()

        right, entropy = log_q(log_sigma), math.log(b - a)
        root = (-log_sigma - 0.5 * (c - mu) ** 2 / log_sigma.exp()).sum(1).mean().item()
        causes = {
            "L_I with log_sigma read as ln σ²": log_q(log_sigma / 2) + d * entropy,
            "L_I with log_sigma doubled": log_q(2 * log_sigma) + d * entropy,
            "L_I with a mean over the codes; they are summed": right / d + entropy,
            "L_I with ln 2, the entropy of U(−1, 1)": right + d * math.log(2),
            "L_I with the entropy of one code only": right + entropy,
            "L_I with the entropy's sign turned": right - d * entropy,
            "L_I without H(c)": right,
            "L_I without ln 2π": right + d * (0.5 * math.log(2 * math.pi) + entropy),
            "L_I with the square divided by σ in place of σ²": root + d * (entropy - 0.5 * math.log(2 * math.pi)),
        }
        _expect(bound(mu, log_sigma, c, a, b), right + d * entropy, f"{d} code(s) on ({a:g}, {b:g})", causes)
    _trains(bound(mu.requires_grad_(), log_sigma.requires_grad_(), c, a, b), mu, log_sigma)
