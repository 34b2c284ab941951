"""Notebook 06: what it writes out is the package's, and its exercise checks accept right answers and refuse wrong ones.

| claim of the notebook | tolerance | test |
|---|---|---|
| its step is the package's step | 1e-5 in each loss, three steps | test_the_step_written_out_is_the_packages |
| its L_I is the package's weighted bound | 1e-5 nats | test_the_bound_written_out_is_the_packages |
| its agreement bound is the package's | 1e-6 nats | test_the_agreement_bound_written_out_is_the_packages |
| its networks are the package's | equal shapes, in order | test_the_networks_written_out_are_the_packages |
| each of its runs is on the device that was chosen | – | test_every_run_is_on_the_device_that_was_chosen |
| G ignores lam only where the information loss has an Adam of its own | – | test_training |
"""

import ast
import math

import pytest
import torch
from series import code, namespace
from torch.nn import functional as F

from infogan_utils import recipes
from infogan_utils.checks import nb06 as check
from infogan_utils.codes import LAYOUTS, Codes
from infogan_utils.objectives import agreement_bound
from infogan_utils.training import Trainer

LAYOUT = LAYOUTS["mnist"]


def test_the_step_written_out_is_the_packages():
    written = namespace("06", "L_I", "agreement", "d_step", "g_step", "step")
    ours, theirs = (Trainer(LAYOUT, recipes.FAST, seed=3) for _ in range(2))
    generator = torch.Generator().manual_seed(0)
    for _ in range(3):
        x = torch.rand(32, 1, 28, 28, generator=generator)
        d, g = written["step"](ours, x)
        package = theirs.step(x)
        assert abs(d - package["D"].item()) < 1e-5 and abs(g - package["G"].item()) < 1e-5
    for net in ("G", "D"):  # Adam makes a whole step of a gradient that is all rounding, here and there
        for a, b in zip(getattr(ours, net).parameters(), getattr(theirs, net).parameters(), strict=True):
            assert (a - b).abs().mean() < 1e-5


def test_every_run_is_on_the_device_that_was_chosen():
    nodes = [node for source in code("06") for node in ast.walk(ast.parse(source))]
    runs = [node for node in nodes if isinstance(node, ast.Call) and ast.unparse(node.func) == "Trainer"]
    assert len(runs) >= 5
    assert all("device=DEVICE" in ast.unparse(run) for run in runs)


def test_the_bound_written_out_is_the_packages():
    bound = namespace("06", "L_I")["L_I"]
    run = Trainer(LAYOUT, recipes.FAST, seed=0)
    codes = LAYOUT.sample(16, run.generator)
    q = run.D(torch.rand(16, 1, 28, 28, generator=run.generator))[1]
    assert abs(bound(q, codes).item() + run._information_loss(q, codes)[0].item()) < 1e-5


def test_the_agreement_bound_written_out_is_the_packages():
    a, b = torch.randn(2, 40, 10, generator=torch.Generator().manual_seed(0))
    assert abs(namespace("06", "agreement")["agreement"](a, b) - agreement_bound(a, b)) < 1e-6


def test_the_networks_written_out_are_the_packages():
    written = namespace("06", "make_generator", "make_trunk_and_heads")
    run = Trainer(LAYOUT, recipes.FAST)
    trunk, d_head, q_head = written["make_trunk_and_heads"]()
    here = [[tuple(p.shape) for p in net.parameters()] for net in (written["make_generator"](), trunk, d_head, q_head)]
    there = [[tuple(p.shape) for p in net.parameters()] for net in (run.G, run.D.trunk, run.D.d_head, run.D.q_head)]
    assert here == there
    x = torch.rand(2, 74)
    assert written["make_generator"]()(x).shape == (2, 1, 28, 28)


RIGHT = {
    "categorical_L_I": lambda a, c: a.log_softmax(1)[torch.arange(len(c)), c].mean() + math.log(a.shape[1]),
    "g_and_q_loss": lambda a, bound, lam: F.softplus(-a).mean() - lam * bound,
    "traverse": lambda layout, z, code, v: Codes(
        z.expand(len(v), -1),
        torch.zeros(len(v), 1, dtype=torch.int64),
        torch.stack([v if j == code else torch.zeros_like(v) for j in range(2)], dim=1),
    ),
}
WRONG = [
    ("categorical_L_I", lambda a, c: math.log(10) - F.cross_entropy(a, c)),  # ln 10 for every K
    ("categorical_L_I", lambda a, c: math.log(a.shape[1]) - F.cross_entropy(a.softmax(1), c)),
    ("categorical_L_I", lambda a, c: F.cross_entropy(a, c) - math.log(a.shape[1])),
    ("g_and_q_loss", lambda a, bound, lam: F.softplus(-a).mean() + lam * bound),  # the sign
    ("g_and_q_loss", lambda a, bound, lam: F.softplus(-a).mean() - bound),  # lam ignored
    ("g_and_q_loss", lambda a, bound, lam: -F.softplus(a).mean() - lam * bound),  # minimax
    ("traverse", lambda layout, z, code, v: RIGHT["traverse"](layout, z, 0, v)),
    (
        "traverse",
        lambda layout, z, code, v: RIGHT["traverse"](layout, z, code, v)._replace(z=torch.randn(len(v), 62)),
    ),
]


@pytest.mark.parametrize("name", RIGHT)
def test_right_answers_pass_the_exercise_checks(name, capsys):
    assert getattr(check, name)(RIGHT[name])
    assert "passed" in capsys.readouterr().out


@pytest.mark.parametrize(("name", "answer"), WRONG)
def test_wrong_answers_are_refused_with_a_reason(name, answer, capsys):
    assert not getattr(check, name)(answer)
    assert "not yet" in capsys.readouterr().out


def test_an_undone_exercise_is_told_politely(capsys):
    def undone(*_):
        raise NotImplementedError

    assert not check.traverse(undone)
    assert "not done yet" in capsys.readouterr().out
