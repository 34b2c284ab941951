"""Losses and bounds against closed forms, and wrong variants of each that the same check refuses."""

import math

import pytest
import torch
from helpers import SPEC, normal
from torch.nn import functional as F

from infogan_utils import Categorical, Latents, LatentSpec, Uniform
from infogan_utils.objectives import GAN_LOSSES, agreement_bound, contrast_loss, information, three_step_loss

D_LOSS, G_LOSS = ({kind: losses[i] for kind, losses in GAN_LOSSES.items()} for i in (0, 1))
LN2, LN10 = math.log(2), math.log(10)
CAT, CONT, FIXED = LatentSpec(0, (Categorical(10),)), LatentSpec(0, (Uniform(),)), LatentSpec(0, (Uniform(sigma=1.0),))


def d_cross_entropy(loss):
    real, fake = normal(64, seed=1), normal(64, seed=2)
    value = torch.sigmoid(real).log().mean() + (1 - torch.sigmoid(fake)).log().mean()
    assert abs(loss(real, fake) + value) < 1e-5  # −V
    assert abs(loss(torch.zeros(4), torch.zeros(4)) - 2 * LN2) < 1e-6  # D = 1/2 everywhere


def d_squares(loss):
    assert loss(torch.ones(4), torch.zeros(4)) == 0
    assert abs(loss(torch.tensor([3.0]), torch.tensor([-1.0])) - 2.5) < 1e-6  # (4 + 1) / 2


def g_minimax(loss):
    a, d = torch.tensor([-8.0], requires_grad=True), 1 / (1 + math.exp(8))
    (slope,) = torch.autograd.grad(loss(a), a)
    assert abs(loss(a) - math.log(1 - d)) < 1e-5 and abs(slope + d) < 1e-6  # vanishes where D wins


def g_non_saturating(loss):
    a = torch.tensor([-8.0], requires_grad=True)
    (slope,) = torch.autograd.grad(loss(a), a)
    assert abs(loss(a) - 8.000335) < 1e-4 and abs(slope + 1) < 1e-3  # stays near −1 where D wins


def g_squares(loss):
    assert loss(torch.ones(3)) == 0 and abs(loss(torch.tensor([3.0])) - 4) < 1e-6


def cat_bound(logits, c):
    return information(CAT, logits, Latents(torch.empty(len(c), 0), {"cat 1": c}))["cat 1"]


def cont_bound(mu, log_var, c, spec=CONT):
    raw = 8 * torch.atanh(log_var / 8)  # so that ln σ² is log_var
    answers = torch.stack([mu, raw.expand_as(mu)], dim=1)[:, : spec.answers]
    return information(spec, answers, Latents(torch.empty(len(c), 0), {"cont 1": c}))["cont 1"]


def categorical(bound):
    c = torch.arange(10).repeat(3)
    assert abs(bound(torch.zeros(30, 10), c)) < 1e-6  # B08: a uniform Q, 0
    assert abs(bound(F.one_hot(c, 10) * 50.0, c) - LN10) < 1e-6  # a perfect Q, ln 10
    assert abs(LN10 - bound(F.one_hot(c, 10) * 10.0, c) - 0.000408) < 1e-5  # B50
    noisy = normal(30, 10)
    by_hand = sum(noisy[i].softmax(0)[c[i]].log().item() for i in range(30)) / 30 + LN10
    assert abs(bound(noisy, c) - by_hand) < 1e-5


def gaussian(bound):
    mu, log_var, c = normal(50), normal(50, seed=1), normal(50, seed=2).clamp(-1, 1)
    density = torch.exp(-((c - mu) ** 2) / (2 * log_var.exp())) / (2 * math.pi * log_var.exp()).sqrt()
    assert abs(bound(mu, log_var, c) - (density.log().mean() + LN2)) < 1e-4
    zero = torch.zeros(1)
    for sigma, loss in ((1.0, 0.9189), (0.1, -1.3836)):  # B14: −ln Q at the mean
        assert abs(LN2 - bound(zero, torch.tensor(2 * math.log(sigma)), zero) - loss) < 1e-3


def three_step(loss):
    answers, latents = normal(8, SPEC.answers), SPEC.sample(8, torch.Generator().manual_seed(0))
    cross_entropy = F.cross_entropy(answers[:, :10], latents.c["cat 1"])
    errors = (answers[:, [10, 12]] - torch.stack([latents.c["cont 1"], latents.c["cont 2"]], dim=1)) ** 2
    assert abs(loss(SPEC, answers, latents, 2.0, 0.5) - (2 * cross_entropy + 0.5 * errors.mean())) < 1e-5


def agreement(bound):
    sure, unsure = 60 * torch.eye(10), torch.zeros(10, 10)
    assert abs(bound(sure, sure) - LN10) < 1e-4 and abs(bound(unsure, unsure)) < 1e-5
    assert abs(bound(sure[:1].expand(10, 10), sure[:1].expand(10, 10))) < 1e-4  # one category for all
    assert bound(sure, sure.flip(0)) < -10
    a, b = normal(40, 3, seed=1), normal(40, 3, seed=2)
    assert abs(bound(a, b) - bound(b, a)) < 1e-6
    p, by_hand = [x.softmax(1) for x in (a, b)], 0.0
    for one, other in (p, p[::-1]):
        by_hand += ((one * other.log()).sum() / 40 - (one.mean(0) * one.mean(0).log()).sum()).item() / 2
    assert abs(bound(a, b) - by_hand) < 1e-5


def contrast(loss):
    shared = torch.arange(5).repeat(3)
    assert loss(F.one_hot(shared, 5) * 60.0, shared) < 1e-6  # a perfect H
    assert abs(loss(torch.zeros(15, 5), shared) - math.log(5)) < 1e-6  # a blind one: ln k
    noisy = normal(15, 5)
    assert abs(loss(noisy, shared) + sum(noisy[i].softmax(0)[shared[i]].log() for i in range(15)) / 15) < 1e-5


def softened(answers):
    return torch.cat([answers[:, :10].softmax(1), answers[:, 10:]], dim=1)


CASES = {  # a check, the package's function, and wrong ones
    "D, non-saturating": (d_cross_entropy, D_LOSS["non-saturating"], {
        "labels exchanged": lambda r, f: D_LOSS["minimax"](f, r),
    }),
    "D, least squares": (d_squares, D_LOSS["least-squares"], {
        "labels exchanged": lambda r, f: D_LOSS["least-squares"](f, r),
        "a sum": lambda r, f: 2 * D_LOSS["least-squares"](r, f),
    }),
    "G, minimax": (g_minimax, G_LOSS["minimax"], {"the other": G_LOSS["non-saturating"]}),
    "G, non-saturating": (g_non_saturating, G_LOSS["non-saturating"], {
        "the other": G_LOSS["minimax"],
    }),
    "G, least squares": (g_squares, G_LOSS["least-squares"], {"0 for 1": lambda f: (f**2).mean()}),
    "L_I of a category": (categorical, cat_bound, {
        "softmax before the cross-entropy": lambda a, c: cat_bound(a.softmax(1), c),
        "sign": lambda a, c: -cat_bound(a, c),
        "no entropy, or that of a one-hot sample": lambda a, c: cat_bound(a, c) - LN10,  # B04, B08
        "codes drawn anew": lambda a, c: cat_bound(a, c.roll(1)),
        "a sum over the batch": lambda a, c: LN10 - F.cross_entropy(a, c, reduction="sum"),
    }),
    "L_I of a continuous code": (gaussian, cont_bound, {
        "log-variance as log-sigma": lambda m, v, c: cont_bound(m, 2 * v, c),
        "variance as sigma": lambda m, v, c: cont_bound(m, v / 2, c),
        "sign": lambda m, v, c: -cont_bound(m, v, c),
        "no entropy": lambda m, v, c: cont_bound(m, v, c) - LN2,
        "the squared error alone": lambda m, v, c: -((m - c) ** 2).mean(),
    }),
    "three-step form": (three_step, three_step_loss, {
        "weights exchanged": lambda s, a, c, x, y: three_step_loss(s, a, c, y, x),
        "softmax before the cross-entropy": lambda s, a, c, x, y: three_step_loss(s, softened(a), c, x, y),
        "a sum of the errors": lambda s, a, c, x, y: three_step_loss(s, a, c, x, 2 * y),
    }),
    "contrast": (contrast, contrast_loss, {
        "softmax before the cross-entropy": lambda a, s: contrast_loss(a.softmax(1), s),
        "a sum over the pairs": lambda a, s: F.cross_entropy(a, s, reduction="sum"),
        "the code that differs": lambda a, s: contrast_loss(a, (s + 1) % 5),
    }),
    "agreement": (agreement, agreement_bound, {
        "no entropy": lambda a, b: -F.cross_entropy(b, a.softmax(1)),
        "the ceiling for the entropy": lambda a, b: math.log(a.shape[1]) - F.cross_entropy(b, a.softmax(1)),
        "the same view twice": lambda a, b: (agreement_bound(a, a) + agreement_bound(b, b)) / 2,
        "one direction": lambda a, b: (
            -F.cross_entropy(b, a.softmax(1)) - torch.special.xlogy(a.softmax(1).mean(0), a.softmax(1).mean(0)).sum()
        ),
    }),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_each_loss_and_bound_has_its_closed_form_and_wrong_ones_are_caught(name):
    check, right, wrong = CASES[name]
    check(right)
    for variant in wrong.values():
        with pytest.raises(AssertionError):
            check(variant)


def test_bounds_that_the_notebooks_quote():
    c = torch.arange(10)
    assert abs(cat_bound((F.one_hot(c, 10) * 1e4).softmax(1), c) - 0.8414) < 1e-3  # softmax before the cross-entropy
    c, best = torch.linspace(-1, 1, 1000), LN2 - math.log(2 * math.pi) / 2  # σ fixed to 1: −0.226 at most
    assert abs(cont_bound(c, torch.zeros(()), c, FIXED) - best) < 1e-6
    assert cont_bound(c + 0.1, torch.zeros(()), c, FIXED) < best - 0.004
    for rmse, nats in ((0.484, 0.0), (0.18, 0.99), (0.1, 1.58)):  # σ learned
        found = cont_bound(torch.full((10,), rmse), torch.tensor(2 * math.log(rmse)), torch.zeros(10))
        assert abs(found - nats) < 5e-3


def test_a_code_is_read_from_its_rows_alone():
    answers, latents = normal(8, SPEC.answers), SPEC.sample(8, torch.Generator().manual_seed(0))
    whole, part = (information(SPEC, answers, latents, rows) for rows in (None, {"cont 1": slice(0, 4)}))
    half = Latents(latents.z[:4], {name: c[:4] for name, c in latents.c.items()})
    assert list(whole) == ["cat 1", "cont 1", "cont 2"]  # B13
    assert part == whole | {"cont 1": information(SPEC, answers[:4], half)["cont 1"]} != whole


def test_one_step_up_the_bound_lowers_the_cross_entropy_as_much():  # B05: the entropy has no gradient
    logits, c = normal(8, 10).requires_grad_(), torch.arange(8)
    (slope,) = torch.autograd.grad(cat_bound(logits, c), logits)
    assert torch.allclose(slope, -torch.autograd.grad(F.cross_entropy(logits, c), logits)[0], atol=1e-7)
    fell = F.cross_entropy(logits, c) - F.cross_entropy(logits + slope, c)
    assert fell > 0 and torch.isclose(cat_bound(logits + slope, c) - cat_bound(logits, c), fell, atol=1e-6)


def test_views_of_other_shapes_are_named():
    with pytest.raises(ValueError, match=r"\(4, 10\) and \(5, 10\)"):
        agreement_bound(torch.zeros(4, 10), torch.zeros(5, 10))


def test_the_agreement_bound_never_exceeds_the_information_of_a_table():
    # x takes 4 values; T(x) is x, or with 0.2 the next value; Q is any table. I(c; T'(x)) is exact
    generator = torch.Generator().manual_seed(0)
    view = 0.8 * torch.eye(4) + 0.2 * torch.eye(4).roll(1, dims=1)  # P(T(x) = column | x = row)
    count = (view * 5).round().long()  # every pair of views as often as it occurs: 25 images stand for each x
    pairs = [(i, j) for x in range(4) for i in range(4) for j in range(4) for _ in range(count[x, i] * count[x, j])]
    for _ in range(50):
        q = (3 * torch.randn(4, 3, generator=generator)).softmax(1)  # Q(c|T(x))
        joint = (view @ q).T @ view / 4  # P(c, T'(x))
        exact = torch.special.xlogy(joint, joint / (joint.sum(1, keepdim=True) * joint.sum(0))).sum()
        one, other = (q[torch.tensor(side)].log() for side in zip(*pairs, strict=True))
        assert agreement_bound(one, other) <= exact + 1e-5


def test_readers_are_each_by_themselves_and_an_unused_category_costs_nothing():
    a, b = normal(5, 20, 10, seed=1), normal(5, 20, 10, seed=2)
    each = torch.stack([agreement_bound(*pair) for pair in zip(a, b, strict=True)])
    assert torch.allclose(agreement_bound(a, b), each)
    never = torch.full((20, 1), -200.0)  # exp(−200) is 0 in float32
    wide = [torch.cat([x[0], never], dim=1).requires_grad_() for x in (a, b)]
    bound = agreement_bound(*wide)
    bound.backward()
    assert torch.isclose(bound, agreement_bound(a[0], b[0]))
    assert torch.equal(wide[0].grad[:, 10], torch.zeros(20)) and torch.isfinite(wide[0].grad).all()
