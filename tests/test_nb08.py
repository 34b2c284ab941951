"""Notebook 08: its matching, shares, variety and chain, the runs it reads, the exercises' checks and solutions."""

import math
from itertools import permutations

import nbformat
import numpy as np
import pytest
import series
import torch
from scipy.optimize import linear_sum_assignment

from infogan_utils import checkpoint, data, metrics, plots
from infogan_utils.checks import nb08 as check

TAUGHT = ("best_match", "explained_share", "balls", "variety", "ring", "scaled", "greedy", "answers", "batch_entropy")
TRAP = np.array([[11, 9, 0], [10, 2, 8], [0, 8, 12]])


@pytest.fixture(scope="module")
def nb() -> dict:
    return series.namespace("08", *TAUGHT, "entropy", "chain")


def cell(part: str) -> str:
    """The one code cell that holds ``part``."""
    (found,) = [source for source in series.code("08") if part in source]
    return found


# the category


def test_the_matching_written_out_is_the_best_of_all_and_the_packages(nb):
    generator = torch.Generator().manual_seed(0)
    for k in (2, 3, 5):
        categories, labels = torch.randint(k, (2, 60), generator=generator)
        package = metrics.best_match(categories, labels, k)
        accuracy, label_of = nb["best_match"](package.confusion)
        assert accuracy == package.accuracy and (label_of == package.label_of).all()
        tried = max(sum(package.confusion[p[c], c] for c in range(k)) for p in permutations(range(k)))
        assert tried / 60 == pytest.approx(accuracy, abs=1e-12)


def test_greedy_takes_less_than_can_be_had_and_favourites_more(nb):
    assert nb["greedy"](TRAP) == 25 and round(nb["best_match"](TRAP)[0] * 60) == 31 and TRAP.max(0).sum() == 32


def test_in_train_mode_alone_an_answer_hangs_on_its_neighbours(nb):
    digits, scores = data.digits.shipped_digits(""), {}
    for train in (False, True):
        D = checkpoint.load_model().D.train(train)
        for name, rows in (("mixed", torch.arange(1000)), ("sorted", digits.test_labels.argsort(stable=True))):
            found = nb["answers"](D, digits.test[rows])
            scores[train, name] = metrics.best_match(found, digits.test_labels[rows], 10).accuracy
    assert scores[False, "mixed"] == scores[False, "sorted"] > 0.95
    assert scores[True, "sorted"] < scores[False, "sorted"] / 2 < scores[True, "mixed"]


# the continuous codes and variety


def test_the_share_written_out_is_the_packages_and_knows_its_ends(nb):
    generator = torch.Generator().manual_seed(1)
    code, other = torch.rand(2, 800, generator=generator)
    assert nb["explained_share"](code, 3 * code) > 0.98 and nb["explained_share"](code, other) < 0.05
    mixed = code + 0.2 * other
    assert nb["explained_share"](code, mixed) == pytest.approx(metrics.explained(code, mixed), abs=1e-5)


def test_the_shipped_model_has_one_property_a_code_and_noise_that_matters():
    model, generator = checkpoint.load_model(), torch.Generator().manual_seed(0)
    run = {"properties": metrics.property_table(model, generator)}
    assert plots.found(run, "slant") == "cont 1" and plots.found(run, "aspect") == "cont 2"
    digits = data.digits.shipped_digits("")
    shares = metrics.variance_shares(model, digits.test, digits.test_labels, generator)
    assert shares["noise alone"] > 0.4


def test_variety_written_out_is_the_packages_and_a_quarter_of_a_ring_has_a_quarter_of_its_recall(nb):
    real, quarter = nb["ring"](600, 1, 0), nb["ring"](600, 0.25, 1)
    precision, recall, coverage = nb["variety"](real, quarter)
    assert (precision, recall) == pytest.approx(metrics.precision_recall(real, quarter), abs=0.005)
    assert coverage == pytest.approx(metrics.density_coverage(real, quarter)[1], abs=0.005)
    assert precision > 0.9 and recall == pytest.approx(0.25, abs=0.05)


# runs over seeds


def test_what_is_said_of_the_measured_runs_holds():
    runs, by_name = plots.measured()["runs"], {}
    for run in runs:
        by_name.setdefault(run["name"], []).append(run)
    assert max(run["accuracy"] for run in by_name["no T"]) < 0.55
    assert max(run["accuracy"] for run in by_name["no agreement"]) < 0.75
    assert min(run["L_I"]["cat 1"] for run in by_name["no T"]) > 2.2
    assert max(run["recall"] for run in by_name["no plain D"]) < 0.1 < min(run["recall"] for run in by_name["fast"])
    for name in ("no own T", "continuous weight 0.1"):
        assert not any(plots.found(run, "aspect") for run in by_name[name])
    for name in ("fast", "fast, one core", "long"):
        assert all(plots.found(run, kind) for run in by_name[name] for kind in ("slant", "aspect"))
    worst, *others = sorted(run["accuracy"] for run in by_name["no start"])
    assert round(worst, 2) == 0.81 and min(others) > 0.97
    assert [bool(plots.found(run, "aspect")) for run in by_name["no start"]].count(False) == 2
    for name in ("no GAN", "no GAN, lr_d 1e-3"):
        low, other, *high = sorted(run["accuracy"] for run in by_name[name])
        assert other <= 0.9 and min(high) > 0.97
    paper = [run for run in plots.measured("digits")["runs"] if run["name"] == "paper"]
    assert {round(run["L_I"]["cat 1"], 2) for run in paper} == {2.30} and min(run["accuracy"] for run in paper) < 0.9


# four scores


def test_turning_the_axes_costs_mig_and_sap_and_not_what_is_known():
    generator = torch.Generator().manual_seed(2)
    factors = torch.stack([torch.randint(k, (2000,), generator=generator) for k in (3, 6, 8, 8)], dim=1)
    exact = factors.float()
    turned = torch.cat([exact[:, :2], exact[:, 2:] @ torch.tensor([[1.0, 1.0], [1.0, -1.0]])], dim=1)
    for score, least in ((metrics.mig, 0.2), (metrics.sap, 0.05)):
        assert score(exact, factors).value - score(turned, factors).value > least
    assert metrics.mig(exact, factors).value > 0.95


# further


def test_the_entropy_of_the_mean_answer_is_too_low_over_few_images(nb):
    generator = torch.Generator().manual_seed(0)
    assert nb["batch_entropy"](torch.tensor([0, 1]), 2, generator) == pytest.approx(math.log(2) / 2, abs=0.01)
    for n in (64, 512):
        too_low = math.log(10) - nb["batch_entropy"](torch.arange(10), n, generator)
        assert too_low == pytest.approx(9 / (2 * n), rel=0.08)


def test_the_chain_adds_up_on_random_tables_and_no_gap_is_negative(nb):
    rng, H = np.random.default_rng(2), nb["entropy"]
    for pictures, views, codes in ((4, 4, 4), (5, 3, 2), (3, 6, 4)):
        P_xc = rng.dirichlet(np.ones(pictures * codes)).reshape(pictures, codes)
        T, Q = rng.dirichlet(np.ones(views), pictures).T, rng.dirichlet(np.ones(codes), views)
        L_I, of_Q, of_T = nb["chain"](P_xc, T, Q)
        assert of_Q > 0 and of_T > 0
        assert L_I + of_Q + of_T == pytest.approx(H(P_xc.sum(0)) + H(P_xc.sum(1)) - H(P_xc), abs=1e-9)


# exercises


def test_the_worked_solutions_pass_their_checks(capsys):
    space = {}
    for each in nbformat.read(series.NOTEBOOKS / "solutions" / series.path("08").name, as_version=4).cells:
        if each.cell_type == "code":
            exec(each.source, space)
    assert capsys.readouterr().out.count("passed.") == 3


def gap(codes, factors, *, best=lambda table: np.diff(np.sort(table, axis=0)[-2:], axis=0)[0], over=True):
    table = np.array([[metrics.factors.mutual_information(c, f) for f in factors.T] for c in codes.T])
    H = np.array([metrics.factors.mutual_information(f, f) for f in factors.T])
    return (best(table) / (H if over else 1)).mean()


WRONG = [
    ("matched_accuracy", "", lambda counts: np.trace(counts) / counts.sum()),
    ("matched_accuracy", "one to one", lambda counts: counts.max(0).sum() / counts.sum()),
    ("matched_accuracy", "6 categories", lambda counts: check_square(counts[:, : len(counts)], counts.sum())),
    ("matched_accuracy", "Return one number", lambda counts: linear_sum_assignment(counts, maximize=True)),
    ("merged_cost", "[3] of 10", lambda groups, k: len(groups) * 2 * math.log(2) / k),
    ("merged_cost", "[2] of 10", lambda groups, k: sum(math.log(g) for g in groups) / k),
    ("merged_cost", "[2, 2] of 4", lambda groups, k: sum(g * math.log(g) for g in groups) / 10),
    ("information_gap", "nearly 1", lambda codes, factors: gap(codes, factors, over=False)),
    ("information_gap", "second best is as good", lambda *both: gap(*both, best=lambda table: table.max(0))),
    ("information_gap", "second best is as good", lambda *both: gap(*both, best=lambda table: np.ptp(table, axis=0))),
    ("information_gap", "noisy", lambda codes, factors: gap(codes[:, :4], factors) if codes.shape[1] != 3 else 0.0),
]


def check_square(counts, total):
    return counts[linear_sum_assignment(counts, maximize=True)].sum() / total


@pytest.mark.parametrize(("name", "words", "answer"), WRONG)
def test_a_wrong_answer_is_refused_and_its_cause_named(name, words, answer, capsys):
    assert not getattr(check, name)(answer)
    said = capsys.readouterr().out
    assert words in said and "not yet." in said and "your code raised" not in said
