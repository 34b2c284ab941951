"""Notebook 07: λ on the sum and in a step of its own, the measured sweep, the exercises' checks and solutions.

The panels are tested in test_widgets.py, test_explorer.py and, in a browser, in browser/.
"""

import base64
import json
import math
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
import series
import torch

from infogan_utils.checks import nb07 as check
from infogan_utils.data import plane

ROOT = Path(__file__).resolve().parents[1]
TAUGHT = ("start", "train_run", "distance", "measure", "refitted_bound", "adam_updates", "first_update")
LAMS = (0, 0.03, 0.1, 0.3, 1, 3, 10)


@pytest.fixture(scope="module")
def nb() -> dict:
    """The notebook's functions, and the values that its cells give them."""
    space = series.namespace("07", *TAUGHT)
    space |= {"SEED": 0, "spec": plane.SPEC}  # in place: the functions look here
    space |= {"latents": plane.SPEC.sample(1000, torch.Generator().manual_seed(1))}
    space |= {"real": plane.real_points(1000, torch.Generator().manual_seed(2))}
    return space


@pytest.fixture(scope="module")
def gradients() -> np.ndarray:
    return np.random.default_rng(3).normal(0.2, 1.0, (300, 4))


def cosine(a: torch.Tensor, b: torch.Tensor) -> float:
    return torch.nn.functional.cosine_similarity(a, b, dim=0).item()


def moved(nb, **options) -> torch.Tensor:
    """How G's weights move in 40 steps."""
    before, after = (
        torch.cat([p.detach().flatten() for p in nb["train_run"](steps=steps, **options).G.parameters()])
        for steps in (0, 40)
    )
    return after - before


# Adam


def test_the_adam_written_out_is_torchs(nb, gradients):
    p = torch.nn.Parameter(torch.zeros(4, dtype=torch.float64))
    optimiser, theirs = torch.optim.Adam([p], lr=1e-3, betas=(0.5, 0.999)), []
    for g in gradients:
        before, p.grad = p.detach().clone(), torch.from_numpy(g.copy())
        optimiser.step()
        theirs.append((p.detach() - before).numpy())
    np.testing.assert_allclose(nb["adam_updates"](gradients), theirs, rtol=1e-6, atol=1e-14)


def test_lam_cancels_in_adams_update_zero_stays_zero_and_a_large_eps_brings_lam_back(nb, gradients):
    adam = nb["adam_updates"]
    for lam in (0.03, 10.0):
        np.testing.assert_allclose(adam(lam * gradients), adam(gradients), rtol=3e-6, atol=1e-10)
    assert not adam(0 * gradients).any()
    large, small = (np.abs(adam(lam * gradients, eps=1.0)).mean() for lam in (10, 0.03))
    assert large > 10 * small


def test_on_the_sum_lam_turns_a_first_update_whose_length_is_fixed(nb):
    gan, info = torch.randn(2, 400, generator=torch.Generator().manual_seed(0))
    first = nb["first_update"]
    towards = [cosine(first(gan + lam * info), first(info)) for lam in LAMS]
    assert towards == sorted(towards) and towards[0] < 0.2 and towards[-1] > 0.9
    for g in (0.03 * info, 10 * info, gan + 3 * info):
        assert first(g).norm().item() == pytest.approx(1e-3 * math.sqrt(400), rel=1e-3)  # closed form


def test_a_jump_up_fades_and_a_jump_down_lasts(nb):
    noise = np.random.default_rng(8).normal(0.0, 1.0, 9000)
    size = np.abs(nb["adam_updates"](np.repeat([1.0, 10.0, 1.0], 3000) * noise))
    usual = size[2000:3000].mean()
    assert size[3000:3100].mean() > 2 * usual and size[4000:5000].mean() < 1.3 * usual
    assert size[6000:6100].mean() < usual / 5 and size[7000:8000].mean() < usual / 2


# runs


def test_lam_0_is_not_read_1_is_by_both_codes_on_the_arcs_and_10_leaves_them_by_the_continuous_code(nb):
    found = {lam: nb["measure"](nb["train_run"](lam).averaged) for lam in (0, 1, 10)}
    assert abs(found[0][0]) < 0.15 and min(found[1][0], found[10][0]) > 1.45 and found[1][1] > 0.5
    assert max(found[0][2], found[1][2]) < 0.05 and found[10][2] > 5 * found[1][2]
    alone = nb["measure"](nb["train_run"](10, continuous_weight=0).averaged)
    assert alone[0] > 1.45 and alone[2] < found[10][2] / 5


def test_lam_acts_on_the_sum_and_in_a_step_of_its_own_only_its_zero_does(nb):
    assert cosine(moved(nb, lam=0.1), moved(nb, lam=10)) < 0.9
    assert cosine(moved(nb, lam=0.03, separate_step=True), moved(nb, lam=10, separate_step=True)) > 0.99
    assert cosine(moved(nb, lam=0, separate_step=True), moved(nb, lam=0.03, separate_step=True)) < 0.9


def test_of_two_weights_in_a_step_of_their_own_only_the_ratio_acts(nb):
    a, b, c = (
        moved(nb, lam=1.0, gan="least-squares", lam_lc=weights, separate_step=True)
        for weights in ((1, 0.1), (10, 1), (0.1, 1))
    )
    assert cosine(a, b) > 0.99 > cosine(a, c)


def test_a_q_that_has_caught_up_reads_what_is_there_and_no_more(nb):
    never = nb["train_run"](0, steps=300).averaged
    assert abs(nb["refitted_bound"](never)) < 0.1
    model = nb["train_run"](1, steps=700).averaged
    with torch.no_grad():
        model.D.q_head[-1].weight.neg_()  # a Q that is sure and wrong
    assert nb["measure"](model)[0] < 0 and nb["refitted_bound"](replace(model)) > 1.2


# what was measured once


def test_the_measured_sweep_is_whole_and_its_command_exists():
    found = json.loads((files("infogan_utils") / "assets" / "lambda_sweep.json").read_text("utf-8"))
    assert (ROOT / found["command"].split()[1]).is_file() and f"--steps {found['steps']} " in found["command"]
    assert "60,000 digits" in found["data"] and set(found["runs"]) == {"summed", "own Adam"}
    for rows in found["runs"].values():
        assert [row["lam"] for row in rows] == list(LAMS)
        for row in rows:
            assert len(base64.b64decode(row["samples"])) == 10 * 28 * 28
            assert row["L_I"]["cat 1"] <= math.log(10) + 0.01 and 0 <= row["accuracy"] <= 1
    summed, own = ({row["lam"]: row["L_I"]["cat 1"] for row in found["runs"][name]} for name in ("summed", "own Adam"))
    assert abs(summed[0]) < 0.2 and summed[0.03] < 1 < summed[1], "summed, λ acts"
    assert min(own[lam] for lam in LAMS[1:]) > summed[0.03] + 0.5, "own Adam: even 0.03 pulls at full strength"


# exercises

SOLVED = series.namespace("solutions/07", "update_sizes", "balancing_lam", "same_training")
RIGHT = {name: SOLVED[name] for name in ("update_sizes", "balancing_lam", "same_training")}
sizes, balance = RIGHT["update_sizes"], RIGHT["balancing_lam"]


def uncorrected(lam, gradients):
    updates, m, v = [], 0.0, 0.0
    for g in lam * gradients:
        m, v = 0.5 * m + 0.5 * g, 0.999 * v + 0.001 * g**2
        updates.append(np.linalg.norm(1e-3 * m / (np.sqrt(v) + 1e-8)))
    return np.array(updates)


WRONG = {
    "update_sizes": [
        lambda lam, g: sizes(1.0, g),  # not zero at zero
        lambda lam, g: lam * sizes(1.0, g),
        lambda lam, g: sizes(lam, g).mean(keepdims=True),
        uncorrected,
    ],
    "balancing_lam": [
        lambda a, b: balance(b, a),
        lambda a, b: balance(a, b) ** 2,
        lambda a, b: -balance(a, b),
        lambda a, b: (a.norm() / b.norm().clamp(min=1e-8)).item(),
    ],
    "same_training": [
        lambda a, b: a == b,
        lambda a, b: math.isclose(a[0] * b[1], a[1] * b[0]),  # (0, 0) like all
        lambda a, b: b[1] != 0 and a[1] != 0 and math.isclose(a[0] / a[1], b[0] / b[1]),
        lambda a, b: math.isclose(sum(a), sum(b)),
    ],
}
test_exercise_checks_take_the_worked_solution, test_exercise_checks_refuse_wrong_answers_and_say_why = (
    series.exercise_tests(check, RIGHT, WRONG)
)


def test_what_check_7_3_says_is_true_of_the_numbers_that_it_prints(capsys):
    """Numbers are given in full: rounded ones could contradict the verdict."""
    check.same_training(lambda a, b: a == b)
    said = capsys.readouterr().out
    assert "(0.5, 0.25) and (2.0, 1.0) train alike; got False" in said and "with a tolerance" in said
    check.same_training(lambda a, b: any(a) == any(b) and math.isclose(a[0] * b[1], a[1] * b[0], rel_tol=0.1))
    assert "(1.0, 0.1001) differ; got True" in (said := capsys.readouterr().out) and "too loose" in said
