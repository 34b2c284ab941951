"""Notebook 03: its functions against closed forms and other people's code, its GAN, its exercises' checks."""

import math

import nbformat
import numpy as np
import pytest
import series
import torch
from scipy.stats import entropy, multivariate_normal, norm
from torch.nn import functional as F

from infogan_utils.checks import nb03 as check
from infogan_utils.codes import Categorical
from infogan_utils.metrics.accuracy import answer_information

NAMES = """entropy cross_entropy kl mutual_information gaussian_entropy gaussian_kl gaussian_information
table_of information_of_width noisy_information conditional_information
G_uses G_ignores mode_counts measured_information mlp draw train""".split()


@pytest.fixture(scope="module")
def nb():
    """The notebook's functions by name, with the two constants of its ring."""
    angle = 2 * np.pi * np.arange(8) / 8
    space = series.namespace("03", *NAMES)
    space |= {"centres": 2 * np.stack([np.cos(angle), np.sin(angle)], axis=1), "SIGMA": 0.1}
    return space


def random_table(seed, *shape):
    return np.random.default_rng(seed).dirichlet(np.ones(math.prod(shape))).reshape(shape)


def test_entropy_is_scipys_and_that_of_a_code_is_its_priors(nb):  # B08
    for shape in ((2,), (5,), (3, 4)):
        p = random_table(0, *shape)
        assert nb["entropy"](p) == pytest.approx(entropy(p.ravel()), abs=1e-12)
    assert nb["entropy"](np.full(10, 0.1)) == pytest.approx(Categorical(10).entropy, abs=1e-12)
    assert all(nb["entropy"](row) == 0 for row in np.eye(10))


def test_cross_entropy_is_entropy_plus_kl_and_both_are_the_libraries(nb):  # B07
    p, q = [0.9, 0.1], [0.5, 0.5]
    numbers = [nb["cross_entropy"](p, q), nb["entropy"](p), nb["kl"](p, q)]
    assert numbers == pytest.approx([0.693, 0.325, 0.368], abs=5e-4)
    p, q = random_table(1, 6), random_table(2, 6)
    assert nb["cross_entropy"](p, q) == pytest.approx(nb["entropy"](p) + nb["kl"](p, q), abs=1e-12)
    logits = torch.tensor(np.log(q)) + 3  # a constant changes nothing
    assert nb["cross_entropy"](p, q) == pytest.approx(F.cross_entropy(logits, torch.tensor(p)).item(), abs=1e-12)
    assert nb["kl"](p, q) == pytest.approx(entropy(p, q), abs=1e-12)
    assert nb["kl"]([0.5, 0.5], [1, 0]) == math.inf
    assert nb["kl"]([1, 0], [0.5, 0.5]) == pytest.approx(math.log(2))


def test_information_has_two_decompositions_and_is_the_packages(nb):
    H, information = nb["entropy"], nb["mutual_information"]
    for shape in ((2, 2), (3, 2), (5, 8)):
        P = random_table(3, *shape)
        P_x, P_c = P.sum(axis=1), P.sum(axis=0)
        H_c_given_x = sum(P_x[i] * H(P[i] / P_x[i]) for i in range(shape[0]))
        H_x_given_c = sum(P_c[k] * H(P[:, k] / P_c[k]) for k in range(shape[1]))
        assert information(P) == pytest.approx(H(P_c) - H_c_given_x, abs=1e-12)
        assert information(P) == pytest.approx(H(P_x) - H_x_given_c, abs=1e-12)
        assert information(np.outer(P_x, P_c)) == pytest.approx(0, abs=1e-12)
    answers = np.random.default_rng(4).dirichlet(np.ones(10), size=50)  # (images, categories)
    assert information(answers / 50) == pytest.approx(answer_information(torch.tensor(answers)), abs=1e-6)


def test_a_map_loses_the_conditional_information(nb):
    P_xc, T = random_table(5, 4, 3), np.random.default_rng(6).dirichlet(np.ones(5), size=4).T  # P(t|x): (5, 4)
    P_xct = P_xc[:, :, None] * T.T[:, None, :]
    kept, lost = nb["mutual_information"](T @ P_xc), nb["conditional_information"](P_xct)
    assert lost > 0 and kept + lost == pytest.approx(nb["mutual_information"](P_xc), abs=1e-12)
    assert nb["conditional_information"](P_xct.transpose(2, 1, 0)) == pytest.approx(0, abs=1e-12)


def test_gaussian_formulas_are_torchs_and_wrong_ones_are_not(nb):
    p, q = torch.distributions.Normal(1.0, 0.5), torch.distributions.Normal(-0.3, 2.0)
    assert nb["gaussian_entropy"](0.5) == pytest.approx(p.entropy().item(), abs=1e-6)
    right = torch.distributions.kl_divergence(p, q).item()
    assert nb["gaussian_kl"](1, 0.5, -0.3, 2) == pytest.approx(right, abs=1e-6)
    for wrong in ((-0.3, 2, 1, 0.5), (1, 0.5**0.5, -0.3, 2**0.5)):  # the other way round; deviation for variance
        assert nb["gaussian_kl"](*wrong) != pytest.approx(right, abs=1e-2)
    for rho in (0.5, 0.8):  # I = 2 h(one) − h(both)
        both = multivariate_normal([0, 0], [[1, rho], [rho, 1]]).entropy()
        assert nb["gaussian_information"](rho) == pytest.approx(2 * nb["gaussian_entropy"](1) - both, abs=1e-9)


def test_a_continuous_code_has_information_without_limit_as_its_noise_goes(nb):
    information = nb["noisy_information"]
    assert information(1 / 128) - information(1 / 64) == pytest.approx(math.log(2), abs=0.02)
    rng, sigma = np.random.default_rng(7), 0.3
    c = rng.uniform(-1, 1, 100_000)
    x = c + sigma * rng.standard_normal(100_000)
    logs = norm.logpdf(x, c, sigma) - np.log((norm.cdf((x + 1) / sigma) - norm.cdf((x - 1) / sigma)) / 2)
    assert abs(logs.mean() - information(sigma)) < 4 * logs.std() / 100_000**0.5


@pytest.mark.parametrize(("K", "M", "keep"), [(8, 8, 0.0), (8, 8, 0.6), (3, 12, 0.0)])
def test_the_plug_in_bias_follows_the_formula_and_not_its_near_misses(nb, K, M, keep):
    N, rng = 2000, np.random.default_rng(8)
    P = np.full((M, K), 1 / (K * M)) * (1 - keep) + keep * np.eye(M, K) / K
    estimates = [nb["mutual_information"](n.reshape(M, K) / N) for n in rng.multinomial(N, P.ravel(), size=2000)]
    bias, error = np.mean(estimates) - nb["mutual_information"](P), np.std(estimates) / 2000**0.5
    formula = (K - 1) * (M - 1) / (2 * N)
    assert abs(bias - formula) < 0.1 * formula + 3 * error
    assert abs(bias - 2 * formula) > 3 * error and abs(bias - K * M / (2 * N)) > 3 * error


def test_merged_pictures_cost_0_139_nats_a_pair_and_overlap_leaves_ln_2_over_w(nb):
    prior, pictures = np.full(10, 0.1), list(range(10))
    for pairs in range(4):
        merged = nb["mutual_information"](nb["table_of"](pictures, prior))
        assert merged == pytest.approx(math.log(10) - 0.2 * pairs * math.log(2), abs=1e-9)
        pictures[2 * pairs + 1] = pictures[2 * pairs]
    for w in (0.3, 1.0, 1.37, 5.0):
        assert nb["information_of_width"](w) == pytest.approx(math.log(2) / max(1, w), abs=1e-4)


def test_two_generators_share_v_but_not_information(nb):
    rng, n, logs = np.random.default_rng(9), 100_000, {}
    for name, wanted in (("G_uses", math.log(8)), ("G_ignores", 0.0)):
        c = rng.integers(8, size=n)
        x = nb[name](rng.standard_normal((n, 3)), c)
        logs[name] = np.log1p(np.exp(x @ [0.7, -1.2] + 0.3))
        assert nb["measured_information"](nb["mode_counts"](c, x)) == pytest.approx(wanted, abs=2e-3)
    gap = logs["G_uses"].mean() - logs["G_ignores"].mean()
    assert abs(gap) < 4 * math.sqrt(2) * logs["G_uses"].std() / n**0.5


def test_a_gan_ignores_its_code_unless_it_is_the_only_noise(nb):
    torch.set_num_threads(1)
    _, rows = nb["train"](seed=5)
    assert rows[-1, 2] > 0.6 and abs(rows[-1, 1]) < 0.05  # it has learnt the ring, and does not use the code
    _, rows = nb["train"](seed=5, noise=0)
    assert rows[-1, 1] == pytest.approx(math.log(8), abs=0.1)


def test_the_worked_solutions_pass_their_checks(capsys):
    space = {}
    for cell in nbformat.read(series.NOTEBOOKS / "solutions" / series.path("03").name, as_version=4).cells:
        if cell.cell_type == "code":
            exec(cell.source, space)
    assert capsys.readouterr().out.count("passed.") == 3
    assert min(space["costs"], key=space["costs"].get) == (2, 3)


def H(p):
    p = np.asarray(p, dtype=float)
    return -(p[p > 0] * np.log(p[p > 0])).sum()


def corrected(n, sign=1, size=np.count_nonzero, halves=2):
    N, parts = n.sum(), [(n.sum(axis=0), 1), (n.sum(axis=1), 1), (n, -1)]
    return sum(s * (H(k / N) + sign * (size(k) - 1) / (halves * N)) for k, s in parts)


def cost(p, i, j):
    return H(p) - H([p[i] + p[j], *np.delete(p, [i, j])])


WRONG = [
    ("conditional_entropy", "the other way round", lambda P: H(P) - H(P.sum(axis=0))),
    ("conditional_entropy", "weight each x", lambda P: np.mean([H(row / row.sum()) for row in P])),
    ("conditional_entropy", "P = 0", lambda P: -(P * np.log(P / P.sum(axis=1, keepdims=True))).sum()),
    ("conditional_entropy", "in bits", lambda P: (H(P) - H(P.sum(axis=1))) / np.log(2)),
    ("corrected_information", "uncorrected", lambda n: corrected(n, sign=0)),
    ("corrected_information", "added, not subtracted", lambda n: corrected(n, sign=-1)),
    ("corrected_information", "counts empty cells", lambda n: corrected(n, size=np.size)),
    ("corrected_information", "N in place of 2N", lambda n: corrected(n, halves=1)),
    ("corrected_information", "negative result cut off", lambda n: max(corrected(n), 0)),
    ("merge_cost", "expected 0.1386294 nats, got 0.1386344", lambda p, i, j: cost(p, i, j) + 5e-6),
    ("merge_cost", "wrong sign", lambda p, i, j: -cost(p, i, j)),
    ("merge_cost", "expected", lambda p, i, j: 0.2 * np.log(2)),  # right for ten equal codes only
    ("merge_cost", "equally likely", lambda p, i, j: (p[i] + p[j]) * np.log(2)),
    ("merge_cost", "weight it", lambda p, i, j: cost(p, i, j) / (p[i] + p[j]) if len(p) < 10 else 0.2 * np.log(2)),
    ("merge_cost", "must not be changed", lambda p, i, j: p.fill(0.1) or 0.2 * np.log(2)),
]


def test_an_answer_that_is_right_in_float32_is_taken():
    assert check.conditional_entropy(lambda P: np.float32(H(P) - H(P.sum(axis=1))))


@pytest.mark.parametrize(("name", "words", "answer"), WRONG)
def test_a_wrong_answer_is_refused_and_its_cause_named(name, words, answer, capsys):
    with np.errstate(all="ignore"):
        assert not getattr(check, name)(answer)
    said = capsys.readouterr().out
    assert words in said and said.count("\n") == 1 and "your code raised" not in said
