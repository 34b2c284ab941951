"""Checks of notebook 08's exercises: the best matching of any table, the cost of shared categories, two channels."""

import math
from itertools import permutations

import numpy as np

from infogan_utils.checks import exercise


@exercise("Exercise 8.1")
def matched_accuracy(answer) -> None:
    order = np.random.default_rng(80).permutation(10)
    got = float(answer(7 * np.eye(10, dtype=int)[order]))
    assert abs(got - 1) < 1e-9, f"Ten digits, each in a category of its own, should give 1, got {got:.4f}."
    got = float(answer(np.array([[11, 9, 0], [10, 2, 8], [0, 8, 12]])))
    assert abs(got - 31 / 60) < 1e-9, f"The trap of 8.1 should give 31/60 = {31 / 60:.4f}, got {got:.4f}."
    rng = np.random.default_rng(81)
    for digits, categories in ((4, 4), (3, 5), (4, 6)):
        counts = rng.integers(0, 50, (digits, categories))
        best = max(counts[range(digits), list(p)].sum() for p in permutations(range(categories), digits))
        wanted, got = best / counts.sum(), float(answer(counts))
        assert abs(got - wanted) < 1e-9, (
            f"A table of {digits} digits and {categories} categories should give {wanted:.4f}, got {got:.4f}."
        )


@exercise("Exercise 8.2")
def merged_cost(answer) -> None:
    for groups, k in (([2], 10), ([], 10), ([2, 2], 10), ([3], 10), ([2, 3], 10), ([10], 10), ([2, 2], 4), ([5], 7)):
        wanted, got = sum(g / k * math.log(g) for g in groups), float(answer(list(groups), k))
        assert abs(got - wanted) < 1e-9, f"Groups {groups} of {k} classes should cost {wanted:.4f} nats, got {got:.4f}."


def _direction(P_x: np.ndarray, T: np.ndarray, T_other: np.ndarray, Q: np.ndarray) -> float:
    """E ln Q(c|T_other(x)) + H(c) in nats, with c drawn from Q(.|T(x))."""
    P_xc = P_x[:, None] * (T.T @ Q)  # (pictures, codes)
    P_c = P_xc.sum(0)
    return float(((T_other @ P_xc) * np.log(Q)).sum() - (P_c * np.log(P_c)).sum())


@exercise("Exercise 8.3")
def two_view_agreement(answer) -> None:
    rng = np.random.default_rng(83)
    n = 4
    P_x, Q = np.full(n, 1 / n), rng.dirichlet(np.ones(3), n)
    got = float(answer(P_x, np.eye(n), np.eye(n), np.full((n, 3), 1 / 3)))
    assert abs(got) < 1e-9, f"A reader that shrugs should give 0 nats, got {got:.4f}."
    got, sure = float(answer(P_x, np.eye(n), np.eye(n), 0.97 * np.eye(n) + 0.0075)), 0.9775
    wanted = sure * math.log(sure) + 3 * 0.0075 * math.log(0.0075) + math.log(4)
    assert abs(got - wanted) < 1e-9, (
        f"Four pictures, T changing nothing, a sure reader: {wanted:.4f} nats expected, got {got:.4f}."
    )
    for case in ("one channel", "two channels", "two channels, pictures not equally likely"):
        T, T_other = (rng.dirichlet(np.full(n, 0.5), n).T for _ in range(2))  # (views, pictures)
        if case == "one channel":
            T_other = T
        if "not equally" in case:
            P_x = rng.dirichlet(np.ones(n))
        wanted = (_direction(P_x, T, T_other, Q) + _direction(P_x, T_other, T, Q)) / 2
        got = float(answer(P_x, T, T_other, Q))
        assert abs(got - wanted) < 1e-9, f"{case.capitalize()}: {wanted:.4f} nats expected, got {got:.4f}."
