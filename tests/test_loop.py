"""The loop: what it trains on, stopping, errors in the middle of a step, and NaN."""

import os
import signal
import threading

import numpy as np
import pytest
import torch
from helpers import images, make, make_own, points, same

from infogan_utils import Trainer, loop, train
from infogan_utils.loop import Kept, TrainingDiverged, next_batch


def counts(run: Trainer) -> set[int]:
    """Every count of steps that the run holds: each optimiser's, the history's, its own."""
    adam = {int(s["step"]) for o in run.optimisers.values() for s in o.state.values()}
    return adam | {len(values) for values in run.history.values()} | {run.steps}


def before_each_step(run: Trainer, act) -> None:
    step = run.step
    run.step = lambda real: (act(), step(real))[1]


def test_it_trains_until_a_step_or_for_some_seconds_and_shows_the_run():
    run, shown = make(), []
    assert train(run, images(), until=5, show=lambda r: shown.append(r.steps), every=2) and shown == [2, 4, 5]
    assert train(run, images(), until=5) and train(run, images(), seconds=0) and run.steps == 5
    assert train(run, images(), seconds=0.3) and counts(run) == {run.steps} and run.steps > 5
    with pytest.raises(ValueError, match="neither until=STEPS nor seconds"):
        train(run, images())
    with pytest.raises(ValueError, match="every = 0 was given"):
        train(run, images(), until=9, every=0)


def test_each_epoch_has_a_fresh_order_and_drops_its_rest():  # B23: a rest of one image
    run, data = make(agreement=0.0), torch.arange(33, dtype=torch.uint8).view(33, 1, 1, 1).expand(33, 1, 28, 28)
    epochs = [torch.cat([next_batch(run, data)[:, 0, 0, 0] for _ in range(2)]) * 255 for _ in range(2)]
    assert all(len(epoch.unique()) == 32 for epoch in epochs) and not torch.equal(*epochs)
    assert train(run, images(33), until=5)


def test_an_interrupt_inside_a_step_ends_after_it_and_running_again_goes_on():  # B26
    run, whole, handler = make(), make(), signal.getsignal(signal.SIGINT)
    before_each_step(run, lambda: run.steps == 6 and os.kill(os.getpid(), signal.SIGINT))
    assert not train(run, images(), until=12)
    assert counts(run) == {7} and signal.getsignal(signal.SIGINT) is handler
    assert train(run, images(), until=12) and train(whole, images(), until=12) and same(run, whole)


def test_an_error_between_two_updates_puts_the_run_back_to_its_last_good_state():  # B26
    run, straight, calls = make(), make(), []
    train(run, images(), until=4)
    optimiser = run.optimisers["G step"]
    step = optimiser.step

    def broken():
        calls.append(step())
        if len(calls) == 2:  # in step 6, and its gradients wait
            raise KeyboardInterrupt

    optimiser.step = broken
    with pytest.raises(KeyboardInterrupt):
        train(run, images(), until=12)
    assert counts(run) == {4} and all(p.grad is None for p in run.G.parameters())
    optimiser.step = step
    for one in (run, straight):
        train(one, images(), until=12)
    assert same(run, straight)


def test_images_and_samplers_that_do_not_fit_are_named_with_what_does():
    for wrong in (torch.zeros(20, 32, 32, dtype=torch.uint8), torch.zeros(20, 28, 28), images(7)):
        with pytest.raises(
            ValueError, match=r"were given; this run takes \(1, 28, 28\) in uint8, at least the 8 .* a smaller batch"
        ):
            train(make(), wrong, until=1)
    with pytest.raises(ValueError, match="train.. got a dict; give it pictures .*, such as digits.train"):
        train(make(), {"train": images(8)}, until=1)
    run = make_own()
    assert train(make(), images(8), until=1) and train(run, points, until=3) and counts(run) == {3}
    assert train(make(), images(8).numpy(), until=1)  # arrays will do
    assert train(make_own(), lambda n, _: np.zeros((n, 2)), until=1)
    for wrong in (lambda n, g: torch.rand(n, 3), lambda n, g: torch.zeros(n, 2, dtype=torch.uint8)):
        with pytest.raises(ValueError, match=r"sampler gave .*\(16, [23]\); give floats \(16, 2\)"):
            train(run, wrong, until=4)


def test_an_event_stops_it_and_it_runs_outside_the_main_thread_too():
    run, stop, done = make(), threading.Event(), []
    before_each_step(run, lambda: run.steps == 2 and stop.set())
    call = threading.Thread(target=lambda: done.append(train(run, images(), until=50, stop=stop)))
    call.start()
    call.join(60)
    assert done == [False] and counts(run) == {3}


def test_many_short_calls_share_their_last_good_state(monkeypatch):
    monkeypatch.setattr(loop, "KEEP_EVERY", 0.0)
    run, straight = make(), make()
    kept = Kept(run)
    for _ in range(3):
        train(run, images(), until=run.steps + 1, kept=kept)
    before_each_step(run, lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        train(run, images(), until=9, kept=kept)
    assert train(straight, images(), until=3) and same(run, straight)


def test_a_loss_or_a_weight_that_is_nan_is_named_and_the_run_goes_back():  # B26
    run, good = make(), make()
    for one in (run, good):
        train(one, images(), until=4)
    step, nan = run.step, {"cont 2": torch.tensor(torch.nan)}
    run.step = lambda real: step(real) | (nan if run.steps == 6 and run.lam > 0.5 else {})
    with pytest.raises(TrainingDiverged, match=r"step 6 with λ = 1 gave .*'cont 2': nan.*back at step 4.*smaller λ"):
        train(run, images(), until=20)
    assert same(run, good)
    run.lam = 0.1
    assert train(run, images(), until=8) and counts(run) == {8}
    before_each_step(run, lambda: run.averaged.G.fc[0].weight.data.fill_(torch.nan))  # no loss shows it
    with pytest.raises(TrainingDiverged, match="after step 9 .*averaged.G.fc.0.weight is not finite.*back at step 8"):
        train(run, images(), until=9)


def test_adams_counts_may_stand_on_another_device_than_the_weights():  # as on Apple's GPU
    run, pending = make(), [{"D": torch.tensor(1.0)}]
    for moments in run.optimisers["G step"].state.values():
        moments["step"] = moments["step"].to("meta")
    Kept(run).add(pending)
    assert run.history == {"D": [1.0]} and not pending
