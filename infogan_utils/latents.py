"""The latent variables of a run, (z, c): noise z and codes c_1 … c_L. Notebook 05 teaches them."""

import operator
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.distributions import Distribution

from infogan_utils.codes import Code
from infogan_utils.seeds import sent


class Latents(NamedTuple):
    """One batch of latent variables: noise ``z`` (n, noise), float32, and each code by name, (n,)."""

    z: Tensor
    c: dict[str, Tensor]

    def to(self, device: torch.device | str) -> "Latents":
        """The same batch on ``device``."""
        device = torch.device(device)
        return Latents(sent(self.z, device), {name: sent(code, device) for name, code in self.c.items()})


@dataclass(frozen=True)
class LatentSpec:
    """The latent specification: how many noise variables, and which codes.

    Noise is N(0, 1), or U(−1, 1) with ``uniform_noise``, as in the authors' code. A code's name is its kind and
    number: ``LatentSpec(62, (Categorical(10), Uniform(), Uniform()))`` has "cat 1", "cont 1" and "cont 2".
    """

    noise: int
    codes: tuple[Code, ...] = ()
    uniform_noise: bool = False

    def __post_init__(self) -> None:
        codes = (self.codes,) if isinstance(self.codes, Code) else tuple(self.codes)
        object.__setattr__(self, "codes", codes)
        object.__setattr__(self, "noise", operator.index(self.noise))
        if self.noise < 0 or not all(isinstance(code, Code) for code in codes) or self.total == 0:
            raise ValueError(
                f"noise = {self.noise} and codes = {codes} were given; noise is 0 or more, a code an object such as "
                "Categorical(10) or Uniform(), and something must be left to draw: LatentSpec(62, (Categorical(10),))"
            )

    # the width of G's input, noise and codes; how many numbers Q's head gives; the names of the discrete codes
    total = property(lambda self: self.noise + sum(code.width for code in self.codes))
    answers = property(lambda self: sum(code.answers for code in self.codes))
    discrete = property(lambda self: tuple(name for name, code in self.items() if code.discrete))

    @property
    def names(self) -> tuple[str, ...]:
        """The codes' names in their order."""
        kinds = [code.kind for code in self.codes]
        return tuple(f"{kind} {kinds[: i + 1].count(kind)}" for i, kind in enumerate(kinds))

    def items(self) -> Iterator[tuple[str, Code]]:
        """Each code with its name."""
        return zip(self.names, self.codes, strict=True)

    def __getitem__(self, name: str) -> Code:
        return dict(self.items())[name]

    def sample(self, n: int, generator: torch.Generator) -> Latents:
        """Draw ``n`` latent variables from the prior, on the generator's device."""
        if n < 1:
            raise ValueError(f"sample() got n = {n}; it draws a batch of 1 or more")
        draw = torch.rand if self.uniform_noise else torch.randn
        z = draw(n, self.noise, generator=generator, device=generator.device)
        codes = {name: code.sample(n, generator) for name, code in self.items()}
        return Latents(z * 2 - 1 if self.uniform_noise else z, codes)

    def sample_pairs(self, n: int, generator: torch.Generator, gap: float | Tensor = 0.0) -> tuple[Latents, Tensor]:
        """A batch of ``n`` whose rows i and i + n/2 share their noise and one code; and that code's number, (n/2,).

        All other codes of a pair are ``apart``. Each row by itself comes from the prior.
        """
        one = self.sample(n // 2, generator)
        shared, c = torch.randint(len(self.codes), (n // 2,), generator=generator, device=generator.device), {}
        for i, (name, code) in enumerate(self.items()):
            other = code.apart(one.c[name], gap, generator)
            c[name] = torch.cat([one.c[name], torch.where(shared == i, one.c[name], other)])
        return Latents(torch.cat([one.z, one.z]), c), shared

    def by_hand(self, z: Tensor, values: Mapping[str, Any]) -> Latents:
        """Codes set by hand, the others 0: ``spec.by_hand(z, {"cat 1": 3, "cont 1": torch.linspace(-1, 1, 9)})``.

        ``z`` is (n, noise) or (noise,), a value a number or (n,); what has one row alone is repeated for all n.
        """
        if unknown := set(values) - set(self.names):
            raise ValueError(f"codes {sorted(unknown)} were given; this specification has {list(self.names)}")
        z = torch.atleast_2d(torch.as_tensor(z))
        c = {name: torch.as_tensor(values.get(name, 0)).to(code.dtype).reshape(-1) for name, code in self.items()}
        rows = {name: len(value) for name, value in {"z": z, **c}.items()}
        n = max(rows.values())
        if odd := {name: count for name, count in rows.items() if count not in (1, n)}:
            raise ValueError(f"rows {rows} were given; {odd} should be 1, to be repeated, or {n} like the most")
        return Latents(z.float().expand(n, -1), {name: value.to(z.device).expand(n) for name, value in c.items()})

    def encode(self, latents: Latents) -> Tensor:
        """Join the noise and what G gets of each code: (n, total), float32."""
        n, shapes = len(latents.z), {name: tuple(value.shape) for name, value in {"z": latents.z, **latents.c}.items()}
        if shapes != {"z": (n, self.noise)} | {name: (n,) for name in self.names}:
            raise ValueError(f"latent variables {shapes} were given; {self} takes z (n, {self.noise}) and codes (n,)")
        codes = [code.encode(latents.c[name]) for name, code in self.items()]
        return torch.cat([latents.z.float(), *codes], dim=1)  # float32 first: MPS has no doubles

    def split(self, answers: Tensor) -> dict[str, Tensor]:
        """What Q's head says of each code, (n, its answers), from all that it says, (n, answers)."""
        parts = answers.split([code.answers for code in self.codes], dim=1) if self.codes else ()
        return dict(zip(self.names, parts, strict=True))

    def posteriors(self, answers: Tensor) -> dict[str, Distribution]:
        """Q(c|x) of each code by name, as PyTorch's distributions, from Q's answers (n, answers)."""
        return {name: self[name].posterior(part) for name, part in self.split(answers).items()}
