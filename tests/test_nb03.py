"""Notebook 03: its functions against closed forms and other people's code, its claims, its exercises' checks.

The claims below are all of notebook 03; the tolerance is in nats unless it says otherwise.

| claim of notebook 03 | tolerance | test (test_...) |
|---|---|---|
| H of tables agrees with scipy; ln K for K equal ones (B08) | 1e-12 | entropy_agrees_with_scipy |
| H(c) of the prior is the package's; one-hot rows have 0 (B08) | 1e-12 | the_entropy_of_a_code_is_that_of_its_prior |
| p = (0.9, 0.1), q = ½: 0.693 = 0.325 + 0.368 (B07) | 5e-4; 1e-12 | cross_entropy_is_entropy_plus_kl |
| cross-entropy is torch's, KL is scipy's | 1e-12 | cross_entropy_and_kl_agree_with_torch_and_scipy |
| I = H(c) − H(c|x) = H(x) − H(x|c), symmetric, in [0, min H] | 1e-12 | information_has_two_decompositions |
| Gaussian h, KL and I against torch and quadrature | 1e-6 | gaussian_formulas_agree_with_torch_and_quadrature |
| plug-in bias (K−1)(M−1)/2N | 10 % | the_plug_in_bias_follows_the_law |
| coarse bins lose, fine bins lose less, never above the truth | 1e-9 | binning_never_adds_information |
| ten pictures ln 10; a merged pair costs 0.139; the package's | 1e-12 | merged_pictures_cost_what_the_package_says |
| x = c + w z: I = ln 2 / max(1, w) | 1e-4 | overlap_leaves_ln_2_over_w |
| without noise each halving of the bins adds ln 2 | 2e-3 | a_noiseless_continuous_code_has_no_limit |
| I(c; T(x)) + I(c; x|t) = I(c; x), I(c; t|x) = 0 | 1e-12 | processing_loses_the_conditional_information |
| numbers stated in the prose | each its own | numbers_in_the_prose_follow |
| two hand-made generators: same V, I = ln 8, 0 | 4 std errors; 0.002 | two_generators_share_v_but_not_information |
| a GAN ignores its code, not so without noise | 0.05; 0.1 | a_gan_ignores_its_code_unless_it_is_the_only_noise |
| the slider redraws one picture of fixed size (B33, B36, B59) | exact | the_slider_keeps_one_picture |
| a right answer to an exercise passes, wrong ones do not | exact | right_answers_pass, wrong_answers_fail |
"""

import contextlib
import io
import math
import re

import numpy as np
import pytest
import scipy.stats
import series
import torch
from torch.nn import functional as F

from infogan_utils import metrics
from infogan_utils.checks import nb03 as check
from infogan_utils.codes import Layout

TABLES = ("entropy", "cross_entropy", "kl", "mutual_information")
GAUSSIAN = ("gaussian_entropy", "gaussian_kl", "gaussian_information", "binned_gaussian")
GENERATORS = ("table_of", "information_of_width", "conditional_information", "chain_information")
RING = ("G_uses", "G_ignores", "mode_counts", "measured_information", "mlp", "draw", "train")
VIEW = ("chain_information", "draw_chain", "chain_view")


@pytest.fixture(scope="module")
def nb():
    """The notebook's functions by name, with the two constants of its ring."""
    angle = 2 * np.pi * np.arange(8) / 8
    space = series.namespace("03", *TABLES, *GAUSSIAN, *GENERATORS, *RING, *VIEW)
    space |= {"centres": 2 * np.stack([np.cos(angle), np.sin(angle)], axis=1), "SIGMA": 0.1}
    return space


@pytest.fixture(scope="module")
def prose():
    """All text cells, with line breaks as spaces."""
    cells = series.read("03").cells
    return re.sub(r"\s+", " ", " ".join(c.source for c in cells if c.cell_type == "markdown"))


def table(rng, *shape):
    """A random table of probabilities."""
    return rng.dirichlet(np.ones(math.prod(shape))).reshape(shape)


# ---------------------------------------------------------------- tables


def test_entropy_agrees_with_scipy(nb):
    rng = np.random.default_rng(0)
    for shape in ((2,), (5,), (3, 4)):
        p = table(rng, *shape)
        assert nb["entropy"](p) == pytest.approx(scipy.stats.entropy(p.ravel()), abs=1e-12)
    for k in (1, 2, 10):
        assert nb["entropy"](np.full(k, 1 / k)) == pytest.approx(math.log(k), abs=1e-12)
    assert nb["entropy"]([0, 1, 0]) == 0


def test_the_entropy_of_a_code_is_that_of_its_prior(nb):
    prior = nb["entropy"](np.full(10, 0.1))
    assert prior == pytest.approx(2.3026, abs=5e-5)
    assert prior == pytest.approx(Layout(62, (10,), 2).entropy()["cat 1"], abs=1e-12)
    assert all(nb["entropy"](row) == 0 for row in np.eye(10))


def test_cross_entropy_is_entropy_plus_kl(nb):
    p, q = [0.9, 0.1], [0.5, 0.5]
    assert nb["cross_entropy"](p, q) == pytest.approx(0.693, abs=5e-4)
    assert nb["entropy"](p) == pytest.approx(0.325, abs=5e-4)
    assert nb["kl"](p, q) == pytest.approx(0.368, abs=5e-4)
    rng = np.random.default_rng(1)
    for _ in range(20):
        p, q = table(rng, 6), table(rng, 6)
        assert nb["cross_entropy"](p, q) == pytest.approx(nb["entropy"](p) + nb["kl"](p, q), abs=1e-12)
        assert nb["kl"](p, q) > 0 == nb["kl"](p, p)


def test_cross_entropy_and_kl_agree_with_torch_and_scipy(nb):
    rng = np.random.default_rng(2)
    p, q = table(rng, 6), table(rng, 6)
    logits = torch.tensor(np.log(q)) + 3  # a constant changes nothing
    assert nb["cross_entropy"](p, q) == pytest.approx(F.cross_entropy(logits, torch.tensor(p)).item(), abs=1e-12)
    assert nb["kl"](p, q) == pytest.approx(scipy.stats.entropy(p, q), abs=1e-12)
    assert nb["kl"]([0.5, 0.5], [1, 0]) == nb["cross_entropy"]([0.5, 0.5], [1, 0]) == math.inf
    assert nb["kl"]([1, 0], [0.5, 0.5]) == pytest.approx(math.log(2))


def test_information_has_two_decompositions(nb):
    rng, H = np.random.default_rng(3), nb["entropy"]
    for shape in ((2, 2), (3, 2), (5, 8)):
        P = table(rng, *shape)
        P_x, P_c = P.sum(axis=1), P.sum(axis=0)
        H_c_given_x = sum(P_x[i] * H(P[i] / P_x[i]) for i in range(shape[0]))
        H_x_given_c = sum(P_c[k] * H(P[:, k] / P_c[k]) for k in range(shape[1]))
        mi = nb["mutual_information"](P)
        assert mi == pytest.approx(H(P_c) - H_c_given_x, abs=1e-12)
        assert mi == pytest.approx(H(P_x) - H_x_given_c, abs=1e-12)
        assert nb["mutual_information"](P.T) == pytest.approx(mi, abs=1e-12)
        assert 0 < mi < min(H(P_c), H(P_x))
        assert nb["mutual_information"](np.outer(P_x, P_c)) == pytest.approx(0, abs=1e-12)


def test_the_packages_answer_information_is_this_information(nb):
    q = np.random.default_rng(4).dirichlet(np.ones(10), size=50)  # (images, categories)
    ours = nb["mutual_information"](q / len(q))
    assert ours == pytest.approx(metrics.answer_information(torch.tensor(q)), abs=1e-6)


# ---------------------------------------------------------------- Gaussians


def gaussian_formulas_hold(entropy, divergence, information):
    normal = torch.distributions.Normal
    for m1, s1, m2, s2 in ((0, 1, 0, 1), (1, 0.5, 0, 1), (-0.3, 2, 0.4, 0.7)):
        p, q = normal(float(m1), float(s1)), normal(float(m2), float(s2))
        assert entropy(s1) == pytest.approx(p.entropy().item(), abs=1e-6)
        assert divergence(m1, s1, m2, s2) == pytest.approx(torch.distributions.kl_divergence(p, q).item(), abs=1e-6)
    grid = np.linspace(-8, 8, 801)
    c, x = np.meshgrid(grid, grid, indexing="ij")
    for rho in (0.0, 0.5, 0.8):
        joint = scipy.stats.multivariate_normal([0, 0], [[1, rho], [rho, 1]])
        ln_ratio = joint.logpdf(np.stack([c, x], axis=-1))
        ln_ratio = ln_ratio - scipy.stats.norm.logpdf(c) - scipy.stats.norm.logpdf(x)
        by_sum = (joint.pdf(np.stack([c, x], axis=-1)) * ln_ratio).sum() * (grid[1] - grid[0]) ** 2
        assert information(rho) == pytest.approx(by_sum, abs=1e-6)


def test_gaussian_formulas_agree_with_torch_and_quadrature(nb):
    gaussian_formulas_hold(*(nb[f"gaussian_{name}"] for name in ("entropy", "kl", "information")))


@pytest.mark.parametrize("wrong", range(4))
def test_wrong_gaussian_formulas_are_noticed(nb, wrong):
    right = [nb[f"gaussian_{name}"] for name in ("entropy", "kl", "information")]
    mutants = [
        (0, lambda s: 0.5 * np.log(2 * np.pi * s**2)),  # without e
        (1, lambda m1, s1, m2, s2: right[1](m2, s2, m1, s1)),  # the other way round
        (1, lambda m1, s1, m2, s2: right[1](m1, s1**0.5, m2, s2**0.5)),  # deviation taken for variance
        (2, lambda rho: -np.log(1 - rho**2)),  # without the half
    ]
    place, mutant = mutants[wrong]
    with pytest.raises(AssertionError):
        gaussian_formulas_hold(*(mutant if i == place else f for i, f in enumerate(right)))


def test_binning_never_adds_information(nb):
    for rho in (0.5, 0.8):
        truth = nb["gaussian_information"](rho)
        tables = [nb["binned_gaussian"](rho, bins) for bins in (2, 4, 8, 16, 32, 64)]
        values = [nb["mutual_information"](t / t.sum()) for t in tables]
        assert all(a < b for a, b in zip([0, *values], [*values, truth], strict=True))
        assert truth - values[-1] < 0.01
    exact = 0.5 * 0.5 + math.asin(0.8) / (2 * math.pi)  # P(both positive) of a pair with rho = 0.8
    assert nb["binned_gaussian"](0.8, 2)[1, 1] == pytest.approx(exact, abs=1e-4)
    for sigma in (0.5, 0.1, 0.01):  # x = c + σε, as in section 8: the signs differ with probability arctan(σ)/π
        table = nb["binned_gaussian"](1 / math.sqrt(1 + sigma**2), 2)
        assert table[0, 1] + table[1, 0] == pytest.approx(math.atan(sigma) / math.pi, rel=0.01)


# ---------------------------------------------------------------- estimates


@pytest.mark.parametrize(("K", "M", "keep"), [(8, 8, 0.0), (8, 8, 0.6), (3, 12, 0.0)])
def test_the_plug_in_bias_follows_the_law(nb, K, M, keep):
    N, rng = 2000, np.random.default_rng(5)
    P = np.full((M, K), 1 / (K * M)) * (1 - keep) + keep * np.eye(M, K) / K
    estimates = [nb["mutual_information"](n.reshape(M, K) / N) for n in rng.multinomial(N, P.ravel(), size=3000)]
    bias = np.mean(estimates) - nb["mutual_information"](P)
    law = (K - 1) * (M - 1) / (2 * N)
    error = np.std(estimates) / len(estimates) ** 0.5
    assert abs(bias - law) < 0.1 * law + 3 * error
    assert abs(bias - 2 * law) > 3 * error and abs(bias - K * M / (2 * N)) > 3 * error  # the near misses


def test_measured_information_subtracts_the_law(nb):
    counts = np.random.default_rng(6).integers(100, 200, size=(8, 8))
    plug_in, bias, corrected = nb["measured_information"](counts)
    assert plug_in == pytest.approx(nb["mutual_information"](counts / counts.sum()))
    assert (bias, corrected) == pytest.approx((49 / (2 * counts.sum()), plug_in - bias))


# ---------------------------------------------------------------- generators


def test_merged_pictures_cost_what_the_package_says(nb):
    prior, pictures = np.full(10, 0.1), list(range(10))
    for pairs in range(4):
        merged = nb["mutual_information"](nb["table_of"](pictures, prior))
        assert merged == pytest.approx(metrics.merged_pairs_bound(pairs), abs=1e-12)
        pictures[2 * pairs + 1] = pictures[2 * pairs]


def test_overlap_leaves_ln_2_over_w(nb):
    for w in (0.3, 1.0, 1.37, 2.0, 5.0):
        assert nb["information_of_width"](w) == pytest.approx(math.log(2) / max(1, w), abs=1e-4)


def test_a_noiseless_continuous_code_has_no_limit(nb):
    edges = [np.concatenate([[-np.inf], np.linspace(-4, 4, B + 1)[1:-1], [np.inf]]) for B in (32, 64, 128, 256)]
    H = [nb["entropy"](np.diff(scipy.stats.norm.cdf(e))) for e in edges]
    assert np.diff(H) == pytest.approx(math.log(2), abs=2e-3)
    noisy = [nb["mutual_information"](nb["binned_gaussian"](1 / np.sqrt(1.01), B)) for B in (128, 256)]
    assert noisy[1] - noisy[0] < 0.05 and noisy[1] < 0.5 * math.log(101)


def test_processing_loses_the_conditional_information(nb):
    rng, information = np.random.default_rng(7), nb["mutual_information"]
    for xs, codes, ts in ((3, 2, 3), (4, 3, 2), (3, 3, 6)):
        P_xc = table(rng, xs, codes)
        T = rng.dirichlet(np.ones(ts), size=xs).T  # P(t|x): (ts, xs)
        P_xct = P_xc[:, :, None] * T.T[:, None, :]
        lost = nb["conditional_information"](P_xct)
        assert lost >= 0
        assert information(T @ P_xc) == pytest.approx(information(P_xc) - lost, abs=1e-12)
        assert nb["conditional_information"](P_xct.transpose(2, 1, 0)) == pytest.approx(0, abs=1e-12)


def test_a_map_that_sees_the_code_may_add_information(nb):
    P_xc = np.array([[0.35, 0.05], [0.10, 0.10], [0.05, 0.35]])
    P_xct = np.stack([P_xc * [1, 0], P_xc * [0, 1]], axis=2)  # t = c
    assert nb["mutual_information"](P_xct.sum(axis=0)) > nb["mutual_information"](P_xc)
    assert nb["conditional_information"](P_xct.transpose(2, 1, 0)) > 0.1  # I(c; t|x): no Markov chain


def test_two_flips_make_one_flip(nb):
    for f in (0.0, 0.2, 0.5, 1.0):
        channels = [np.array([[1 - e, e], [e, 1 - e]]) for e in (0.1, f)]
        kept, P_tc = nb["chain_information"](f)
        assert P_tc == pytest.approx(channels[1] @ channels[0] * 0.5)
        assert kept == pytest.approx(nb["mutual_information"](P_tc))
        assert kept <= nb["chain_information"](0)[0] + 1e-12
    assert nb["chain_information"](0.5)[0] == pytest.approx(0, abs=1e-12)


# ---------------------------------------------------------------- the prose


BOXES = np.array([[0.35, 0.05], [0.10, 0.10], [0.05, 0.35]])
MERGE = np.array([[1, 0, 0], [0, 1, 1], [0, 0, 0]])
STATED = [  # what the text says, how it follows from the notebook's functions, tolerance
    ("1 nat = 1.443 bits", lambda nb: (1.443, 1 / math.log(2)), 5e-4),
    ("I is 0.2531 nats", lambda nb: (0.2531, nb["mutual_information"](BOXES)), 5e-5),
    ("The other way round costs 0.511", lambda nb: (0.511, nb["kl"]([0.5, 0.5], [0.9, 0.1])), 5e-4),
    ("is worth 0.144 nats", lambda nb: (0.144, nb["gaussian_information"](0.5)), 5e-4),
    ("0.95 is worth 1.164", lambda nb: (1.164, nb["gaussian_information"](0.95)), 5e-4),
    ("0.139 nats: in two cases of ten", lambda nb: (0.139, 0.2 * math.log(2)), 5e-4),
    ("h(c) = 1.419 nats", lambda nb: (1.419, nb["gaussian_entropy"](1)), 5e-4),
    ("0.2050 nats are left", lambda nb: (0.2050, nb["mutual_information"](MERGE @ BOXES)), 5e-5),
    (
        "leaves 0.1228",
        lambda nb: (0.1228, nb["mutual_information"]((0.7 * np.eye(3) + 0.1) @ BOXES)),
        5e-5,
    ),
    ("ln 8 = 2.079", lambda nb: (2.079, nb["entropy"](np.full(8, 1 / 8))), 5e-4),
    ("= 0.031 nats", lambda nb: (0.031, 7 * 7 / (2 * 800)), 5e-4),
]


@pytest.mark.parametrize(("words", "numbers", "tolerance"), STATED, ids=[s[0] for s in STATED])
def test_numbers_in_the_prose_follow(nb, prose, words, numbers, tolerance):
    stated, computed = numbers(nb)
    assert words in prose
    assert computed == pytest.approx(stated, abs=tolerance)


def test_the_tables_of_the_prose_are_those_of_the_code(nb):
    source = "\n".join(series.code("03"))
    assert "P_x_given_c = np.array([[0.7, 0.1], [0.2, 0.2], [0.1, 0.7]])" in source
    assert np.array([[0.7, 0.1], [0.2, 0.2], [0.1, 0.7]]) * 0.5 == pytest.approx(BOXES)


# ---------------------------------------------------------------- the ring


def test_two_generators_share_v_but_not_information(nb):
    rng, n = np.random.default_rng(8), 100_000
    draws, logs, w = {}, {}, np.array([0.7, -1.2])
    for name in ("G_uses", "G_ignores"):
        c = rng.integers(8, size=n)
        draws[name] = c, nb[name](rng.standard_normal((n, 3)), c)
        logs[name] = -np.log1p(np.exp(draws[name][1] @ w + 0.3))
    gap = logs["G_uses"].mean() - logs["G_ignores"].mean()
    assert abs(gap) < 4 * math.sqrt(2) * logs["G_uses"].std() / n**0.5
    information = {k: nb["measured_information"](nb["mode_counts"](*v))[2] for k, v in draws.items()}
    assert information["G_uses"] == pytest.approx(math.log(8), abs=2e-3)
    assert information["G_ignores"] == pytest.approx(0, abs=2e-3)


def test_a_gan_ignores_its_code_unless_it_is_the_only_noise(nb):
    torch.set_num_threads(1)
    _, rows = nb["train"](seed=5, steps=2500)
    assert rows[-1, 2] > 0.6  # it has learnt the ring ...
    assert abs(rows[-1, 1]) < 0.05  # ... and does not use the code
    _, rows = nb["train"](seed=5, noise=0, steps=2500)
    assert rows[-1, 1] == pytest.approx(math.log(8), abs=0.1)


# ---------------------------------------------------------------- the slider


def test_the_slider_keeps_one_picture(nb):
    view = nb["chain_view"]()
    slider, _, picture = view.children
    seen = {bytes(picture.value)}
    for f in (0.5, 0.0, 1.0):
        slider.value = f
        assert bytes(picture.value).startswith(b"\x89PNG") and view.children[2] is picture
        assert f"f = {f:.2f}" in view.children[1].value
        seen.add(bytes(picture.value))
    assert len(seen) == 4  # every move drew another picture
    assert picture.layout.height == "300px" and slider.description


# ---------------------------------------------------------------- the exercises


def H(p):
    p = np.asarray(p, dtype=float)
    p = p[p > 0]
    return -(p * np.log(p)).sum()


def posterior_average(P):
    P_x = P.sum(axis=1)
    return sum(w * H(row / w) for w, row in zip(P_x, P, strict=True) if w > 0)


def corrected(counts, sign=1, size=np.count_nonzero, halves=2, clip=False):
    counts = np.asarray(counts)
    N = counts.sum()
    parts = [(counts.sum(axis=0), 1), (counts.sum(axis=1), 1), (counts, -1)]
    total = sum(s * (H(n / N) + sign * (size(n) - 1) / (halves * N)) for n, s in parts)
    return max(total, 0) if clip else total


def cost(prior, i, j):
    return H(prior) - H([prior[i] + prior[j], *np.delete(prior, [i, j])])


def undone(*_):
    raise NotImplementedError


def changes_prior(prior, i, j):
    value = cost(prior, i, j)
    prior[i] += prior[j]
    return value


RIGHT = {
    "conditional_entropy": [posterior_average, lambda P: H(P) - H(P.sum(axis=1))],
    "corrected_information": [corrected, lambda n: float(corrected(n))],
    "merge_cost": [
        cost,
        lambda p, i, j: (p[i] + p[j]) * H(np.array([p[i], p[j]]) / (p[i] + p[j])),
    ],
}
WRONG = {
    "conditional_entropy": [
        lambda P: H(P) - H(P.sum(axis=0)),  # H(x|c)
        H,  # H(x, c)
        lambda P: np.mean([H(row / row.sum()) for row in P if row.sum() > 0]),  # unweighted
        lambda P: -(P * np.log(P / P.sum(axis=1, keepdims=True))).sum(),  # nan where P = 0
        lambda P: H(P.sum(axis=0)) - posterior_average(P),  # I
        lambda P: posterior_average(P) / np.log(2),  # bits
        lambda P: [H(row) for row in P],
        undone,
    ],
    "corrected_information": [
        lambda n: corrected(n, sign=0),  # plug-in
        lambda n: corrected(n, sign=-1),
        lambda n: corrected(n, size=np.size),  # all cells, occupied or not
        lambda n: corrected(n, halves=1),
        lambda n: corrected(n, clip=True),
        lambda n: corrected(n, size=lambda a: np.count_nonzero(a) + 1),  # m for m − 1
        undone,
    ],
    "merge_cost": [
        lambda p, i, j: -cost(p, i, j),
        lambda p, i, j: 0.2 * np.log(2),  # right for ten equal codes only
        lambda p, i, j: (p[i] + p[j]) * np.log(2),  # a fair coin, whatever the two are
        lambda p, i, j: H(np.array([p[i], p[j]]) / (p[i] + p[j])),  # unweighted
        lambda p, i, j: H(p) - cost(p, i, j),  # what is left
        lambda p, i, j: cost(p, i, j) / np.log(2),  # bits
        lambda p, i, j: sum(-v * np.log(v) for v in (p[i], p[j])) + (p[i] + p[j]) * np.log(p[i] + p[j]),  # nan at 0
        changes_prior,
        undone,
    ],
}


def verdict(name, answer):
    """Whether the check passed, and what it printed."""
    with contextlib.redirect_stdout(io.StringIO()) as printed, np.errstate(all="ignore"):
        passed = bool(getattr(check, name)(answer))
    return passed, printed.getvalue()


@pytest.mark.parametrize(("name", "which"), [(n, i) for n, a in RIGHT.items() for i in range(len(a))])
def test_right_answers_pass(name, which):
    passed, printed = verdict(name, RIGHT[name][which])
    assert passed, printed


@pytest.mark.parametrize(("name", "which"), [(n, i) for n, a in WRONG.items() for i in range(len(a))])
def test_wrong_answers_fail(name, which):
    passed, printed = verdict(name, WRONG[name][which])
    assert not passed
    assert printed.startswith("Exercise 3.") and printed.count("\n") == 1
    assert "your code raised" not in printed


def test_the_cheapest_merge_of_the_exercise_is_the_two_rarest():
    prior = np.array([0.4, 0.3, 0.2, 0.1])
    costs = {(i, j): cost(prior, i, j) for i in range(4) for j in range(i + 1, 4)}
    assert min(costs, key=costs.get) == (2, 3)
