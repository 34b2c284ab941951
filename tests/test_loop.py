"""The loop and the file of a run: stopping, NaN, saving, resuming, refusing."""

import dataclasses
import os
import pickle
import signal
import threading

import pytest
import torch
from test_training import SPEC, TINY, images, trainer, weights

from infogan_utils import checkpoint
from infogan_utils.codes import Layout
from infogan_utils.loop import TrainingDiverged, train
from infogan_utils.models import Size
from infogan_utils.recipes import FAST, NOTE
from infogan_utils.training import Trainer


def same(one: Trainer, two: Trainer) -> bool:
    a, b = one.tensors(), two.tensors()
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a) and one.history == two.history


def test_a_run_already_there_does_nothing_and_show_gets_the_trainer():
    run, seen = trainer(), []
    assert train(run, images(), until=3, show=lambda r: seen.append(r.steps), every=2)
    assert seen == [2, 3]
    assert train(run, images(), until=3) and run.steps == 3


def test_an_interrupt_inside_a_step_ends_after_it_and_running_again_goes_on_B26():
    run, whole = trainer(), trainer()
    original = run.step

    def step(real):
        if run.steps == 6:
            os.kill(os.getpid(), signal.SIGINT)  # in the middle of step 7
        return original(real)

    run.step = step
    before = signal.getsignal(signal.SIGINT)
    assert not train(run, images(), until=12)
    assert run.steps == 7 and {len(v) for v in run.history.values()} == {7}
    assert signal.getsignal(signal.SIGINT) is before
    assert {int(o.state_dict()["state"][0]["step"]) for o in run.optimisers.values()} == {7}
    assert train(run, images(), until=12)
    train(whole, images(), until=12)
    assert same(run, whole)


def test_training_runs_outside_the_main_thread_where_no_handler_can_be_set():
    run = trainer()
    thread = threading.Thread(target=train, args=(run, images()), kwargs={"until": 2})
    thread.start()
    thread.join(60)
    assert run.steps == 2


def test_nan_names_step_and_lam_and_keeps_the_last_good_state():
    run, good = trainer(), trainer()
    train(run, images(), until=4)
    train(good, images(), until=4)
    original = run.step

    def step(real):
        figures = original(real)
        return figures | {"G": torch.tensor(float("nan"))} if run.steps >= 6 else figures

    run.step = step
    with pytest.raises(TrainingDiverged, match="step 6 with lam = 1 .*back at step 4.*smaller lam"):
        train(run, images(), until=20)
    assert run.steps == 4 and same(run, good)


@pytest.mark.parametrize("recipe", [FAST, NOTE])
def test_a_resumed_run_gives_the_numbers_of_an_unbroken_one(tmp_path, recipe):
    run, whole = trainer(recipe), trainer(recipe)
    train(run, images(), until=6)
    run.lam = 0.5
    again = checkpoint.load(checkpoint.save(run, tmp_path / "run.safetensors"), layout=SPEC)
    assert again.lam == 0.5 and again.recipe == run.recipe and again.size == TINY
    train(whole, images(), until=6)
    whole.lam = 0.5
    for one in (again, whole):
        train(one, images(), until=13)
    assert same(again, whole)


def test_the_paper_sized_widths_survive_a_save(tmp_path):
    run = Trainer(SPEC, dataclasses.replace(FAST, batch=4), size=Size(8, 8, 2, 4, 4))
    assert checkpoint.load(checkpoint.save(run, tmp_path / "a")).size == run.size


def test_a_failed_save_leaves_the_last_good_one_whole(tmp_path, monkeypatch):
    run, path = trainer(), tmp_path / "run.safetensors"
    checkpoint.save(run, path)
    before = path.read_bytes()
    train(run, images(), until=1)

    def full(part, _bytes):
        with open(part, "wb") as half:
            half.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(path), "write_bytes", full)
    with pytest.raises(OSError, match="run.safetensors could not be written.*untouched"):
        checkpoint.save(run, path)
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["run.safetensors"]


def test_another_layout_is_refused_with_both_named(tmp_path):
    path = checkpoint.save(trainer(), tmp_path / "run")
    with pytest.raises(checkpoint.CheckpointError, match=r"noise=4.*noise=5"):
        checkpoint.load(path, layout=Layout(5, (10,), 2))


def test_damaged_and_missing_files_are_refused(tmp_path):
    path = checkpoint.save(trainer(), tmp_path / "run")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(checkpoint.CheckpointError, match="damaged or no checkpoint"):
        checkpoint.load(path)
    with pytest.raises(FileNotFoundError, match="train first"):
        checkpoint.load(tmp_path / "none")


class Bomb:
    def __reduce__(self):
        return (os.mkdir, ("exploded",))


def test_a_pickled_file_is_refused_and_nothing_in_it_runs_B24_B54(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, write in (("a.pt", torch.save), ("b.pkl", lambda x, p: p.write_bytes(pickle.dumps(x)))):
        write(Bomb(), tmp_path / name)
        with pytest.raises(checkpoint.CheckpointError, match="can run code"):
            checkpoint.load(tmp_path / name)
    assert not (tmp_path / "exploded").exists()


def test_a_run_moved_by_one_step_is_not_the_same():
    one, two = trainer(), trainer()
    train(one, images(), until=1)
    assert not same(one, two) and set(weights(one)) == {"G", "trunk", "D head", "Q"}
