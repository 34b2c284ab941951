"""The losses: what D, G and Q minimise. Notebook 01 teaches the GAN losses, notebook 04 the bound L_I.

D's raw outputs are logits for the two cross-entropy forms, the validity v' itself for least squares. Everything about
information is in nats. Sources: Goodfellow et al., arXiv 1406.2661 (minimax, non-saturating); Mao et al., arXiv
1611.04076 (least squares); Chen et al., arXiv 1606.03657 (L_I).
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.nn import functional as F

from infogan_utils.latents import Latents, LatentSpec


def cross_entropy_d(real: Tensor, fake: Tensor) -> Tensor:
    """-[E ln D(x) + E ln(1 − D(G(z)))] = −V(D, G), in nats."""
    return F.softplus(-real).mean() + F.softplus(fake).mean()  # -ln sigmoid(a) = softplus(-a)


# a GAN loss by its name: what D minimises, of its raw outputs on real and on generated images, each of any shape, and
# what G minimises, of D's on generated ones
GAN_LOSSES: dict[str, tuple[Callable[[Tensor, Tensor], Tensor], Callable[[Tensor], Tensor]]] = {
    "minimax": (cross_entropy_d, lambda fake: -F.softplus(fake).mean()),  # E ln(1 - D(G(z)))
    "non-saturating": (cross_entropy_d, lambda fake: F.softplus(-fake).mean()),  # -E ln D(G(z))
    "least-squares": (  # MSE(v', v) over a batch that is half real, v = 1, and half generated, v = 0; MSE(v', 1)
        lambda real, fake: ((real - 1).square().mean() + fake.square().mean()) / 2,
        lambda fake: (fake - 1).square().mean(),
    ),
}


def information(
    spec: LatentSpec, answers: Tensor, latents: Latents, rows: Mapping[str, slice] | None = None
) -> dict[str, Tensor]:
    """L_I of every code by name, in nats: E ln Q(c|x) + H(c), each a scalar.

    ``answers`` (n, spec.answers) are what Q's head says of the images that ``latents`` made. ``rows``: the part of the
    batch that a code is read from, by its name; the whole batch for any other.
    """
    bounds = {}
    for name, part in spec.split(answers).items():
        code, taken = spec[name], (rows or {}).get(name, slice(None))
        bounds[name] = code.log_q(part[taken], latents.c[name][taken]).mean() + code.entropy
    return bounds


def agreement_bound(one: Tensor, other: Tensor) -> Tensor:
    """The bound on real images, where no code was drawn: what Q answers to one view takes the code's place. Nats.

    With c ~ Q(c|T(x)), read off another view T'(x) by the same Q: E ln Q(c|T'(x)) + H(c) ≤ I(c; T'(x)) ≤ I(c; x), H(c)
    the entropy of the mean answer; at most ln K. The mean of both directions. No part of the paper. ``one`` and
    ``other`` are (..., n, K), logits for two views of the same images; several readers are leading dimensions.
    """
    if one.shape != other.shape or one.ndim < 2:
        raise ValueError(f"logits of shapes {tuple(one.shape)} and {tuple(other.shape)} were given; both are (n, K)")
    total = 0.0
    for first, second in ((one.float(), other.float()), (other.float(), one.float())):
        p = first.softmax(dim=-1)  # c ~ p, image by image
        mean = p.mean(dim=-2)  # (..., K), how often each c is drawn
        log_q = (p * second.log_softmax(dim=-1)).sum(dim=-1).mean(dim=-1)  # E ln Q(c|T'(x))
        above_0 = mean.clamp_min(torch.finfo(mean.dtype).tiny)  # the slope of 0 ln 0 would be NaN
        total = total + log_q - torch.special.xlogy(mean, above_0).sum(dim=-1)
    return total / 2


def contrast_loss(answers: Tensor, shared: Tensor) -> Tensor:
    """The contrastive regulariser of InfoGAN-CR (arXiv 1906.06034), to be minimised by G and H: a scalar in nats.

    H looks at pairs of pictures whose latent variables have all noise and one code in common. The cross-entropy of its
    ``answers``, logits (n, k), to which of the k codes that was, ``shared`` (n,): 0 at best, ln k for a blind H.
    """
    return F.cross_entropy(answers.float(), shared.to(answers.device))


def three_step_loss(spec: LatentSpec, answers: Tensor, latents: Latents, lam_l: float, lam_c: float) -> Tensor:
    """The third loss of the three-step form, λ_l·H(l′; l) + λ_c·MSE(c, c′), to be minimised; a scalar.

    H is the cross-entropy of the discrete codes in nats, a sum over them; MSE the mean squared error of the continuous
    ones: a Gaussian Q of fixed variance, up to scale and constant. As in eriklindernoren/PyTorch-GAN on GitHub.
    """
    loss, errors = torch.zeros((), device=answers.device), []
    for name, part in spec.split(answers).items():
        code, c = spec[name], latents.c[name]
        if code.discrete:
            loss = loss - lam_l * code.log_q(part, c).mean()
        else:
            errors.append((code.posterior(part).mean - c).square().mean())
    return loss + lam_c * torch.stack(errors).mean() if errors else loss
