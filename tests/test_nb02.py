"""Notebook 02: its steps and measures against closed forms, its claims over seeds, its exercises' checks."""

import math
import re

import nbformat
import pytest
import series
import torch
from torch.nn.functional import binary_cross_entropy_with_logits as bce
from torch.nn.functional import softplus

from infogan_utils import objectives
from infogan_utils.checks import nb02 as check

NAMES = """ring modes small_network ring_networks non_saturating minimax d_step g_step norm optimiser_of train
look_at_ring train_ring push spread lost_game catch_up digit_networks sample nearest_digit digit_modes
d_gradients both_steps lopsidedness least_squares_d_step smooth_d_loss""".split()
CONSTANTS = ("K", "SIGMA", "angle", "CENTRES", "Z", "W", "z_look", "line", "grid")


@pytest.fixture
def nb():
    """The notebook's functions by name, with the constants that they read, as its cells define them."""
    space = series.namespace("02", *NAMES)
    for line in "\n".join(series.code("02")).split("\n"):
        if re.match(rf"({'|'.join(CONSTANTS)})\b[^(]*=", line):
            exec(line, space)
    return space


# 2.1 and 2.6: the data and the measures


def test_the_data_are_eight_gaussians_and_the_measures_say_so(nb):
    n, ceiling = 40_000, 1 - math.exp(-4.5)
    x = nb["ring"](n, torch.Generator().manual_seed(11))
    assert torch.allclose(x.var(dim=0), torch.full((2,), 2.01), atol=5 * math.sqrt(2 / n) * 2.01)
    found, good = nb["modes"](x, nb["CENTRES"], nb["SIGMA"])
    assert found == 8 and good == pytest.approx(ceiling, abs=5 * math.sqrt(ceiling * (1 - ceiling) / n))
    assert nb["spread"](3 * x + 5, x) == pytest.approx(3, abs=1e-4)
    assert nb["spread"](x[:1].repeat(500, 1), x) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("counts", "away", "strays", "expected"),
    [
        ([250] * 8, 2.9, 0, (8, 1.0)),
        ([250] * 8, 3.1, 0, (0, 0.0)),  # beyond 3 σ
        ([1851, 25, 25, 25, 25, 25, 24, 0], 1.0, 0, (6, 1.0)),  # 24 of 2,000 is below a tenth of the fair share
        ([200, 100, 0, 0, 0, 0, 0, 0], 1.0, 1700, (2, 0.15)),
        ([20] * 8, 1.0, 1840, (0, 0.08)),  # the fair share is that of all samples, strays included
    ],
)
def test_modes_are_counted_by_the_rule(nb, counts, away, strays, expected):
    centres, mode = nb["CENTRES"], torch.repeat_interleave(torch.arange(8), torch.tensor(counts))
    x = torch.cat([centres[mode] * (1 + 0.05 * away), torch.zeros(strays, 2) + 0.01])  # outwards: away σ = 0.1 away
    assert nb["modes"](x, centres, 0.1) == pytest.approx(expected)


# 2.2 and Further A: the two steps


def test_each_step_follows_its_loss_moves_its_own_network_and_begins_clean(nb):  # B52
    generator = torch.Generator().manual_seed(15)
    x, z = torch.randn(30, 2, generator=generator) + 1, torch.randn(20, 8, generator=generator)
    G, D = nb["ring_networks"](seed=3)
    for p in D.parameters():
        p.grad = torch.full_like(p, 7.0)  # as G's last step leaves it, only larger
    start = [p.detach().clone() for p in (*D.parameters(), *G.parameters())]
    n = len(list(D.parameters()))
    loss = objectives.GAN_LOSSES["non-saturating"][0](D(x), D(G(z)))
    want = torch.autograd.grad(loss, list(D.parameters()))
    assert nb["d_step"](D, torch.optim.SGD(D.parameters(), lr=0.1), x, G(z)) == pytest.approx(loss.item(), abs=1e-6)
    assert all(torch.allclose(p, s - 0.1 * g) for p, s, g in zip(D.parameters(), start[:n], want, strict=True))
    assert all(p.grad is None and torch.equal(p, s) for p, s in zip(G.parameters(), start[n:], strict=True))
    for kind, loss_of in (("minimax", nb["minimax"]), ("non-saturating", nb["non_saturating"])):
        G, D = nb["ring_networks"](seed=3)
        loss = objectives.GAN_LOSSES[kind][1](D(G(z)))
        want = torch.autograd.grad(loss, list(G.parameters()))
        got = nb["g_step"](D, torch.optim.SGD(G.parameters(), lr=0.1), G(z), loss_of)
        assert got == pytest.approx(loss.item(), abs=1e-6)
        assert all(torch.allclose(p, s - 0.1 * g) for p, s, g in zip(G.parameters(), start[n:], want, strict=True))
        assert all(p.grad is not None and torch.equal(p, s) for p, s in zip(D.parameters(), start[:n], strict=True))


def test_detach_changes_nothing_for_d_and_allows_one_batch_for_both_steps(nb):  # B52
    (D_cut, G_cut), (D_not, G_not) = nb["d_gradients"](True), nb["d_gradients"](False)
    assert all(torch.equal(a, b) for a, b in zip(D_cut, D_not, strict=True))
    assert all(g is None for g in G_cut) and nb["norm"](G_not) > 1e-3
    assert nb["both_steps"](cut=True) == "both backward passes ran"
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        nb["both_steps"](cut=False)


def test_the_loop_gives_g_its_steps_and_repeats_itself(nb):
    rows, again = (nb["train_ring"](5, steps=6, every=2) for _ in range(2))
    assert [row["step"] for row in rows] == [2, 4, 6] and rows[-1]["field"].shape == (60, 60)
    assert all(torch.equal(a["x"], b["x"]) and a["loss_D"] == b["loss_D"] for a, b in zip(rows, again, strict=True))
    taken = []
    nb["d_step"] = lambda *_: taken.append("D") or 0.0
    nb["g_step"] = lambda *_: taken.append("G") or 0.0
    nb["train_ring"](5, steps=2, every=2, g_steps=3)
    assert "".join(taken) == "DGGGDGGG"


# 2.5 to 2.7: what the text says of the runs


def test_the_push_on_a_sample_is_the_gradient_of_its_own_loss(nb):
    weight = torch.tensor([0.7, -0.4])
    x = torch.randn(50, 2, generator=torch.Generator().manual_seed(16))
    by_hand = torch.sigmoid(-(x @ weight))[:, None] * weight  # (1 - D) times the logit's slope
    assert torch.allclose(nb["push"](lambda x: (x @ weight)[:, None], x), by_hand, atol=1e-6)


def test_g_far_ahead_collapses_with_the_losses_of_a_perfect_g(nb):
    real = nb["ring"](500, torch.Generator().manual_seed(17))
    rows = nb["train_ring"](1, steps=150, every=10, g_steps=10)[-5:]
    assert sum(nb["spread"](row["x"], real) for row in rows) / 5 < 0.4
    assert max(row["modes"] for row in rows) <= 3
    assert sum(row["loss_G"] for row in rows) / 5 == pytest.approx(math.log(2), abs=0.2)


def test_against_a_fast_d_minimax_finds_more_modes(nb):
    found = [nb["train_ring"](1, 600, 600, lr_D=1e-2, loss_of=nb[name])[-1] for name in ("minimax", "non_saturating")]
    assert found[0]["modes"] >= 6 and found[1]["modes"] <= 4


def test_only_minimax_with_plain_gradient_descent_stays_where_it_lost(nb):
    nets = nb["lost_game"](1)
    for optimiser, loss, low, high in (("Adam", "minimax", 1, 9), ("SGD", "minimax", 0, 0.1)):
        moved = nb["catch_up"](1, nets, nb[loss], optimiser)
        assert low <= float(re.search(r"moved +([\d.]+)", moved)[1]) <= high, moved


# 2.8, 2.9 and Further B: digits


def test_batch_norm_refuses_one_image_in_training_and_looks_alone_in_eval_mode(nb):  # B23
    G, _ = nb["digit_networks"](seed=0)
    z = torch.randn(64, nb["Z"], generator=torch.Generator().manual_seed(19))
    with pytest.raises(ValueError, match="Expected more than 1 value per channel when training"):
        G(z[:1])
    assert torch.allclose(nb["sample"](G, z[:1]), nb["sample"](G, z)[:1], atol=1e-5) and G.training


def test_digits_are_counted_by_the_nearest_real_one(nb):
    nb.update(references=4 * torch.eye(784)[:20], names=torch.arange(20) % 10, RADIUS=torch.tensor(1.0))
    counts = [0, 62, 10, 3, 9, 11, 1, 0, 0, 4]  # 100 images: a tenth of the fair share is 1
    near = torch.cat([nb["references"][k].repeat(n, 1) for k, n in enumerate(counts)])
    assert nb["digit_modes"](near.view(100, 1, 28, 28))[:2] == (7, 1.0)
    near[:, 700] = 2.0  # a pixel that no real digit has: all are 2 away
    assert nb["digit_modes"](near.view(100, 1, 28, 28))[:2] == (0, 0.0)


# the exercises


def kl(x, centres, sigma, radius=3.0, K=None):
    distance, nearest = torch.cdist(x, centres).min(dim=1)
    counts = torch.bincount(nearest[distance < radius * sigma], minlength=len(centres))
    p = counts / counts.sum()
    return torch.xlogy(p, (K or len(centres)) * p).sum()


def squares(D, opt_D, x, fake, *, detach=True, zero=True, half=2, labels=(1, 0), step=True):
    if zero:
        opt_D.zero_grad()
    v, v_fake = D(x), D(fake.detach() if detach else fake)
    loss = ((v - labels[0]).square().mean() + (v_fake - labels[1]).square().mean()) / half
    loss.backward()
    if step:
        opt_D.step()
    return loss.item()


def smooth(real, fake, t=0.9):
    return bce(real, torch.full_like(real, t)) + bce(fake, torch.zeros_like(fake))


WRONG = [
    ("lopsidedness", "in bits", lambda *a: kl(*a) / math.log(2)),
    ("lopsidedness", "without K", lambda *a: kl(*a, K=1)),
    ("lopsidedness", "number of centres", lambda *a: kl(*a, K=8)),
    ("lopsidedness", "only the high-quality ones", lambda *a: kl(*a, radius=1e9)),
    ("lopsidedness", "expected nan", lambda *a: 0.0 if kl(*a).isnan() else kl(*a)),
    ("least_squares_d_step", "is detach() there", lambda *a: squares(*a, detach=False)),
    ("least_squares_d_step", "is zero_grad() there", lambda *a: squares(*a, zero=False)),
    ("least_squares_d_step", "without ½", lambda *a: squares(*a, half=1)),
    ("least_squares_d_step", "labels swapped", lambda *a: squares(*a, labels=(0, 1))),
    ("least_squares_d_step", "-1 for generated", lambda *a: squares(*a, labels=(1, -1))),
    ("least_squares_d_step", "did not move", lambda *a: squares(*a, step=False)),
    ("least_squares_d_step", "returned None", lambda *a: squares(*a) and None),
    ("smooth_d_loss", "without smoothing", lambda real, fake, t: smooth(real, fake, 1.0)),
    ("smooth_d_loss", "is missing", lambda real, fake, t: t * softplus(-real).mean() + softplus(fake).mean()),
    ("smooth_d_loss", "swapped", lambda real, fake, t: smooth(real, fake, 1 - t)),
    ("smooth_d_loss", "fixed at 0.9", lambda real, fake, t: smooth(real, fake)),
    ("smooth_d_loss", "one number", lambda real, fake, t: smooth(real, fake, t).item()),
    ("smooth_d_loss", "expected 50", lambda r, f, t: smooth(torch.logit(r.sigmoid().clamp(1e-6, 1 - 1e-6)), f, t)),
]


@pytest.mark.parametrize(("name", "says", "answer"), WRONG)
def test_a_wrong_answer_is_refused_with_its_cause(name, says, answer, capsys):
    assert not getattr(check, name)(answer)
    assert says in capsys.readouterr().out


def test_the_worked_solutions_pass_their_checks_and_the_stubs_are_not_done(nb, capsys):
    for name in ("lopsidedness", "least_squares_d_step", "smooth_d_loss"):
        getattr(check, name)(nb[name])
    assert capsys.readouterr().out.count("not done yet") == 3
    space = {}
    for cell in nbformat.read(series.NOTEBOOKS / "solutions" / series.path("02").name, as_version=4).cells:
        if cell.cell_type == "code" and "modes_after" not in cell.source:  # which trains six GANs
            exec(cell.source, space)
    assert capsys.readouterr().out.count("passed.") == 3
