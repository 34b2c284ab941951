"""Losses and bounds against closed forms, and a wrong variant of each that the same check refuses."""

import math

import pytest
import torch
from torch.nn import functional as F

from infogan_utils import objectives
from infogan_utils.codes import Codes
from infogan_utils.models import Posterior

LN2, LN10 = math.log(2), math.log(10)


def draw(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def refuses(check, wrong) -> bool:
    try:
        check(wrong)
    except AssertionError:
        return True
    return False


# --- GAN losses -------------------------------------------------------------------------------------


def check_d_cross_entropy(loss):
    real, fake = draw(64, seed=1), draw(64, seed=2)
    value = torch.sigmoid(real).log().mean() + (1 - torch.sigmoid(fake)).log().mean()
    assert abs(loss(real, fake) + value) < 1e-5  # loss = -V
    assert abs(loss(torch.zeros(4), torch.zeros(4)) - 2 * LN2) < 1e-6  # D = 1/2 everywhere


def check_d_squares(loss):
    assert loss(torch.ones(4), torch.zeros(4)) == 0
    assert abs(loss(torch.zeros(4), torch.zeros(4)) - 0.5) < 1e-6
    assert abs(loss(torch.tensor([3.0]), torch.tensor([-1.0])) - 2.5) < 1e-6  # (4 + 1)/2


def check_g_minimax(loss):
    a = torch.tensor([-8.0], requires_grad=True)
    (slope,) = torch.autograd.grad(loss(a), a)
    assert abs(loss(a) - math.log(1 - torch.sigmoid(torch.tensor(-8.0)).item())) < 1e-5
    assert abs(slope.item() + torch.sigmoid(torch.tensor(-8.0)).item()) < 1e-6  # -D: vanishes where D wins


def check_g_non_saturating(loss):
    a = torch.tensor([-8.0], requires_grad=True)
    (slope,) = torch.autograd.grad(loss(a), a)
    assert abs(loss(a) - 8.000335) < 1e-4
    assert abs(slope.item() + 1) < 1e-3  # D - 1: stays near -1 where D wins


def check_g_squares(loss):
    assert loss(torch.ones(3)) == 0 and abs(loss(torch.tensor([3.0])) - 4) < 1e-6


GAN = [
    (check_d_cross_entropy, lambda r, f: objectives.d_loss("minimax", r, f), lambda r, f: F.softplus(r - f).mean()),
    (
        check_d_cross_entropy,
        lambda r, f: objectives.d_loss("non-saturating", r, f),
        lambda r, f: F.softplus(r).mean() + F.softplus(-f).mean(),  # labels swapped
    ),
    (
        check_d_squares,
        lambda r, f: objectives.d_loss("least-squares", r, f),
        lambda r, f: r.square().mean() / 2 + (f - 1).square().mean() / 2,  # labels swapped
    ),
    (check_g_minimax, lambda f: objectives.g_loss("minimax", f), lambda f: F.softplus(-f).mean()),
    (check_g_non_saturating, lambda f: objectives.g_loss("non-saturating", f), lambda f: -F.softplus(f).mean()),
    (check_g_squares, lambda f: objectives.g_loss("least-squares", f), lambda f: f.square().mean()),
]


@pytest.mark.parametrize(("check", "right", "wrong"), GAN)
def test_each_gan_loss_has_its_closed_form_and_a_wrong_one_is_caught(check, right, wrong):
    check(right)
    assert refuses(check, wrong)


def test_an_unknown_objective_is_named():
    with pytest.raises(ValueError, match="'wasserstein'.*least-squares"):
        objectives.d_loss("wasserstein", torch.zeros(2), torch.zeros(2))
    with pytest.raises(ValueError, match="'wasserstein'"):
        objectives.g_loss("wasserstein", torch.zeros(2))


# --- the categorical bound --------------------------------------------------------------------------


def check_categorical(bound):
    c = torch.arange(10).repeat(3)
    assert abs(bound(torch.zeros(30, 10), c)) < 1e-6  # uniform Q: 0
    assert abs(bound(F.one_hot(c, 10) * 50.0, c) - LN10) < 1e-6  # perfect Q: ln 10
    logits = torch.zeros(1, 10)
    logits[0, 0] = 10
    assert abs(LN10 - bound(logits, torch.tensor([0])) - 0.000408) < 1e-5  # B50
    noisy = draw(30, 10)
    by_hand = sum(noisy[i].softmax(0)[c[i]].log().item() for i in range(30)) / 30 + LN10
    assert abs(bound(noisy, c) - by_hand) < 1e-5


WRONG_CATEGORICAL = {
    "softmax before the cross-entropy": lambda a, c: LN10 - F.cross_entropy(a.softmax(1), c),
    "sign": lambda a, c: -LN10 + F.cross_entropy(a, c),
    "no entropy": lambda a, c: -F.cross_entropy(a, c),
    "entropy of the one-hot sample, B04 and B08": lambda a, c: 0.0 - F.cross_entropy(a, c),
    "codes drawn anew": lambda a, c: LN10 - F.cross_entropy(a, c.roll(1)),
    "sum over the batch": lambda a, c: LN10 - F.cross_entropy(a, c, reduction="sum"),
}


def test_the_categorical_bound_has_its_closed_forms():
    check_categorical(objectives.categorical_bound)


@pytest.mark.parametrize("name", WRONG_CATEGORICAL)
def test_a_wrong_categorical_bound_is_caught(name):
    assert refuses(check_categorical, WRONG_CATEGORICAL[name])


def test_softmax_before_the_cross_entropy_cannot_pass_0_841_nats():
    c = torch.arange(10)
    perfect = F.one_hot(c, 10) * 1e4
    assert abs(objectives.categorical_bound(perfect.softmax(1), c) - 0.8414) < 1e-3


# --- the Gaussian bound -----------------------------------------------------------------------------


def check_gaussian(bound):
    mu, log_var, c = draw(50, 2), draw(50, 2, seed=1), torch.rand(50, 2, generator=torch.Generator().manual_seed(2))
    normal = torch.distributions.Normal(mu.double(), (log_var.double() / 2).exp())
    expected = normal.log_prob(c.double()).sum(1).mean() + 2 * LN2
    assert abs(bound(mu, log_var, c) - expected) < 1e-4
    zero = torch.zeros(1, 1)
    assert abs(LN2 - bound(zero, zero, zero) - 0.9189) < 1e-4  # B14: NLL at the mean, sigma 1
    assert abs(LN2 - bound(zero, zero + 2 * math.log(0.1), zero) + 1.3836) < 1e-4  # B14: sigma 0.1


WRONG_GAUSSIAN = {
    "log-variance as log-sigma": lambda m, v, c: objectives.gaussian_bound(m, 2 * v, c),
    "variance as sigma": lambda m, v, c: objectives.gaussian_bound(m, v / 2, c),
    "mean over the codes": lambda m, v, c: objectives.gaussian_bounds(m, v, c).mean(),
    "sign": lambda m, v, c: -objectives.gaussian_bound(m, v, c),
    "no entropy": lambda m, v, c: objectives.gaussian_bound(m, v, c) - c.shape[1] * LN2,
    "squared error alone": lambda m, v, c: -((m - c) ** 2).sum(1).mean(),
}


def test_the_gaussian_bound_agrees_with_the_library_distribution():
    check_gaussian(objectives.gaussian_bound)


@pytest.mark.parametrize("name", WRONG_GAUSSIAN)
def test_a_wrong_gaussian_bound_is_caught(name):
    assert refuses(check_gaussian, WRONG_GAUSSIAN[name])


def test_with_sigma_fixed_to_1_the_bound_never_passes_minus_0_226_nats():
    c = torch.rand(1000, 1, generator=torch.Generator().manual_seed(0)) * 2 - 1
    assert abs(objectives.gaussian_bound(c, torch.zeros_like(c), c) - (LN2 - math.log(2 * math.pi) / 2)) < 1e-6
    assert objectives.gaussian_bound(c + 0.1, torch.zeros_like(c), c) < -0.226


def test_with_sigma_learned_the_bound_is_0_at_an_rmse_of_0_484():
    for rmse, nats in ((0.484, 0.0), (0.18, 0.99), (0.1, 1.58)):
        error, c = torch.full((10, 1), rmse), torch.zeros(10, 1)
        assert abs(objectives.gaussian_bound(error, torch.full_like(c, 2 * math.log(rmse)), c) - nats) < 5e-3


def test_shapes_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match=r"\(3, 10\).*\(2,\).*expected"):
        objectives.categorical_bound(torch.zeros(3, 10), torch.zeros(2, dtype=torch.int64))
    with pytest.raises(ValueError, match=r"\(3, 2\).*\(3, 1\)"):
        objectives.gaussian_bound(torch.zeros(3, 2), torch.zeros(3, 2), torch.zeros(3, 1))
    c = torch.zeros(3, 1)
    for squeezed in (torch.zeros(3), torch.zeros(2, 3, 1), torch.zeros(2, 1)):
        with pytest.raises(ValueError, match=r"log_var of shape .* means' \(3, 1\)"):
            objectives.gaussian_bound(c, squeezed, c)
    for fits in (torch.zeros(()), torch.zeros(1), torch.zeros(3, 1)):
        assert objectives.gaussian_bound(c, fits, c) == objectives.gaussian_bound(c, torch.zeros(3, 1), c)


# --- all codes together, and the note's form --------------------------------------------------------


def batch() -> tuple[Posterior, Codes]:
    q = Posterior((draw(8, 10),), draw(8, 2, seed=1), draw(8, 2, seed=2))
    c = Codes(draw(8, 3), torch.arange(8).view(8, 1), draw(8, 2, seed=3).clamp(-1, 1))
    return q, c


def test_every_information_term_has_its_name_B13():
    q, c = batch()
    bounds = objectives.information(q, c)
    assert list(bounds) == ["cat 1", "cont 1", "cont 2"]
    assert torch.isclose(bounds["cat 1"], objectives.categorical_bound(q.logits[0], c.c_cat[:, 0]))
    both = objectives.gaussian_bound(q.mu, q.log_var, c.c_cont)
    assert torch.isclose(bounds["cont 1"] + bounds["cont 2"], both)


def check_note(loss):
    q, c = batch()
    h = F.nll_loss(q.logits[0].log_softmax(1), c.c_cat[:, 0])
    mse = ((q.mu - c.c_cont) ** 2).sum() / 16
    assert abs(loss(q, c, lam_l=2.0, lam_c=0.5) - (2 * h + 0.5 * mse)) < 1e-5


def test_the_notes_loss_weighs_its_two_parts_and_a_wrong_one_is_caught():
    check_note(objectives.note_loss)
    assert refuses(check_note, lambda q, c, lam_l, lam_c: objectives.note_loss(q, c, lam_l=lam_c, lam_c=lam_l))
    squashed = lambda q: q._replace(logits=(q.logits[0].softmax(1),))  # noqa: E731
    assert refuses(
        check_note, lambda q, c, lam_l, lam_c: objectives.note_loss(squashed(q), c, lam_l=lam_l, lam_c=lam_c)
    )


def test_the_notes_squared_error_is_a_gaussian_bound_of_fixed_variance_up_to_scale_and_constant():
    q, c = batch()
    fixed = objectives.gaussian_bound(q.mu, torch.zeros_like(q.mu), c.c_cont)
    mse = objectives.note_loss(q, c, lam_l=0.0, lam_c=1.0)
    constant = 2 * LN2 - objectives.LN_2PI  # two codes
    assert torch.isclose(fixed, constant - mse)  # sum over 2 codes of (.)²/2 = mean over codes


def test_one_gradient_step_lowers_the_cross_entropy_by_what_the_bound_gains_B05():
    logits, c = draw(8, 10).requires_grad_(), torch.arange(8)
    before = objectives.categorical_bound(logits, c)
    (slope,) = torch.autograd.grad(before, logits)
    entropy_slope = slope + torch.autograd.grad(F.cross_entropy(logits, c), logits)[0]
    assert entropy_slope.abs().max() < 1e-7  # ln 10 adds nothing
    after = objectives.categorical_bound(logits + slope, c)
    fell = F.cross_entropy(logits, c) - F.cross_entropy(logits + slope, c)
    assert after > before and torch.isclose(after - before, fell, atol=1e-6)
