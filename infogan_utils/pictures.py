"""Other pictures than digits, from files on this machine: a folder of one's own, SVHN, CelebA.

All come back as ``data.Digits`` do, so that a notebook trains on them by one changed line. Grey pictures of
28 × 28 fit the networks of notebook 06 as they are; for colour pass ``image_shape=(3, side, side)`` to the trainer.
"""

from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from PIL import Image, ImageOps
from scipy.io import loadmat
from torch import Tensor

from infogan_utils.data import Digits
from infogan_utils.four_files import DataError

SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp"}
SHARE_HELD_OUT = 0.2
CELEBA_CROP = 108  # of 178 × 218: the middle, where the face is


def load_pictures(
    folder: str | Path, *, side: int = 28, colour: bool = False, limit: int | None = None, crop: int | None = None
) -> Digits:
    """Load every picture below ``folder``: the middle square of each, shrunk to ``side``, a fifth held out.

    Folders inside ``folder`` are taken as classes, in alphabetical order, for measuring only; without any, every
    label is -1. Transparent parts become white.

    Args:
        side: height and width of the result, a multiple of 4.
        colour: (n, 3, side, side) if true, else grey, (n, side, side).
        limit: take this many, drawn by a fixed seed; None takes all.
        crop: side of the middle square in pixels; None: as large as the picture has it.

    Raises:
        DataError: if there is no such folder, no picture in it, or one that can't be read.
    """
    root = Path(folder)
    if not root.is_dir():
        raise DataError(f"{root} was named as a folder of pictures, but there is no such folder")
    paths = sorted(p for p in root.rglob("*") if p.suffix.lower() in SUFFIXES and not p.name.startswith("."))
    if len(paths) < 2:
        raise DataError(
            f"{root} holds {len(paths)} pictures ({', '.join(sorted(SUFFIXES))}); a run needs a batch or more"
        )
    order = torch.randperm(len(paths), generator=torch.Generator().manual_seed(0))[:limit].tolist()
    taken = [paths[i] for i in order]
    classes = sorted({p.relative_to(root).parts[0] for p in paths if p.parent != root})
    labels = torch.tensor([classes.index(p.relative_to(root).parts[0]) if p.parent != root else -1 for p in taken])
    images = torch.stack([read_picture(p, side=side, colour=colour, crop=crop) for p in taken])
    cut = max(1, round(len(taken) * SHARE_HELD_OUT))
    kinds = f" of {len(classes)} classes" if classes else ""
    source = f"{len(taken) - cut:,} pictures{kinds} from the folder that was named, {cut:,} held out"
    return Digits(images[cut:], labels[cut:], images[:cut], labels[:cut], source)


def upright(file: Path | BinaryIO) -> Image.Image:
    """A picture file as RGBA, 8 bits a channel, turned as its camera noted.

    Raises:
        ValueError: if its pixels are of no known range. Pillow raises many kinds of error for a damaged file.
    """
    with Image.open(file) as opened:
        turned = ImageOps.exif_transpose(opened)
        if turned.mode.startswith("I;16") or (turned.mode == "I" and opened.format == "PNG"):
            turned = Image.fromarray((np.asarray(turned) >> 8).astype(np.uint8))  # 16 bits; convert() would cut at 255
        elif turned.mode in ("I", "F"):
            raise ValueError(f"its pixels are of Pillow's mode {turned.mode!r}, of no known range; save it with 8 bits")
        return turned.convert("RGBA")


def read_picture(path: Path, *, side: int, colour: bool, crop: int | None = None) -> Tensor:
    """The middle square of one picture file, shrunk: uint8, (side, side) or (3, side, side)."""
    try:
        picture = upright(path)
    except Exception as error:  # Pillow raises many kinds for a damaged file
        raise DataError(f"{path} can't be read as a picture ({error}); mend or remove it") from error
    picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    square = min(crop or min(picture.size), *picture.size)
    left, top = (picture.width - square) // 2, (picture.height - square) // 2
    box = (left, top, left + square, top + square)
    small = picture.convert("RGB" if colour else "L").resize((side, side), Image.Resampling.BOX, box)
    pixels = torch.from_numpy(np.asarray(small).copy())
    return pixels.permute(2, 0, 1).contiguous() if colour else pixels


def load_celeba(folder: str | Path, *, side: int = 32, limit: int | None = 20_000) -> Digits:
    """Load CelebA's aligned faces from ``folder``/celeba/img_align_celeba, as torchvision lays them out; no labels."""
    faces = Path(folder) / "celeba" / "img_align_celeba"
    if not faces.is_dir():
        raise DataError(
            f"{faces} is missing; unpack img_align_celeba.zip into {faces.parent}, as torchvision's CelebA lays it out"
        )
    return load_pictures(faces, side=side, colour=True, limit=limit, crop=CELEBA_CROP)


def load_svhn(folder: str | Path) -> Digits:
    """Load SVHN's cropped digits, (n, 3, 32, 32), from train_32x32.mat and test_32x32.mat in ``folder``."""
    parts: list[Tensor] = []
    for name in ("train_32x32.mat", "test_32x32.mat"):
        path = Path(folder) / name
        if not path.is_file():
            raise DataError(f"{path} is missing; SVHN's format 2 has two files: train_32x32.mat and test_32x32.mat")
        try:
            held = loadmat(path, variable_names=["X", "y"])
            pixels, labels = held["X"], held["y"].astype(np.int64).reshape(-1) % 10  # class 10 is the digit 0
        except Exception as error:  # scipy raises many kinds for a damaged file
            raise DataError(f"{path} can't be read ({type(error).__name__}: {error}); fetch it again") from error
        if pixels.shape != (32, 32, 3, len(labels)) or pixels.dtype != np.uint8:
            raise DataError(
                f"{path} holds X of shape {pixels.shape} in {pixels.dtype} with {len(labels)} labels; expected "
                f"(32, 32, 3, {len(labels)}) in uint8"
            )
        parts += [torch.from_numpy(np.ascontiguousarray(pixels.transpose(3, 2, 0, 1))), torch.from_numpy(labels)]
    train, train_labels, test, test_labels = parts
    source = f"SVHN from the folder that was named: {len(train):,} digits to train on, {len(test):,} held out"
    return Digits(train, train_labels, test, test_labels, source)
