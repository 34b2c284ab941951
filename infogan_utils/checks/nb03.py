"""Checks of notebook 03's exercises: conditional entropy, the corrected estimate of I, the cost of a merge."""

from collections.abc import Callable

import numpy as np

from infogan_utils.checks import exercise


def _entropy(p: np.ndarray) -> float:
    p = np.asarray(p, dtype=float)
    p = p[p > 0]
    return float(-(p * np.log(p)).sum())


def _expect(got: object, wanted: float, where: str, causes: dict[str, float] | None = None) -> None:
    """Compare ``got`` with ``wanted`` nats; where they differ, name the one of ``causes`` that gives this number."""
    try:
        number = float(got)
    except (TypeError, ValueError):
        raise AssertionError(f"{where}: expected one number in nats, got {type(got).__name__} {got!r}") from None
    assert np.isfinite(number), f"{where}: expected a finite number of nats, got {number} (a cell with P = 0?)"
    if abs(number - wanted) >= 1e-6:
        named = {**(causes or {}), "the answer in bits": wanted / np.log(2), "the answer with the wrong sign": -wanted}
        cause = next((f": this is {name}" for name, value in named.items() if abs(number - value) < 1e-6), "")
        digits = 4 if f"{wanted:.4f}" != f"{number:.4f}" else 7
        raise AssertionError(f"{where}: expected {wanted:.{digits}f} nats, got {number:.{digits}f}{cause}")


@exercise("Exercise 3.1")
def conditional_entropy(answer: Callable[[np.ndarray], float]) -> None:
    """H(c|x) in nats of tables P(x, c), shape (xs, codes)."""
    rng = np.random.default_rng(31)
    for shape in ((3, 2), (3, 5), (8, 3)):
        joint = rng.dirichlet(np.ones(shape[0] * shape[1])).reshape(shape)
        P_x, P_c, H = joint.sum(axis=1), joint.sum(axis=0), _entropy(joint)
        wanted, rows = H - _entropy(P_x), [_entropy(row) for row in joint / P_x[:, None]]
        causes = {
            "H(x|c), the other way round": H - _entropy(P_c),
            "H(x, c)": H,
            "I(c; x)": _entropy(P_c) - wanted,
            "a plain mean over x; weight each x by P(x)": float(np.mean(rows)),
        }
        _expect(answer(joint), wanted, f"a random table of {shape[0]} xs by {shape[1]} codes", causes)
        with np.errstate(all="ignore"):
            wider = answer(np.insert(joint, 1, 0.0, axis=0))
        _expect(wider, wanted, "the same table with an x that never occurs")


@exercise("Exercise 3.2")
def corrected_information(answer: Callable[[np.ndarray], float]) -> None:
    """Plug-in I minus the Miller-Madow bias over occupied cells, from counts of shape (xs, codes)."""
    rng = np.random.default_rng(32)
    sparse = np.diag([5, 7, 9, 4])
    sparse[0, 1] = 3
    with_gaps = np.insert(np.insert(rng.integers(1, 30, size=(4, 6)), 2, 0, axis=0), (1, 3), 0, axis=1)
    for counts, where in (
        (rng.integers(1, 30, size=(4, 6)), "4 × 6 counts, all above 0"),
        (with_gaps, "counts with an empty row and two empty columns"),
        (sparse, f"the counts {sparse.tolist()}, 5 of 16 cells occupied"),
        (np.array([[4, 5, 4], [4, 4, 5], [5, 4, 4]]), "nine nearly equal counts"),
    ):
        N, p = counts.sum(), counts / counts.sum()
        parts = ((p.sum(axis=0), 1), (p.sum(axis=1), 1), (p, -1))
        plug_in = sum(sign * _entropy(part) for part, sign in parts)
        bias = -sum(sign * (np.count_nonzero(part) - 1) for part, sign in parts) / (2 * N)
        every_cell = (counts.shape[0] - 1) * (counts.shape[1] - 1) / (2 * N)
        causes = {
            "the plug-in estimate, uncorrected": plug_in,
            "the bias added, not subtracted": plug_in + bias,
            "the bias with N in place of 2N": plug_in - 2 * bias,
            "the formula of section 3.5, which counts empty cells": plug_in - every_cell,
            "a negative result cut off": max(plug_in - bias, 0.0),
        }
        _expect(answer(counts), plug_in - bias, where, causes)


@exercise("Exercise 3.3")
def merge_cost(answer: Callable[[np.ndarray, int, int], float]) -> None:
    """Nats of I(c; x) lost when codes i and j of a noiseless generator draw the same picture."""
    rng = np.random.default_rng(33)
    doubt = "the doubt between i and j; weight it by how often one of them is drawn"
    _expect(answer(np.full(10, 0.1), 3, 8), 0.2 * np.log(2), "ten equal codes, 3 and 8 merged", {doubt: np.log(2)})
    for size in (2, 4, 7):
        prior = rng.dirichlet(np.ones(size))
        i, j = (int(k) for k in rng.choice(size, size=2, replace=False))
        before, both = prior.copy(), prior[i] + prior[j]
        got = answer(prior, i, j)
        assert np.array_equal(prior, before), "the prior that was passed in must not be changed"
        left = _entropy(np.append(np.delete(prior, [i, j]), both))
        wanted = _entropy(prior) - left
        causes = {
            "what is left of I, not what is lost": left,
            "right for two equally likely codes only": both * np.log(2),
            doubt: wanted / both,
        }
        _expect(got, wanted, f"prior {prior.round(3).tolist()}, codes {i} and {j}", causes)
    with np.errstate(all="ignore"):
        got = answer(np.array([0.5, 0.5, 0.0]), 0, 2)
    _expect(got, 0.0, "a merge with a code that is never drawn (P = 0)")
