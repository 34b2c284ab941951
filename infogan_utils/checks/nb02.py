"""Checks of notebook 02's exercises: lopsided modes, a least-squares step of D, one-sided label smoothing."""

import math

import torch
from torch import nn
from torch.nn.functional import softplus

from infogan_utils.checks import exercise
from infogan_utils.checks.nb01 import cause


def ring(counts: list[int], radius: float, sigma: float, rng: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Centres on a circle, and ``counts[k]`` points within 2.5 sigma of centre k, in mixed order."""
    angle = 2 * math.pi * torch.arange(len(counts)) / len(counts)
    centres = radius * torch.stack([angle.cos(), angle.sin()], dim=1)
    mode = torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts))
    mode = mode[torch.randperm(len(mode), generator=rng)]
    turn = 2 * math.pi * torch.rand(len(mode), generator=rng)
    away = 2.5 * sigma * torch.rand(len(mode), 1, generator=rng)
    return centres, centres[mode] + away * torch.stack([turn.cos(), turn.sin()], dim=1)


@exercise("Exercise 2.1")
def lopsidedness(answer) -> None:
    """KL(p || uniform) in nats of the shares of the high-quality samples."""
    rng = torch.Generator().manual_seed(21)
    cases = {
        "eight modes with 50 samples each": [50] * 8,
        "all samples in one of eight modes": [0, 0, 0, 400, 0, 0, 0, 0],
        "five modes with 300, 100, 50, 50 and 0 samples": [300, 100, 50, 50, 0],
    }
    for name, counts in cases.items():
        centres, x = ring(counts, 3.0, 0.2, rng)
        share = [n / sum(counts) for n in counts]
        want = sum(p * math.log(p * len(counts)) for p in share if p)
        got = float(answer(x, centres, 0.2))
        assert not math.isnan(got), f"{name}: nan. An empty mode contributes 0 · ln 0, which counts as 0."
        entropy = math.log(len(counts)) - want
        distance, nearest = torch.cdist(x, centres).min(dim=1)
        near = torch.bincount(nearest[distance < 0.2], minlength=len(counts)) / (distance < 0.2).sum()
        named = cause(
            got,
            {
                "the KL in bits": want / math.log(2),
                "the entropy of the shares": entropy,
                "the KL of the samples within σ; those within 3σ count": torch.xlogy(near, len(near) * near)
                .sum()
                .item(),
                "Σ p ln p, without K": -entropy,
                "ln 8 minus the entropy; K is the number of centres": math.log(8) - entropy,
            },
        )
        assert abs(got - want) < 1e-4, f"{name}: expected {want:.3f} nats, got {got:.3f}.{named}"
    centres, x = ring([60] * 6, 3.0, 0.2, rng)
    strays = 0.2 * torch.randn(300, 2, generator=rng) + 0.5 * centres[0]  # nearest to centre 0, far beyond 3 sigma
    got = float(answer(torch.cat([x, strays]), centres, 0.2))
    assert abs(got) < 1e-4, (
        "Six equal modes and 300 samples far from every centre: only the high-quality ones count, so 0 nats, "
        f"got {got:.3f}."
    )
    got = float(answer(strays, centres, 0.2))
    assert math.isnan(got), f"No sample of high quality: expected nan, got {got:.3f}."


@exercise("Exercise 2.2")
def least_squares_d_step(answer) -> None:
    """One step of D down (E(v'(x) - 1)^2 + E v'(G(z))^2) / 2, from a clean gradient, with G left alone."""
    rng = torch.Generator().manual_seed(22)
    weights = [torch.randn(s, generator=rng) / 2 for s in [(5, 3), (5,), (1, 5), (1,)]]
    x, z = torch.randn(7, 3, generator=rng) + 1, torch.randn(4, 2, generator=rng)

    def networks() -> tuple[nn.Module, nn.Module]:
        with torch.random.fork_rng(devices=[]):
            G, D = nn.Linear(2, 3), nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 1))
        with torch.no_grad():
            for p, w in zip(D.parameters(), weights, strict=True):
                p.copy_(w)
            G.weight.copy_(weights[0][:3, :2])
            G.bias.zero_()
        return G, D

    G, D = networks()
    v_real, v_fake = D(x), D(G(z))
    want_loss = ((v_real - 1).square().mean() + v_fake.square().mean()) / 2
    grads = torch.autograd.grad(want_loss, list(D.parameters()))
    want = [p.detach() - 0.1 * g for p, g in zip(D.parameters(), grads, strict=True)]

    def one_step(stale: float) -> tuple[float, nn.Module, list]:
        G, D = networks()
        for p in D.parameters():
            p.grad = torch.full_like(p, stale)
        result = answer(D, torch.optim.SGD(D.parameters(), lr=0.1), x.clone(), G(z))
        return result, D, [p.grad for p in G.parameters()]

    result, D, G_grads = one_step(stale=0.0)
    assert result is not None, "The step should return D's loss as a number, as d_step does; it returned None."
    a, b = v_real.detach(), v_fake.detach()
    named = cause(
        result,
        {
            "the loss without ½": 2 * want_loss.item(),
            "the loss with the labels swapped": (a.square().mean() + (b - 1).square().mean()).item() / 2,
            "the loss with -1 for generated": ((a - 1).square().mean() + (b + 1).square().mean()).item() / 2,
            "one mean over all points": torch.cat([a - 1, b]).square().mean().item(),
            "the loss of D(x) after a sigmoid": ((a.sigmoid() - 1).square().mean() + b.sigmoid().square().mean()).item()
            / 2,
            "the cross-entropy of d_step": (softplus(-a).mean() + softplus(b).mean()).item(),
        },
    )
    assert abs(float(result) - want_loss.item()) < 1e-5, (
        f"7 real and 4 generated points: D's loss before the step is {want_loss.item():.4f}, got {float(result):.4f}."
        f"{named}"
    )
    assert any(not torch.equal(p, w) for p, w in zip(D.parameters(), weights, strict=True)), "D did not move."
    assert all(torch.allclose(p, w, atol=1e-5) for p, w in zip(D.parameters(), want, strict=True)), (
        "The loss is right, but D did not go one SGD step down its gradient."
    )
    assert all(g is None or not g.any() for g in G_grads), (
        "G has a gradient after D's step; it should have none: is detach() there?"
    )
    _, D, _ = one_step(stale=3.0)
    assert all(torch.allclose(p, w, atol=1e-5) for p, w in zip(D.parameters(), want, strict=True)), (
        "With something left in D's .grad from before, D moved elsewhere than from a clean start: is zero_grad() there?"
    )


@exercise("Exercise 2.3")
def smooth_d_loss(answer) -> None:
    """The cross-entropy of D's logits with target t on real points and 0 on generated ones."""
    rng = torch.Generator().manual_seed(23)
    real, fake = 2 * torch.randn(9, 1, generator=rng), 2 * torch.randn(6, 1, generator=rng)
    for t in (1.0, 0.9, 0.6):
        d, d_fake = real.double().sigmoid(), fake.double().sigmoid()
        want = -(t * d.log() + (1 - t) * (1 - d).log()).mean() - (1 - d_fake).log().mean()
        got = answer(real, fake, t)
        assert getattr(got, "shape", None) == (), f"The loss should be one number in a tensor, got {got!r}."
        reason = "t = 1 is the loss of d_step: " if t == 1 else ""
        on_fake = -(1 - d_fake).log().mean()
        named = cause(
            got,
            {
                "the loss with its sign turned": -want.item(),
                "the loss on real points alone": (want - on_fake).item(),
                "the loss without smoothing": (-d.log().mean() + on_fake).item(),
                "t·(-ln D) alone; (1 - t)·(-ln(1 - D)) is missing": (-t * d.log().mean() + on_fake).item(),
                "the loss with t and 1 - t swapped": (-((1 - t) * d.log() + t * (1 - d).log()).mean() + on_fake).item(),
                "the loss with both sides smoothed": (
                    want - (1 - t) * (d_fake.log() - (1 - d_fake).log()).mean()
                ).item(),
                "the loss with t fixed at 0.9": (-(0.9 * d.log() + 0.1 * (1 - d).log()).mean() + on_fake).item(),
            },
        )
        assert abs(got.item() - want.item()) < 1e-4, (
            f"{reason}9 real and 6 generated logits, t = {t:g}: expected {want.item():.4f} nats, got {got.item():.4f}."
            f"{named}"
        )
    for t in (0.9, 0.7):
        logit = torch.full((5, 1), math.log((t / 2) / (1 - t / 2)), requires_grad=True)
        (slope,) = torch.autograd.grad(answer(logit, logit, t), logit)
        assert slope.abs().max() < 1e-5, (
            f"Real and generated points in the same places, t = {t:g}: D = {t / 2:g} should be the best answer, "
            "but the loss has a slope there."
        )
    large = answer(torch.tensor([[500.0]]), torch.tensor([[-500.0]]), 0.9).item()
    assert abs(large - 50) < 1e-3, f"Logits of 500 on real and -500 on generated: expected 50 nats, got {large}."
