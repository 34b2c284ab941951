"""Real pictures that come as arrays: SVHN as its authors pack it, COIL-20 and Extended Yale B as ``.npz`` files."""

import os
from pathlib import Path

import numpy as np
import torch
from torchvision import datasets
from torchvision.datasets.utils import check_integrity

from infogan_utils.data.common import DataError, Pictures, needed_folder, pictures, random_rows


def svhn(folder: str | Path | None, download: bool) -> Pictures:
    """SVHN's house numbers, (n, 3, 32, 32), from train_32x32.mat and test_32x32.mat; torchvision reads them."""
    root, parts = needed_folder(folder, "svhn", "train_32x32.mat and test_32x32.mat"), []
    for split in ("train", "test"):
        _, name, md5 = datasets.SVHN.split_list[split]
        if not check_integrity(existing(root / name), md5):
            raise DataError(f"{root / name} is not the original: it has another checksum. Fetch it again")
        parts.append(datasets.SVHN(root, split))
    images = torch.from_numpy(np.concatenate([part.data for part in parts]))
    labels = torch.from_numpy(np.concatenate([part.labels for part in parts]))
    rows = torch.arange(len(images)).tensor_split([len(parts[0].data)])
    return pictures(images, labels, rows, "0123456789", "SVHN's digits from the folder that was named: {counts}")


def coil20(folder: str | Path | None, download: bool) -> Pictures:
    """COIL-20 (Nene, Nayar and Murase, 1996): 20 objects on a turntable; factors ``object`` and ``angle`` (degrees)."""
    return npz(folder, "coil20", "object", "angle")


def yaleb(folder: str | Path | None, download: bool) -> Pictures:
    """Extended Yale B (Georghiades, Belhumeur, Kriegman, 2001): 38 faces under some 64 lights; factor ``person``."""
    return npz(folder, "yaleb", "person")


def npz(folder: str | Path | None, name: str, *known: str) -> Pictures:
    """``name``.npz with ``images``, uint8 (n, side, side), and the known factors, (n,) each, the class first."""
    path = existing(needed_folder(folder, name, f"{name}.npz") / f"{name}.npz")
    layout = f"the arrays images, uint8 (n, side, side), and {', '.join(known)}, whole numbers (n,)"
    try:
        with np.load(path, allow_pickle=False) as held:
            images, *values = (torch.from_numpy(held[key]) for key in ("images", *known))
    except Exception as error:  # NumPy raises many kinds for a damaged file
        raise DataError(f"{path} can't be read ({error}); it should hold {layout}") from error
    square = images.ndim == 3 and images.shape[1] == images.shape[2]
    if not square or images.dtype != torch.uint8 or any(value.shape != images.shape[:1] for value in values):
        shapes = ", ".join(f"{value.dtype} {tuple(value.shape)}" for value in (images, *values))
        raise DataError(f"{path} holds {shapes}; it should hold {layout}")
    factors = {key: value.long() for key, value in zip(known, values, strict=True)}
    labels = factors[known[0]]
    classes = [f"{known[0]} {i}" for i in range(int(labels.max()) + 1)]
    source = f"{path.name} from the folder that was named: {{counts}}"
    return pictures(images, labels, random_rows(len(images)), classes, source, **factors)


def existing(path: Path) -> Path:
    """``path`` if it is a file; otherwise an error that names it."""
    if not os.path.isfile(path):
        raise DataError(f"{path} is {'a folder; a file was expected' if os.path.isdir(path) else 'missing'}")
    return path
