"""Notebook 01, the GAN objective: what it claims, tested.

| claim of notebook 01 | tolerance | test |
|---|---|---|
| V by Monte Carlo and by quadrature agree | 4 standard errors | test_monte_carlo_meets_quadrature_... |
| the standard error is the spread of repeated estimates | 15 % | test_the_stated_standard_error_... |
| -V is the binary cross-entropy of both halves | 1e-12 | test_minus_v_is_pytorchs_... |
| quadrature is right | 1e-8, scipy | test_quadrature_of_v_agrees_with_scipy |
| D* = p/(p+q) is the best D | no wrong variant better | test_no_other_formula_beats_... |
| a trained D is D* where samples fall | 0.02 on average | test_the_trained_d_is_close_to_d_star |
| V(D*) - V(D) = ∫(p+q) KL(D*‖D) | 1e-10 | test_the_gap_of_any_d_is_a_kl_divergence |
| V(D*) = 2 JSD - 2 ln 2 | 5e-4 asked, 1e-9 held | test_v_at_the_best_d_is_... |
| JSD is right | 1e-6, scipy | test_jsd_agrees_with_scipy |
| slopes in the logit are -D and -(1-D) | 1e-12 | test_slopes_in_the_logit_... |
| minimax descends 2 JSD, non-saturating KL(q‖p) - 2 JSD | 1e-5 | test_gradients_against_a_perfect_d_... |
| minimax and least squares stay lost, non-saturating arrives | see test | test_only_the_non_saturating_... |
| squares for labels -1, 1, 0 = χ²; for 0, 1, 1 = ½ + χ²/4; L_D = ¼ - χ²/8 | 1e-9 | test_least_squares_values_... |
| χ² is Pearson's between p + q and 2q | 1e-8, scipy | test_chi2_is_pearsons_... |
| least squares' step descends 2 KL(p‖mix) - χ²/4 | 1e-5 | test_gradients_against_a_perfect_d_... |
| d_loss and g_loss are the package's | 1e-12 | test_the_losses_written_out_... |
| too good a D starves minimax, not non-saturating | factors 20 and 1 | test_a_longer_trained_d_starves_... |
| the slider moves picture and numbers | - | test_moving_the_slider_... |
"""

import math

import matplotlib
import numpy as np
import pytest
import series
import torch
from scipy.integrate import quad
from scipy.spatial.distance import jensenshannon
from torch.nn.functional import binary_cross_entropy_with_logits

from infogan_utils import objectives
from infogan_utils.checks import nb01 as check

KINDS = ("minimax", "non-saturating", "least-squares")


@pytest.fixture(scope="module", autouse=True)
def nb():
    """The namespace that notebook 01 leaves behind once every cell has run, as its reader has it."""
    dtype, threads = torch.get_default_dtype(), torch.get_num_threads()
    space = {"__name__": "notebook_01"}
    with matplotlib.rc_context({"backend": "agg"}):
        for source in series.code("01"):
            exec(compile(source, str(series.path("01")), "exec"), space)
        yield space
    torch.set_default_dtype(dtype)
    torch.set_num_threads(threads)


def densities(nb, m):
    """p and q as plain functions of a float, written anew with NumPy."""

    def normal(x, mean, sd):
        return np.exp(-0.5 * ((x - mean) / sd) ** 2) / (sd * np.sqrt(2 * np.pi))

    return lambda x: 0.6 * normal(x, -1, 0.5) + 0.4 * normal(x, 1.5, 0.5), lambda x: normal(x, m, 0.8)


def V_at(nb, logit, m):
    xs = nb["xs"]
    return nb["V_quadrature"](logit, nb["log_p"](xs), nb["log_q"](xs, m), xs)


# ---- 1.2 one number for the game


def test_the_densities_are_those_that_the_text_names(nb):
    p, q = densities(nb, 1.0)
    x = torch.linspace(-3, 3, 13)
    assert torch.allclose(nb["log_p"](x).exp(), torch.tensor(p(x.numpy())))
    assert torch.allclose(nb["log_q"](x, 1.0).exp(), torch.tensor(q(x.numpy())))


def test_quadrature_of_v_agrees_with_scipy(nb):
    p, q = densities(nb, 1.0)
    by_scipy, _ = quad(
        lambda x: -p(x) * np.logaddexp(0, x) - q(x) * np.logaddexp(0, -x), -12, 12, epsabs=1e-11, limit=500
    )
    assert V_at(nb, -nb["xs"], 1.0) == pytest.approx(by_scipy, abs=1e-8)


@pytest.mark.parametrize("m", [-4.0, -1.0, 1.0, 3.0])
def test_monte_carlo_meets_quadrature_within_its_standard_error(nb, m):
    rng = torch.Generator().manual_seed(100)
    n = 40_000
    real, fake = nb["sample_data"](n, rng), nb["G"](torch.randn(n, generator=rng), m)
    value, error = nb["V_samples"](-real, -fake)
    assert abs(value - V_at(nb, -nb["xs"], m)) < 4 * error
    swapped, error = nb["V_samples"](-fake, -real)  # a mutant: generated samples scored as real
    assert abs(swapped - V_at(nb, -nb["xs"], m)) > 10 * error


def test_the_stated_standard_error_is_the_spread_of_repeated_estimates(nb):
    for values, n in zip(nb["spread"], nb["sizes"], strict=True):
        rng = torch.Generator().manual_seed(n)
        real, fake = nb["sample_data"](n, rng), nb["G"](torch.randn(n, generator=rng), 1.0)
        _, error = nb["V_samples"](-real, -fake)
        assert error == pytest.approx(values.std().item(), rel=0.15)
    assert nb["sizes"] == [100, 1000, 10_000]
    assert all(0.9 < share < 0.99 for share in nb["inside"])


def test_minus_v_is_pytorchs_binary_cross_entropy_of_both_halves(nb):
    rng = torch.Generator().manual_seed(101)
    real, fake = 3 * torch.randn(50, generator=rng), 3 * torch.randn(70, generator=rng)
    bce = binary_cross_entropy_with_logits(real, torch.ones(50))
    bce = bce + binary_cross_entropy_with_logits(fake, torch.zeros(70))
    assert nb["V_samples"](real, fake)[0] == pytest.approx(-bce.item(), abs=1e-12)
    assert nb["cross_entropy"](real, fake).item() == pytest.approx(bce.item(), abs=1e-12)


# ---- 1.3 and 1.4 the best D, and a trained one


@pytest.mark.parametrize("m", [-3.0, -0.6, 1.0, 4.0])
def test_no_other_formula_beats_p_over_p_plus_q(nb, m):
    xs = nb["xs"]
    lp, lq = nb["log_p"](xs), nb["log_q"](xs, m)
    best = V_at(nb, nb["best_logit"](xs, m), m)
    wrong = {
        "p/(p+2q)": lp - lq - math.log(2),
        "q/(p+q)": lq - lp,
        "p²/(p²+q²)": 2 * (lp - lq),
        "√p/(√p+√q)": (lp - lq) / 2,
        "p": torch.logit(lp.exp()),
        "½": torch.zeros_like(xs),
    }
    for name, logit in wrong.items():
        assert V_at(nb, logit, m) < best - 1e-3, name


def test_the_trained_d_is_close_to_d_star(nb):
    xs, m = nb["xs"], 1.0
    mix = (nb["log_p"](xs).exp() + nb["log_q"](xs, m).exp()) / 2
    untrained = nb["train_D"](m, 1)
    with torch.no_grad():
        trained = torch.sigmoid(nb["D"](xs[:, None])[:, 0])
        fresh = torch.sigmoid(untrained(xs[:, None])[:, 0])
    star = torch.sigmoid(nb["best_logit"](xs, m))
    assert torch.trapezoid(mix * (trained - star).abs(), xs) < 0.02
    assert torch.trapezoid(mix * (fresh - star).abs(), xs) > 0.2
    assert 0 < nb["gap"] < 2e-3  # nats


def test_the_gap_of_any_d_is_a_kl_divergence(nb):
    xs, m = nb["xs"], 1.0
    best = nb["best_logit"](xs, m)
    p_and_q = nb["log_p"](xs).exp() + nb["log_q"](xs, m).exp()
    for logit in (-xs, torch.sin(xs), best / 2):
        gap = V_at(nb, best, m) - V_at(nb, logit, m)
        assert torch.trapezoid(p_and_q * nb["coin_KL"](best, logit), xs).item() == pytest.approx(gap, abs=1e-10)
        mutant = torch.trapezoid(p_and_q * nb["coin_KL"](logit, best), xs).item()  # the other way round
        assert abs(mutant - gap) > 1e-2
    a, b = torch.tensor(0.7), torch.tensor(-1.1)
    p, r = torch.sigmoid(a), torch.sigmoid(b)
    assert nb["coin_KL"](a, b).item() == pytest.approx(
        (p * (p / r).log() + (1 - p) * ((1 - p) / (1 - r)).log()).item(), abs=1e-12
    )


# ---- 1.5 what G is up against


@pytest.mark.parametrize("m", [-6.0, -4.0, -1.0, -0.6, 0.0, 1.0, 3.0, 6.0])
def test_v_at_the_best_d_is_two_jsd_minus_two_ln_2(nb, m):
    xs = nb["xs"]
    jsd = nb["JSD"](nb["log_p"](xs), nb["log_q"](xs, m), xs)
    value = V_at(nb, nb["best_logit"](xs, m), m)
    assert value == pytest.approx(2 * jsd - 2 * math.log(2), abs=1e-9)
    for mutant in (jsd - 2 * math.log(2), 2 * jsd - math.log(2), 2 * jsd - 2):
        assert abs(value - mutant) > 5e-4


def test_a_perfect_generator_holds_v_at_minus_two_ln_2(nb):
    xs = nb["xs"]
    lp = nb["log_p"](xs)
    assert nb["V_quadrature"](torch.zeros_like(xs), lp, lp, xs) == pytest.approx(-2 * math.log(2), abs=1e-9)
    assert nb["JSD"](lp, lp, xs) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("m", [-3.0, 0.0, 2.0])
def test_jsd_agrees_with_scipy(nb, m):
    xs = nb["xs"]
    p, q = densities(nb, m)
    by_scipy = jensenshannon(p(xs.numpy()), q(xs.numpy())) ** 2  # scipy gives the square root, in nats
    assert nb["JSD"](nb["log_p"](xs), nb["log_q"](xs, m), xs) == pytest.approx(by_scipy, abs=1e-6)


def test_the_best_mean_is_the_bottom_of_the_valley_and_stays_above_the_floor(nb):
    assert nb["V_at"].min() == pytest.approx(V_at(nb, nb["best_logit"](nb["xs"], nb["m_best"]), nb["m_best"]))
    assert nb["m_best"] == pytest.approx(-0.6, abs=0.05)
    assert nb["V_at"].min() > -2 * math.log(2) + 0.2


# ---- 1.7 and 1.8 the losses of G


def test_slopes_in_the_logit_are_minus_d_and_minus_one_minus_d(nb):
    logits = torch.linspace(-20, 20, 81)
    D = torch.sigmoid(logits)
    assert torch.allclose(nb["slope"](nb["minimax"], logits), -D, atol=1e-12)
    assert torch.allclose(nb["slope"](nb["non_saturating"], logits), -(1 - D), atol=1e-12)
    assert torch.allclose(nb["slope"](nb["least_squares"], logits), 2 * (logits - 1), atol=1e-12)


@pytest.mark.parametrize("m", [-3.0, -1.0, 0.4, 1.2, 3.0, 5.0])
def test_gradients_against_a_perfect_d_are_those_of_the_divergences_named(nb, m):
    difference = nb["difference"]
    two_jsd, reverse = difference(nb["two_JSD"], m), difference(nb["KL_minus_two_JSD"], m)
    squares, chi2 = difference(nb["descended_by_least_squares"], m), difference(nb["chi2"], m)
    minimax, non_saturating = nb["grad_m"](nb["minimax"], m), nb["grad_m"](nb["non_saturating"], m)
    least_squares = nb["grad_m"](nb["least_squares"], m, nb["best_v"])
    assert minimax == pytest.approx(two_jsd, abs=1e-5)
    assert non_saturating == pytest.approx(reverse, abs=1e-5)
    lp, lq = nb["log_p"](nb["xs"]), nb["log_q"](nb["xs"], m)
    to_mixture = 2 * nb["KL"](torch.logaddexp(lp, lq) - math.log(2), lp, nb["xs"])  # the same divergence, said shorter
    assert nb["KL_minus_two_JSD"](m) == pytest.approx(to_mixture, abs=1e-9)
    assert least_squares == pytest.approx(squares, abs=1e-5)
    # mutants: JSD without its factor, KL alone, χ² itself
    assert abs(minimax - two_jsd / 2) > 1e-3
    assert abs(non_saturating - (reverse + two_jsd)) > 1e-3
    assert abs(least_squares - chi2) > 1e-3


def test_only_the_non_saturating_generator_finds_the_data(nb):
    assert nb["paths"]["minimax"][0] == nb["paths"]["non-saturating"][0] == 6.0
    assert nb["paths"]["minimax"][-1] > 5.9
    assert nb["walk"](nb["least_squares"], 6.0, best=nb["best_v"])[-1] > 5.9
    assert nb["paths"]["non-saturating"][20] < 1.6
    assert nb["paths"]["non-saturating"][-1] == pytest.approx(1.2, abs=0.05)  # not at the JSD's valley


@pytest.mark.parametrize("m", [-4.0, -1.0, 0.0, 1.0, 3.0, 6.0])
def test_least_squares_values_are_chi_squared_up_to_scale_and_shift(nb, m):
    chi2 = nb["chi2"](m)
    assert nb["squares"](m, -1, 1, 0) == pytest.approx(chi2, abs=1e-9)
    assert nb["squares"](m, 0, 1, 1) == pytest.approx(0.5 + chi2 / 4, abs=1e-9)
    assert nb["smallest_L_D"](m) == pytest.approx(0.25 - chi2 / 8, abs=1e-9)
    assert nb["squares"](m, -1, 1, 1) != pytest.approx(chi2, abs=1e-3)  # a mutant: c breaks b - c = 1
    # no v beats the best one, and the best for other labels is (b p + a q)/(p + q)
    xs = nb["xs"]
    p, q = nb["log_p"](xs).exp(), nb["log_q"](xs, m).exp()
    for a, b in ((0.0, 1.0), (-1.0, 1.0), (0.1, 0.9)):
        v = nb["best_v"](xs, m, a, b)

        def loss(v, a=a, b=b):
            return torch.trapezoid(p * (v - b) ** 2 + q * (v - a) ** 2, xs)

        for shift in (0.01, -0.01, 0.01 * torch.sin(xs)):
            assert loss(v + shift) > loss(v)


def test_chi2_is_pearsons_between_p_plus_q_and_2q(nb):
    p, q = densities(nb, 1.0)
    by_scipy, _ = quad(lambda x: ((p(x) + q(x)) - 2 * q(x)) ** 2 / (p(x) + q(x)), -10, 10, epsabs=1e-11, limit=500)
    assert nb["chi2"](1.0) == pytest.approx(by_scipy, abs=1e-8)


@pytest.mark.parametrize("kind", KINDS)
def test_the_losses_written_out_are_the_packages(nb, kind):
    rng = torch.Generator().manual_seed(102)
    for scale in (0.1, 3.0, 100.0):
        real, fake = scale * torch.randn(32, generator=rng), scale * torch.randn(48, generator=rng)
        ours, theirs = nb["d_loss"](kind, real, fake), objectives.d_loss(kind, real, fake)
        assert ours.item() == pytest.approx(theirs.item(), abs=1e-12)
        ours, theirs = nb["g_loss"](kind, fake), objectives.g_loss(kind, fake)
        assert ours.item() == pytest.approx(theirs.item(), abs=1e-12)
        for other in KINDS:
            if other != kind:
                assert nb["g_loss"](kind, fake).item() != pytest.approx(objectives.g_loss(other, fake).item(), abs=1e-6)


def test_a_longer_trained_d_starves_minimax_but_not_non_saturating(nb):
    early, late = nb["train_D"](8.0, 20), nb["train_D"](8.0, 1000)

    def grad(loss, D):
        return nb["grad_m"](nb[loss], 8.0, nb["with_net"](D))

    assert grad("minimax", late) < grad("minimax", early) / 20
    assert grad("non_saturating", late) > grad("non_saturating", early)


# ---- 1.6 the slider


def test_moving_the_slider_changes_picture_and_numbers_after_the_whole_notebook_ran(nb):
    dial = nb["dial"]
    seen = {(bytes(dial.image.value), dial.numbers.value)}
    for m in (-4.0, -0.6, 3.0):
        dial.slider.value = m
        xs = nb["xs"]
        jsd = nb["JSD"](nb["log_p"](xs), nb["log_q"](xs, m), xs)
        value = V_at(nb, nb["best_logit"](xs, m), m)
        assert f"m = {m:.1f}" in dial.numbers.value
        assert f"V(D*, G) = {value:.3f} nats" in dial.numbers.value
        assert f"JSD = {jsd:.3f} nats" in dial.numbers.value
        assert bytes(dial.image.value).startswith(b"\x89PNG")
        seen.add((bytes(dial.image.value), dial.numbers.value))
    assert len({picture for picture, _ in seen}) == len({numbers for _, numbers in seen}) == 4


def test_the_slider_outlives_the_notebooks_variables(nb):
    dial, names = nb["dial"], ("xs", "zs", "m", "D", "d", "real", "fake", "logit", "fig", "ax", "value", "stop")
    kept = {name: nb[name] for name in names}
    try:
        nb.update(dict.fromkeys(names))
        before = bytes(dial.image.value)
        dial.slider.value = 2.2
        assert bytes(dial.image.value) != before and "m = 2.2" in dial.numbers.value
    finally:
        nb.update(kept)


def test_the_slider_has_a_name_and_keeps_the_pictures_size(nb):
    dial = nb["dial"]
    assert dial.slider.description and dial.image.width and dial.image.height
    assert dial.update() is None  # nothing that a notebook would show a second time


# ---- the exercises


def right_best_D(p, q, share):
    return share * p / (share * p + (1 - share) * q)


def right_table_JSD(p, q):
    mix = (p + q) / 2
    return (torch.xlogy(p, p) + torch.xlogy(q, q) - 2 * torch.xlogy(mix, mix)).sum() / 2


def right_JSD_bound(real, fake):
    return (nn_V(real, fake) + 2 * math.log(2)) / 2


def nn_V(real, fake):
    return torch.nn.functional.logsigmoid(real).mean() + torch.nn.functional.logsigmoid(-fake).mean()


def KL(p, q):
    return torch.where(p > 0, p * (p / q).log(), 0.0).sum()


RIGHT = [
    (check.best_D, right_best_D),
    (check.best_D, lambda p, q, share: torch.sigmoid((share * p / ((1 - share) * q)).log())),
    (check.table_JSD, right_table_JSD),
    (check.table_JSD, lambda p, q: float(right_table_JSD(p, q))),
    (check.JSD_bound, right_JSD_bound),
    (check.JSD_bound, lambda real, fake: right_JSD_bound(real, fake).item()),
]
WRONG = {
    "forgets the share": (check.best_D, lambda p, q, share: p / (p + q)),
    "weighs p alone": (check.best_D, lambda p, q, share: share * p / (share * p + q)),
    "swaps the shares": (check.best_D, lambda p, q, share: right_best_D(p, q, 1 - share)),
    "swaps p and q": (check.best_D, lambda p, q, share: right_best_D(q, p, share)),
    "scales D*": (check.best_D, lambda p, q, share: 2 * share * p / (p + q)),
    "says the share everywhere": (check.best_D, lambda p, q, share: torch.full_like(p, share)),
    "a number, not a tensor": (check.best_D, lambda p, q, share: 0.9),
    "the logit": (check.best_D, lambda p, q, share: (share * p / ((1 - share) * q)).log()),
    "bits": (check.table_JSD, lambda p, q: right_table_JSD(p, q) / math.log(2)),
    "sum, not mean": (check.table_JSD, lambda p, q: 2 * right_table_JSD(p, q)),
    "square root": (check.table_JSD, lambda p, q: right_table_JSD(p, q).clamp_min(0).sqrt()),
    "nan at zeros": (
        check.table_JSD,
        lambda p, q: ((p * (2 * p / (p + q)).log()) + (q * (2 * q / (p + q)).log())).sum() / 2,
    ),
    "KL(p‖q)": (check.table_JSD, KL),
    "KL to the mixture, one side": (check.table_JSD, lambda p, q: KL(p, (p + q) / 2)),
    "both KLs, no mixture": (check.table_JSD, lambda p, q: (KL(p, q) + KL(q, p)) / 2),
    "clamped zeros, total variation": (check.table_JSD, lambda p, q: math.log(2) * (p - q).abs().sum() / 2),
    "without 2 ln 2": (check.JSD_bound, lambda real, fake: nn_V(real, fake) / 2),
    "without the half": (check.JSD_bound, lambda real, fake: nn_V(real, fake) + 2 * math.log(2)),
    "sigmoid, then log": (
        check.JSD_bound,
        lambda real, fake: (real.sigmoid().log().mean() + (1 - fake.sigmoid()).log().mean() + 2 * math.log(2)) / 2,
    ),
    "clamped probabilities": (
        check.JSD_bound,
        lambda real, fake: (
            (
                real.sigmoid().clamp_min(1e-9).log().mean()
                + (1 - fake.sigmoid()).clamp_min(1e-9).log().mean()
                + 2 * math.log(2)
            )
            / 2
        ),
    ),
    "sums": (
        check.JSD_bound,
        lambda real, fake: (-objectives.F.softplus(-real).sum() - objectives.F.softplus(fake).sum()) / 2 + math.log(2),
    ),
    "swaps real and fake": (check.JSD_bound, lambda real, fake: right_JSD_bound(fake, real)),
    "one mean over both": (
        check.JSD_bound,
        lambda real, fake: torch.nn.functional.logsigmoid(torch.cat([real, -fake])).mean() + math.log(2),
    ),
    "not at all": (check.JSD_bound, lambda real, fake: None),
}


@pytest.mark.parametrize("case", range(len(RIGHT)))
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_each_right_answer_passes(case, dtype, capsys):
    checked, answer = RIGHT[case]
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        checked(answer)
    finally:
        torch.set_default_dtype(before)
    assert ": passed." in capsys.readouterr().out


@pytest.mark.parametrize("name", WRONG)
def test_each_plausible_wrong_answer_is_refused_with_a_reason(name, capsys):
    checked, answer = WRONG[name]
    checked(answer)
    said = capsys.readouterr().out
    assert ": not yet. " in said or ": your code raised " in said


def test_an_exercise_not_begun_is_said_to_be_not_done(nb, capsys):
    for name in ("best_D", "table_JSD", "JSD_bound"):
        getattr(check, name)(nb[name])
    assert capsys.readouterr().out.count("not done yet") == 3


def test_an_answer_that_is_nothing_is_not_called_an_error_of_the_readers(capsys):
    check.JSD_bound(lambda *_: None)
    said = capsys.readouterr().out
    assert "not yet. The check can't use what your code returned: TypeError" in said

    def broken(real, fake):
        return real + undefined  # noqa: F821

    check.JSD_bound(broken)
    assert "your code raised NameError" in capsys.readouterr().out
