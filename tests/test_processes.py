"""A run from the command line, and two real processes that train one model by averaged gradients."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import torch
from helpers import RECIPES, SPEC, make, same, without_batch_norm
from PIL import Image
from safetensors.torch import load_file

from infogan_utils import Latents, LatentSpec, Trainer, build, checkpoint, data, train
from infogan_utils.recipes import PAPER
from infogan_utils.runs.processes import Processes
from infogan_utils.runs.train import main
from infogan_utils.seeds import stream

TESTS = Path(__file__).parent
TWO = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
PLACE = {"PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent)]), "OMP_NUM_THREADS": "1"}
PLACE |= {"CUDA_VISIBLE_DEVICES": ""}


@pytest.fixture(scope="module")
def ranks(tmp_path_factory) -> list[dict[str, torch.Tensor]]:
    """What two processes had in hand after the runs of two_processes.py."""
    pytest.importorskip("accelerate", reason="several processes need accelerate: pip install accelerate")
    folder = tmp_path_factory.mktemp("two")
    subprocess.run([*TWO, TESTS / "two_processes.py", folder], env=os.environ | PLACE, check=True, timeout=300)
    return [load_file(folder / f"{rank}.safetensors") for rank in (0, 1)]


def of(rank: dict[str, torch.Tensor], name: str) -> dict[str, torch.Tensor]:
    return {key.removeprefix(f"{name}/"): value for key, value in rank.items() if key.startswith(f"{name}/")}


def differ(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> list[str]:
    """The names of the tensors that are not equal to the bit."""
    assert one.keys() == other.keys() and one
    return [name for name in one if not torch.equal(one[name], other[name])]


@pytest.mark.parametrize("name", RECIPES)
def test_after_ten_steps_both_have_the_same_bits_and_batch_norm_the_mean_of_what_both_saw(ranks, name):  # B77, B78
    before, after = ([of(rank, f"{when}{name}") for rank in ranks] for when in ("before/", ""))
    assert not differ(*after)
    alone = differ(*before)
    assert alone and all("running" in key for key in alone)  # each saw its own images
    for key in alone:
        assert torch.allclose(after[0][key], (before[0][key] + before[1][key]) / 2)


def test_a_gradient_that_is_not_averaged_would_be_seen(ranks):
    assert "G.fc.0.weight" in differ(*(of(rank, "planted fault") for rank in ranks))


@pytest.mark.parametrize("name", RECIPES)
def test_each_process_draws_its_own_latent_variables(ranks, name):  # B80
    one, other = (rank[f"latents/{name}"][:, : SPEC.noise] for rank in ranks)
    assert not torch.isclose(one, other).any()


def test_each_image_comes_once_in_an_epoch_of_both_and_the_next_has_another_order(ranks):
    steps = torch.stack([rank["images"] for rank in ranks], dim=1).flatten(1).view(10, 16, 784)
    first, second = steps[:4].flatten(0, 1), steps[4:8].flatten(0, 1)  # 64 images, 2 × 8 a step
    assert len(first.unique(dim=0)) == len(second.unique(dim=0)) == 64 and not torch.equal(first, second)


class Both(LatentSpec):
    """Draws what two processes do."""

    def sample(self, n: int, generators: list[torch.Generator]) -> Latents:
        one, other = (LatentSpec.sample(self, n // 2, generator) for generator in generators)
        return Latents(torch.cat([one.z, other.z]), {k: torch.cat([one.c[k], other.c[k]]) for k in one.c})


def test_without_batch_norm_two_processes_of_n_images_are_one_of_twice_as_many(ranks):
    run = without_batch_norm(make(PAPER))
    run.spec, run.bfloat16 = Both(SPEC.noise, SPEC.codes), False
    for step, real in enumerate(torch.stack([rank["images"] for rank in ranks], dim=1).flatten(1, 2)):
        run.generator = [stream(0, f"draws of process {rank} in step {step}") for rank in (0, 1)]
        run.step(real)
    two = of(ranks[0], "no batch norm")
    assert not differ(two, of(ranks[1], "no batch norm"))
    run.generator = stream(0, "draws")
    tensors = run.state_dict()["tensors"]
    for name in (name for name in tensors if "." in name):  # Adam's moments, too: they would show a sum, not a mean
        assert torch.allclose(two[name], tensors[name], atol=1e-5), name


def test_a_resumed_run_of_two_is_the_unbroken_one_to_the_bit(ranks):
    for rank in ranks:
        assert not differ(of(rank, "unbroken"), of(rank, "resumed"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """200 pictures of noise."""
    found = tmp_path_factory.mktemp("pictures")
    noise = torch.randint(0, 256, (200, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    for i, x in enumerate(noise.numpy()):
        Image.fromarray(x).save(found / f"{i}.png")
    return found


def words(folder: Path, out: Path, **options) -> list[str]:
    every = {"data": "folder", "folder": folder, "recipe": "fast", "out": out, **options}
    return [word for name, value in every.items() for word in (f"--{name}", str(value))]


def test_the_command_line_trains_saves_goes_on_and_says_what_came_of_it(folder, tmp_path, monkeypatch, capsys):
    def run(**options):
        monkeypatch.setattr(sys, "argv", ["train", *words(options.pop("folder", folder), tmp_path / "out", **options)])
        main()
        return json.loads((tmp_path / "out" / "result.json").read_text("utf-8"))

    assert run(steps=2, every=2)["steps"] == 2
    found = run(steps=3, every=2)
    assert "step 2 of 2" in (said := capsys.readouterr().out) and "step 3 of 3" in said
    assert found["L_I"].keys() == {"cat 1", "cont 1", "cont 2"} and found["processes"] == 1 and not found["accuracy"]
    pictures, ours = data.load("folder", folder), checkpoint.load(tmp_path / "out" / "run.safetensors")
    nets = build(pictures.spec, pictures.widths, side=32)
    theirs = Trainer(*nets, pictures.spec, ours.recipe)
    train(theirs, pictures.train, until=3)
    assert same(ours, theirs) and ours.recipe.views.parts[0].augment == pictures.augment
    for steps in (3, 2):  # started again, or with fewer steps than the run has
        assert run(steps=steps, every=2) == found and found["steps a second"] > 0
        assert "this run is finished: it has taken 3 steps, and" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="is a run with {'seed': 0}, the command says {'seed': 1}. Give what it has"):
        run(steps=3, seed=1)
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    Image.new("L", (32, 32)).save(other / "0.png")
    with pytest.raises(SystemExit, match="is a run with {'their checksum': .*Give what it has"):
        run(steps=4, folder=other)


def test_its_folder_may_lie_below_the_home_folder_and_one_that_cant_be_made_is_said_at_once(
    folder, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("HOME", str(tmp_path))
    for steps in (1, 2):
        monkeypatch.setattr(sys, "argv", ["train", *words(folder, Path("~/my runs/ä"), steps=steps)])
        main()
    assert "; step 1\n" in capsys.readouterr().out and not Path("~").exists()
    assert {path.name for path in (tmp_path / "my runs" / "ä").iterdir()} == {"run.safetensors", "result.json"}
    (tmp_path / "file").touch()
    monkeypatch.setattr(sys, "argv", ["train", *words(folder / "missing", tmp_path / "file")])
    with pytest.raises(
        SystemExit, match=r"nothing can be written to .*file \(.*File exists.*name another folder, --out"
    ):
        main()
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda dir: (tmp_path / "file" / "x").touch())  # as if read-only
    monkeypatch.setattr(sys, "argv", ["train", *words(folder / "missing", tmp_path)])
    with pytest.raises(SystemExit, match="nothing can be written to .* name another folder"):
        main()


def test_a_launcher_that_starts_one_process_of_several_is_named(monkeypatch):  # B81
    monkeypatch.setenv("ACCELERATE_USE_CPU", "True")
    monkeypatch.setenv("MASTER_PORT", "29500")
    with pytest.raises(OSError, match="started one process of several; start them by torchrun"):
        Processes()


def test_a_process_that_dies_ends_the_run_by_name_and_leaves_a_save_that_one_alone_refuses(
    folder, tmp_path, monkeypatch
):
    psutil = pytest.importorskip("psutil", reason="it comes with accelerate: pip install accelerate")
    command = [*TWO, "-m", "infogan_utils.runs.train", *words(folder, tmp_path, steps=1000, every=1)]
    how = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    run, said = subprocess.Popen(command, env=os.environ | PLACE, **how), [" "]
    while not said[-1].startswith("step 2"):
        said.append(run.stdout.readline())
        assert said[-1], "".join(said)
    children = psutil.Process(run.pid).children()
    next(child for child in children if child.environ()["RANK"] == "1").kill()
    rest, _ = run.communicate(timeout=60)
    assert run.returncode and re.search(r"Root Cause.*rank +: 1 .*SIGKILL", rest, re.DOTALL)
    assert checkpoint.load(tmp_path / "run.safetensors").steps >= 2
    monkeypatch.setattr(sys, "argv", ["train", *words(folder, tmp_path)])
    with pytest.raises(SystemExit, match="is a run with {'processes': 2}, the command says {'processes': 1}"):
        main()
