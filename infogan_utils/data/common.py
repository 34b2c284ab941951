"""What every data set has in common: what its reader returns, and how a folder is named."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

HELD_OUT = 0.2  # of pictures that come without a split of their own


class DataError(RuntimeError):
    """The data that were asked for are not there, or are not what they should be."""


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """Pictures to train on and pictures held out.

    ``train``, ``test``: uint8, (n, side, side) where they are grey, else (n, 3, side, side). ``train_labels``,
    ``test_labels``: int64 (n,), an index into ``classes``, or -1 where there is no class; for measuring only.
    ``train_factors``, ``test_factors``: the known factors by name, int64 (n,) each. ``source``: where the pictures
    come from and how many they are, to be printed.
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
    train, test = rows
    return Pictures(
        train=images[train],
        train_labels=labels[train].long(),
        test=images[test],
        test_labels=labels[test].long(),
        source=source.replace("{counts}", f"{len(train):,} to train on, {len(test):,} held out"),
        classes=tuple(classes),
        train_factors={name: value[train] for name, value in factors.items()},
        test_factors={name: value[test] for name, value in factors.items()},
    )


def random_rows(n: int) -> tuple[Tensor, Tensor]:
    """The rows to train on and the rows to hold out, a fifth of ``n``; the same each time."""
    order = torch.randperm(n, generator=torch.Generator().manual_seed(0))
    cut = max(1, round(n * HELD_OUT))
    return order[cut:], order[:cut]


def named_folder(folder: str | Path | None) -> Path | None:
    """The folder that the reader names, by the argument or else by ``INFOGAN_DATA``; None if by neither.

    Raises:
        DataError: if there is no such folder. A named folder is never replaced by another source.
    """
    named, how = (folder, "by the argument") if folder else (os.environ.get("INFOGAN_DATA"), "by INFOGAN_DATA")
    if not named:
        return None
    path = Path(os.path.expanduser(named))
    if not os.path.isdir(path):
        what = "it is a file" if os.path.exists(path) else "there is no such folder"
        raise DataError(f"{path} was named as the data folder {how}, but {what}")
    return path


def needed_folder(folder: str | Path | None, name: str, holds: str) -> Path:
    """As ``named_folder``, for a data set that is read from the reader's own files only."""
    path = named_folder(folder)
    if path is None:
        raise DataError(f"no folder was named. Put {holds} into a folder DIR and call data.load({name!r}, 'DIR')")
    return path
