"""The benchmark of the paper's layouts and their stand-ins: what it measures, and that its command works on each."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.io import savemat
from torch.distributions import Categorical as Answer
from torch.distributions import Normal
from torchvision import datasets

from infogan_utils import Categorical, LatentSpec, Uniform, models

sys.path.insert(0, str(Path(__file__).parent / "benchmarks"))

import sets

TINY = models.Widths(g_fc=(16,), g_map=8, g_up=(4,), d_conv=(4, 8), d_fc=16, q_fc=0)


def test_light_that_a_code_moves_from_left_to_right_is_found_in_that_code_alone():
    def draw(latents):
        slope = 0.4 * latents.c["cont 1"][:, None, None] * torch.linspace(1, -1, 8)
        return (0.5 + slope.expand(-1, 8, 8) + 0.02 * torch.rand(len(slope), 8, 8, generator=generator))[:, None]

    def read(x):
        x = x.reshape(len(x), 8, 8).float()
        return {"cont 1": Normal((x[:, :, 0] - x[:, :, -1]).mean(1), 1.0), "cont 2": Normal(noise, 1.0)}

    spec, generator = LatentSpec(2, (Uniform(), Uniform())), torch.Generator().manual_seed(0)
    noise = torch.randn(500, generator=generator)
    found = sets.light(SimpleNamespace(spec=spec, draw=draw, read=read), draw(spec.sample(500, generator)), generator)
    for way in ("read", "drawn"):
        assert found[way]["left"]["cont 1"] > 0.95 and found[way]["left"]["cont 2"] < 0.05
        assert found[way]["above"]["cont 1"] < 0.1  # every row is as bright as any other


def turntable(cat=lambda kind: kind, cont=lambda angle, kind: angle.sin()):
    """A set of 4 objects under 72 angles, whose pictures say both, and a model that answers by these functions."""
    kind, angle = torch.arange(288) % 4, torch.arange(288) // 4 * 5
    images = torch.stack([kind, angle // 5], 1)
    factors = {"object": kind, "angle": angle}
    names = {"train": images, "train_labels": kind, "train_factors": factors}
    found = SimpleNamespace(**names, **{n.replace("train", "test"): v for n, v in names.items()}, classes="abcd")

    def read(x):
        answers = {"cat 1": torch.zeros(len(x), dtype=torch.long), "cat 2": cat(x[:, 0])}
        cont = Normal(cont_of(x), 1.0)
        return {n: Answer(torch.nn.functional.one_hot(a, 5).float()) for n, a in answers.items()} | {"cont 1": cont}

    def cont_of(x):
        return cont(torch.deg2rad(x[:, 1] * 5.0), x[:, 0])

    spec = LatentSpec(2, (Categorical(5), Categorical(5), Uniform()))
    return SimpleNamespace(spec=spec, read=read), found


def test_the_angle_is_pooled_and_told_object_by_object():
    shares = sets.turning(*turntable())["angle"]
    assert shares["pooled"]["cont 1"] == pytest.approx(1, abs=1e-4) == shares["per object"]["cont 1"]
    shares = sets.turning(*turntable(cont=lambda a, kind: a.cos() * (kind % 2 * 2 - 1)))["angle"]  # half of them turned
    assert shares["pooled"]["cont 1"] < 0.01 and shares["per object"]["cont 1"] == pytest.approx(1, abs=1e-4)
    assert sets.turning(*turntable(cont=lambda a, kind: 0.0 * a))["angle"]["per object"]["cont 1"] == 0


def test_kinds_are_told_apart_by_the_best_category():
    assert sets.kinds(*turntable()) == {"accuracy": 1, "told apart": 1}
    assert sets.kinds(*turntable(cat=lambda kind: kind // 2)) == {"accuracy": 0.5, "told apart": 0}
    assert sets.kinds(*turntable(cat=lambda kind: (kind - 1).clamp_min(0))) == {"accuracy": 0.75, "told apart": 0.5}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Tiny sets of the right layouts, of random pixels."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (120, 32, 32), np.uint8)
    np.savez(tmp_path / "coil20.npz", images=pixels, object=np.arange(120) % 20, angle=np.arange(120) // 20 * 60)
    np.savez(tmp_path / "yaleb.npz", images=np.tile(pixels, (4, 1, 1)), person=np.arange(480) % 38)
    for split in ("train", "test"):
        _, name, _ = datasets.SVHN.split_list[split]
        savemat(tmp_path / name, {"X": pixels.reshape(32, 32, 3, 40), "y": np.arange(40).reshape(-1, 1) % 10 + 1})
        md5 = datasets.utils.calculate_md5(tmp_path / name)
        monkeypatch.setitem(datasets.SVHN.split_list, split, ["", name, md5])
    faces = tmp_path / "celeba" / "img_align_celeba"
    faces.mkdir(parents=True)
    for i in range(20):
        Image.fromarray(rng.integers(0, 256, (218, 178, 3), np.uint8)).save(faces / f"{i}.jpg")
    monkeypatch.setenv("INFOGAN_DATA", str(tmp_path))
    monkeypatch.setattr(sets, "SMALL", TINY)
    monkeypatch.setattr(sets, "DRAWN", 100)
    return tmp_path


MEASURED = {
    "coil20": {"accuracy", "told apart", "angle"},
    "yaleb": {"light"},
    "svhn": {"accuracy", "told apart"},
    "celeba": {"information"},
}


@pytest.mark.parametrize("name", MEASURED)
@pytest.mark.parametrize("recipe", ["paper", "fast"])
def test_one_command_trains_measures_and_draws_each_layout(folder, monkeypatch, name, recipe):
    command = ["--data", name, "--recipe", recipe, "--steps", "1", "--batch", "8", "--out", str(folder)]
    for seed in ("1", "2", "1") if (name, recipe) == ("celeba", "fast") else ("1",):
        sets.main([*command, "--seeds", seed])
    runs = json.loads((folder / "sets.json").read_text("utf-8"))["runs"]
    assert [run["seed"] for run in runs] in ([1], [2, 1])  # a run takes the place of the same one before
    assert MEASURED[name] <= runs[-1].keys()
    assert f"--data {name} --recipe {recipe}" in runs[-1]["command"]
    assert Image.open(folder / f"sets_{name}.png").mode == "P"
    assert (folder / f"sets_{name}.png").stat().st_size < 150_000


def test_a_layout_trains_on_another_set(folder):
    own = ["--data", "yaleb", *"--steps 1 --batch 8 --seeds 1 --out".split(), str(folder)]
    sets.main([*own, *"--codes celeba --recipe paper --set lam=0.1".split()])
    sets.main(own)  # the set's own codes are a run of their own
    first, second = json.loads((folder / "sets.json").read_text("utf-8"))["runs"]
    assert len(first["information"]) == 10 and "information" not in second
    assert "--data yaleb --codes celeba --recipe paper --set lam=0.1" in first["command"] and "set" not in second
    assert {path.name for path in folder.glob("*.png")} >= {"sets_yaleb.png", "sets_yaleb_celeba.png"}
