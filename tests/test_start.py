"""The start chosen without labels: who learns, all or nothing, by the seed, and its figures."""

import dataclasses
import signal

import pytest
import torch
from helpers import SPEC, TINY, images, make, moved, same, weights

from infogan_utils import LatentSpec, Trainer, Uniform, build, choose_start, train
from infogan_utils.loop import TrainingDiverged
from infogan_utils.objectives import agreement_bound
from infogan_utils.recipes import PAPER
from infogan_utils.runs import start


def test_the_best_reader_becomes_Qs_category_and_the_rest_of_the_run_stays():
    run, fresh, before = make(), make(), torch.get_rng_state()
    bounds, q = choose_start(run, images(), readers=4, steps=3), run.D.q_head.weight
    assert bounds.shape == (4,) and torch.isfinite(bounds).all() and torch.equal(before, torch.get_rng_state())
    assert moved(weights(fresh), weights(run)) == {"trunk", "Q"}
    assert torch.equal(q[10:], fresh.D.q_head.weight[10:])  # those of the continuous codes
    pairs = zip(run.D.state_dict().values(), run.averaged.D.state_dict().values(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
    assert run.steps == 0 and torch.equal(run.generator.get_state(), fresh.generator.get_state())
    assert train(run, images(), until=2)


def test_the_same_seed_gives_the_same_start_whatever_the_mode():
    one, two, other = make(), make(), make(seed=1)
    two.D.eval()
    bounds = [choose_start(run, images(), readers=4, steps=3) for run in (one, two, other)]
    assert same(one, two) and torch.equal(*bounds[:2]) and not torch.equal(bounds[0], bounds[2])


def test_the_running_mean_is_that_of_the_bounds_from_the_first_step_on(monkeypatch):
    monkeypatch.setattr(start, "agreement_bound", lambda one, _: one.mean(dim=(1, 2)) * 0 + 1.5)
    shown = {}
    shown[0] = choose_start(make(), images(), readers=3, steps=4, show=shown.__setitem__, every=2)
    assert sorted(shown) == [0, 2, 4] and all((b - 1.5).abs().max() < 1e-5 for b in shown.values())  # not 0.09


def test_the_reader_with_the_highest_bound_is_kept(monkeypatch):
    nudge = torch.tensor([0.0, 9.0, 0.0, 0.0])
    monkeypatch.setattr(start, "agreement_bound", lambda one, other: agreement_bound(one, other) + nudge)
    one, two = make(), make()
    bounds = choose_start(one, images(), readers=4, steps=3)
    monkeypatch.setattr(start, "agreement_bound", lambda one, other: agreement_bound(one, other) + nudge.flip(0))
    assert bounds.argmax() == 1 and choose_start(two, images(), readers=4, steps=3).argmax() == 2
    assert moved(weights(one), weights(two)) == {"Q"}  # the same trunk and other readers
    assert not torch.equal(one.D.q_head.weight[:10], two.D.q_head.weight[:10])


def test_stopped_or_diverged_it_changes_nothing():
    run, fresh = make(), make()
    stop = lambda *_: signal.raise_signal(signal.SIGINT)  # noqa: E731
    assert choose_start(run, images(), readers=4, steps=50, every=5, show=stop) is None and same(run, fresh)
    run.recipe = dataclasses.replace(run.recipe, lr_q=1e30)
    with pytest.raises(TrainingDiverged, match="smaller lr_q"):
        choose_start(run, images(), readers=4, steps=5)
    assert same(run, fresh)


def test_a_ctrl_c_at_the_very_end_leaves_D_and_its_average_alike():
    run = make()
    load = run.D.load_state_dict
    run.D.load_state_dict = lambda state: (load(state), signal.raise_signal(signal.SIGINT))
    assert choose_start(run, images(), readers=4, steps=2) is not None
    average = run.averaged.D.state_dict()
    assert all(torch.equal(value, average[name]) for name, value in run.D.state_dict().items())


def test_a_run_that_has_no_start_to_choose_is_refused():
    begun, hidden = make(), Trainer(*build(SPEC, dataclasses.replace(TINY, q_fc=8)), SPEC, make().recipe)
    train(begun, images(), until=1)
    for run in (make(spec=LatentSpec(4, (Uniform(),))), hidden, make(PAPER), begun):
        with pytest.raises(ValueError, match="a start needs 0 steps, a discrete code, views"):
            choose_start(run, images())
    with pytest.raises(ValueError, match="readers = 0, steps = 500, every = 25"):
        choose_start(make(), images(), readers=0)
