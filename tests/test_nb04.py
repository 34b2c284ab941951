"""Notebook 04: each claim against a closed form or a second computation; its functions; its exercises' checks.

The claims below are all of notebook 04; the tolerance is in nats unless it says otherwise.

| claim of notebook 04 | tolerance | test (test_...) |
|---|---|---|
| I(c;x) of the table is 0.2306 nats | 1e-9 | the_tables_information_is_what_fractions_give |
| L_I + gap = I at the guess and for five guessers | 1e-6 | bound_and_gap_add_up_to_the_information |
| blind Q: 0; too sure: -0.69; wrong way: -0.82; posterior: I | 1e-9; 0.005 | guessers_stand_where_the_text_says |
| -KL <= 0 needs rows of Q that add up to one | 1e-9 | rows_above_one_break_the_bound |
| the slope of L_I is P(x) [P(c|x) - Q(c|x)] | 1e-9 | the_slope_is_posterior_minus_guess |
| training Q closes the gap, and never passes I | 1e-6 | training_q_closes_the_gap |
| half of all 64-sample estimates exceed I, none exceeds H(c) | 0.1; exact | an_estimate_may_pass_i_but_not_h |
| a Q that sees "A or not A" reaches what that says, 0.1484 nats | 1e-9 | a_short_sighted_q_reaches_what_it_sees |
| a blind Q gives G no slope; together they take I to ln 2 | exact; 0.02 | q_and_g_together_raise_the_information |
| Lemma 5.1: three routes agree, a new code does not | 5 std errors | the_code_that_made_the_picture_will_do |
| categorical: uniform 0, perfect ln 10 = 2.3026 (B08) | 1e-5 | a_category_counts_from_zero_to_its_entropy |
| a step: loss falls as L_I rises; H has no slope (B05) | 1e-5; exact | a_step_moves_loss_and_bound_alike |
| logits [10, 0 x 9]: 0.0004; softmax first: 1.46 (B50) | 5e-5; 0.005 | softmax_twice_turns_almost_nothing_into_1_46 |
| softmax twice: loss in [1.461, 2.461], L_I <= 0.841 | 5e-4 | softmax_twice_keeps_the_loss_in_its_band |
| NLL 0.919 at sigma 1, -1.384 at 0.1; torch.distributions (B14) | 5e-4; 1e-6 | the_gaussian_density_is_the_textbooks |
| the picture's height is the density at the drawn code (B16) | 0.005 | heights_are_densities_at_the_drawn_code |
| constant Q on U(-1, 1), sigma 0.577: -0.1765 (B16) | 1e-4 | the_best_constant_gaussian_stands_below_zero |
| sigma 1: <= -0.226; learned: 0 at 0.484, 0.99 at 0.18, 1.58 at 0.1 | 5e-3 | a_fixed_sigma_hides_what_is_learned |
| lam_c MSE = -lam L_I + constant, the same slope | 1e-6 | squared_error_is_a_gaussian_of_fixed_variance |
| I of the half circle by quadrature | 4 std errors | the_half_circles_information_agrees_with_monte_carlo |
| learned sigma ends within 0.15 of I, sigma = 1 under -0.226 | 0.15 | only_a_learned_sigma_shows_success |
| an integral above 1 lets "L_I" pass I, 1 or less does not | exact | too_much_mass_passes_the_information |
| two codes: the sum is twice the mean | 1e-4 | codes_are_summed_not_averaged |
| V does not reach Q, L_I does not reach D | exact | each_player_has_the_slopes_that_the_text_gives |
| two merged categories of ten cost 0.139 nats | 1e-6 | a_merged_pair_costs_two_tenths_of_ln_2 |
"""

import contextlib
import io
import math

import numpy as np
import pytest
import series
import torch
from torch.nn import functional as F

from infogan_utils import objectives, plots
from infogan_utils.checks import nb04 as check

P_X_GIVEN_C = np.array([[0.6, 0.1], [0.3, 0.2], [0.1, 0.7]])  # (pictures, codes)


@pytest.fixture(scope="module")
def run():
    """Notebook 04 run from top to bottom in one namespace: (its names, what it printed)."""
    space: dict = {}
    printed = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(printed):
        patch.setattr(plots, "show", lambda figure, alt: plots.to_png(figure))
        for source in series.code("04"):
            exec(compile(source, "notebook 04", "exec"), space)
    return space, printed.getvalue()


@pytest.fixture(scope="module")
def taught():
    """The functions that the notebook writes out, without running it."""
    return series.namespace("04", "categorical_bound", "gaussian_log_q", "gaussian_bound", "check_logits")


# the table and the derivation


def information(joint: np.ndarray) -> float:
    """I from a joint table as a KL to the product of its margins: another route than the notebook's."""
    return float((joint * np.log(joint / np.outer(joint.sum(1), joint.sum(0)))).sum())


def test_the_tables_information_is_what_fractions_give(run):
    space, _ = run
    by_hand = (  # sum of P(x, c) ln [P(c|x) / P(c)], with P(c|x) = 6/7, 1/7; 3/5, 2/5; 1/8, 7/8
        0.30 * math.log(12 / 7) + 0.05 * math.log(2 / 7) + 0.15 * math.log(6 / 5) + 0.10 * math.log(4 / 5)
    ) + (0.05 * math.log(1 / 4) + 0.35 * math.log(7 / 4))
    assert space["I"] == pytest.approx(by_hand, abs=1e-9)
    assert space["I"] == pytest.approx(information(P_X_GIVEN_C / 2), abs=1e-9)
    assert space["I"] == pytest.approx(0.2306, abs=5e-5)


def test_bound_and_gap_add_up_to_the_information(run):
    space, printed = run
    assert "I         =                   0.2306 nats" in printed
    assert space["E_log_P"] == pytest.approx(space["E_log_Q"] + space["E_log_ratio"], abs=1e-9)
    assert space["E_log_ratio"] == pytest.approx(space["gap"], abs=1e-9)
    for table in (space["Q"], *space["guessers"].values()):
        low, gap = space["bound_and_gap"](table)
        assert low + gap == pytest.approx(space["I"], abs=1e-6)
        assert gap >= 0


def test_guessers_stand_where_the_text_says(run):
    space, _ = run
    low = {name: space["bound_and_gap"](table)[0] for name, table in space["guessers"].items()}
    assert low["blind"] == pytest.approx(0, abs=1e-9)
    assert low["posterior"] == pytest.approx(space["I"], abs=1e-9)
    assert low["guess"] == pytest.approx(0.1281, abs=5e-5)
    assert low["too sure"] == pytest.approx(-0.69, abs=0.005)
    assert low["wrong way round"] == pytest.approx(-0.82, abs=0.005)
    right = (space["P_xc"] * (space["sure"] > 0.5)).sum()
    assert right == pytest.approx(4 / 5)


def test_rows_above_one_break_the_bound(run):
    space, _ = run
    low, gap = space["bound_and_gap"](1.2 * space["P_c_given_x"])
    assert low - space["I"] == pytest.approx(math.log(1.2), abs=1e-9)
    assert gap == pytest.approx(-math.log(1.2), abs=1e-9)
    low, gap = space["bound_and_gap"](0.8 * space["P_c_given_x"])
    assert low < space["I"] and gap > 0


def test_the_slope_is_posterior_minus_guess(run):
    space, _ = run
    joint = torch.tensor(space["P_xc"])
    logits = torch.randn(3, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).requires_grad_()
    (slope,) = torch.autograd.grad((joint * logits.log_softmax(1)).sum(), logits)
    Q = logits.detach().softmax(1).numpy()
    by_hand = space["P_x"][:, None] * (space["P_c_given_x"] - Q)
    np.testing.assert_allclose(slope.numpy(), by_hand, atol=1e-9)


def test_training_q_closes_the_gap(run):
    space, _ = run
    assert abs(space["I"] - space["exact"][-1]) < 1e-6
    assert space["I"] - space["sampled"][-100:].mean() < 0.01
    assert max(space["exact"].max(), space["sampled"].max()) <= space["I"] + 1e-12
    np.testing.assert_allclose(space["Q_exact"], space["P_c_given_x"], atol=1e-4)
    np.testing.assert_allclose(space["Q_sampled"], space["P_c_given_x"], atol=0.02)


def test_an_estimate_may_pass_i_but_not_h(run):
    space, _ = run
    estimates = space["estimates"]
    assert (estimates > space["I"]).mean() == pytest.approx(0.5, abs=0.1)
    assert estimates.max() <= space["H_c"]


def test_a_short_sighted_q_reaches_what_it_sees(run):
    space, _ = run
    joint = P_X_GIVEN_C / 2
    merged = np.stack([joint[0], joint[1] + joint[2]])
    low, _ = space["bound_and_gap"](space["short_sighted"])
    assert low == pytest.approx(information(merged), abs=1e-9)
    assert low == pytest.approx(0.1484, abs=5e-5)


def test_q_and_g_together_raise_the_information(run):
    space, _ = run
    theta = torch.randn(3, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(1)).requires_grad_()
    (slope,) = torch.autograd.grad(space["table_bound"](theta, space["blind"]), theta)
    assert slope.abs().max() < 1e-15
    (slope,) = torch.autograd.grad(space["table_bound"](theta, space["informed"]), theta)
    assert slope.abs().max() > 0.01
    low, truth = space["history"].T
    assert (low <= truth).all()
    assert truth[0] == pytest.approx(space["I"], abs=1e-9)
    assert truth[-1] == pytest.approx(math.log(2), abs=0.02)


def test_the_code_that_made_the_picture_will_do(run):
    space, _ = run
    low, _ = space["bound_and_gap"](space["Q"])
    off, means = {}, {}
    for name, v in space["simulate"]((200_000,)).items():
        means[name] = v.mean()
        off[name] = (v.mean() - low) / (v.std(ddof=1) / math.sqrt(len(v)))
    assert all(abs(off[name]) < 5 for name in ("posterior", "new picture", "prior")), off
    assert off["new code"] < -50
    independent = (np.outer(space["P_x"], space["P_c"]) * np.log(space["Q"])).sum() + space["H_c"]
    assert independent < 0
    assert means["new code"] == pytest.approx(independent, abs=0.005)


# categories


@pytest.mark.parametrize("K", [2, 10])
def test_the_taught_categorical_bound_is_the_packages(taught, K):
    generator = torch.Generator().manual_seed(K)
    logits, c = torch.randn(64, K, generator=generator), torch.randint(K, (64,), generator=generator)
    ours, theirs = taught["categorical_bound"](logits, c), objectives.categorical_bound(logits, c)
    assert ours.item() == pytest.approx(theirs.item(), abs=1e-5)
    assert ours.item() != pytest.approx(taught["categorical_bound"](logits.softmax(1), c).item(), abs=1e-2)


def test_a_category_counts_from_zero_to_its_entropy(taught):
    """B08: the entropy is the prior's, so that uniform reads 0 and perfect ln 10."""
    c = torch.arange(10).repeat(3)
    bound = taught["categorical_bound"]
    assert bound(torch.zeros(30, 10), c).item() == pytest.approx(0, abs=1e-5)
    assert bound(50.0 * F.one_hot(c, 10), c).item() == pytest.approx(2.3026, abs=5e-5)


def test_a_step_moves_loss_and_bound_alike(run):
    """B05."""
    space, _ = run
    assert space["change_loss"] < -1e-3
    assert space["change_L"].item() == pytest.approx(-space["change_loss"].item(), abs=1e-5)
    assert space["entropy_slope"].abs().max() == 0
    assert space["slope_L"].abs().max() > 1e-3


def test_softmax_twice_turns_almost_nothing_into_1_46(run, taught):
    """B50."""
    space, printed = run
    assert space["once"].item() == pytest.approx(math.log(1 + 9 * math.exp(-10)), abs=1e-6)
    assert space["once"].item() == pytest.approx(0.0004, abs=5e-5)
    assert space["twice"].item() == pytest.approx(1.46, abs=0.005)
    assert "ValueError: Q put out rows that add up to 1" in printed
    logits = torch.randn(8, 10, generator=torch.Generator().manual_seed(2))
    taught["check_logits"](logits)
    with pytest.raises(ValueError, match="needs logits"):
        taught["check_logits"](logits.softmax(1))


def test_softmax_twice_keeps_the_loss_in_its_band(run):
    space, printed = run
    assert "[1.461, 2.461], so L_I <= 0.841 nats" in printed
    low, high = math.log(math.e + 9) - 1, math.log(math.e + 9)
    assert (low, high) == (pytest.approx(1.461, abs=5e-4), pytest.approx(2.461, abs=5e-4))
    assert space["least"].item() == pytest.approx(low, abs=1e-5)
    assert space["most"].item() == pytest.approx(high, abs=1e-5)
    logits = 20 * torch.randn(20_000, 10, generator=torch.Generator().manual_seed(3))
    losses = F.cross_entropy(logits.softmax(1), torch.zeros(20_000, dtype=torch.long), reduction="none")
    assert low - 1e-5 <= losses.min() and losses.max() <= high + 1e-5
    assert losses.min() < low + 0.01 and losses.max() > high - 0.01  # both ends are reached


# continuous codes


def test_the_taught_gaussian_bound_is_the_packages(taught):
    generator = torch.Generator().manual_seed(4)
    mu, log_var, c = torch.randn(3, 64, 3, generator=generator)
    ours, theirs = taught["gaussian_bound"](mu, log_var, c), objectives.gaussian_bound(mu, log_var, c)
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-5)
    assert ours.item() != pytest.approx(theirs.item() / 3, rel=1e-2)


def test_the_gaussian_density_is_the_textbooks(taught):
    """B14."""
    zero = torch.tensor(0.0, dtype=torch.float64)
    for sigma, nll in ((1.0, 0.919), (0.1, -1.384)):
        log_var = torch.tensor(2 * math.log(sigma), dtype=torch.float64)
        assert -taught["gaussian_log_q"](zero, log_var, zero).item() == pytest.approx(nll, abs=5e-4)
    mu, log_var, c = torch.randn(3, 500, dtype=torch.float64, generator=torch.Generator().manual_seed(5))
    library = torch.distributions.Normal(mu, (log_var / 2).exp()).log_prob(c)
    assert (taught["gaussian_log_q"](mu, log_var, c) - library).abs().max() < 1e-6


def test_heights_are_densities_at_the_drawn_code(run):
    """B16: how a predicted bell and one drawn number meet."""
    space, printed = run
    for name, m, sigma, drawn in space["cases"]:
        height = math.exp(-((drawn - m) ** 2) / (2 * sigma**2)) / (sigma * math.sqrt(2 * math.pi))
        line = next(line for line in printed.splitlines() if line.startswith(name) and "N(" in line)
        assert float(line.split("= ")[1].split(",")[0]) == pytest.approx(height, abs=0.0006)
        gain = float(line.split("ln: ")[1].split()[0])
        assert gain == pytest.approx(math.log(height / 0.5), abs=0.006)
        assert (gain > 0) == (name != "sure and wrong")


def test_the_best_constant_gaussian_stands_below_zero(run, taught):
    """B16."""
    space, _ = run
    assert space["closed"] == pytest.approx(0.5 * math.log(6 / (math.pi * math.e)), abs=1e-9)
    assert space["closed"] == pytest.approx(-0.1765, abs=1e-4)
    assert space["L_blind"].item() == pytest.approx(space["closed"], abs=0.01)
    c = torch.linspace(-1, 1, 20_001)[:, None]
    for mu, sigma in ((0.0, 0.5), (0.0, 0.65), (0.1, 0.577)):  # no other constant does better
        other = taught["gaussian_bound"](torch.full_like(c, mu), torch.full_like(c, 2 * math.log(sigma)), c)
        assert other.item() < space["closed"] - 1e-3


def test_a_fixed_sigma_hides_what_is_learned(run, taught):
    space, printed = run
    assert "L_I = -0.226 nats, the most it can ever be" in printed
    assert "L_I = 0 at rmse 0.484, 0.99 at 0.18, 1.58 at 0.1" in printed
    sign = torch.tensor([[1.0], [-1.0]])
    c = torch.zeros(2, 1)
    for rmse, low in ((0.484, 0.0), (0.18, 0.99), (0.1, 1.58)):
        at = [
            taught["gaussian_bound"](rmse * sign, torch.full((2, 1), 2 * math.log(rmse * k)), c).item()
            for k in (1, 0.9, 1.1)
        ]
        assert at[0] == pytest.approx(low, abs=5e-3)
        assert at[0] > max(at[1:])  # sigma = rmse is the best
    assert taught["gaussian_bound"](c, c, c).item() == pytest.approx(-0.2258, abs=1e-4)
    at_577 = taught["gaussian_bound"](sign / math.sqrt(3), c, c).item()
    assert -0.2258 - at_577 < 0.17


def test_squared_error_is_a_gaussian_of_fixed_variance(taught):
    generator = torch.Generator().manual_seed(6)
    for lam, sigma, d in ((0.1, 0.5, 2), (1.0, 1.0, 2), (0.3, 0.2, 5)):
        c = 2 * torch.rand(32, d, generator=generator, dtype=torch.float64) - 1
        mu = torch.randn(32, d, generator=generator, dtype=torch.float64).requires_grad_()
        info = -lam * taught["gaussian_bound"](mu, torch.full_like(c, 2 * math.log(sigma)), c)
        square = lam * d / (2 * sigma**2) * F.mse_loss(mu, c)
        (a,), (b,) = torch.autograd.grad(info, mu), torch.autograd.grad(square, mu)
        assert (a - b).abs().max() < 1e-6
        constant = lam * d * (0.5 * math.log(2 * math.pi) + math.log(sigma) - math.log(2))
        assert (info - square).item() == pytest.approx(constant, abs=1e-6)


def test_the_half_circles_information_agrees_with_monte_carlo(run):
    space, _ = run
    rng = np.random.default_rng(7)
    c, s = rng.uniform(-1, 1, 4000), 0.15
    x = np.stack([np.cos(np.pi * c / 2), np.sin(np.pi * c / 2)], 1) + s * rng.normal(size=(4000, 2))
    nodes = np.linspace(-1, 1, 1001)
    circle = np.stack([np.cos(np.pi * nodes / 2), np.sin(np.pi * nodes / 2)], 1)
    weights = np.full(1001, 1 / 1000)
    weights[[0, -1]] /= 2
    squares = ((x[:, None] - circle) ** 2).sum(2)
    marginal = np.exp(-squares / (2 * s**2)) @ weights  # the factor 1/(2 pi s²) cancels in the ratio
    own = np.exp(-((x - np.stack([np.cos(np.pi * c / 2), np.sin(np.pi * c / 2)], 1)) ** 2).sum(1) / (2 * s**2))
    values = np.log(own / marginal)
    assert abs(values.mean() - space["I_arc"]) < 4 * values.std() / math.sqrt(4000)


def test_only_a_learned_sigma_shows_success(run):
    space, _ = run
    assert space["I_arc"] - 0.15 < space["curve_learned"][-1] < space["I_arc"]
    assert max(space["curve_fixed"]) < -0.2258
    assert space["after"] > space["I_arc"] - 0.3
    assert space["curve_learned"][-1] < space["L_best"] + 0.03 < space["I_arc"] + 0.03
    for mu in (space["mu_learned"], space["mu_fixed"]):
        assert (mu - space["held_c"]).square().mean().sqrt() == pytest.approx(0.095, abs=0.02)


def test_too_much_mass_passes_the_information(run):
    space, printed = run
    rows = {}
    for line in printed.split("integral of Q", 1)[1].splitlines()[1 : 1 + len(space["formulas"])]:
        rows[line[:22].strip()] = [float(v) for v in line[22:].split()[:2]]
    assert set(rows) == set(space["formulas"])
    assert rows["right"][0] == pytest.approx(1, abs=2e-3)
    for mass, low in rows.values():
        assert (low > space["I_arc"]) == (mass > 1.01)
    assert {name for name, (mass, _) in rows.items() if mass > 1.01} == {"log_var not halved", "no ln 2 pi"}


def test_codes_are_summed_not_averaged(run):
    space, _ = run
    assert space["total"].item() == pytest.approx(2 * space["mean"].item(), abs=1e-4)
    assert space["mean"].item() == pytest.approx(1.58, abs=0.01)


def test_each_player_has_the_slopes_that_the_text_gives(run):
    _, printed = run
    of_V = next(line for line in printed.splitlines() if line.startswith("slope of V"))
    of_L = next(line for line in printed.splitlines() if line.startswith("slope of L_I"))
    assert "Q: none" in of_V and of_V.count("none") == 1
    assert "D: none" in of_L and of_L.count("none") == 1


def test_a_merged_pair_costs_two_tenths_of_ln_2():
    joint = np.eye(10) / 10 + 1e-300
    joint[[3, 8]] = (joint[3] + joint[8]) / 2
    assert math.log(10) - information(joint) == pytest.approx(0.2 * math.log(2), abs=1e-6)
    assert information(joint) == pytest.approx(2.164, abs=5e-4)


def test_the_undone_exercises_say_so(run):
    _, printed = run
    assert [line for line in printed.splitlines() if line.startswith("Exercise")] == [
        f"Exercise 4.{k}: not done yet." for k in (1, 2, 3)
    ]


# the exercises' checks: the right answer passes, each wrong one fails


def gap(P_c, P_x_given_c, Q):
    joint = P_x_given_c * P_c
    return (joint * np.log(joint / joint.sum(1, keepdims=True) / Q)).sum()


def posterior(P_c, P_x_given_c):
    joint = P_x_given_c * P_c
    return joint.sum(1), joint / joint.sum(1, keepdims=True)


def gap_reversed(P_c, P_x_given_c, Q):
    P_x, P = posterior(P_c, P_x_given_c)
    return (P_x * (Q * np.log(Q / P)).sum(1)).sum()


def gap_unweighted(P_c, P_x_given_c, Q):
    _, P = posterior(P_c, P_x_given_c)
    return (P * np.log(P / Q)).sum(1).mean()


def gap_uniform_prior(P_c, P_x_given_c, Q):
    return gap(np.full(len(P_c), 1 / len(P_c)), P_x_given_c, Q)


def gap_negative(P_c, P_x_given_c, Q):
    return -gap(P_c, P_x_given_c, Q)


def gap_bits(P_c, P_x_given_c, Q):
    return gap(P_c, P_x_given_c, Q) / math.log(2)


def gap_per_picture(P_c, P_x_given_c, Q):
    P_x, P = posterior(P_c, P_x_given_c)
    return P_x * (P * np.log(P / Q)).sum(1)


def gap_likelihood_for_posterior(P_c, P_x_given_c, Q):
    return (P_x_given_c * P_c * np.log(P_x_given_c / Q)).sum()


def prior_bound(logits, c, prior):
    return logits.log_softmax(1)[torch.arange(len(c)), c].mean() - (prior * prior.log()).sum()


def prior_bound_ln_k(logits, c, prior):
    return logits.log_softmax(1)[torch.arange(len(c)), c].mean() + math.log(len(prior))


def prior_bound_no_entropy(logits, c, prior):
    return logits.log_softmax(1)[torch.arange(len(c)), c].mean()


def prior_bound_softmax_twice(logits, c, prior):
    return prior_bound(logits.softmax(1), c, prior)


def prior_bound_sum(logits, c, prior):
    return logits.log_softmax(1)[torch.arange(len(c)), c].sum() - (prior * prior.log()).sum()


def prior_bound_sign(logits, c, prior):
    return -prior_bound(logits, c, prior)


def prior_bound_plain_logits(logits, c, prior):
    return logits[torch.arange(len(c)), c].mean() - (prior * prior.log()).sum()


def prior_bound_all_columns(logits, c, prior):
    return logits.log_softmax(1).mean() - (prior * prior.log()).sum()


def normal(mu, log_sigma, c):
    return -0.5 * math.log(2 * math.pi) - log_sigma - 0.5 * ((c - mu) / log_sigma.exp()) ** 2


def interval_bound(mu, log_sigma, c, a, b):
    return (normal(mu, log_sigma, c) + math.log(b - a)).sum(1).mean()


def interval_bound_as_log_var(mu, log_sigma, c, a, b):
    return interval_bound(mu, log_sigma / 2, c, a, b)


def interval_bound_doubled(mu, log_sigma, c, a, b):
    return interval_bound(mu, 2 * log_sigma, c, a, b)


def interval_bound_mean(mu, log_sigma, c, a, b):
    return (normal(mu, log_sigma, c) + math.log(b - a)).mean()


def interval_bound_ln_2(mu, log_sigma, c, a, b):
    return (normal(mu, log_sigma, c) + math.log(2)).sum(1).mean()


def interval_bound_entropy_once(mu, log_sigma, c, a, b):
    return normal(mu, log_sigma, c).sum(1).mean() + math.log(b - a)


def interval_bound_entropy_sign(mu, log_sigma, c, a, b):
    return (normal(mu, log_sigma, c) - math.log(b - a)).sum(1).mean()


def interval_bound_no_2pi(mu, log_sigma, c, a, b):
    return interval_bound(mu, log_sigma, c, a, b) + c.shape[1] * 0.5 * math.log(2 * math.pi)


def interval_bound_not_squared_sigma(mu, log_sigma, c, a, b):
    log_q = -0.5 * math.log(2 * math.pi) - log_sigma - 0.5 * (c - mu) ** 2 / log_sigma.exp()
    return (log_q + math.log(b - a)).sum(1).mean()


def interval_bound_nll(mu, log_sigma, c, a, b):
    return -interval_bound(mu, log_sigma, c, a, b)


RIGHT = [(check.gap_of_table, gap), (check.prior_bound, prior_bound), (check.interval_bound, interval_bound)]
WRONG = [(test, wrong) for test, right in RIGHT for name, wrong in list(globals().items())
         if name.startswith(f"{right.__name__}_")]  # fmt: skip


@pytest.mark.parametrize(("test", "answer"), RIGHT, ids=lambda f: f.__name__)
def test_a_check_accepts_the_right_answer(test, answer, capsys):
    assert test(answer)
    assert capsys.readouterr().out.endswith("passed.\n")


@pytest.mark.parametrize(("test", "answer"), WRONG, ids=lambda f: f.__name__)
def test_a_check_refuses_each_wrong_answer_and_says_on_which_input(test, answer, capsys):
    assert not test(answer)
    said = capsys.readouterr().out
    assert "not yet." in said and "got" in said
    assert len(said.splitlines()) == 1


def test_every_exercise_has_at_least_six_wrong_answers():
    for test, _ in RIGHT:
        assert sum(t is test for t, _ in WRONG) >= 6


@pytest.mark.parametrize(("test", "answer"), RIGHT, ids=lambda f: f.__name__)
def test_a_check_survives_an_answer_that_forgets_to_return(test, answer, capsys):
    assert not test(lambda *_: None)
    assert "should return one number, got NoneType" in capsys.readouterr().out
