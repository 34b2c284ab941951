"""Checks of notebook 08's exercises: the best matching of any table, the cost of shared categories, the gap of MIG."""

import math
from itertools import permutations

import numpy as np

from infogan_utils import metrics
from infogan_utils.checks import exercise


def number(got: object) -> float:
    """What an answer returned, as a float, if it is one number."""
    assert np.ndim(got) == 0 and got is not None, f"Return one number; got {type(got).__name__}."
    return float(got)


@exercise("Exercise 8.1")
def matched_accuracy(answer) -> None:
    order = np.random.default_rng(80).permutation(10)
    got = number(answer(7 * np.eye(10, dtype=int)[order]))
    assert abs(got - 1) < 1e-9, f"Ten digits, each in a category of its own, should give 1, got {got:.4f}."
    trap = np.array([[11, 9, 0], [10, 2, 8], [0, 8, 12]])
    got = number(answer(trap))
    assert abs(got - 25 / 60) > 1e-9, "That is greedy matching: giving up the largest cell can win more elsewhere."
    assert abs(got - 32 / 60) > 1e-9, "Two categories were given the same digit; the matching is one to one."
    assert abs(got - 31 / 60) < 1e-9, f"The table {trap.tolist()} should give 31/60 = {31 / 60:.4f}, got {got:.4f}."
    rng = np.random.default_rng(81)
    for digits, categories in ((4, 4), (3, 5), (4, 6)):
        counts = rng.integers(0, 50, (digits, categories))
        best = max(counts[range(digits), list(p)].sum() for p in permutations(range(categories), digits))
        wanted, got = best / counts.sum(), number(answer(counts))
        assert abs(got - wanted) < 1e-9, (
            f"A table of {digits} digits and {categories} categories should give {wanted:.4f}, got {got:.4f}. "
            "It is a share of all images, also of those in a category that is nobody's."
        )


@exercise("Exercise 8.2")
def merged_cost(answer) -> None:
    for groups, k in (([2], 10), ([], 10), ([2, 2], 10), ([3], 10), ([2, 3], 10), ([10], 10), ([2, 2], 4), ([5], 7)):
        wanted, got = sum(g / k * math.log(g) for g in groups), number(answer(list(groups), k))
        causes = {
            "ln g without the share g/k of the images": sum(math.log(g) for g in groups),
            "the share of one class; a category of g classes is named for g/k": sum(math.log(g) / k for g in groups),
            "in bits": wanted / math.log(2),
        }
        why = next((f" This is {name}." for name, value in causes.items() if abs(got - value) < 1e-9), "")
        assert abs(got - wanted) < 1e-9, (
            f"Groups {groups} of {k} classes should cost {wanted:.4f} nats, got {got:.4f}.{why}"
        )


@exercise("Exercise 8.3")
def information_gap(answer) -> None:
    rng = np.random.default_rng(83)
    factors = rng.integers(0, (3, 5), (4_000, 2))
    got = number(answer(factors.copy(), factors))
    assert abs(got - 1) < 0.01, f"Codes that are the factors should give nearly 1, got {got:.4f}."
    got = number(answer(np.repeat(factors, 2, axis=1), factors))
    assert abs(got) < 1e-6, f"Each factor in two equal codes: the second best is as good, so 0; got {got:.4f}."
    noisy = np.where(rng.random((4_000, 3)) < 0.6, np.c_[factors, factors[:, 0]], rng.integers(0, 5, (4_000, 3)))
    for codes, what in ((noisy, "Three noisy codes"), (noisy[:, ::-1], "The same in another order")):
        wanted, got = metrics.mig(codes, factors, bins=None).value, number(answer(codes.copy(), factors))
        assert abs(got - wanted) < 1e-6, (
            f"{what} should give {wanted:.4f}, got {got:.4f}. The gap is that of each factor's two best codes, "
            "over the entropy of that factor; then the mean over the factors."
        )
