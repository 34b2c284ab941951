"""Real pictures that come as arrays: SVHN as its authors pack it, COIL-20 and Extended Yale B as ``.npz`` files."""

from pathlib import Path

import numpy as np
import torch
from torchvision import datasets

from infogan_utils.data.common import DataError, Pictures, named_folder, pictures, random_rows


def svhn(folder: str | Path | None, download: bool) -> Pictures:
    """SVHN's house numbers, (n, 3, 32, 32), from train_32x32.mat and test_32x32.mat; torchvision reads them."""
    root = named_folder(folder, needed="train_32x32.mat and test_32x32.mat")
    try:
        train, test = (datasets.SVHN(root, split) for split in ("train", "test"))
    except RuntimeError as error:
        raise DataError(f"train_32x32.mat or test_32x32.mat in {root} is missing or not the original") from error
    images, labels = (np.concatenate(both) for both in ((train.data, test.data), (train.labels, test.labels)))
    rows, source = torch.arange(len(images)).tensor_split([len(train.data)]), "SVHN from the folder named: {counts}"
    return pictures(torch.from_numpy(images), torch.from_numpy(labels), rows, "0123456789", source)


def coil20(folder: str | Path | None, download: bool) -> Pictures:
    """COIL-20 (Nene, Nayar and Murase, 1996): 20 objects on a turntable; factors ``object`` and ``angle`` (degrees)."""
    return npz(folder, "coil20", "object", "angle")


def yaleb(folder: str | Path | None, download: bool) -> Pictures:
    """Extended Yale B (Georghiades, Belhumeur, Kriegman, 2001): 38 faces under some 64 lights; factor ``person``."""
    return npz(folder, "yaleb", "person")


def npz(folder: str | Path | None, name: str, *known: str) -> Pictures:
    """``name``.npz with ``images``, uint8 (n, 32, 32), and the known factors, (n,) each, the class first."""
    path = named_folder(folder, needed=f"{name}.npz") / f"{name}.npz"
    layout = f"the arrays images, uint8 (n, 32, 32), and {', '.join(known)}, whole numbers (n,)"
    try:
        with np.load(path, allow_pickle=False) as held:
            images, *values = (torch.from_numpy(held[key]) for key in ("images", *known))
    except Exception as error:  # NumPy raises many kinds for a damaged file
        raise DataError(f"{path} can't be read ({error}); it should hold {layout}") from error
    n = len(images)
    if images.dtype != torch.uint8 or images.shape != (n, 32, 32) or any(value.shape != (n,) for value in values):
        shapes = ", ".join(f"{value.dtype} {tuple(value.shape)}" for value in (images, *values))
        raise DataError(f"{path} holds {shapes}; it should hold {layout}")
    factors = {key: value.long() for key, value in zip(known, values, strict=True)}
    labels, source = factors[known[0]], f"{path.name} from the folder that was named: {{counts}}"
    classes = [f"{known[0]} {i}" for i in range(int(labels.max()) + 1)]
    return pictures(images, labels, random_rows(n), classes, source, **factors)
