"""Picture files of any kind as small squares of one size."""

from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from infogan_utils.data.common import DataError, listed

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
UNREADABLE = 0.1  # share of pictures that may be left out because they can't be read


def read_all(
    paths: list[Path], side: int, colour: bool | None, crop: int | None = None
) -> tuple[Tensor, list[int], list[str]]:
    """Read picture files; leave out those that can't be read, and raise ``DataError`` if that is more than one in ten.

    ``colour``: whether to keep colours; None: if there are any. ``crop``: as in ``middle_square``. Returns uint8
    pictures, (n, side, side) or (n, 3, side, side); which of ``paths`` they are; what was left out.
    """
    small, rows, bad = [], [], []
    for row, path in enumerate(paths):
        try:
            small.append(middle_square(upright(path), side, crop))
            rows.append(row)
        except Exception as error:  # Pillow raises many kinds for a damaged file
            bad.append(f"{path.name} ({error})")
    clause = f"{len(bad)} that can't be read: {listed(bad)}"
    if len(bad) > UNREADABLE * len(paths):
        raise DataError(f"of {len(paths)} pictures, there are {clause}. Mend or remove them")
    if colour is None:
        colour = any((picture.max(-1) != picture.min(-1)).any() for picture in map(np.asarray, small))
    images = torch.from_numpy(np.stack([np.asarray(picture if colour else picture.convert("L")) for picture in small]))
    return (images.permute(0, 3, 1, 2).contiguous() if colour else images), rows, [clause] * bool(bad)


def upright(file: Path | BinaryIO) -> Image.Image:
    """A picture file as RGB with 8 bits a channel, turned as its camera noted, transparent parts white."""
    with Image.open(file) as opened:
        opened.draft(None, (256, 256))  # of a large photograph, decode no more pixels than are needed
        turned = ImageOps.exif_transpose(opened)
        if turned.mode.startswith("I;16") or (turned.mode == "I" and opened.format == "PNG"):
            turned = Image.fromarray((np.asarray(turned) >> 8).astype(np.uint8))  # convert() would cut 16 bits at 255
        elif turned.mode in ("I", "F"):
            raise ValueError(f"its pixels are of Pillow's mode {turned.mode!r}, of no known range; save it with 8 bits")
        picture = turned.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")


def middle_square(picture: Image.Image, side: int, crop: int | None = None) -> Image.Image:
    """The middle square of a picture, of ``crop`` pixels or as large as there is, brought to ``side`` pixels."""
    square = min(crop or min(picture.size), *picture.size)
    left, top = (picture.width - square) // 2, (picture.height - square) // 2
    return picture.resize((side, side), Image.Resampling.BOX, (left, top, left + square, top + square))
