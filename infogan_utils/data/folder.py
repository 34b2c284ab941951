"""A folder of the reader's own pictures: what lies where, what is a class, what is left out; and CelebA's faces."""

import os
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from infogan_utils.data.common import SHOWN, DataError, Pictures, listed, named_folder, pictures, random_rows
from infogan_utils.plots.figures import rgba

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
UNREADABLE = 0.1  # share of pictures that may be left out because they can't be read
TRAIN, HELD_OUT = {"train", "training"}, {"test", "testing", "val", "valid", "validation"}  # names of folders
STRAY = 0.05  # share of the pictures that may lie beside the classes' folders, and is left out
CELEBA_CROP = 108  # of 178 × 218 pixels: the middle, where the face is


class Found(NamedTuple):
    """A picture file."""

    path: Path
    kind: str  # its class, "" where it has none
    base: Path  # the folder that holds the classes
    held_out: bool


def folder(
    folder: str | Path | None, download: bool, *, side: int = 32, colour: bool | None = None, limit: int | None = None
) -> Pictures:
    """Every picture below the folder: the middle square of each, brought to ``side`` pixels. See ``data.load``.

    ``colour``: whether to keep colours; None: if there are any. ``limit``: take this many, drawn by a fixed seed.
    """
    return pictures_below(named_folder(folder, needed="your pictures"), side, colour, limit)


def celeba(folder: str | Path | None, download: bool, *, side: int = 32, limit: int | None = 20_000) -> Pictures:
    """CelebA's aligned faces, cut to the face, from DIR/celeba/img_align_celeba, as torchvision lays them out."""
    faces = named_folder(folder, needed="celeba/img_align_celeba") / "celeba" / "img_align_celeba"
    if not faces.is_dir():
        raise DataError(f"{faces} is missing; unpack img_align_celeba.zip into {faces.parent}")
    return pictures_below(faces, side, True, limit, CELEBA_CROP)


def pictures_below(root: Path, side: int, colour: bool | None, limit: int | None, crop: int | None = None) -> Pictures:
    """Find the pictures below ``root``, read them and split them."""
    if limit is not None and (not isinstance(limit, int) or limit < 2):
        raise DataError(f"limit = {limit!r} was given; it is a number of pictures, 2 or more, or None for all")
    found, left_out = survey(root)
    if len(found) < 2:
        holds = "; ".join([f"{len(found)} pictures ({', '.join(SUFFIXES)})", *left_out])
        raise DataError(f"{root} holds {holds}. Training takes a batch of pictures or more")
    taken = torch.randperm(len(found), generator=torch.Generator().manual_seed(0))[:limit].sort().values.tolist()
    images, rows, unreadable = read_all([found[i].path for i in taken], side, colour, crop)
    kept = [found[taken[row]] for row in rows]
    classes = sorted({file.kind for file in found} - {""})
    labels = torch.tensor([classes.index(file.kind) if file.kind else -1 for file in kept])
    held_out = torch.tensor([file.held_out for file in kept])
    both = (~held_out).nonzero()[:, 0], held_out.nonzero()[:, 0]
    both = both if all(map(len, both)) else random_rows(len(kept))
    source = f"pictures from the folder that was named: {{counts}}, {len(classes) or 'no'} classes"
    return pictures(images, labels, both, classes, f"{source}\n{tree(root, found, left_out + unreadable)}")


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
            small.append(middle_square(path, side, crop))
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


def middle_square(path: Path, side: int, crop: int | None = None) -> Image.Image:
    """The middle square of a picture, of ``crop`` pixels or as large as there is, on white, as ``side`` pixels."""
    picture = rgba(path)
    picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    square = min(crop or min(picture.size), *picture.size)
    left, top = (picture.width - square) // 2, (picture.height - square) // 2
    return picture.resize((side, side), Image.Resampling.BOX, (left, top, left + square, top + square))


def survey(root: Path) -> tuple[list[Found], list[str]]:
    """The pictures below ``root``, and what is left out, a clause each. Hidden files and folders are passed over."""
    paths, others, closed, seen = [], [], [], {os.path.realpath(root)}
    for base, inside, names in os.walk(root, followlinks=True, onerror=lambda error: closed.append(error.filename)):
        inside[:] = sorted(d for d in inside if not d.startswith((".", "__MACOSX")))
        inside[:] = [d for d in inside if (real := os.path.realpath(Path(base, d))) not in seen and not seen.add(real)]
        visible = [Path(base, name) for name in sorted(names) if not name.startswith(".")]
        paths += [path for path in visible if path.suffix.lower() in SUFFIXES]
        others += [path.suffix.lower() for path in visible if path.suffix.lower() not in SUFFIXES]
    kinds = listed(sorted(suffix or "no suffix" for suffix in set(others)))
    left_out = [f"{len(others)} files that are no pictures ({kinds})"] * bool(others)
    left_out += [f"folders that can't be read: {listed(closed)}"] * bool(closed)
    root = holder(root, paths)
    tops = tops_of(root, paths)
    train, test = ([top for top in tops if top.lower() in names] for names in (TRAIN, HELD_OUT))
    if not (train and test):
        return classify(root, paths, False, left_out), left_out
    if beside := [top for top in tops if top not in train + test]:
        split = f"{root} holds {listed(train + test)}, which look like a split, and beside them {listed(beside)}"
        raise DataError(f"{split}. Move those elsewhere; or rename the folders, if they are classes")
    below = {top: [path for path in paths if root / top in path.parents] for top in train + test}
    return [file for top in below for file in classify(root / top, below[top], top in test, left_out)], left_out


def holder(root: Path, paths: list[Path]) -> Path:
    """``root``, or the folder below it in which all pictures lie, where there is but one."""
    while len(tops := tops_of(root, paths)) == 1 and (root / tops[0]).is_dir():
        root = root / tops[0]
    return root


def tops_of(root: Path, paths: list[Path]) -> list[str]:
    """The files and folders in ``root`` that are, or hold, these paths."""
    return list(dict.fromkeys(path.relative_to(root).parts[0] for path in paths))


def classify(root: Path, paths: list[Path], held_out: bool, left_out: list[str]) -> list[Found]:
    """The pictures below ``root``, the folder that each lies in as its class; no class where they lie side by side."""
    root = holder(root, paths)
    loose = [path for path in paths if path.parent == root]
    inside = [Found(p, p.relative_to(root).parts[0], root, held_out) for p in paths if p.parent != root]
    if not (loose and inside):
        return inside or [Found(path, "", root, held_out) for path in loose]
    if len(loose) > STRAY * len(paths):
        more = f"{len(inside)} more ({listed(sorted({file.kind for file in inside}))})"
        raise DataError(f"{root} holds {len(loose)} pictures and, in folders, {more}. Put all into folders, or none")
    left_out.append(f"beside the folders: {listed([path.name for path in loose])}")
    return classify(root, [file.path for file in inside], held_out, left_out)


def tree(root: Path, found: list[Found], left_out: list[str]) -> str:
    """What was found, as a small tree with counts, and what is left out."""
    lines = [f"{root}/"]
    for base in dict.fromkeys(file.base for file in found):
        below = "" if base == root else f"{base.relative_to(root).as_posix()}/"
        counts = Counter(file.kind for file in found if file.base == base)
        shown = {f"{below}{kind}/" if kind else f"{below}*": n for kind, n in counts.items()}
        rows = [f"  {name:30}{n:>8,}" for name, n in shown.items()]
        lines += rows[:SHOWN] + [f"  and {len(rows) - SHOWN} folders more"] * (len(rows) > SHOWN)
    return "\n".join(lines + [f"  left out: {'; '.join(left_out)}"] * bool(left_out))
