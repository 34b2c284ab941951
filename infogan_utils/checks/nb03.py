"""Checks of notebook 03's exercises: conditional entropy, the corrected estimate of I, the cost of a merge."""

from collections.abc import Callable

import numpy as np

from infogan_utils.checks import exercise


def _entropy(p: np.ndarray) -> float:
    p = np.asarray(p, dtype=float)
    p = p[p > 0]
    return float(-(p * np.log(p)).sum())


def _number(value: object, where: str) -> float:
    """``value`` as a finite float, or say what came instead."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise AssertionError(f"{where}: expected one number in nats, got {type(value).__name__} {value!r}") from None
    assert np.isfinite(number), f"{where}: expected a finite number of nats, got {number}"
    return number


@exercise("Exercise 3.1")
def conditional_entropy(answer: Callable[[np.ndarray], float]) -> None:
    """H(c|x) in nats of tables P(x, c), shape (xs, codes)."""
    rng = np.random.default_rng(31)
    prior, P_x = rng.dirichlet(np.ones(3)), rng.dirichlet(np.ones(5))

    got = _number(answer(np.diag(prior)), "on a diagonal table, where x gives c away")
    assert abs(got) < 1e-9, f"on a diagonal table x gives c away, so nothing is left open, got {got:.4f} nats"
    got = _number(answer(np.outer(P_x, prior)), "on an independent table")
    expected = _entropy(prior)
    assert abs(got - expected) < 1e-9, (
        f"on an independent table x takes nothing away: expected H(c) = {expected:.4f} nats, got {got:.4f}"
    )
    for shape in ((3, 2), (3, 5), (8, 3)):
        joint = rng.dirichlet(np.ones(shape[0] * shape[1])).reshape(shape)
        got = _number(answer(joint), f"on a random table of shape {shape}")
        expected = _entropy(joint) - _entropy(joint.sum(axis=1))
        assert abs(got - expected) < 1e-9, (
            f"on a random table of {shape[0]} xs by {shape[1]} codes expected {expected:.4f} nats, got {got:.4f}"
            " (are the xs weighted by how often they occur? is it c given x?)"
        )
        wider = np.insert(joint, 1, 0.0, axis=0)
        with np.errstate(all="ignore"):
            got = _number(answer(wider), "on a table with an x that never occurs")
        assert abs(got - expected) < 1e-9, (
            f"an x that never occurs must change nothing: expected {expected:.4f} nats, got {got:.4f}"
        )


@exercise("Exercise 3.2")
def corrected_information(answer: Callable[[np.ndarray], float]) -> None:
    """Plug-in I minus the Miller-Madow bias over occupied cells, from counts of shape (xs, codes)."""
    rng = np.random.default_rng(32)

    def plug_in(counts: np.ndarray) -> float:
        p = counts / counts.sum()
        return _entropy(p.sum(axis=1)) + _entropy(p.sum(axis=0)) - _entropy(p)

    counts = rng.integers(1, 30, size=(4, 6))
    once = plug_in(counts) - _number(answer(counts), "on a full table")
    twice = plug_in(2 * counts) - _number(answer(2 * counts), "on a full table, counts doubled")
    assert abs(once) > 1e-9, "on a full table of 4 × 6 counts your result equals the plug-in estimate: uncorrected"
    assert once > 0, f"the plug-in estimate is too high, yours is higher still, by {-once:.4f} nats"
    assert abs(twice / once - 0.5) < 1e-6, (
        f"twice the counts should halve the correction, yours goes from {once:.4f} to {twice:.4f} nats"
    )
    with_gaps = np.insert(np.insert(counts, 2, 0, axis=0), (1, 3), 0, axis=1)
    full, gaps = answer(counts), _number(answer(with_gaps), "on a table with an empty row and empty columns")
    assert abs(full - gaps) < 1e-9, (
        f"an empty row and two empty columns should change nothing: {full:.4f} without, {gaps:.4f} nats with them"
    )
    sparse = np.diag([5, 7, 9])
    sparse[0, 1] = 3
    got, m = _number(answer(sparse), "on a sparse table"), 4 - 3 - 3 + 1
    expected = plug_in(sparse) - m / (2 * sparse.sum())
    assert abs(got - expected) < 1e-9, (
        f"with counts {sparse.tolist()}, 4 of 9 cells occupied, expected {expected:.4f} nats, got {got:.4f}"
    )
    tables = rng.multinomial(1000, np.full(64, 1 / 64), size=400).reshape(-1, 8, 8)
    mean = float(np.mean([answer(t) for t in tables]))
    assert abs(mean) < 1e-3, (
        f"on 400 independent 8 × 8 tables of N = 1000 the mean should be within 0.001 of 0, got {mean:+.4f} nats"
    )


@exercise("Exercise 3.3")
def merge_cost(answer: Callable[[np.ndarray, int, int], float]) -> None:
    """Nats of I(c; x) lost when codes i and j of a noiseless generator draw the same picture."""
    rng = np.random.default_rng(33)
    got = _number(answer(np.full(10, 0.1), 3, 8), "for ten equal codes, 3 and 8 merged")
    assert abs(got - 0.2 * np.log(2)) < 1e-9, (
        f"for ten equal codes the text has 0.1386 nats, got {got:.4f} (a cost is positive, in nats)"
    )
    for size in (2, 4, 7):
        prior = rng.dirichlet(np.ones(size))
        i, j = (int(k) for k in rng.choice(size, size=2, replace=False))
        before = prior.copy()
        got = _number(answer(prior, i, j), f"for a random prior of {size} codes")
        assert np.array_equal(prior, before), "the prior that was passed in must not be changed"
        merged = np.append(np.delete(prior, [i, j]), prior[i] + prior[j])
        expected = _entropy(prior) - _entropy(merged)
        assert abs(got - expected) < 1e-9, (
            f"for prior {prior.round(3).tolist()}, codes {i} and {j}: expected {expected:.4f} nats, got {got:.4f}"
        )
    with np.errstate(all="ignore"):
        got = _number(answer(np.array([0.5, 0.5, 0.0]), 0, 2), "for a code that is never drawn (P = 0)")
    assert abs(got) < 1e-9, f"merging with a code that is never drawn costs nothing, got {got:.4f} nats"
