"""The noisy channel T: what moves and what doesn't, that it can be differentiated and repeated."""

from dataclasses import fields, replace

import pytest
import torch
from torch.nn import functional as F

from infogan_utils.augment import Augment, View, Views
from infogan_utils.recipes import DIGIT_AUGMENT, DIGIT_VIEWS


def bars(n: int) -> torch.Tensor:
    """A bar and a dot: no mirror image of itself."""
    x = torch.zeros(n, 1, 28, 28)
    x[:, :, 6:22, 12:16] = 1
    x[:, :, 8:11, 18:21] = 0.5
    return x


def run(T, n: int = 8, seed: int = 0) -> torch.Tensor:
    return T(bars(n), torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("name", [field.name for field in fields(Augment)])
def test_each_part_by_itself_changes_the_picture_and_each_picture_by_its_own_draw(name):
    out = run(Augment(**{name: 0.5}))
    assert (out - bars(8)).abs().amax(dim=(1, 2, 3)).max() > 0.05 and len(out.unique(dim=0)) > 1
    assert torch.equal(out, run(Augment(**{name: 0.5}))) and not torch.equal(out, run(Augment(**{name: 0.5}), seed=1))


def test_known_changes():
    assert torch.allclose(run(Augment()), bars(8), atol=1e-5)
    assert torch.allclose(run(Augment(mirror=1)), bars(8).flip(3), atol=1e-5)
    mirrored = (run(Augment(mirror=0.3), n=2000) - bars(2000)).abs().amax(dim=(1, 2, 3)) > 0.1
    assert abs(mirrored.float().mean() - 0.3) < 0.04
    for area in (Augment(rotation=1), Augment(shear=0.6)):  # neither changes the amount of ink
        assert torch.allclose(run(area, n=50).sum((1, 2, 3)), bars(50).sum((1, 2, 3)), rtol=0.06)
    moved = run(Augment(shift=0.25), n=200).sum(dim=1)  # (n, 28, 28); by at most a quarter of 28 pixels
    columns = (moved.sum(1) * torch.arange(28)).sum(1) / moved.sum((1, 2)) - (
        (bars(1).sum((0, 1, 2)) * torch.arange(28)).sum() / bars(1).sum()
    )
    assert 6 < columns.abs().max() <= 7.01 and abs(columns.mean()) < 1
    thick, thin = F.max_pool2d(bars(1), 3, 1, 1), -F.max_pool2d(-bars(1), 3, 1, 1)
    out = run(Augment(stroke=1), n=50)
    assert (out <= thick + 1e-5).all() and (out >= thin - 1e-5).all() and out.sum((1, 2, 3)).std() > 10


def test_each_part_of_a_batch_passes_its_own_change():
    views = Views((View(Augment(), 0.5, ("cont 1",)), View(Augment(rotation=1.0), 0.5)))
    out = run(views)
    assert torch.allclose(out[:4], bars(4), atol=1e-5) and (out[4:] - bars(4)).abs().amax(dim=(1, 2, 3)).min() > 0.1
    assert views.rows("cont 1", 8) == slice(0, 4) and views.rows("cat 1", 8) == slice(0, 8)
    twice = Views((View(Augment(), 0.5), *[View(Augment(), 0.25, ("cont 1",))] * 2))
    assert twice.rows("cont 1", 8) == slice(4, 6)  # the first that names it
    few = Views((View(Augment(), 0.02, ("cont 1",)), View(Augment(), 0.98)))
    assert few.rows("cont 1", 16) == slice(0, 16)  # no image is left to it alone
    thirds = Views(tuple(View(Augment(), 1 / 3) for _ in range(3)))
    assert all(thirds.cuts(n)[0] == 0 and thirds.cuts(n)[-1] == n for n in range(2, 300))


def test_values_stay_in_0_1_and_the_gradient_passes_without_changing_them():
    x = bars(6).requires_grad_()
    out = DIGIT_VIEWS(x, torch.Generator().manual_seed(0))
    assert torch.equal(out, DIGIT_VIEWS(x.detach(), torch.Generator().manual_seed(0)))
    assert out.min() >= -1e-6 and out.max() <= 1 + 1e-6
    out.sum().backward()
    assert x.grad.abs().sum() > 0 and torch.isfinite(x.grad).all()


def test_what_does_not_fit_is_named():
    for change in ({"stroke": 1.5}, {"scale": 1.0}, {"mirror": -0.1}):
        with pytest.raises(ValueError, match=r"stroke and mirror lie in \[0, 1\]"):
            replace(DIGIT_AUGMENT, **change)
    for shares in ((0.5, 0.2), (1.5, -0.5)):
        with pytest.raises(ValueError, match=r"shares \[.*\] were given"):
            Views(tuple(View(Augment(), share) for share in shares))
