"""The latent specification: what goes into the generator, how it is drawn, and how much it could tell.

A generator's input is (z, c): noise z ~ N(0, 1), categorical codes, each uniform over its K values, and
continuous codes, each U(-1, 1). Notebook 05 teaches it. ``LAYOUTS`` holds the five layouts of the InfoGAN
paper (arXiv 1606.03657, section 7 and appendix C).
"""

import math
import operator
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F


class Codes(NamedTuple):
    """One batch of latent variables.

    ``z`` (batch, noise) float32, ``c_cat`` (batch, number of categorical codes) int64,
    ``c_cont`` (batch, number of continuous codes) float32 in [-1, 1].
    """

    z: Tensor
    c_cat: Tensor
    c_cont: Tensor

    def to(self, device: torch.device | str) -> "Codes":
        """The same batch on ``device``, ``z`` and ``c_cont`` in float32."""
        z, c_cont = self.z.float().to(device), self.c_cont.float().to(device)  # float32 first: MPS has no doubles
        return Codes(z, self.c_cat.to(device), c_cont)


@dataclass(frozen=True)
class Layout:
    """How many noise variables, the number of values of each categorical code, how many continuous codes."""

    noise: int
    categorical: tuple[int, ...] = ()
    continuous: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.categorical, Iterable):
            raise ValueError(f"categorical = {self.categorical!r} was given; one code is written with a comma, (10,)")
        object.__setattr__(self, "categorical", tuple(map(operator.index, self.categorical)))
        for name in ("noise", "continuous"):  # NumPy's integers couldn't be saved
            object.__setattr__(self, name, operator.index(getattr(self, name)))
        if self.noise < 0 or self.continuous < 0 or any(k < 2 for k in self.categorical) or self.total == 0:
            raise ValueError(
                f"{self} was given; noise and continuous must be 0 or more, each categorical code needs at "
                "least 2 values, and something must be left to draw, e.g. Layout(62, (10,), 2)"
            )

    @property
    def total(self) -> int:
        """Width of the generator's input: noise + one-hot widths + continuous."""
        return self.noise + sum(self.categorical) + self.continuous

    @property
    def code_names(self) -> list[str]:
        """Names of the codes, categorical first: ``["cat 1", "cont 1", "cont 2"]``."""
        cats = [f"cat {i + 1}" for i in range(len(self.categorical))]
        return cats + [f"cont {i + 1}" for i in range(self.continuous)]

    def entropy(self) -> dict[str, float]:
        """H(c) of each code's prior in nats: ln K for a categorical one, ln 2 (differential) for U(-1, 1)."""
        widths = [*self.categorical, *[2] * self.continuous]
        return {name: math.log(k) for name, k in zip(self.code_names, widths, strict=True)}

    def sample(self, n: int, generator: torch.Generator) -> Codes:
        """Draw ``n`` latent variables from the prior, on the generator's device.

        Raises:
            ValueError: if ``n`` is not positive.
        """
        if n < 1:
            raise ValueError(f"sample() got n = {n}; it draws a batch of 1 or more")
        device = generator.device
        z = torch.randn(n, self.noise, generator=generator, device=device)
        cats = [torch.randint(k, (n,), generator=generator, device=device) for k in self.categorical]
        c_cat = torch.stack(cats, dim=1) if cats else torch.empty(n, 0, dtype=torch.int64, device=device)
        c_cont = torch.rand(n, self.continuous, generator=generator, device=device) * 2 - 1
        return Codes(z, c_cat, c_cont)

    def encode(self, codes: Codes) -> Tensor:
        """Join z, the one-hot categories and the continuous codes: (batch, total), float32.

        Raises:
            ValueError: if a part has another shape or type, or a category lies outside its range (on the CPU; CUDA
                stops with an error of its own, as looking would hold up every step).
        """
        if any(part.ndim != 2 or len(part) != len(codes.z) for part in codes) or codes.c_cat.dtype != torch.int64:
            shapes = ", ".join(f"{name} {tuple(part.shape)}" for name, part in codes._asdict().items())
            raise ValueError(
                f"codes of shapes {shapes}, c_cat of {codes.c_cat.dtype}, were given; each is (batch, its width), and "
                "c_cat of int64"
            )
        widths = (codes.z.shape[1], codes.c_cat.shape[1], codes.c_cont.shape[1])
        expected = (self.noise, len(self.categorical), self.continuous)
        if widths != expected:
            raise ValueError(f"codes of widths (z, c_cat, c_cont) = {widths} were given; {self} takes {expected}")
        try:
            hot = [F.one_hot(codes.c_cat[:, i], k).float() for i, k in enumerate(self.categorical)]
        except RuntimeError as error:
            raise ValueError(f"a category lies outside 0 … K−1 for K in {self.categorical}: {error}") from error
        return torch.cat([codes.z.float(), *hot, codes.c_cont.float()], dim=1)


LAYOUTS = {
    "mnist": Layout(62, (10,), 2),
    "chairs": Layout(128, (20, 20, 20), 1),
    "faces": Layout(128, (), 5),
    "svhn": Layout(124, (10, 10, 10, 10), 4),
    "celeba": Layout(128, (10,) * 10, 0),
}


def layout(name: str) -> Layout:
    """The paper's layout of that name.

    Raises:
        ValueError: if there is none; the message lists those there are.
    """
    if name not in LAYOUTS:
        raise ValueError(f"no layout is called {name!r}; there are {sorted(LAYOUTS)}, or write Layout(62, (10,), 2)")
    return LAYOUTS[name]
