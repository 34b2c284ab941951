"""The losses: what D, G and Q minimise. Notebook 01 teaches the GAN losses, notebook 04 the bound L_I.

``d_loss`` and ``g_loss`` take D's raw outputs: logits for the two cross-entropy forms, the validity v' itself
for least squares. Everything about information is in nats. Sources: Goodfellow et al., arXiv 1406.2661
(minimax, non-saturating); Mao et al., arXiv 1611.04076 (least squares); Chen et al., arXiv 1606.03657 (L_I).
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from infogan_utils.codes import Codes
from infogan_utils.models import Posterior

OBJECTIVES = ("minimax", "non-saturating", "least-squares")
LN_2PI = math.log(2 * math.pi)


def check_objective(kind: str) -> None:
    """Raise ``ValueError`` unless ``kind`` is one of ``OBJECTIVES``."""
    if kind not in OBJECTIVES:
        raise ValueError(f"no GAN objective is called {kind!r}; there are {OBJECTIVES}")


def d_loss(kind: str, real: Tensor, fake: Tensor) -> Tensor:
    """D's loss, to be minimised; a scalar.

    Minimax and non-saturating: -[E ln D(x) + E ln(1 - D(G(z)))] = -V(D, G), in nats.
    Least squares: MSE(v', v) over a batch that is half real (v = 1) and half generated (v = 0).

    Args:
        real: D's raw outputs on real images, any shape.
        fake: D's raw outputs on generated images, any shape.
    """
    check_objective(kind)
    if kind == "least-squares":
        return ((real - 1).square().mean() + fake.square().mean()) / 2
    return F.softplus(-real).mean() + F.softplus(fake).mean()  # -ln sigmoid(a) = softplus(-a)


def g_loss(kind: str, fake: Tensor) -> Tensor:
    """G's loss, to be minimised; a scalar.

    Minimax: E ln(1 - D(G(z))). Non-saturating: -E ln D(G(z)). Least squares: MSE(v', 1).
    """
    check_objective(kind)
    if kind == "minimax":
        return -F.softplus(fake).mean()
    if kind == "non-saturating":
        return F.softplus(-fake).mean()
    return (fake - 1).square().mean()


def categorical_bound(logits: Tensor, c: Tensor) -> Tensor:
    """L_I of one categorical code in nats: E ln Q(c|x) + ln K, at most ln K. A scalar.

    Args:
        logits: (batch, K), before the softmax.
        c: (batch,) int64, the code that made each image.

    Raises:
        ValueError: if the shapes don't fit.
    """
    if logits.ndim != 2 or c.shape != logits.shape[:1]:
        raise ValueError(
            f"logits of shape {tuple(logits.shape)} and codes of shape {tuple(c.shape)} were given; "
            "expected (batch, K) and (batch,)"
        )
    return math.log(logits.shape[1]) - F.cross_entropy(logits.float(), c)


def gaussian_bound(mu: Tensor, log_var: Tensor, c: Tensor) -> Tensor:
    """L_I of continuous codes c ~ U(-1, 1) in nats: E sum_j ln N(c_j; mu_j, sigma_j^2) + ln 2. A scalar.

    A sum over the codes, a mean over the batch. With ``log_var`` = 0 it is the squared error up to scale and
    constant, and can't exceed ln 2 - ln(2 pi)/2 = -0.226 nats a code.

    Args:
        mu: (batch, codes), Q's means.
        log_var: (batch, codes), or a shape that broadcasts to it: ln sigma^2.
        c: (batch, codes), the codes that made each image.

    Raises:
        ValueError: if ``mu`` and ``c`` differ in shape, or ``log_var`` doesn't broadcast to it.
    """
    return gaussian_bounds(mu, log_var, c).sum()


def gaussian_bounds(mu: Tensor, log_var: Tensor, c: Tensor) -> Tensor:
    """``gaussian_bound`` for each code by itself: (codes,), nats."""
    if mu.shape != c.shape or mu.ndim != 2:
        raise ValueError(f"means {tuple(mu.shape)} and codes {tuple(c.shape)} were given; both are (batch, codes)")
    try:
        mu, log_var = mu.float(), log_var.float().expand_as(mu)
    except RuntimeError:  # a squeezed one, (batch,), would broadcast the means instead
        raise ValueError(
            f"log_var of shape {tuple(log_var.shape)} was given; it doesn't broadcast to the means' {tuple(mu.shape)}"
        ) from None
    log_q = -((c - mu).square() * torch.exp(-log_var) + log_var + LN_2PI) / 2  # (batch, codes)
    return log_q.mean(dim=0) + math.log(2)


def information(q: Posterior, codes: Codes) -> dict[str, Tensor]:
    """L_I of every code by name, in nats, in the order of ``Layout.code_names``."""
    bounds = {f"cat {i + 1}": categorical_bound(a, codes.c_cat[:, i]) for i, a in enumerate(q.logits)}
    if codes.c_cont.shape[1]:
        each = gaussian_bounds(q.mu, q.log_var, codes.c_cont)
        bounds |= {f"cont {j + 1}": bound for j, bound in enumerate(each)}
    return bounds


def agreement_bound(one: Tensor, other: Tensor) -> Tensor:
    """The bound on real images, where no code was drawn: what Q answers to one view takes the code's place. Nats.

    With c ~ Q(c|T(x)), read off another view T'(x) by the same Q: E ln Q(c|T'(x)) + H(c) <= I(c; T'(x)) <= I(c; x),
    H(c) the entropy of the mean answer; at most ln K. The mean of both directions.

    Args:
        one: (..., batch, K), logits for one view of each image; several readers at once are leading dimensions.
        other: (..., batch, K), logits for another view of the same images, in the same order.

    Returns:
        (...): a bound a reader, a scalar for two dimensions.

    Raises:
        ValueError: if the shapes differ.
    """
    if one.shape != other.shape or one.ndim < 2:
        raise ValueError(
            f"logits of shapes {tuple(one.shape)} and {tuple(other.shape)} were given; both are (batch, K), the same "
            "images in the same order"
        )
    total = 0.0
    for drawn, read in ((one.float(), other.float()), (other.float(), one.float())):
        p = drawn.softmax(dim=-1)  # c ~ p, image by image
        mean = p.mean(dim=-2)  # (..., K), how often each c is drawn
        log_q = (p * read.log_softmax(dim=-1)).sum(dim=-1).mean(dim=-1)  # E ln Q(c|T'(x))
        above_0 = mean.clamp_min(torch.finfo(mean.dtype).tiny)  # the slope of 0 ln 0 would be NaN
        total = total + log_q - torch.special.xlogy(mean, above_0).sum(dim=-1)
    return total / 2


def note_loss(q: Posterior, codes: Codes, *, lam_l: float, lam_c: float) -> Tensor:
    """The starting note's third loss, lam_l·H(l'; l) + lam_c·MSE(c, c'), to be minimised; a scalar.

    H is the cross-entropy of the label codes in nats (summed over the codes), MSE the mean squared error of
    the continuous ones: a Gaussian Q of fixed variance, up to scale and constant.
    """
    loss = sum((lam_l * F.cross_entropy(a.float(), codes.c_cat[:, i]) for i, a in enumerate(q.logits)), 0.0)
    if codes.c_cont.shape[1]:
        loss = loss + lam_c * F.mse_loss(q.mu.float(), codes.c_cont)
    return loss
