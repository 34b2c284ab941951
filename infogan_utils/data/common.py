"""What every data set has in common: what its reader returns, and how a folder is named."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

SHOWN = 12  # folders, and names of files, that are printed


class DataError(RuntimeError):
    """The data that were asked for are not there, or are not what they should be."""

    def __init__(self, message: str) -> None:
        super().__init__(readable(message))


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """Pictures to train on and pictures held out: uint8, (n, side, side) where they are grey, else (n, 3, side, side).

    Labels are int64 (n,), an index into ``classes``, or -1 where there is no class; for measuring only. Factors are
    known ones by name, int64 (n,) each. ``source``, to be printed, says where the pictures come from and how many.
    """

    train: Tensor
    train_labels: Tensor
    test: Tensor
    test_labels: Tensor
    source: str
    classes: tuple[str, ...] = ()
    train_factors: dict[str, Tensor] = field(default_factory=dict)
    test_factors: dict[str, Tensor] = field(default_factory=dict)


def pictures(
    images: Tensor, labels: Tensor, rows: tuple[Tensor, Tensor], classes: Sequence[str], source: str, **factors: Tensor
) -> Pictures:
    """Pictures split by ``rows``: those to train on, those to hold out. ``{counts}`` in ``source`` is filled in."""
    parts = {}
    for part, taken in zip(("train", "test"), rows, strict=True):
        parts |= {part: images[taken], f"{part}_labels": labels[taken].long()}
        parts[f"{part}_factors"] = {name: value[taken] for name, value in factors.items()}
    source = source.replace("{counts}", f"{len(rows[0]):,} to train on, {len(rows[1]):,} held out")
    return Pictures(**parts, classes=tuple(map(readable, classes)), source=readable(source))


def readable(text: str) -> str:
    """Text that can be printed: a file's name from an old zip may hold letters that are no UTF-8; they become "?"."""
    return text.encode(errors="replace").decode()


def random_rows(n: int) -> tuple[Tensor, Tensor]:
    """The rows to train on and the rows to hold out, a fifth of ``n``; the same each time."""
    order, cut = torch.randperm(n, generator=torch.Generator().manual_seed(0)), max(1, round(n / 5))
    return order[cut:], order[:cut]


def named_folder(folder: str | Path | None, *, needed: str = "") -> Path | None:
    """The folder that the reader names, by the argument or else by ``INFOGAN_DATA``; None if by neither.

    ``needed`` says what the folder has to hold, where nothing else can take its place.
    """
    named, how = (folder, "by the argument") if folder else (os.environ.get("INFOGAN_DATA"), "by INFOGAN_DATA")
    if not named and needed:
        raise DataError(f"no folder was named. Put {needed} into a folder DIR and call data.load(NAME, 'DIR')")
    path = Path(os.path.expanduser(named or "."))
    if not os.path.isdir(path):
        what = "it is a file; if it is a zip, unpack it" if path.is_file() else "there is no such folder"
        raise DataError(f"{path} was named as the data folder {how}, but {what}")
    return path if named else None


def listed(names: list[str]) -> str:
    """The first of these names, and how many more there are."""
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
