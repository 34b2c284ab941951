"""Notebook 04: its bounds against closed forms and the package's, its InfoGAN, its exercises' checks."""

import math

import nbformat
import numpy as np
import pytest
import series
import torch
from torch.nn import functional as F

from infogan_utils.checks import nb04 as check
from infogan_utils.codes import Categorical, Uniform

P_C, P_X_GIVEN_C = np.array([0.5, 0.5]), np.array([[0.6, 0.1], [0.3, 0.2], [0.1, 0.7]])  # of section 4.1
NAMES = """bound_and_gap table_bound G simulate categorical_bound gaussian_log_q gaussian_bound
mlp draw train mode_counts mode_information""".split()


@pytest.fixture(scope="module")
def nb():
    """The notebook's functions by name, with the tables of section 4.1 and the ring of section 4.9."""
    space = series.namespace("04", *NAMES)
    joint, angle = P_X_GIVEN_C * P_C, 2 * math.pi * torch.arange(8) / 8
    space |= {
        "P_xc": joint,
        "P_x": joint.sum(1),
        "P_c_given_x": joint / joint.sum(1, keepdims=True),
        "H_c": math.log(2),
    }
    space |= {"P_x_given_c": P_X_GIVEN_C, "Q": np.array([[0.7, 0.3], [0.5, 0.5], [0.4, 0.6]])}
    space |= {"rng": np.random.default_rng(0), "modes": 2 * torch.stack([angle.cos(), angle.sin()], dim=1)}
    space["c_look"], space["z_look"] = space["draw"](4000, torch.Generator().manual_seed(7))
    return space


def test_bound_and_gap_add_up_to_the_information(nb):
    P = nb["P_c_given_x"]
    information = (nb["P_xc"] * np.log(P / P_C)).sum()
    assert information == pytest.approx(0.2306, abs=5e-5)
    random = np.random.default_rng(1).dirichlet(np.ones(2), 3)
    for Q in (nb["Q"], random, P[:, ::-1], np.where(P > 0.5, 0.999, 0.001)):
        low, gap = nb["bound_and_gap"](Q)
        assert low + gap == pytest.approx(information, abs=1e-12) and gap > 0
    assert nb["bound_and_gap"](np.full((3, 2), 0.5))[0] == pytest.approx(0, abs=1e-12)
    assert nb["bound_and_gap"](P) == pytest.approx((information, 0), abs=1e-12)
    too_much = nb["bound_and_gap"](1.2 * P)[0]  # rows that don't add up to 1: no bound
    assert too_much - information == pytest.approx(math.log(1.2), abs=1e-12)


def test_the_slope_of_the_bound_is_posterior_minus_guess_and_a_blind_q_gives_g_none(nb):
    joint = torch.tensor(nb["P_xc"])
    logits = torch.randn(3, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).requires_grad_()
    (slope,) = torch.autograd.grad((joint * logits.log_softmax(1)).sum(), logits)
    by_hand = nb["P_x"][:, None] * (nb["P_c_given_x"] - logits.detach().softmax(1).numpy())
    np.testing.assert_allclose(slope.numpy(), by_hand, atol=1e-12)
    theta = torch.tensor(np.log(P_X_GIVEN_C), requires_grad=True)
    for Q, least, most in ((torch.zeros(3, 2).double(), 0, 1e-15), (torch.tensor(np.log(nb["P_c_given_x"])), 0.01, 1)):
        (slope,) = torch.autograd.grad(nb["table_bound"](theta, Q), theta)
        assert least <= slope.abs().max() <= most


def test_the_code_that_made_the_picture_will_do_and_a_new_one_will_not(nb):
    draws = nb["simulate"](200_000)
    low = nb["bound_and_gap"](nb["Q"])[0]
    off = {name: (v.mean() - low) / (v.std() / math.sqrt(len(v))) for name, v in draws.items()}
    assert abs(off["posterior"]) < 5 and abs(off["prior"]) < 5 and off["new code"] < -50
    independent = (np.outer(nb["P_x"], P_C) * np.log(nb["Q"])).sum() + math.log(2)
    assert draws["new code"].mean() == pytest.approx(independent, abs=0.01) and independent < 0


@pytest.mark.parametrize("K", [2, 10])
def test_the_notebooks_categorical_bound_is_the_packages(nb, K):  # B08
    generator, code = torch.Generator().manual_seed(K), Categorical(K)
    logits, c = torch.randn(64, K, generator=generator), code.sample(64, generator)
    bound = nb["categorical_bound"]
    assert bound(logits, c).item() == pytest.approx((code.log_q(logits, c).mean() + code.entropy).item(), abs=1e-5)
    assert bound(torch.zeros(64, K), c).item() == pytest.approx(0, abs=1e-5)
    assert bound(50.0 * F.one_hot(c, K), c).item() == pytest.approx(math.log(K), abs=1e-5)
    assert bound(logits.softmax(1), c).item() != pytest.approx(bound(logits, c).item(), abs=1e-2)


def test_a_step_moves_cross_entropy_and_bound_by_the_same_amount(nb):  # B05
    generator = torch.Generator().manual_seed(3)
    x, c = torch.randn(512, 5, generator=generator), torch.randint(10, (512,), generator=generator)
    W = torch.zeros(5, 10, requires_grad=True)
    (slope,) = torch.autograd.grad(F.cross_entropy(x @ W, c), W)
    before, after = (
        torch.stack([F.cross_entropy(x @ V, c), nb["categorical_bound"](x @ V, c)]) for V in (W, W - slope)
    )
    change = (after - before).tolist()
    assert change[0] < -1e-3 and change[1] == pytest.approx(-change[0], abs=1e-6)


def test_softmax_twice_turns_almost_nothing_into_1_46_and_keeps_the_loss_in_its_band():  # B50
    logits, target = torch.tensor([[10.0] + [0.0] * 9]), torch.tensor([0])
    assert F.cross_entropy(logits, target).item() == pytest.approx(0.0004, abs=5e-5)
    assert F.cross_entropy(logits.softmax(1), target).item() == pytest.approx(1.46, abs=0.005)
    logits = 20 * torch.randn(20_000, 10, generator=torch.Generator().manual_seed(4))
    losses = F.cross_entropy(logits.softmax(1), torch.zeros(20_000, dtype=torch.long), reduction="none")
    assert losses.min() == pytest.approx(1.461, abs=0.01) and losses.max() == pytest.approx(2.461, abs=0.01)


def test_the_notebooks_gaussian_bound_is_the_packages(nb):  # B14
    generator, code = torch.Generator().manual_seed(5), Uniform()
    answers, c = torch.randn(64, 2, generator=generator), code.sample(64, generator)
    q = code.posterior(answers)
    ours = nb["gaussian_log_q"](q.mean, 2 * q.stddev.log(), c)
    torch.testing.assert_close(ours, code.log_q(answers, c), atol=1e-5, rtol=1e-5)
    total = nb["gaussian_bound"](q.mean[:, None].expand(-1, 3), 2 * q.stddev.log()[:, None].expand(-1, 3), c[:, None])
    assert total.item() == pytest.approx(3 * (code.log_q(answers, c).mean() + code.entropy).item(), rel=1e-4)
    zero = torch.tensor(0.0)
    assert -nb["gaussian_log_q"](zero, zero, zero).item() == pytest.approx(0.919, abs=5e-4)
    assert -nb["gaussian_log_q"](zero, torch.tensor(2 * math.log(0.1)), zero).item() == pytest.approx(-1.384, abs=5e-4)


def test_a_fixed_sigma_hides_what_is_learnt(nb):  # B16
    bound, c = nb["gaussian_bound"], torch.linspace(-1, 1, 20_001)[:, None]
    blind = bound(torch.zeros_like(c), torch.full_like(c, -math.log(3)), c)
    assert blind.item() == pytest.approx(0.5 * math.log(6 / (math.pi * math.e)), abs=1e-3)  # −0.1765
    assert bound(c, torch.zeros_like(c), c).item() == pytest.approx(-0.226, abs=5e-4)  # σ = 1, no error
    sign = torch.tensor([[1.0], [-1.0]])
    for rmse, low in ((0.484, 0.0), (0.18, 0.99), (0.1, 1.58)):
        at = [bound(rmse * sign, torch.full((2, 1), 2 * math.log(rmse * k)), 0 * sign).item() for k in (1, 0.9, 1.1)]
        assert at[0] == pytest.approx(low, abs=5e-3) and at[0] > max(at[1:])


def test_with_the_information_term_the_code_chooses_the_mode_and_without_it_does_not(nb):
    torch.set_num_threads(1)
    for lam, least, most in ((1.0, 1.9, 2.08), (0.0, -0.05, 0.05)):
        notes = nb["train"](lambda _, lam=lam: lam, seed=5, look=lambda G, Q: [G(nb["z_look"])], steps=1000, every=1000)
        assert least < nb["mode_information"](notes[-1][1]) < most


def test_the_worked_solutions_pass_their_checks(capsys):
    space = {}
    for cell in nbformat.read(series.NOTEBOOKS / "solutions" / series.path("04").name, as_version=4).cells:
        if cell.cell_type == "code":
            exec(cell.source, space)
    assert capsys.readouterr().out.count("passed.") == 3


def prior_bound(logits, c, prior, H=lambda prior, c: -(prior * prior.log()).sum(), mean=True):
    log_q = logits.log_softmax(1)[torch.arange(len(c)), c]
    return (log_q.mean() if mean else log_q.sum()) + H(prior, c)


def interval_bound(mu, log_sigma, c, a, b, H=lambda a, b: math.log(b - a), over=torch.sum):
    log_q = torch.distributions.Normal(mu, log_sigma.exp()).log_prob(c)
    return over(log_q + H(a, b), dim=1).mean()


def gap(P_c, P_x_given_c, Q, weights=None):
    joint = P_x_given_c * P_c
    posterior = joint / joint.sum(1, keepdims=True)
    weights = joint.sum(1) if weights is None else weights(joint)
    return (weights * (posterior * np.log(posterior / Q)).sum(1)).sum()


WRONG = [
    ("gap_of_table", "wrong sign", lambda *a: -gap(*a)),
    ("gap_of_table", "weight each", lambda *a: gap(*a, weights=lambda joint: 1 / len(joint))),
    ("gap_of_table", "equally likely", lambda P_c, P_x, Q: gap(np.full(len(P_c), 1 / len(P_c)), P_x, Q)),
    ("gap_of_table", "got shape", lambda P_c, P_x, Q: (P_x * P_c * np.log(P_x / Q)).sum(1)),
    ("prior_bound", "over the prior", lambda z, c, p: prior_bound(z, c, p, H=lambda p, c: -p[c].log().mean())),
    ("prior_bound", "ln K", lambda z, c, p: prior_bound(z, c, p, H=lambda p, c: math.log(len(p)))),
    ("prior_bound", "without H(c)", lambda z, c, p: prior_bound(z, c, p, H=lambda p, c: 0.0)),
    ("prior_bound", "softmax taken twice", lambda z, c, p: prior_bound(z.softmax(1), c, p)),
    ("prior_bound", "sum over the batch", lambda z, c, p: prior_bound(z, c, p, mean=False)),
    ("prior_bound", "got NoneType", lambda z, c, p: None),
    ("interval_bound", "read as ln σ²", lambda m, s, *a: interval_bound(m, s / 2, *a)),
    ("interval_bound", "entropy of U(−1, 1)", lambda *a: interval_bound(*a, H=lambda a, b: math.log(2))),
    ("interval_bound", "mean over the codes", lambda *a: interval_bound(*a, over=torch.mean)),
    ("prior_bound", "no gradient", lambda *a: prior_bound(*a).item()),
    ("interval_bound", "no gradient", lambda *a: interval_bound(*a).detach()),
    ("interval_bound", "sign turned", lambda *a: interval_bound(*a, H=lambda a, b: -math.log(b - a))),
]


@pytest.mark.parametrize(("name", "words", "answer"), WRONG)
def test_a_wrong_answer_is_refused_and_its_cause_named(name, words, answer, capsys):
    assert not getattr(check, name)(answer)
    said = capsys.readouterr().out
    assert words in said and said.count("\n") == 1 and "your code raised" not in said
