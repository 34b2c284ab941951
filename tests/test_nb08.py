"""Notebook 08: its matchings, its information of tables, both chains, the runs it reads, the exercises' checks.

| claim of the notebook | checked against | tolerance | test |
|---|---|---|---|
| its matching is the best of all permutations | trying, the package | exact | test_the_matching_written_out_is_… |
| greedy takes 25 where 31 can be had, favourites 32 | closed form | exact | test_greedy_takes_less_… |
| the order of the images matters in train mode alone | the shipped model | half | test_in_train_mode_… |
| its entropy and information are notebook 03's | notebook 03 | 1e-12 | test_the_information_of_a_table_… |
| a merged pair costs 2 ln 2 / 10 | tables, the package's formula | 1e-12 | test_each_merged_pair_costs_… |
| a split gives back at most ln 2 / 10, of H(category) alone | tables | 1e-12 | test_a_split_gives_back_… |
| L_I can't see a merged pair, behind T a split costs | its two generators | 1e-12 | test_two_generators_… |
| L_I + gap of Q + gap of T = I(c; x) | random tables | 1e-9 | test_the_chain_of_the_channel_… |
| A + both gaps, too; A is the package's | random tables | 1e-9; 1e-5 | test_the_chain_of_the_agreement_… |
| being sure pays where views agree in more than ¾ | A's second difference | sign | test_being_sure_pays_… |
| 4 and 9 merged: their probabilities add up | the softmax | 1e-6 | test_merging_two_categories_… |
| its groups and figures are the benchmark's | benchmarks/digits.py | exact | test_groups_and_figures_… |
| H over n images is (K - 1)/2n too low | n = 2; Miller's rule | 0.01; 8 % | test_the_entropy_of_… |
| the ablation is read off the runs as the benchmark reads them | benchmarks/digits.py | exact | test_the_ablation_… |
| the measured runs are of the recipe as it is | the file, the benchmark | exact | test_the_measured_runs_… |
| exercises accept right answers, refuse wrong ones | 16 mutants | – | test_exercise_… |
"""

import copy
import json
import math
import sys
from pathlib import Path

import numpy as np
import pytest
import series
import torch
from scipy.optimize import linear_sum_assignment

sys.path.insert(0, str(Path(__file__).parent / "benchmarks"))

import digits as benchmark
from infogan_utils.explorer import Explorer

from infogan_utils import data, metrics
from infogan_utils.checks import nb08 as check
from infogan_utils.objectives import agreement_bound

ROOT = Path(__file__).resolve().parents[1]
MEASURED = ROOT / "infogan_utils" / "measured" / "digits.json"
TAUGHT = (
    *("best_by_trying", "best_match", "greedy", "answers", "entropy", "mutual_information", "merged_table"),
    *("L_I_of", "reader_gap", "channel_gap", "agreement_chain", "sure", "merged_logits"),
    *("grouped", "seconds_to", "summary", "after", "batch_entropy"),
)
TRAP = np.array([[11, 9, 0], [10, 2, 8], [0, 8, 12]])


@pytest.fixture(scope="module")
def nb() -> dict:
    return series.namespace("08", *TAUGHT)


def cell(part: str) -> str:
    """The one code cell that holds ``part``."""
    (found,) = [source for source in series.code("08") if part in source]
    return found


def table(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """A positive joint table."""
    return rng.dirichlet(np.ones(rows * columns)).reshape(rows, columns)


def channel(rng: np.random.Generator, views: int, pictures: int) -> np.ndarray:
    """P(view|picture), each column adds up to 1."""
    return rng.dirichlet(np.ones(views), pictures).T


# matching


def test_the_matching_written_out_is_the_best_of_all_and_the_packages(nb):
    generator = torch.Generator().manual_seed(0)
    for k in (2, 3, 4, 5):
        categories, labels = torch.randint(k, (2, 60), generator=generator)
        accuracy, label_of = nb["best_match"](categories.numpy(), labels.numpy(), k)
        package = metrics.best_match(categories, labels, k)
        assert accuracy == package.accuracy and (label_of == package.label_of).all()
        tried, agree = nb["best_by_trying"](package.confusion)
        assert agree / 60 == pytest.approx(accuracy, abs=1e-12)
        assert sum(package.confusion[tried[c], c] for c in range(k)) == agree


def test_greedy_takes_less_than_can_be_had_and_favourites_more(nb):
    assert nb["greedy"](TRAP) == 25 and nb["best_by_trying"](TRAP)[1] == 31 and TRAP.max(0).sum() == 32
    rng = np.random.default_rng(0)
    for _ in range(100):
        counts = rng.integers(0, 9, (4, 4))
        assert nb["greedy"](counts) <= nb["best_by_trying"](counts)[1] <= counts.max(0).sum()


def test_in_train_mode_an_answer_hangs_on_its_neighbours(nb):
    digits, model = data.read_shipped(""), Explorer.load()
    order = digits.test_labels.argsort(stable=True)
    scores = {}
    for train in (False, True):
        net = copy.deepcopy(model.D).train(train)
        for name, rows in (("mixed", torch.arange(1000)), ("sorted", order)):
            found = nb["answers"](net, digits.test[rows])
            scores[train, name] = metrics.best_match(found, digits.test_labels[rows], 10).accuracy
    assert scores[False, "mixed"] == scores[False, "sorted"]
    assert scores[True, "sorted"] < scores[False, "sorted"] / 2 < scores[True, "mixed"]


# information of tables


def test_the_information_of_a_table_is_notebook_3s(nb):
    earlier = series.namespace("03", "entropy", "kl", "mutual_information")
    rng = np.random.default_rng(1)
    for rows, columns in ((3, 2), (4, 4), (11, 10)):
        P = table(rng, rows, columns)
        assert nb["entropy"](P) == pytest.approx(earlier["entropy"](P), abs=1e-12)
        assert nb["mutual_information"](P) == pytest.approx(earlier["mutual_information"](P), abs=1e-12)


@pytest.mark.parametrize("pairs", range(6))
def test_each_merged_pair_costs_0_139_nats_and_a_tenth_of_the_accuracy(nb, pairs):
    P = nb["merged_table"](pairs)
    assert P.sum(1) == pytest.approx(np.full(10, 0.1)) and (P.sum(0) > 0).sum() == 10 - pairs
    assert nb["mutual_information"](P) == pytest.approx(math.log(10) - pairs * 2 * math.log(2) / 10, abs=1e-12)
    assert nb["mutual_information"](P) == pytest.approx(metrics.merged_pairs_bound(pairs), abs=1e-12)
    assert P[linear_sum_assignment(P, maximize=True)].sum() == pytest.approx(1 - pairs / 10)


def test_a_split_gives_back_at_most_half_and_only_of_the_answers_entropy(nb):
    whole, back = nb["merged_table"](1), []
    for share in np.linspace(0, 1, 21):
        P = whole.copy()
        P[5, 5], P[5, 1] = 0.1 * (1 - share), 0.1 * share
        assert nb["mutual_information"](P) == pytest.approx(nb["mutual_information"](whole), abs=1e-12)
        back.append(nb["entropy"](P.sum(0)) - nb["entropy"](whole.sum(0)))
    assert max(back) == pytest.approx(math.log(2) / 10, abs=1e-12) and np.argmax(back) == 10
    assert math.log(10) - nb["entropy"](whole.sum(0)) - max(back) == pytest.approx(0.0693, abs=1e-4)


def test_two_generators_with_one_L_I_differ_on_real_images_and_behind_T(nb):
    space = {"np": np}
    exec(cell("digit_of ="), space)
    tells, T, real = nb["mutual_information"], space["T"], space["real"]
    assert real.sum() == pytest.approx(1) and T.sum(0) == pytest.approx(np.ones(11))
    found = {}
    for name in ("right", "wrong"):
        P_xc = space[name] / 10
        assert P_xc.sum(0) == pytest.approx(np.full(10, 0.1))
        P = real.T @ (P_xc / P_xc.sum(1, keepdims=True))  # (digits, categories)
        found[name] = tells(P_xc), tells(T @ P_xc), tells(P), P[linear_sum_assignment(P, maximize=True)].sum()
    lost = 0.2 * nb["entropy"]([0.6, 0.4])  # two tenths of the codes are told apart six times in ten
    ln10, shared = math.log(10), metrics.merged_pairs_bound(1)
    assert found["right"] == pytest.approx((ln10, ln10, ln10, 1), abs=1e-12)
    assert found["wrong"] == pytest.approx((ln10, ln10 - lost, shared, 0.85), abs=1e-12)


# the two chains


def test_the_chain_of_the_channel_adds_up_and_no_gap_is_negative(nb):
    rng = np.random.default_rng(2)
    for pictures, views, codes in ((4, 4, 4), (5, 3, 2), (3, 6, 4)):
        P_xc, T, Q = table(rng, pictures, codes), channel(rng, views, pictures), rng.dirichlet(np.ones(codes), views)
        P_tc = T @ P_xc
        L_I, of_Q, of_T = nb["L_I_of"](P_tc, Q), nb["reader_gap"](P_tc, Q), nb["channel_gap"](P_xc, T)
        assert of_Q > 0 and of_T > 0
        assert L_I + of_Q == pytest.approx(nb["mutual_information"](P_tc), abs=1e-9)
        assert L_I + of_Q + of_T == pytest.approx(nb["mutual_information"](P_xc), abs=1e-9)
        best = P_tc / P_tc.sum(1, keepdims=True)
        assert nb["reader_gap"](P_tc, best) == pytest.approx(0, abs=1e-9)
        assert nb["L_I_of"](P_tc, best) == pytest.approx(nb["mutual_information"](P_tc), abs=1e-9)


def test_the_chain_of_the_agreement_adds_up_and_A_is_the_packages(nb):
    rng = np.random.default_rng(3)
    for codes in (2, 3, 5):
        # counts of twentieths, so that every pair of views can be listed as often as it occurs
        T = np.array([rng.multinomial(20, rng.dirichlet(np.ones(3))) for _ in range(4)]).T / 20 * 0.85 + 0.05
        P_x, Q = np.full(4, 0.25), rng.dirichlet(np.ones(codes), 3)  # Q: (views, codes)
        P_xc, P_tc = nb["agreement_chain"](P_x, T, Q)
        by_hand = sum(
            P_x[x] * T[t, x] * Q[t, c] * T[u, x] * math.log(Q[u, c]) for x, t, u, c in np.ndindex(4, 3, 3, codes)
        ) + nb["entropy"](P_x @ T.T @ Q)
        A, of_Q, of_T = nb["L_I_of"](P_tc, Q), nb["reader_gap"](P_tc, Q), nb["channel_gap"](P_xc, T)
        assert A == pytest.approx(by_hand, abs=1e-9) and of_Q >= 0 and of_T >= 0
        assert A + of_Q == pytest.approx(nb["mutual_information"](P_tc), abs=1e-9)
        assert A + of_Q + of_T == pytest.approx(nb["mutual_information"](P_xc), abs=1e-9)
        weights = np.einsum("x,ax,bx->ab", P_x, T, T).ravel() * 4 * 400**2
        views = np.repeat(np.indices((3, 3)).reshape(2, 9), weights.round().astype(int), axis=1)
        assert float(agreement_bound(*torch.from_numpy(np.log(Q[views])))) == pytest.approx(A, abs=1e-5)


@pytest.mark.parametrize(("kept", "pays"), [(0.6, False), (0.85, False), (0.86, True), (0.95, True)])
def test_being_sure_pays_where_two_views_agree_in_more_than_three_of_four(nb, kept, pays):
    assert (kept**2 + (1 - kept) ** 2 > 0.75) == pays and abs((2 + math.sqrt(2)) / 4 - 0.854) < 1e-3
    T = np.array([[kept, 1 - kept], [1 - kept, kept]])
    A = [nb["L_I_of"](nb["agreement_chain"](np.full(2, 0.5), T, nb["sure"](s))[1], nb["sure"](s)) for s in (0.5, 0.51)]
    assert A[0] == pytest.approx(0, abs=1e-12) and (A[1] > A[0]) == pays


def test_merging_two_categories_adds_their_probabilities_and_empties_the_second(nb):
    logits = torch.randn(30, 10, generator=torch.Generator().manual_seed(4))
    before, after = logits.softmax(1), nb["merged_logits"](logits.clone(), 2, 7).softmax(1)
    assert torch.allclose(after[:, 2], before[:, 2] + before[:, 7], atol=1e-6) and after[:, 7].max() < 1e-6
    others = [k for k in range(10) if k not in (2, 7)]
    assert torch.allclose(after[:, others], before[:, others], atol=1e-6)


# the measured runs


def run(recipe: str, seed: int, curve: list, images: str = "60,000", seconds: int = 120) -> dict:
    return {
        "recipe": recipe,
        "seed": seed,
        "seconds": seconds,
        "accuracy": curve[-1][2],
        "time_to": {f"{mark:.2f}": benchmark.time_to(curve, mark) for mark in benchmark.MARKS},
        "L_I": {"cat 1": 2.0},
        "images_a_second": 500.0,
        "curve": curve,
        "data": f"MNIST: 60,000 digits to train on, 10,000 held out; trained on {images}, scored on 10,000",
    }


RUNS = [
    run("fast", 1, [[20.1, 90, 0.5], [60.3, 270, 0.91], [120.1, 540, 0.96]]),
    run("fast", 1, [[20.1, 90, 0.5], [120.1, 540, 0.92]], "5,000"),
    run("paper", 1, [[120.4, 200, 0.4]]),
    run("fast", 2, [[20.2, 80, 0.4], [100.4, 400, 0.92], [120.2, 480, 0.89]]),
    run("fast", 3, [[20.2, 80, 0.6], [100.4, 400, 0.96], [120.2, 480, 0.94]]),
    run("fast", 1, [[20.1, 90, 0.5], [60.3, 270, 0.91]], seconds=60),
]


def test_groups_and_figures_are_the_benchmarks(nb):
    groups = nb["grouped"](RUNS)
    assert list(groups) == [("fast", 60_000, 120), ("fast", 5_000, 120), ("paper", 60_000, 120), ("fast", 60_000, 60)]
    assert [r["seed"] for r in groups["fast", 60_000, 120]] == [1, 2, 3]
    for own in groups.values():
        mean, deviation, worst, reached = nb["summary"](own)
        over = benchmark.summary(own)
        assert mean == over["mean"] and worst == over["worst"]
        assert math.isnan(deviation) if over["deviation"] is None else deviation == over["deviation"]
        assert (reached if math.isfinite(reached) else None) == over["time_to"]["0.90"]
    program = (ROOT / "tests" / "benchmarks" / "digits.py").read_text("utf-8")
    printed = cell("def grouped")
    for option in ("--recipe", "--seeds", "--seconds", "--train-on", "--json"):
        assert f'"{option}"' in program and option in printed


def test_the_ablation_reads_the_curves_as_the_benchmark_does_and_takes_its_recipes(nb):
    for run in RUNS:
        for seconds in (20, 60, 100):
            found = benchmark.at(run["curve"], seconds)
            if found is None:
                with pytest.raises(StopIteration):
                    nb["after"](run, seconds)
            else:
                assert nb["after"](run, seconds) == found
    printed, measured = cell("ablation = {}"), benchmark.read(MEASURED)
    for recipe in ("fast", "no start", "no agreement", "no channel"):
        own = [run for run in measured if run["recipe"] == recipe and run["seconds"] >= 180]
        assert f'"{recipe}"' in printed and recipe in benchmark.RECIPES
        assert len({run["seed"] for run in own}) >= 3, f"too few runs of {recipe!r} to compare"


def test_the_entropy_of_the_mean_answer_is_too_low_over_few_images(nb):
    entropy, generator = nb["batch_entropy"], torch.Generator().manual_seed(0)
    alike_half_the_time = math.log(2) / 2
    assert entropy(torch.tensor([0, 1]), 2, generator) == pytest.approx(alike_half_the_time, abs=0.01)
    assert entropy(torch.arange(10), 1, generator) == 0
    for n in (64, 128, 512):
        too_low = math.log(10) - entropy(torch.arange(10), n, generator)
        assert too_low == pytest.approx(9 / (2 * n), rel=0.08)


def test_the_measured_runs_are_whole_and_of_the_recipe_as_it_is():
    runs = benchmark.read(MEASURED)
    assert {run["recipe"] for run in runs} >= {"fast"}
    assert len({tuple(run[key] for key in benchmark.PLACE) for run in runs}) == len(runs)
    for run in runs:
        entry = benchmark.RECIPES[run["recipe"]]
        assert run["settings"] == entry.settings(), "the recipe has changed: measure it again"
        assert run["accuracy"] == run["curve"][-1][2] and run["curve"][-1][0] >= run["seconds"]
        assert run["data"].endswith("scored on 10,000") and run["processor"] and run["threads"] >= 1
        assert run["L_I"]["cat 1"] is None or run["L_I"]["cat 1"] <= math.log(10) + 1e-3
    assert json.loads(MEASURED.read_text("utf-8")) == runs


# exercises


def matched(counts, *, maximize=True):
    return counts[linear_sum_assignment(counts, maximize=maximize)].sum() / counts.sum()


def by_greed(counts):
    left, agree = counts.astype(float), 0
    for _ in range(len(counts)):
        i, j = np.unravel_index(left.argmax(), left.shape)
        agree += counts[i, j]
        left[i], left[:, j] = -1, -1
    return agree / counts.sum()


def direction(P_x, T, T_other, Q, *, prior=None):
    P_xc = P_x[:, None] * (T.T @ Q)
    P_c = P_xc.sum(0) if prior is None else prior
    return ((T_other @ P_xc) * np.log(Q)).sum() - (P_c * np.log(P_c)).sum()


def both(P_x, T, T_other, Q, **how):
    return (direction(P_x, T, T_other, Q, **how) + direction(P_x, T_other, T, Q, **how)) / 2


def same_view(P_x, T, _, Q):
    P_tc = (T @ P_x)[:, None] * Q
    P_c = P_tc.sum(0)
    return (P_tc * np.log(Q)).sum() - (P_c * np.log(P_c)).sum()


def ln(k):
    return math.log(k)


RIGHT = {
    "matched_accuracy": matched,
    "merged_cost": lambda groups, k: sum(g * ln(g) for g in groups) / k,
    "two_view_agreement": both,
}
WRONG = {
    "matched_accuracy": [
        lambda counts: np.trace(counts) / counts.sum(),
        lambda counts: counts.max(0).sum() / counts.sum(),  # favourites
        lambda counts: counts.max(1).sum() / counts.sum(),
        by_greed,
        lambda counts: matched(counts, maximize=False),
        lambda counts: matched(counts) * counts.sum() / counts[linear_sum_assignment(counts, maximize=True)[0]].max(),
        lambda counts: matched(counts[:, : len(counts)]),  # only as many categories as digits
    ],
    "merged_cost": [
        lambda groups, k: len(groups) * 2 * ln(2) / k,  # pairs only
        lambda groups, k: sum(ln(g) for g in groups) / k,
        lambda groups, k: sum(g * ln(g) for g in groups) / 10,
        lambda groups, k: ln(k) - sum(g * ln(g) for g in groups) / k,  # what is left
        lambda groups, k: sum(g * math.log2(g) for g in groups) / k,
    ],
    "two_view_agreement": [
        direction,  # one way only
        lambda P_x, T, T_other, Q: both(np.full(4, 0.25), T, T_other, Q),
        lambda P_x, T, T_other, Q: both(P_x, T, T_other, Q, prior=np.full(Q.shape[1], 1 / Q.shape[1])),
        same_view,
    ],
}


test_exercise_checks_take_the_right_answer, test_exercise_checks_refuse_wrong_answers_and_say_why = (
    series.exercise_tests(check, RIGHT, WRONG)
)


def test_an_undone_exercise_is_told_politely(capsys):
    def undone(*_):
        raise NotImplementedError

    assert not check.two_view_agreement(undone)
    assert "not done yet" in capsys.readouterr().out
