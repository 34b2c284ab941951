"""MIG, FactorVAE score, SAP, DCI: exact cases, and values of another implementation on the same arrays."""

import itertools
import sys

import numpy as np
import pytest
from scipy.linalg import block_diag, hadamard

from infogan_utils.metrics import dci, factor_vae_score, mig, model_centrality, sap
from infogan_utils.metrics.factors import mutual_information

pytest.importorskip("sklearn")
SIZES = (3, 6, 8)
GRID = np.array(list(itertools.product(*map(range, SIZES))) * 7)  # exactly independent factors, n = 1,008
SCORES = (mig, factor_vae_score, sap, dci)


def world(n: int, seed: int = 0, *, mix: np.ndarray | None = None, noise: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    """Codes (n, codes) that mix three factors, and the factors (n, 3)."""
    rng = np.random.default_rng(seed)
    mix = np.array([[1, 0, 0.3, 0, 0.5], [0, 1, 0.2, 0.6, 0.5], [0, 0, 1, 0.8, 0]]) if mix is None else mix
    factors = np.stack([rng.integers(size, size=n) for size in SIZES], axis=1)
    return (factors / np.array(SIZES) * 2 - 1) @ mix + noise * rng.normal(size=(n, mix.shape[1])), factors


def test_mutual_information_is_exact_on_tables_that_one_can_count():
    a, b = np.array([0, 0, 1, 1]), np.array([5, 5, 5, 9])
    by_hand = 0.5 * np.log(0.5 / (0.5 * 0.75)) + 0.25 * np.log(0.25 / (0.5 * 0.75)) + 0.25 * np.log(0.25 / (0.5 * 0.25))
    assert mutual_information(a, b) == pytest.approx(by_hand)
    assert (
        mutual_information(a, a) == pytest.approx(np.log(2))
        and abs(mutual_information(a, np.array([0, 1, 0, 1]))) < 1e-12
    )


def test_codes_that_are_the_factors_score_1():
    assert float(mig(GRID, GRID)) == pytest.approx(1)
    assert float(factor_vae_score(GRID, GRID)) == 1
    trees = dci(GRID, GRID)
    assert trees.value > 0.99 and trees.parts["completeness"] > 0.99
    floats = np.random.default_rng(0).random((2000, 3))
    assert float(sap(floats, floats)) > 0.99  # a line can't tell apart the middle ones of many classes


def test_independent_codes_score_near_0_or_guess():
    codes = np.random.default_rng(0).normal(size=(len(GRID), 4))
    assert float(mig(codes, GRID)) < 0.03 and float(sap(codes, GRID)) < 0.05
    assert abs(float(factor_vae_score(codes, GRID)) - 1 / 3) < 0.05
    assert float(dci(codes, GRID)) < 0.1


@pytest.mark.parametrize("score", [mig, factor_vae_score, sap])
def test_permuted_scaled_and_flipped_codes_change_nothing(score):
    codes, factors = world(2000)
    scales = [1, -1, 1, 1, -1] if score is sap else [1, -2, 0.5, 3, -1]  # the SVM's C depends on the scale
    changed = codes[:, [3, 0, 4, 1, 2]] * scales
    assert float(score(changed, factors)) == pytest.approx(
        float(score(codes, factors)), abs=0.01 if score is sap else 1e-9
    )


def test_a_rotated_pair_loses_its_half_of_the_gap():
    factors = np.random.default_rng(0).uniform(-1, 1, size=(10_000, 4))
    codes = factors.copy()
    codes[:, 0], codes[:, 1] = factors[:, 0] + factors[:, 1], factors[:, 0] - factors[:, 1]
    for score in (mig, sap):
        assert float(score(codes, factors)) == pytest.approx(float(score(factors, factors)) / 2, abs=0.02)


@pytest.mark.parametrize("n_codes", [2, 5, 9])
@pytest.mark.parametrize("score", SCORES)
def test_five_factors_get_a_score_from_fewer_and_from_more_codes(score, n_codes):  # B65
    rng = np.random.default_rng(0)
    factors = rng.integers(2, size=(1000, 5))
    codes = np.hstack([factors, rng.normal(size=(1000, 4))])[:, :n_codes]
    got = score(codes, factors)
    assert 0 < float(got) <= 1 and got.matrix.shape == (n_codes, 5)
    if score is factor_vae_score:  # held factors without a code are voted for by chance
        assert (got.value == 1) == (n_codes > 2)


def test_a_float_factor_of_10_000_values_is_binned_and_said():  # B67
    factors = np.random.default_rng(0).random((10_000, 2))
    assert len(np.unique(factors[:, 0])) == 10_000
    for score, says in ((mig, "in 20 bins"), (factor_vae_score, "in 20 bins"), (sap, "by correlation")):
        got = score(factors, factors)
        assert float(got) > 0.95 and f"factors [0, 1] (more than 100 values) {says}" in str(got)
    angles = np.random.default_rng(0).integers(40, size=(10_000, 2)) / 40  # floats, but classes
    assert "factors" not in str(mig(angles, angles))


def test_20_bins_and_none_give_both_numbers_and_say_which():  # B69
    codes, factors = world(3000)
    binned, bare = mig(codes, factors), mig(codes, factors, bins=None)
    assert binned.value > 0.4 and abs(bare.value) < 1e-9  # each sample a bin of its own: every code says all
    assert str(binned) == f"MIG {binned.value:.3f} (3,000 samples, codes in 20 bins)" and "codes not binned" in str(
        bare
    )


@pytest.mark.parametrize("score", SCORES)
def test_twenty_samples_are_refused(score):  # B70
    with pytest.raises(ValueError, match="20 samples were given; a score needs 1,000"):
        score(*world(20))


@pytest.mark.parametrize("score", SCORES)
def test_at_10_000_samples_two_seeds_agree_within_0_02(score):  # B70
    mix = None if score is dci else np.array([[1, 0.8], [0.9, 1], [0.2, 0.5]])  # DCI varies more where codes mix
    worlds = [world(10_000, seed, mix=mix) for seed in (0, 1)]
    one, two = (score(codes, factors[:, :2] > 1 if score is dci else factors).value for codes, factors in worlds)
    assert 0 < abs(one - two) < 0.02


def test_values_equal_those_of_disentanglement_lib_on_the_same_arrays():
    """Computed once by google-research/disentanglement_lib; its FactorVAE score draws new samples for every vote."""
    codes, factors = world(1500)
    assert mig(codes, factors).value == pytest.approx(0.4916914, abs=1e-6)
    assert sap(codes, factors).value == pytest.approx(0.1333333, abs=0.005)
    trees = dci(codes, factors)
    assert [trees.value, *trees.parts.values()] == pytest.approx([0.8360, 0.7239, 0.8827], abs=0.01)
    mix = np.array([[1, 0.8], [0.9, 1], [0.2, 0.5]])
    assert factor_vae_score(*world(10_000, mix=mix)).value == pytest.approx(0.660, abs=0.02)
    mix = np.array([[1, 0, 0.6], [0.3, 1, 0.5], [0, 0.3, 0.6]])
    assert factor_vae_score(*world(10_000, mix=mix, noise=0.6)).value == pytest.approx(0.840, abs=0.02)


def test_codes_that_hardly_move_have_no_vote():
    codes, factors = world(2000)
    got = factor_vae_score(np.hstack([codes, 1e-3 * factors]), factors)
    assert got.value == factor_vae_score(codes, factors).value and "5 of 8 codes active" in str(got)
    assert factor_vae_score(codes * 1e-3, factors).value == 0


@pytest.mark.parametrize("drawn", [False, True])
def test_model_centrality_chooses_the_run_that_agrees_with_the_others(drawn):
    x, mixed = np.random.default_rng(0).uniform(-1, 1, size=(2000, 4)), hadamard(4)
    half = block_diag(hadamard(2), np.eye(2))
    runs = [lambda x: x * [1, -2, 3, 0.5], lambda x: x[:, [2, 0, 3, 1]], lambda x: x @ half, lambda x: x @ mixed]
    scores = model_centrality(runs, [(x, codes(x)) for codes in runs] if drawn else x)
    assert scores.shape == (4,) and scores.argmax() in (0, 1) and list(scores.argsort()[:2]) == [3, 2]
    with pytest.raises(ValueError, match="2 runs were given"):
        model_centrality(runs[:2], x)


def test_what_cannot_be_scored_is_named():
    codes, factors = world(1000)
    for wrong, says in [
        ((codes[:, :1], factors), "two codes or more"),
        ((codes[:500], factors), r"codes \(500, 5\), factors \(1000, 3\)"),
        ((codes + np.nan, factors), "not finite"),
        ((codes, factors * [1, 0, 1]), r"factors \[1\] have one value alone"),
    ]:
        with pytest.raises(ValueError, match=says):
            mig(*wrong)


def test_without_scikit_learn_two_scores_say_what_to_install(monkeypatch):
    codes, factors = world(1000)
    for name in ("sklearn", "sklearn.svm", "sklearn.ensemble"):
        monkeypatch.setitem(sys.modules, name, None)
    assert mig(codes, factors).value > 0 and sap(codes, codes).value > 0  # the correlation needs none
    for score in (sap, dci):
        with pytest.raises(ImportError, match="needs scikit-learn.*pip install scikit-learn"):
            score(codes, factors)
