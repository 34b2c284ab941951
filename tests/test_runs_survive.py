"""Runs that survive: 50 interrupts, 20 kills while saving, full disks, files of another kind, NaN.

An interrupt is a real SIGINT, at a random time or before a random line of the package; a kill is a real SIGKILL of
a process that does nothing but save.
"""

import dataclasses
import json
import os
import queue
import random
import shutil
import signal
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch
from faulty import full_disk, read_only
from jupyter_client.manager import start_new_kernel
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from infogan_utils import checkpoint, loop
from infogan_utils.codes import Layout
from infogan_utils.loop import TrainingDiverged, train
from infogan_utils.models import Size
from infogan_utils.note_models import NOTE_SIZE
from infogan_utils.recipes import FAST, NOTE, PAPER_RECIPE, Recipe
from infogan_utils.toy import ToyTrainer
from infogan_utils.training import Trainer

SPEC = Layout(4, (10,), 2)
TINY = Size(g_fc=16, d_fc=16, narrow=4, wide=8, q_fc=8)
NOTE_TINY = dataclasses.replace(NOTE_SIZE, narrow=8, wide=16)
PACKAGE = str(Path(loop.__file__).parent)
INTERRUPTS = 25  # before random lines, and as many at random times
KILLS = 20


def images() -> torch.Tensor:
    return torch.randint(0, 256, (64, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(9))


def make(recipe: Recipe = FAST, size: Size = TINY, **changes) -> Trainer:
    return Trainer(SPEC, dataclasses.replace(recipe, batch=16, **changes), size=size)


def same(one: Trainer, two: Trainer) -> bool:
    a, b = one.tensors(), two.tensors()
    equal = a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)
    return equal and one.history == two.history and (one.steps, one.position) == (two.steps, two.position)


def steps_of(run: Trainer) -> set[int]:
    """Every count of steps that the run holds: each optimiser's, the averages', the history's, its own."""
    adam = {int(s["step"]) for o in run.optimisers.values() for s in o.state_dict()["state"].values()}
    averages = {int(a.n_averaged) for a in run.averaged.values()}
    return adam | averages | {len(v) for v in run.history.values()} | {run.steps}


@pytest.fixture(scope="module")
def unbroken() -> dict[int, dict[str, torch.Tensor]]:
    """The tensors of a run that nothing interrupts, by step."""
    run, kept = make(), {}
    for step in range(1, 61):
        train(run, images(), until=step)
        kept[step] = {name: value.clone() for name, value in run.tensors().items()}
    return kept


def interrupted_by_line(run: Trainer, until: int, at: int) -> bool:
    """``train``, with a SIGINT before the ``at``-th line of the package that runs inside its stop_flag."""
    left, armed = at, False

    def trace(frame, event, _):
        nonlocal left, armed
        if not frame.f_code.co_filename.startswith(PACKAGE):
            return None
        if frame.f_code.co_name == "check_images":
            armed = True
        if armed and event == "line":
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGINT)
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        return train(run, images(), until=until)
    finally:
        sys.settrace(before)


@pytest.mark.parametrize("seed", range(INTERRUPTS))
def test_interrupts_before_any_line_leave_G_and_D_at_the_same_step_and_running_again_goes_on_B26(unbroken, seed):
    draw = random.Random(seed)
    run, handler = make(), signal.getsignal(signal.SIGINT)
    finished = interrupted_by_line(run, 12, draw.randrange(1, 1500))
    assert steps_of(run) == {run.steps} or run.steps == 0
    assert not finished and run.steps < 12 and signal.getsignal(signal.SIGINT) is handler
    assert train(run, images(), until=12)
    assert all(torch.equal(value, unbroken[12][name]) for name, value in run.tensors().items())


def test_interrupts_at_random_times_leave_G_and_D_at_the_same_step_and_running_again_goes_on_B26(unbroken):
    draw, run, seen, timers = random.Random(0), make(), [], []
    original = run.step

    def step(real):
        if timers:  # from train's first step on its handler is in place
            timers.pop().start()
        return original(real)

    run.step = step
    for _ in range(INTERRUPTS):
        timer = threading.Timer(draw.uniform(0.005, 0.08), os.kill, (os.getpid(), signal.SIGINT))
        timers.append(timer)
        assert not train(run, images(), until=10**9)
        timer.join()
        assert steps_of(run) == {run.steps} or run.steps == 0
        seen.append(run.steps)
    assert seen == sorted(seen) and seen[-1] >= INTERRUPTS  # each call took a step
    straight = make()
    train(straight, images(), until=run.steps)
    assert same(run, straight)


CELL = """
import dataclasses, torch
from infogan_utils.codes import Layout
from infogan_utils.loop import train
from infogan_utils.models import Size
from infogan_utils.recipes import FAST
from infogan_utils.training import Trainer
images = torch.randint(0, 256, (64, 28, 28), dtype=torch.uint8)
size = Size(g_fc=16, d_fc=16, narrow=4, wide=8, q_fc=8)
run = Trainer(Layout(4, (10,), 2), dataclasses.replace(FAST, batch=16), size=size)
"""


def test_jupyters_stop_button_ends_the_cell_normally_and_the_cell_goes_on_when_run_again_B26():
    manager, client = start_new_kernel(kernel_name="python3")
    try:

        def ask(code: str, stop_after: float = 0) -> dict:
            message = client.execute(code)
            if stop_after:  # counted from what the cell first prints: before it runs, an interrupt is lost
                while (said := client.get_iopub_msg(timeout=60))["msg_type"] != "stream" or (
                    said["parent_header"].get("msg_id") != message
                ):
                    continue
                time.sleep(stop_after)
                manager.interrupt_kernel()
            while (reply := client.get_shell_msg(timeout=60))["parent_header"].get("msg_id") != message:
                continue
            return reply["content"]

        assert ask(CELL)["status"] == "ok"
        for _ in range(2):
            endless = "done = train(run, images, until=10**9, show=lambda run: print(run.steps))"
            assert ask(endless, stop_after=0.3)["status"] == "ok"
        check = "assert not done and {len(v) for v in run.history.values()} == {run.steps} and run.steps > 2"
        assert ask(check)["status"] == "ok"
    except queue.Empty:
        pytest.fail("the kernel gave no answer within 60 s")
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_an_exception_between_Ds_step_and_Gs_puts_the_run_back_to_its_last_good_state_B26():
    run, straight = make(), make()
    train(run, images(), until=4)
    original, calls = run._update, []

    def update(name, loss, params):
        calls.append(name)
        if len(calls) == 4:  # D has taken step 6, G has not
            raise KeyboardInterrupt
        original(name, loss, params)

    run._update = update
    with pytest.raises(KeyboardInterrupt):
        train(run, images(), until=12)
    assert steps_of(run) == {4}
    run._update = original
    for one in (run, straight):
        train(one, images(), until=12)
    assert same(run, straight)


def test_an_error_in_what_shows_the_run_costs_no_step():
    run = make()

    def show(_):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        train(run, images(), until=9, show=show, every=3)
    assert steps_of(run) == {3}


# Saving and resuming


RECIPES = {
    "fast": (FAST, TINY),
    "paper": (PAPER_RECIPE, TINY),
    "note": (NOTE, TINY),
    "the note's networks": (NOTE, NOTE_TINY),
}


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("bfloat16", [False, True])
def test_a_run_saved_at_any_step_resumes_to_the_bits_of_an_unbroken_one(tmp_path, name, bfloat16):
    recipe, size = RECIPES[name]
    whole, run = make(recipe, size), make(recipe, size)
    whole.bfloat16 = run.bfloat16 = bfloat16
    train(whole, images(), until=11)
    for until in (3, 4, 9, 11):  # 4 steps an epoch: in the middle and at the end of one
        torch.rand(3)  # the global state plays no part
        train(run, images(), until=until)
        run = checkpoint.load(checkpoint.save(run, tmp_path / "run.safetensors"), layout=SPEC)
        run.bfloat16 = bfloat16
    assert same(run, whole)


def test_a_file_can_be_read_by_whoever_may_read_the_folder_and_holds_no_pickle(tmp_path):
    path = checkpoint.save(make(), tmp_path / "run.safetensors")
    mask = os.umask(0)
    os.umask(mask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~mask
    with safe_open(path, "pt") as file:
        assert set(json.loads(file.metadata()["infogan"])) >= {"layout", "recipe", "size", "steps", "history"}


SAVER = """
import os, signal, sys, time, random
import torch
torch.set_num_threads(1)
from test_runs_survive import KILLS, make, checkpoint
path, run, draw = sys.argv[1], make(), random.Random(0)
checkpoint.save(run, path)
for kill in range(KILLS):
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        while True:
            run.steps += 1
            with torch.no_grad():
                for p in run.G.parameters():
                    p.fill_(run.steps)
            os.write(writing, b"%d begun\\n" % run.steps)
            checkpoint.save(run, path)
            os.write(writing, b"%d saved\\n" % run.steps)
    os.close(writing)
    said = b""
    while said.count(b"begun") < 2:  # one save done, the next under way
        said += os.read(reading, 10**6) or sys.exit("the child is gone")
    time.sleep(draw.uniform(0, 0.13))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    said = (said + os.read(reading, 10**6)).decode().splitlines()
    os.close(reading)
    found = checkpoint.load(path)
    whole = {float(v) for p in found.G.parameters() for v in p.detach().unique()}
    last = max([int(s.split()[0]) for s in said if s.endswith("saved")], default=run.steps)
    print(found.steps, last, said[-1].split()[1], whole == {float(found.steps)} or found.steps == 0)
    run = found
"""


def test_20_kills_while_saving_lose_nothing(tmp_path):
    path = tmp_path / "run.safetensors"
    place = {"PYTHONPATH": os.path.dirname(__file__), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", SAVER, str(path)]
    done = subprocess.run(command, env=os.environ | place, capture_output=True, text=True, timeout=300)
    rows = [line.split() for line in done.stdout.splitlines()]
    assert len(rows) == KILLS, done.stderr
    for steps, saved, _, whole in rows:
        assert int(steps) in (int(saved), int(saved) + 1) and whole == "True"
    assert sum(state == "begun" for _, _, state, _ in rows) >= KILLS / 2  # the kills did hit saves
    assert int(rows[-1][0]) >= KILLS
    for part in tmp_path.glob("*.part"):
        os.utime(part, (0, 0))
    checkpoint.save(make(), path)
    assert os.listdir(tmp_path) == [path.name]  # what the killed ones left is swept away


def test_a_full_disk_while_saving_leaves_the_last_good_save_whole_and_says_so(tmp_path):
    run, folder = make(), tmp_path / "disk"
    checkpoint.save(run, tmp_path / "run.safetensors")
    room = (tmp_path / "run.safetensors").stat().st_size * 3 // 2
    before = (tmp_path / "run.safetensors").read_bytes()
    with full_disk(folder, room):
        checkpoint.save(run, folder / "run.safetensors")
        train(run, images(), until=2)  # with Adam's moments the file is larger than the room that is left
        with pytest.raises(OSError, match="could not be written.*former save there is untouched"):
            checkpoint.save(run, folder / "run.safetensors")
        assert (folder / "run.safetensors").read_bytes() == before and os.listdir(folder) == ["run.safetensors"]
        assert checkpoint.load(folder / "run.safetensors").steps == 0
    assert steps_of(run) == {2} and train(run, images(), until=3)


def test_a_folder_that_cant_be_written_is_named_and_the_run_goes_on(tmp_path, monkeypatch):
    run = make()
    with read_only(tmp_path / "locked", monkeypatch.setattr):
        with pytest.raises(OSError, match="locked.*could not be written.*save elsewhere"):
            checkpoint.save(run, tmp_path / "locked" / "run.safetensors")
    assert train(run, images(), until=1)


# Files of another kind


def rewritten(path: Path, change) -> Path:
    """The file with its JSON, or its tensors, changed by ``change(about, tensors)``."""
    with safe_open(path, "pt") as file:
        about = json.loads(file.metadata()["infogan"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    change(about, tensors)
    about["sha256"] = checkpoint.digest(about, tensors)
    save_file(tensors, path, metadata={"infogan": json.dumps(about)})
    return path


def test_another_layout_is_refused_with_both_named(tmp_path):
    path = checkpoint.save(make(), tmp_path / "run")
    other = Layout(62, (10, 5), 1)
    with pytest.raises(checkpoint.CheckpointError) as raised:
        checkpoint.load(path, layout=other)
    assert str(SPEC) in str(raised.value) and str(other) in str(raised.value)


HARM = {
    "cut": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "empty": lambda path: path.write_bytes(b""),
    "a header that is too long": lambda path: path.write_bytes(struct.pack("<Q", 2**60) + path.read_bytes()[8:]),
    "noise": lambda path: path.write_bytes(random.Random(0).randbytes(5000)),
    "a web page": lambda path: path.write_bytes(b"<!DOCTYPE html>" * 50),
    "no header of ours": lambda path: save_file({"a": torch.zeros(1)}, path),
    "a header that is a list": lambda path: save_file({"a": torch.zeros(1)}, path, metadata={"infogan": "[1]"}),
    "another format": lambda path: rewritten(path, lambda about, _: about.update(format="infogan-run-1")),
    "no layout": lambda path: rewritten(path, lambda about, _: about.pop("layout")),
    "a layout that is a word": lambda path: rewritten(path, lambda about, _: about.update(layout="mnist")),
    "an unknown setting": lambda path: rewritten(path, lambda about, _: about["recipe"].update(lr_q=1)),
    "lam below zero": lambda path: rewritten(path, lambda about, _: about.update(lam=-1)),
    "a missing tensor": lambda path: rewritten(path, lambda _, tensors: tensors.pop("G.fc.0.weight")),
    "a tensor too many": lambda path: rewritten(path, lambda _, t: t.update(more=torch.zeros(1))),
    "another shape": lambda path: rewritten(path, lambda _, t: t.update({"G.fc.0.weight": torch.zeros(2, 2)})),
    "a generator's state of floats": lambda path: rewritten(path, lambda _, t: t.update(generator=torch.zeros(9))),
    "steps without end": lambda path: rewritten(path, lambda about, _: about.update(steps=float("inf"))),
    "an image of one side": lambda path: rewritten(path, lambda about, _: about.update(image_shape=[1])),
    "an order of floats": lambda path: rewritten(path, lambda _, t: t.update(order=t["order"].float())),
    "an order that is none": lambda path: rewritten(path, lambda _, t: t.update(order=torch.full((64,), 99))),
    "a place beyond the data": lambda path: rewritten(path, lambda about, _: about.update(position=-5)),
    "histories of two lengths": lambda path: rewritten(path, lambda about, _: about["history"].update(D=[1.0])),
}


@pytest.mark.parametrize("harm", HARM)
def test_a_damaged_file_is_refused_by_name_and_the_run_at_hand_is_untouched(tmp_path, harm):
    run = make()
    train(run, images(), until=2)
    path = checkpoint.save(run, tmp_path / "run.safetensors")
    HARM[harm](path)
    with pytest.raises(checkpoint.CheckpointError, match="run.safetensors"):
        checkpoint.load(path)
    assert steps_of(run) == {2}


def test_a_byte_that_rots_in_a_tensor_is_not_taken_for_the_same_run(tmp_path):
    run = make()
    path = checkpoint.save(run, tmp_path / "run.safetensors")
    content = bytearray(path.read_bytes())
    content[-1000] ^= 0x40
    path.write_bytes(bytes(content))
    with pytest.raises(checkpoint.CheckpointError, match="checksum"):
        checkpoint.load(path)


def test_a_number_that_changes_in_the_header_is_not_taken_for_the_same_run(tmp_path):
    path = checkpoint.save(make(), tmp_path / "run.safetensors")
    content = path.read_bytes()
    assert content.count(b"0.001") == 1  # lr_g
    path.write_bytes(content.replace(b"0.001", b"0.002"))
    with pytest.raises(checkpoint.CheckpointError, match="checksum"):
        checkpoint.load(path)


class OwnTrainer(Trainer):
    """Another step with the same tensors."""


@pytest.mark.parametrize("kind", [ToyTrainer, OwnTrainer])
def test_a_run_of_another_trainer_is_refused_by_name_and_its_tensors_can_be_put_back(tmp_path, kind):
    def fresh():
        return ToyTrainer() if kind is ToyTrainer else OwnTrainer(SPEC, size=TINY)

    run = fresh()
    run.step(run.batch() if kind is ToyTrainer else torch.rand(64, 1, 28, 28))
    path = checkpoint.save(run, tmp_path / "run.safetensors")
    with pytest.raises(checkpoint.CheckpointError, match=rf"run of '{kind.__name__}'.*run.restore\(safetensors.torch"):
        checkpoint.load(path)
    again = fresh()
    again.restore(load_file(path))
    assert all(torch.equal(value, again.tensors()[name]) for name, value in run.tensors().items())


class Bomb:
    def __reduce__(self):
        return os.mkdir, ("exploded",)


@pytest.mark.parametrize("kind", ["pickle", "torch", "torch, older", "pickle named .safetensors"])
def test_a_pickled_file_is_refused_and_nothing_in_it_runs_B24_B54(tmp_path, monkeypatch, kind):
    import pickle

    monkeypatch.chdir(tmp_path)
    path = tmp_path / ("model.safetensors" if "named" in kind else "model.pt")
    if kind.startswith("torch"):
        torch.save({"weights": Bomb()}, path, _use_new_zipfile_serialization="older" not in kind)
    else:
        path.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(checkpoint.CheckpointError, match="Pickled files .* are refused: loading them can run code"):
        checkpoint.load(path)
    assert not Path("exploded").exists()
    pickle.loads(pickle.dumps(Bomb()))  # the bomb is live: loading it by pickle does run it
    assert Path("exploded").exists()


def test_no_module_of_the_package_loads_pickles_B24_B54():
    for module in Path(PACKAGE).rglob("*.py"):
        text = module.read_text("utf-8")
        assert not any(word in text for word in ("torch.load(", "import pickle", "allow_pickle=True")), module.name


# NaN


@pytest.mark.parametrize("recipe", [FAST, NOTE])
def test_a_run_that_really_diverges_names_step_and_way_out_and_keeps_the_last_good_state_B26(recipe):
    run, straight = make(recipe), make(recipe)
    for one in (run, straight):
        train(one, images(), until=5)
    for optimiser in run.optimisers.values():
        for group in optimiser.param_groups:
            group["lr"] = 1e30
    with pytest.raises(TrainingDiverged, match=r"step \d+ with lam = 1.*back at step 5.*smaller lam, or smaller"):
        train(run, images(), until=40)
    assert same(run, straight) and all(torch.isfinite(p).all() for p in run.G.parameters())


@pytest.mark.parametrize("figure", ["D", "G", "cat 1", "cont 2"])
def test_a_loss_that_is_nan_in_any_place_is_seen_and_its_step_is_named_B26(figure):
    run = make()
    original = run.step
    run.step = lambda real: original(real) | ({figure: torch.tensor(float("nan"))} if run.steps == 7 else {})
    with pytest.raises(TrainingDiverged, match=rf"step 7 with lam = 1 gave .*'{figure}': nan.*back at step 0"):
        train(run, images(), until=30)
    assert run.steps == 0 and run.history == {}


def test_a_weight_that_became_nan_while_its_loss_was_finite_is_not_kept_as_a_good_state_B26():
    run = make()
    original = run.step

    def step(real):
        figures = original(real)
        if run.steps == loop.CHECK_EVERY:  # after the last loss before a check
            run.g_params[0].data[0] = float("nan")
        return figures

    run.step = step
    with pytest.raises(TrainingDiverged, match=f"after step {loop.CHECK_EVERY} .*G.fc.* is not finite.*back at step 0"):
        train(run, images(), until=80)
    assert all(torch.isfinite(value.float()).all() for value in run.tensors().values())


def test_a_run_goes_on_after_a_NaN_with_a_smaller_lam_B26():
    run = make()
    original = run.step
    run.step = lambda real: original(real) | ({"G": torch.tensor(float("inf"))} if run.lam > 0.5 else {})
    with pytest.raises(TrainingDiverged):
        train(run, images(), until=3)
    run.lam = 0.1
    assert train(run, images(), until=3) and steps_of(run) == {3}


def test_a_copy_of_the_file_is_enough_to_go_on_elsewhere(tmp_path):
    run = make()
    train(run, images(), until=2)
    path = checkpoint.save(run, tmp_path / "a")
    shutil.move(path, tmp_path / "b")
    assert same(checkpoint.load(tmp_path / "b"), run)
