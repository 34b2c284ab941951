"""Notebook 01: its functions against closed forms and other people's code, both players, its exercises' checks."""

import math

import nbformat
import pytest
import series
import torch
from scipy.integrate import quad
from scipy.spatial.distance import jensenshannon
from scipy.stats import norm
from torch.nn.functional import logsigmoid, softplus

from infogan_utils import objectives
from infogan_utils.checks import nb01 as check

NAMES = """log_normal log_p log_q sample_data G V_samples V_quadrature best_logit small_network cross_entropy train_D
coin_KL KL JSD minimax non_saturating slope grad_m walk look play two_JSD KL_minus_two_JSD difference best_v chi2
squares least_squares d_loss g_loss best_D table_JSD JSD_bound""".split()


@pytest.fixture(autouse=True)
def double():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.fixture
def nb(double):
    """The notebook's functions by name, with the grids that they read."""
    space = series.namespace("01", *NAMES)
    space["xs"], space["zs"] = torch.linspace(-12, 12, 4801), torch.linspace(-10, 10, 4001)
    space["line"] = torch.linspace(-4, 5, 181)
    space["z_look"] = torch.randn(5000, 1, generator=torch.Generator().manual_seed(9))
    return space


def p(x):
    return 0.6 * norm.pdf(x, -1, 0.5) + 0.4 * norm.pdf(x, 1.5, 0.5)


def q(x, m):
    return norm.pdf(x, m, 0.8)


def V_at(nb, logit, m):
    return nb["V_quadrature"](logit, nb["log_p"](nb["xs"]), nb["log_q"](nb["xs"], m), nb["xs"])


# 1.1 and 1.2


def test_the_samples_come_from_the_densities(nb):
    rng = torch.Generator().manual_seed(1)
    data, made = nb["sample_data"](40_000, rng), nb["G"](torch.randn(40_000, generator=rng), 1.0)
    for x, density in ((data, p), (made, lambda x: q(x, 1.0))):
        for a, b in ((-9, -1), (-1, 0), (0, 1.5), (1.5, 9)):
            share = quad(density, a, b)[0]
            found = ((x > a) & (x <= b)).double().mean().item()
            assert found == pytest.approx(share, abs=5 * math.sqrt(share * (1 - share) / 40_000))


def test_v_is_the_integral_by_scipy_and_the_mean_over_samples(nb):
    by_scipy, _ = quad(lambda x: -p(x) * math.log1p(math.exp(x)) - q(x, 1.0) * math.log1p(math.exp(-x)), -12, 12)
    assert V_at(nb, -nb["xs"], 1.0) == pytest.approx(by_scipy, abs=1e-6)
    rng, runs = torch.Generator().manual_seed(2), []
    for _ in range(300):
        real, made = nb["sample_data"](500, rng), nb["G"](torch.randn(500, generator=rng), 1.0)
        runs.append(nb["V_samples"](-real, -made))
    values, errors = torch.tensor(runs).T
    assert values.mean().item() == pytest.approx(by_scipy, abs=5 * values.std().item() / math.sqrt(300))
    assert errors.mean().item() == pytest.approx(values.std().item(), rel=0.15)


# 1.3 and 1.4


@pytest.mark.parametrize("m", [-3.0, 1.0, 4.0])
def test_no_other_formula_beats_p_over_p_plus_q(nb, m):
    lp, lq = nb["log_p"](nb["xs"]), nb["log_q"](nb["xs"], m)
    best = V_at(nb, nb["best_logit"](nb["xs"], m), m)
    for wrong in (lp - lq - math.log(2), lq - lp, 2 * (lp - lq), (lp - lq) / 2, torch.logit(lp.exp()), 0 * lp):
        assert V_at(nb, wrong, m) < best - 1e-3


def test_a_trained_d_comes_close_to_d_star_and_its_gap_is_a_kl_divergence(nb):
    xs, best = nb["xs"], nb["best_logit"](nb["xs"], 1.0)
    both = nb["log_p"](xs).exp() + nb["log_q"](xs, 1.0).exp()
    trained = nb["train_D"](1.0, 500)(xs[:, None])[:, 0].detach()
    for logit, low, high in ((trained, 0, 0.01), (-xs, 0.1, 1), (best / 2, 0.01, 1)):
        gap = V_at(nb, best, 1.0) - V_at(nb, logit, 1.0)
        assert low < gap < high
        assert torch.trapezoid(both * nb["coin_KL"](best, logit), xs).item() == pytest.approx(gap, abs=1e-10)
    assert abs(torch.trapezoid(both * nb["coin_KL"](best / 2, best), xs).item() - gap) > 1e-2  # the other way round


# 1.5 and 1.6, Further B and C


@pytest.mark.parametrize("m", [-4.0, -0.6, 1.2, 3.0])
def test_each_loss_has_the_divergence_that_the_notebook_names(nb, m):
    xs = nb["xs"]
    jsd = nb["JSD"](nb["log_p"](xs), nb["log_q"](xs, m), xs)
    assert jsd == pytest.approx(jensenshannon(p(xs.numpy()), q(xs.numpy(), m)) ** 2, abs=1e-6)
    assert V_at(nb, nb["best_logit"](xs, m), m) == pytest.approx(2 * jsd - 2 * math.log(2), abs=1e-9)
    two_jsd, reverse = nb["difference"](nb["two_JSD"], m), nb["difference"](nb["KL_minus_two_JSD"], m)
    assert nb["grad_m"](nb["minimax"], m) == pytest.approx(two_jsd, abs=1e-5)
    assert nb["grad_m"](nb["non_saturating"], m) == pytest.approx(reverse, abs=1e-5)
    assert abs(nb["grad_m"](nb["non_saturating"], m) - reverse - two_jsd) > 1e-3  # it is not KL(q‖p) alone
    lp, lq = nb["log_p"](xs), nb["log_q"](xs, m)
    mix = torch.logaddexp(lp, lq) - math.log(2)
    assert nb["KL_minus_two_JSD"](m) == pytest.approx(2 * nb["KL"](mix, lp, xs), abs=1e-9)

    def descended(m):
        lp, lq = nb["log_p"](xs), nb["log_q"](xs, m)
        return 2 * nb["KL"](lp, torch.logaddexp(lp, lq) - math.log(2), xs) - nb["chi2"](m) / 4

    squares = nb["grad_m"](nb["least_squares"], m, nb["best_v"])
    assert squares == pytest.approx(nb["difference"](descended, m), abs=1e-5)
    assert nb["squares"](m, -1, 1, 0) == pytest.approx(nb["chi2"](m), abs=1e-9)
    assert nb["squares"](m, 0, 1, 1) == pytest.approx(0.5 + nb["chi2"](m) / 4, abs=1e-9)


def test_only_the_non_saturating_generator_finds_the_data(nb):
    assert nb["walk"](nb["minimax"], 6.0)[-1] > 5.9
    path = nb["walk"](nb["non_saturating"], 6.0)
    assert path[20] < 1.6 and path[-1] == pytest.approx(1.2, abs=0.05)  # not at the valley of the JSD, -0.6


def test_slopes_and_gathered_losses_are_those_of_the_package(nb):
    logits = torch.linspace(-20, 20, 81)
    assert torch.allclose(nb["slope"](nb["minimax"], logits), -torch.sigmoid(logits), atol=1e-12)
    assert torch.allclose(nb["slope"](nb["non_saturating"], logits), -torch.sigmoid(-logits), atol=1e-12)
    real, fake = torch.randn(2, 32, generator=torch.Generator().manual_seed(3)) * 30
    for kind in ("minimax", "non-saturating", "least-squares"):
        assert nb["d_loss"](kind, real, fake).item() == pytest.approx(objectives.GAN_LOSSES[kind][0](real, fake).item())
        assert nb["g_loss"](kind, fake).item() == pytest.approx(objectives.GAN_LOSSES[kind][1](fake).item())


# 1.7


def test_both_players_reach_both_humps_and_a_faster_d_holds_g_at_the_first(nb):
    slow, fast = nb["play"](300, 5e-3, 1e-3)[-1], nb["play"](300, 1e-2, 1e-3)[-1]
    assert 0.5 < slow["left"] < 0.85 and slow["V"] < -1.25
    assert fast["left"] < 0.1 and fast["V"] > -1.0
    assert torch.trapezoid(slow["q"], nb["line"]).item() == pytest.approx(1, abs=0.05)


# the exercises

LN2 = math.log(2)


def bayes(p, q, share):
    return share * p / (share * p + (1 - share) * q)


def jsd(p, q):
    mix = (p + q) / 2
    return (torch.xlogy(p, p) + torch.xlogy(q, q) - 2 * torch.xlogy(mix, mix)).sum() / 2


def V(real, fake):
    return logsigmoid(real).mean() + logsigmoid(-fake).mean()


WRONG = [
    ("best_D", "without the share", lambda p, q, share: p / (p + q)),
    ("best_D", "swapped", lambda p, q, share: bayes(p, q, 1 - share)),
    ("best_D", "generated, not of real", lambda p, q, share: bayes(q, p, 1 - share)),
    ("best_D", "q has a weight", lambda p, q, share: share * p / (share * p + q)),
    ("best_D", "should give a tensor", lambda p, q, share: 0.9),
    ("table_JSD", "in bits", lambda p, q: jsd(p, q) / math.log(2)),
    ("table_JSD", "mean", lambda p, q: 2 * jsd(p, q)),
    ("table_JSD", "square root", lambda p, q: jsd(p, q).clamp_min(0).sqrt()),
    ("table_JSD", "nan", lambda p, q: ((p * (2 * p / (p + q)).log()) + (q * (2 * q / (p + q)).log())).sum() / 2),
    ("table_JSD", "in both", lambda p, q: sum(torch.xlogy(t, 2 * t / (p + q)).sum() / 2 for t in (p, q))),
    ("JSD_bound", "V/2", lambda real, fake: V(real, fake) / 2),
    ("JSD_bound", "twice the bound", lambda real, fake: V(real, fake) + 2 * math.log(2)),
    ("JSD_bound", "swapped", lambda real, fake: V(fake, real) / 2 + math.log(2)),
    ("JSD_bound", "rounded to 0", lambda r, f: (r.sigmoid().log().mean() + (-f).sigmoid().log().mean()) / 2 + LN2),
    ("JSD_bound", "sum over a batch", lambda r, f: -(softplus(-r).sum() + softplus(f).sum()) / 2 + math.log(2)),
    ("JSD_bound", "one mean over all", lambda r, f: logsigmoid(torch.cat([r, -f])).mean() + math.log(2)),
    ("JSD_bound", "can't use what your code returned", lambda real, fake: None),
]


@pytest.mark.parametrize(("name", "says", "answer"), WRONG)
def test_a_wrong_answer_is_refused_with_its_cause(name, says, answer, capsys):
    assert not getattr(check, name)(answer)
    assert says in capsys.readouterr().out


def test_the_worked_solutions_pass_their_checks_and_the_stubs_are_not_done(nb, capsys):
    for name in ("best_D", "table_JSD", "JSD_bound"):
        getattr(check, name)(nb[name])
    assert capsys.readouterr().out.count("not done yet") == 3
    space = {}
    for cell in nbformat.read(series.NOTEBOOKS / "solutions" / series.path("01").name, as_version=4).cells:
        if cell.cell_type == "code":
            exec(cell.source, space)
    assert capsys.readouterr().out.count("passed.") == 3
