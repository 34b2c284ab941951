"""Checks of notebook 06's exercises: the bound from logits, the loss of G and Q, the codes of a sweep."""

import math

import torch

from infogan_utils.checks import exercise
from infogan_utils.codes import LAYOUTS
from infogan_utils.objectives import categorical_bound


@exercise("Exercise 6.1")
def categorical_L_I(answer) -> None:
    generator = torch.Generator().manual_seed(61)
    for k in (10, 4):
        c = torch.arange(k)
        blind = float(answer(torch.zeros(k, k), c))
        assert abs(blind) < 1e-5, f"A blind Q (all logits equal, K = {k}) should give 0 nats, got {blind:.3f}."
        sure = float(answer(torch.eye(k) * 40, c))
        assert abs(sure - math.log(k)) < 1e-4, f"A sure and right Q (K = {k}) should give H(c), got {sure:.3f} nats."
        logits, codes = torch.randn(30, k, generator=generator), torch.randint(k, (30,), generator=generator)
        got, expected = float(answer(logits, codes)), float(categorical_bound(logits, codes))
        assert abs(got - expected) < 1e-4, f"On random logits (30, {k}) it is off by {abs(got - expected):.3f} nats."


@exercise("Exercise 6.2")
def g_and_q_loss(answer) -> None:
    generator = torch.Generator().manual_seed(62)
    a, bound = torch.randn(40, generator=generator), torch.tensor(1.5)
    plain = float(answer(a, bound, 0.0))
    expected = float(-torch.sigmoid(a).log().mean())
    assert abs(plain - expected) < 1e-4, f"With lam = 0 only the GAN loss is left; off by {plain - expected:+.3f}."
    step = float(answer(a, bound + 1, 2.0)) - float(answer(a, bound, 2.0))
    assert step < 0, "A higher L_I should lower the loss; it raised it, or did nothing."
    assert abs(step + 2) < 1e-4, f"One nat more of L_I at lam = 2 should change the loss by 2, not by {abs(step):.3f}."
    low = torch.tensor([-8.0], requires_grad=True)
    slope = torch.autograd.grad(answer(low, bound, 1.0), low)[0].item()
    assert abs(slope) > 0.9, f"At logit −8 (D is sure) the gradient should stay near 1, got {slope:.4f}."


@exercise("Exercise 6.3")
def traverse(answer) -> None:
    layout, generator = LAYOUTS["mnist"], torch.Generator().manual_seed(63)
    z, values = torch.randn(1, layout.noise, generator=generator), torch.rand(7, generator=generator) * 4 - 2
    for code in range(layout.continuous):
        codes = answer(layout, z, code, values)
        width = tuple(layout.encode(codes).shape)
        assert width == (7, 74), f"Encoding the codes should give (7, 74), got {width}."
        assert torch.equal(codes.z, z.expand(7, -1)), "All images should share the noise z; it differs."
        assert torch.allclose(codes.c_cont[:, code], values), f"Column {code} of c_cont should hold the values."
        other = codes.c_cont[:, 1 - code]
        assert not other.any(), f"The other continuous code should stay at 0 while code {code} moves."
        assert not codes.c_cat.any(), "The category should stay at 0."
