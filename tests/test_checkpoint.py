"""The file of a run: resumed to the bit, whole after a kill or a full disk, and refused where it is something else."""

import dataclasses
import json
import os
import pickle
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import RECIPES, SPEC, TINY, OwnD, OwnG, images, make, make_own, points, same
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn

from infogan_utils import Categorical, LatentSpec, Model, Recipe, Trainer, build, checkpoint, train
from infogan_utils.models import Widths
from infogan_utils.runs.checkpoint import CheckpointError


@pytest.mark.parametrize("name", [*RECIPES, "own networks with dropout"])
@pytest.mark.parametrize("bfloat16", [False, True])
def test_a_run_saved_at_any_step_resumes_to_the_bits_of_an_unbroken_one(tmp_path, name, bfloat16):
    own = name not in RECIPES
    whole, run = (make_own() if own else make(RECIPES[name]) for _ in range(2))
    data = points if own else images()
    for one in (whole, run):
        one.bfloat16, one.lam = bfloat16, 0.3
    train(whole, data, until=11)
    for until in (3, 4, 11):  # 4 or 8 steps an epoch: in the middle and at the end of one
        torch.rand(3)  # the global state plays no part
        train(run, data, until=until)
        path = checkpoint.save(run, tmp_path / "run.safetensors")
        run = checkpoint.load(path, networks=(OwnG(), OwnD()) if own else None)
        run.bfloat16 = bfloat16
    assert same(run, whole) and (run.recipe, run.spec, run.seed) == (whole.recipe, whole.spec, whole.seed)


def test_settings_come_back_as_they_were_given(tmp_path):
    spec, widths = LatentSpec(3, (Categorical(4),), uniform_noise=True), Widths((8,), 4, (4, 2), (4, 4), 0, 4, 1, 1)
    recipe = Recipe(lr_g=np.float32(0.5), information_updates=["G", "Q"], lam_lc=[1.0, 0.5], batch=np.int64(4))
    run = Trainer(*build(spec, widths, channels=3, side=32), spec, recipe, seed=np.int64(5))
    again = checkpoint.load(checkpoint.save(run, tmp_path / "new" / "folder" / "run"))
    assert (again.G.widths, again.image_shape, again.spec, again.seed) == (widths, (3, 32, 32), spec, 5)
    assert again.recipe == dataclasses.replace(recipe, information_updates=("G", "Q"), lam_lc=(1.0, 0.5))


def test_networks_that_a_reader_changed_are_asked_for_and_never_replaced_in_silence(tmp_path):
    def changed():
        G, D = build(SPEC, TINY)
        D.trunk.append(nn.Dropout(0.5))  # without a tensor of its own
        D.again = D.trunk[0]  # tensors with two names
        return G, D

    path = checkpoint.save(Trainer(*changed(), SPEC, Recipe(batch=16)), tmp_path / "run")
    with pytest.raises(CheckpointError, match=r"a reader's own: hand over fresh ones, networks=\(G, D\)"):
        checkpoint.load(path)
    assert isinstance(checkpoint.load(path, networks=changed()).D.trunk[-1], nn.Dropout)
    with pytest.raises(CheckpointError, match="in the state given and .* in this run"):
        checkpoint.load(path, networks=build(SPEC, Widths((8,), 8, (4,), (4, 8), 16, 0)))


def test_a_model_is_kept_in_half_precision_with_how_it_came(tmp_path):
    run, latents = make_own(), SPEC.sample(5, torch.Generator())
    own = checkpoint.save_model(run.averaged, tmp_path / "own", command="…", seed=3)
    again = checkpoint.load_model(own, networks=(OwnG(), OwnD()))
    assert torch.allclose(again.draw(latents), run.averaged.draw(latents), atol=1e-2) and not again.G.training
    with safe_open(own, "pt") as file:
        about = json.loads(file.metadata()["infogan"])
    assert (about["command"], about["seed"]) == ("…", 3)
    model = checkpoint.load_model(checkpoint.save_model(make().averaged, tmp_path / "model"))
    assert isinstance(model, Model) and model.draw(latents).shape == (5, 1, 28, 28)
    with pytest.raises(CheckpointError, match="it has the format 'infogan-model-3'; 'infogan-run-3' is read here"):
        checkpoint.load(own)
    shipped = checkpoint.load_model()
    assert shipped.draw(shipped.spec.sample(2, torch.Generator())).shape == (2, 1, 28, 28)


SAVER = """
import sys, torch
from helpers import make
from infogan_utils import checkpoint
run = make()
while True:
    run.steps += 1
    with torch.no_grad():
        for p in run.G.parameters():
            p.fill_(run.steps)
    checkpoint.save(run, sys.argv[1])
    print(run.steps, flush=True)
"""


def test_kills_while_saving_lose_nothing(tmp_path):
    path = tmp_path / "run.safetensors"
    place = {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parents[1])])}
    command = [sys.executable, "-c", SAVER, path]
    saver = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | place)
    assert [int(saver.stdout.readline()) for _ in range(3)] == [1, 2, 3]
    time.sleep(0.007)
    saver.send_signal(signal.SIGKILL)
    last = max([3, *(int(line) for line in saver.stdout)])
    saver.wait()
    found = checkpoint.load(path)
    assert found.steps in (last, last + 1)
    assert {v.item() for p in found.G.parameters() for v in p.detach().unique()} == {float(found.steps)}
    checkpoint.save(make(), path)
    assert os.listdir(tmp_path) == [path.name]  # what the kill left is written over


def test_a_full_disk_leaves_the_last_good_save_whole_and_says_so(tmp_path):
    run, path = make(), tmp_path / "run.safetensors"
    before = checkpoint.save(run, path).read_bytes()
    train(run, images(), until=2)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, hard))
    try:
        with pytest.raises(OSError, match=r"run.safetensors could not be written .*a former save is untouched"):
            checkpoint.save(run, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == before and os.listdir(tmp_path) == [path.name]
    assert train(run, images(), until=3)


def test_a_home_folder_is_found_and_a_folder_or_file_in_the_way_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    checkpoint.save(make(), "~/run")
    assert checkpoint.load("~/run").steps == 0 and (tmp_path / "run").is_file()
    with pytest.raises(IsADirectoryError, match="is a folder; name a file in it"):
        checkpoint.save(make(), tmp_path)
    with pytest.raises(OSError, match="could not be written.*Name another"):
        checkpoint.save(make(), tmp_path / "run" / "below a file")
    with pytest.raises(IsADirectoryError, match="is a folder; name a file in it, e.g. .*run.safetensors"):
        checkpoint.load(tmp_path)
    with pytest.raises(FileNotFoundError, match="train first"):
        checkpoint.load(tmp_path / "none")
    for odd in ((make().averaged, "run"), ("run", make())):
        with pytest.raises(TypeError, match="it takes a Trainer and a path, save_model a Model"):
            checkpoint.save(*odd)


HARM = {
    "cut": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "empty": lambda path: path.write_bytes(b""),
    "a web page": lambda path: path.write_bytes(b"<!DOCTYPE html>" * 50),
    "a byte that rots": lambda path: path.write_bytes(path.read_bytes()[:-9] + b"\x40" + path.read_bytes()[-8:]),
    "a seed that changes": lambda path: path.write_bytes(path.read_bytes().replace(b'seed\\": 0', b'seed\\": 1')),
    "no header of ours": lambda path: save_file({"a": torch.zeros(1)}, path),
    "a header that is a list": lambda path: save_file({"a": torch.zeros(1)}, path, metadata={"infogan": "[1]"}),
}
REWRITTEN = {  # the checksum is right again: how the header or the tensors change, what the error says
    "It is read by the package's version": lambda about, _: about.update(format="infogan-run-1"),
    "It is read by checkpoint.load_model": lambda about, _: about.update(format=checkpoint.MODEL),
    "'spec'": lambda about, _: about.pop("spec"),
    "'Spiral' is not known here: import": lambda about, _: about["spec"][1]["codes"][1].append(["Spiral", {}]),
    "'own_adam'": lambda about, _: about["recipe"][1].update(own_adam=True),
    "lam = -1": lambda about, _: about.update(lam=-1),
    "G.fc.0.weight is None": lambda _, tensors: tensors.pop("G.fc.0.weight"),
    r"G.fc.0.weight is \(\(2, 2\)": lambda _, tensors: tensors.update({"G.fc.0.weight": torch.zeros(2, 2)}),
    "index out of range": lambda about, _: about.update(image_shape=[1]),
    "'str' object": lambda about, _: about.update(history="long"),
}


@pytest.mark.parametrize("harm", [*HARM, *REWRITTEN])
def test_a_damaged_or_other_file_is_refused_by_name(tmp_path, harm):
    path = checkpoint.save(make(), tmp_path / "run.safetensors")
    if harm in HARM:
        HARM[harm](path)
    else:
        with safe_open(path, "pt") as file:
            about = json.loads(file.metadata()["infogan"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}
        REWRITTEN[harm](about, tensors)
        about["sha256"] = checkpoint.digest(about, tensors)
        save_file(tensors, path, metadata={"infogan": json.dumps(about)})
    with pytest.raises(CheckpointError, match=f"run.safetensors.*{harm if harm in REWRITTEN else ''}"):
        checkpoint.load(path)


class Bomb:
    def __reduce__(self):
        return os.mkdir, ("exploded",)


@pytest.mark.parametrize("write", [torch.save, lambda bomb, path: path.write_bytes(pickle.dumps(bomb))])
def test_a_pickled_file_is_refused_and_nothing_in_it_runs(tmp_path, monkeypatch, write):  # B24, B54
    monkeypatch.chdir(tmp_path)
    write(Bomb(), path := tmp_path / "model.safetensors")
    for load in (checkpoint.load, checkpoint.load_model):
        with pytest.raises(CheckpointError, match="pickled files .* are refused: loading them can run code"):
            load(path)
    assert not Path("exploded").exists()
