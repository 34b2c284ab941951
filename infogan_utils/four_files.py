"""Data sets in MNIST's format, four raw files each: their sizes and checksums, and how to read them. For ``data``."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torchvision import datasets


class DataError(RuntimeError):
    """The data that was asked for is not there, or not what it should be."""


@dataclass(frozen=True)
class FourFiles:
    """A data set in MNIST's format, as torchvision lays it out in ROOT/``name``/raw.

    ``shows``: a word for what is on the pictures; ``files``: size in bytes and md5 (None: not known) of each raw
    file by its name; ``packed``: md5 of each file on the ``mirrors``.
    """

    name: str
    shows: str
    mirrors: tuple[str, ...]
    packed: dict[str, str]
    files: dict[str, tuple[int, str | None]]

    def raw(self, root: Path) -> Path:
        """The folder of the raw files below ``root``."""
        return root / self.name / "raw"


MNIST = FourFiles(
    "MNIST",
    "digits",
    tuple(datasets.MNIST.mirrors),
    dict(datasets.MNIST.resources),
    {
        "train-images-idx3-ubyte": (47_040_016, "6bbc9ace898e44ae57da46a324031adb"),
        "train-labels-idx1-ubyte": (60_008, "a25bea736e30d166cdddb491f175f624"),
        "t10k-images-idx3-ubyte": (7_840_016, "2646ac647ad5339dbf082846283269ea"),
        "t10k-labels-idx1-ubyte": (10_008, "27ae3e4e09519cfbb04c329615203637"),
    },
)
FASHION = FourFiles(
    "FashionMNIST",
    "clothes",
    tuple(datasets.FashionMNIST.mirrors),
    dict(datasets.FashionMNIST.resources),
    {name: (size, None) for name, (size, _) in MNIST.files.items()},
)


def problems_in(root: Path, which: FourFiles) -> list[str]:
    """What is wrong with the four files below ``root``, a clause for each; empty when all is well."""
    problems = []
    for name, (size, md5) in which.files.items():
        path = which.raw(root) / name
        if not path.is_file():
            problems.append(f"{name} is missing")
        elif path.stat().st_size != size:
            problems.append(f"{name} has {path.stat().st_size:,} bytes, expected {size:,}")
        elif md5 is not None and md5_of(path) != md5:
            problems.append(f"{name} has the right size and a wrong checksum")
        elif md5 is None and md5_of(path) == MNIST.files[name][1]:
            problems.append(f"{name} is MNIST's own file")
    return problems


def md5_of(path: Path) -> str:
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


def read_idx(path: Path) -> Tensor:
    """The array in a file of MNIST's format: two zeros, the type (8: uint8), the number of axes, their lengths.

    Raises:
        DataError: if the head doesn't fit the file.
    """
    data = path.read_bytes()
    axes = data[3] if len(data) > 3 and data[:3] == b"\0\0\x08" else 0
    shape = np.frombuffer(data, ">u4", count=axes, offset=4).tolist() if 4 + 4 * axes <= len(data) else [0]
    if not axes or 4 + 4 * axes + int(np.prod(shape)) != len(data):
        raise DataError(f"{path} is no uint8 file in MNIST's format: its first bytes are {data[:8].hex(' ')}")
    return torch.from_numpy(np.frombuffer(data, np.uint8, offset=4 + 4 * axes).reshape(shape).copy())
