"""Checks of notebook 01's exercises: the best D for unequal shares, the JSD of tables, a bound from logits."""

import math

import torch

from infogan_utils.checks import exercise


def close(got, want: float, tolerance: float = 1e-6) -> bool:
    """Whether ``got``, a number or a tensor of one element, is within ``tolerance`` of ``want``; nan never is."""
    return abs(float(got) - want) <= tolerance


def cause(got, causes: dict[str, float], tolerance: float = 1e-5) -> str:
    """Which known mistake gives ``got``: the end of a message, empty if none of them does."""
    return next((f" This is {name}." for name, value in causes.items() if close(got, value, tolerance)), "")


@exercise("Exercise 1.1")
def best_D(answer) -> None:
    """The D that maximises share·p·ln d + (1 - share)·q·ln(1 - d) at every point."""
    rng = torch.Generator().manual_seed(11)
    p, q = torch.rand(6, generator=rng) + 0.1, torch.rand(6, generator=rng) + 0.1
    named = cause(
        answer(torch.tensor([0.3]), torch.tensor([0.5]), 0.8),
        {
            "p/(p+q), without the share": 0.375,
            "the best D with the shares of real and generated swapped": 0.06 / 0.46,
            "the probability of generated, not of real": 0.1 / 0.34,
            "share·p/(share·p + q): q has a weight, too": 0.24 / 0.74,
            "the share itself, whatever p and q are": 0.8,
            "the logit of the best D, not D": math.log(2.4),
        },
    )
    same = answer(p, p.clone(), 0.9)
    assert isinstance(same, torch.Tensor) and same.shape == p.shape, (
        f"p and q of shape {tuple(p.shape)} should give a tensor of that shape, got {same!r}."
    )
    assert close((same - 0.9).abs().max(), 0), (
        "With p = q and share = 0.9, nine x in ten are real wherever you look; "
        f"D should say so everywhere, but it says {same[0].item():.3f} at the first point.{named}"
    )
    half = answer(p, q, 0.5)
    assert close((half - p / (p + q)).abs().max(), 0), (
        f"With share = 0.5 the notebook's D* should come back; at p = {p[0]:.3f}, q = {q[0]:.3f} "
        f"it is {(p / (p + q))[0]:.3f}, got {half[0].item():.3f}.{named}"
    )
    d = torch.linspace(0.0005, 0.9995, 1000, dtype=torch.float64)
    for share in (0.1, 0.35, 0.8):
        got = answer(p, q, share)
        for i in range(len(p)):
            score = share * p[i] * d.log() + (1 - share) * q[i] * (1 - d).log()
            best = d[score.argmax()].item()
            assert close(got[i], best, 1.1e-3), (
                f"share = {share}, p = {p[i]:.3f}, q = {q[i]:.3f}: the score is highest at d = {best:.3f}, "
                f"your D says {got[i].item():.3f}.{named}"
            )


@exercise("Exercise 1.2")
def table_JSD(answer) -> None:
    """The mean KL of two tables to their average, in nats, with 0·ln 0 = 0."""
    rng = torch.Generator().manual_seed(12)

    def table(n: int) -> torch.Tensor:
        weights = torch.rand(n, generator=rng, dtype=torch.float64) + 0.01
        return weights / weights.sum()

    def kl(p: torch.Tensor, q: torch.Tensor) -> float:
        return float((p * (p / q).log()).sum())

    p, q = torch.tensor([0.4, 0.6]), torch.tensor([0.8, 0.2])
    mix = (p + q) / 2
    right = (kl(p, mix) + kl(q, mix)) / 2
    named = cause(
        answer(p, q),
        {
            "the JSD in bits": right / math.log(2),
            "the sum of the two KLs; JSD is their mean": 2 * right,
            "the square root of the JSD": math.sqrt(right),
            "KL(p‖q)": kl(p, q),
            "KL from p to the mixture, one of two": kl(p, mix),
            "the mean of KL(p‖q) and KL(q‖p), without the mixture": (kl(p, q) + kl(q, p)) / 2,
        },
    )
    p, q = table(5), table(5)
    assert close(answer(p, p.clone()), 0), f"Two equal tables have JSD 0, got {float(answer(p, p.clone())):.4f}."
    one, other = answer(p, q), answer(q, p)
    assert close(one, float(other)), f"JSD(p, q) = JSD(q, p), but you give {one:.4f} and {other:.4f}.{named}"
    apart = answer(torch.tensor([0.5, 0.5, 0.0, 0.0]), torch.tensor([0.0, 0.0, 0.2, 0.8]))
    assert not math.isnan(float(apart)), (
        "p = (½, ½, 0, 0) and q = (0, 0, 0.2, 0.8) give nan: what happens at the zeros?"
    )
    assert close(apart, math.log(2)), (
        "p = (½, ½, 0, 0) and q = (0, 0, 0.2, 0.8) share no entry, where JSD is largest: 0.6931 nats. "
        f"Got {float(apart):.4f}.{named}"
    )
    got = float(answer(torch.tensor([0.5, 0.5, 0.0]), torch.tensor([0.2, 0.8, 0.0])))
    assert math.isfinite(got), f"p = (½, ½, 0) and q = (0.2, 0.8, 0) give {got}: an entry that is 0 in both tables."
    got = answer(torch.tensor([1.0, 0.0]), torch.tensor([0.5, 0.5]))
    by_hand = (math.log(4 / 3) + 0.5 * math.log(2 / 3) + 0.5 * math.log(2)) / 2
    assert close(got, by_hand), f"p = (1, 0), q = (½, ½): {by_hand:.4f} nats by hand, got {float(got):.4f}.{named}"
    for n in (2, 3, 10):
        p, q = table(n), table(n)
        mix = (p + q) / 2
        want = float((p * (p / mix).log() + q * (q / mix).log()).sum() / 2)
        got = float(answer(p, q))
        assert close(got, want), f"For p = {p.tolist()} and q = {q.tolist()} expected {want:.6f}, got {got:.6f}.{named}"


@exercise("Exercise 1.3")
def JSD_bound(answer) -> None:
    """The lower bound on JSD that a D's logits give."""
    rng = torch.Generator().manual_seed(13)
    V, swapped = (math.log(x * (1 - y)) for x, y in ((0.8, 0.4), (0.4, 0.8)))  # D says 0.8 of real, 0.4 of generated
    named = cause(
        answer(torch.full((3,), math.log(4)), torch.full((3,), math.log(2 / 3))),
        {
            "V/2: solve V = 2 JSD - 2 ln 2 for the JSD": V / 2,
            "V itself: solve V = 2 JSD - 2 ln 2 for the JSD": V,
            "V/2 - ln 2: ln 2 changes its sign when you solve for the JSD": V / 2 - math.log(2),
            "the bound from the loss -V": -V / 2 + math.log(2),
            "V + 2 ln 2, twice the bound": V + 2 * math.log(2),
            "the bound with real and generated swapped": swapped / 2 + math.log(2),
            "the bound with the sum over a batch where its mean should be": 3 * V / 2 + math.log(2),
        },
    )
    blind = answer(torch.zeros(4), torch.zeros(6))
    assert close(blind, 0), (
        f"A D that says ½ to everything (ℓ = 0) has seen no difference: bound 0, got {float(blind):.4f}.{named}"
    )
    sure = float(answer(torch.full((4,), 1000.0), torch.full((6,), -1000.0)))
    wrong = float(answer(torch.full((4,), -1000.0), torch.full((6,), 1000.0)))
    assert math.isfinite(sure + wrong), (
        f"Logits of ±1000 give {sure} and {wrong}: something was rounded to 0 before the logarithm."
    )
    assert close(sure, math.log(2)), (
        f"A D that is always right, and sure of it, should show the largest JSD, 0.6931; got {sure:.4f}.{named}"
    )
    assert wrong < -900, (
        f"A D that is always wrong, with logits of ±1000, has a V of about -2000; your bound for it is {wrong:.4f}. "
        "Clamping D hides the cost of being sure and wrong."
    )
    for n in (3, 50):
        real = 2 * torch.randn(n, generator=rng, dtype=torch.float64) + 1
        fake = 2 * torch.randn(2 * n, generator=rng, dtype=torch.float64) - 1
        log_D, log_not_D = torch.sigmoid(real).log().mean(), torch.sigmoid(-fake).log().mean()
        V = float(log_D + log_not_D)
        got = float(answer(real, fake))
        assert close(V, 2 * got - 2 * math.log(2)), (
            f"{n} real and {2 * n} generated samples with V = {V:.4f}: V = 2 JSD - 2 ln 2 does not hold "
            f"for your bound {got:.4f}. Is it one mean over all samples? Each side has its own."
        )
