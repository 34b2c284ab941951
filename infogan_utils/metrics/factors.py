"""Does each code stand for one factor? Four scores for pictures whose factors are known. Notebook 08 uses them.

MIG (arXiv 1802.04942), the FactorVAE score (1802.05983), SAP (1711.00848) and DCI (Eastwood and Williams, ICLR 2018)
with the settings of disentanglement_lib (1811.12359). Each compares ``codes`` (n, codes), e.g. Q's means of n pictures,
with the ``factors`` (n, factors) that made them, arrays or tensors. A factor of more than 100 values counts as
continuous and is put into 20 bins; the score says so.
"""

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.stats import entropy
from scipy.stats.contingency import crosstab

BINS, MOST_VALUES = 20, 100
FEWEST = 1_000  # samples; below it chance decides
VOTES, SCORED, GROUP, LEAST = 10_000, 5_000, 64, 0.05  # of the FactorVAE score


@dataclass(frozen=True)
class Score:
    """A score, how it came about, and the ``matrix`` (codes, factors) that it was computed from."""

    name: str
    value: float
    how: str
    matrix: np.ndarray
    parts: dict[str, float] = field(default_factory=dict)

    def __float__(self) -> float:
        return self.value

    def __str__(self) -> str:
        beside = "".join(f", {name} {value:.3f}" for name, value in self.parts.items())
        return f"{self.name} {self.value:.3f}{beside} ({self.how})"


def mig(codes: Any, factors: Any, *, bins: int | None = BINS) -> Score:
    """Mutual information gap: (I of the best code − I of the second best) / H(factor), averaged over the factors.

    A code is put into ``bins`` of equal width; None: each value for itself, which drives the score towards 0.
    """
    codes, classes, _, how = _checked(codes, factors)
    columns = codes.T if bins is None else [_binned(code, bins) for code in codes.T]
    matrix = np.array([[mutual_information(code, factor) for factor in classes.T] for code in columns])
    entropies = np.array([mutual_information(factor, factor) for factor in classes.T])
    how += ", codes not binned" if bins is None else f", codes in {bins} bins"
    return Score("MIG", float((_gaps(matrix) / entropies).mean()), how, matrix)


def factor_vae_score(codes: Any, factors: Any, *, seed: int = 0) -> Score:
    """How often the code that varies least tells which factor was held: accuracy of a majority vote, in [0, 1].

    A vote holds one factor at the value it has in some sample and draws 64 of the samples that share it. It goes to the
    code with the lowest variance over its variance in all samples. 10,000 votes say which factor a code stands for,
    5,000 others are counted. Codes with a standard deviation below 0.05 are left out. Guessing gives 1/factors.
    """
    codes, classes, _, how = _checked(codes, factors)
    variance = codes.var(axis=0, ddof=1)
    active = np.flatnonzero(np.sqrt(variance) >= LEAST)
    how = f"{how}, {len(active)} of {len(variance)} codes active, groups of {GROUP}"
    codes = codes[:, active] / np.sqrt(variance[active])
    rng, tables = np.random.default_rng(seed), np.zeros((2, len(active), classes.shape[1]), dtype=int)
    if not len(active):
        return Score("FactorVAE score", 0.0, how, tables[0])
    for table, count in zip(tables, (VOTES, SCORED), strict=True):
        for factor, times in enumerate(rng.multinomial(count, np.full(classes.shape[1], 1 / classes.shape[1]))):
            column = classes[:, factor]
            held, order = column[rng.integers(len(column), size=times)], np.argsort(column, kind="stable")
            first, last = (np.searchsorted(column[order], held, side=side)[:, None] for side in ("left", "right"))
            rows = order[rng.integers(first, last, size=(times, GROUP))]
            votes = [codes[part].var(axis=1).argmin(axis=1) for part in np.array_split(rows, times // 500 + 1)]
            table[:, factor] = np.bincount(np.concatenate(votes), minlength=len(active))
    trained, fresh = tables
    right = fresh[np.arange(len(active)), trained.argmax(axis=1)].sum()
    return Score("FactorVAE score", float(right / SCORED), how, trained)


def sap(codes: Any, factors: Any) -> Score:
    """Separated attribute predictability: how far the best code alone predicts a factor better than the second best.

    Averaged over the factors. How well a code predicts: for a discrete factor the accuracy of scikit-learn's linear SVM
    (C = 0.01, balanced classes) on the last third of the samples, trained on the others; for a continuous one r². C
    makes the first depend on the scale of a code: compare codes of like spread, such as those in [−1, 1].
    """
    codes, classes, continuous, how = _checked(codes, factors, "by correlation")
    factors, cut = np.asarray(factors).reshape(len(codes), -1), len(codes) * 2 // 3
    matrix = np.zeros((codes.shape[1], classes.shape[1]))
    for i, j in np.ndindex(*matrix.shape):
        if not continuous[j]:
            svm = _sklearn("svm").LinearSVC(C=0.01, class_weight="balanced", random_state=0)
            svm.fit(codes[:cut, i : i + 1], classes[:cut, j])
            matrix[i, j] = svm.score(codes[cut:, i : i + 1], classes[cut:, j])
        elif codes[:, i].var() > 1e-12:
            matrix[i, j] = np.corrcoef(codes[:, i], factors[:, j])[0, 1] ** 2
    return Score("SAP", float(_gaps(matrix).mean()), how, matrix)


def dci(codes: Any, factors: Any) -> Score:
    """Disentanglement, and beside it completeness and informativeness, from the importances in gradient-boosted trees.

    Trees learn to predict each factor from all codes on two thirds of the samples; informativeness is their accuracy on
    the rest. Disentanglement is 1 − entropy of a code's importances over the factors, weighted by its importance;
    completeness is the same of a factor's over the codes. Needs scikit-learn; 10,000 samples of five codes take about a
    second for each value of each factor. Where codes mix factors, two draws of 10,000 can differ by 0.05.
    """
    trees = _sklearn("ensemble").GradientBoostingClassifier
    codes, classes, _, how = _checked(codes, factors)
    cut, matrix, right = len(codes) * 2 // 3, np.zeros((codes.shape[1], classes.shape[1])), []
    for j, column in enumerate(classes.T):
        model = trees(random_state=0).fit(codes[:cut], column[:cut])
        matrix[:, j] = model.feature_importances_.clip(0)  # rounding makes −1e-17 of some
        right.append(model.score(codes[cut:], column[cut:]))
    parts = {"completeness": _concentration(matrix.T), "informativeness": float(np.mean(right))}
    return Score("DCI disentanglement", _concentration(matrix), how, matrix, parts)


def model_centrality(encoders: Sequence[Callable], images: Any) -> np.ndarray:
    """How well each run agrees with the others: a score for each without labels, the highest to be chosen.

    Codes of one run stand for the factors of another: A[i, j] is the FactorVAE score of run i's codes with those of run
    j as factors; a run's score is the mean of (A[i, j] + A[j, i]) / 2 over the others (ModelCentrality, arXiv
    1906.06034). Runs that fail alike agree, too, so that most of the runs should be good ones.

    Args:
        encoders: a function for each run from pictures to codes (n, codes), e.g. Q's means.
        images: a pair (pictures, codes) for each run, what its G drew and from which codes, as in the paper; or real
            pictures for all runs: then the codes are those that the other run reads off them.
    """
    if len(encoders) < 3:
        raise ValueError(f"{len(encoders)} runs were given; which one agrees with the others needs 3 or more")
    if isinstance(images, list | tuple):
        codes = [[encode(x) for x, _ in images] for encode in encoders]  # by the run that reads, the run that drew
        factors = [drawn_from for _, drawn_from in images]
    else:
        factors = [encode(images) for encode in encoders]
        codes = [[own] * len(factors) for own in factors]
    scores = np.array([[float(factor_vae_score(*pair)) for pair in zip(row, factors, strict=True)] for row in codes])
    both = (scores + scores.T) / 2
    return (both.sum(axis=0) - both.diagonal()) / (len(both) - 1)


def mutual_information(a: np.ndarray, b: np.ndarray) -> float:
    """I(a; b) in nats of two columns (n,), counted over their distinct values; I(a; a) is the entropy of a."""
    count = crosstab(a, b).count
    return float(entropy(count.sum(axis=0)) + entropy(count.sum(axis=1)) - entropy(count.ravel()))


def _binned(column: np.ndarray, bins: int) -> np.ndarray:
    return np.digitize(column, np.linspace(column.min(), column.max(), bins + 1)[1:-1])


def _gaps(matrix: np.ndarray) -> np.ndarray:
    """The best less the second best code of each factor, (factors,)."""
    return np.diff(np.sort(matrix, axis=0)[-2:], axis=0)[0]


def _concentration(matrix: np.ndarray) -> float:
    """Mean over the rows of 1 − entropy / its largest value, weighted by the rows' sums; 0 if all are 0."""
    sums = matrix.sum(axis=1)
    some, sums = matrix[sums > 0], sums[sums > 0]
    spread = entropy(some, base=max(matrix.shape[1], 2), axis=1)
    return 1 - float(np.average(spread, weights=sums)) if len(sums) else 0.0


def _sklearn(module: str) -> Any:
    try:
        return importlib.import_module(f"sklearn.{module}")
    except ImportError as error:
        raise ImportError("this score needs scikit-learn, which is missing here: pip install scikit-learn") from error


def _checked(codes: Any, factors: Any, treated: str = f"in {BINS} bins") -> tuple:
    """Codes (n, codes), factors as classes (n, factors), which factors are continuous, and what to say of all that."""
    codes, factors = (np.asarray(x, dtype=np.float64) for x in (codes, factors))
    factors = factors[:, None] if factors.ndim == 1 else factors
    if codes.ndim != 2 or factors.ndim != 2 or len(codes) != len(factors) or codes.shape[1] < 2:
        raise ValueError(f"codes {codes.shape}, factors {factors.shape} were given; n rows each, two codes or more")
    if len(codes) < FEWEST:
        raise ValueError(f"{len(codes)} samples were given; a score needs {FEWEST:,}, published ones have 10,000")
    if not (np.isfinite(codes).all() and np.isfinite(factors).all()):
        raise ValueError("codes or factors that are not finite were given: leave those samples out")
    values = np.array([len(np.unique(column)) for column in factors.T])
    if (values < 2).any():
        raise ValueError(f"factors {np.flatnonzero(values < 2).tolist()} have one value alone: leave them out")
    continuous = values > MOST_VALUES
    columns = zip(factors.T, continuous, strict=True)
    classes = [_binned(x, BINS) if many else np.unique(x, return_inverse=True)[1] for x, many in columns]
    how = f"{len(codes):,} samples"
    if continuous.any():
        how += f", factors {np.flatnonzero(continuous).tolist()} (more than {MOST_VALUES} values) {treated}"
    return codes, np.stack(classes, axis=1), continuous, how
