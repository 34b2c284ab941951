"""The kinds of code: each owns its draw, its encoding for G, its entropy and its log Q. Notebook 05 teaches them.

A new kind is one class: a frozen dataclass that inherits from ``Code``. Everything about information is in nats.
"""

import math
import operator
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.distributions import Categorical as CategoricalDistribution
from torch.distributions import Distribution, Normal
from torch.nn import functional as F

LOG_VAR_RANGE = 8.0  # ln σ² stays within ±8, so that σ stays between 0.018 and 55


class Code:
    """One kind of code, drawn from its prior by ``sample(n, generator)`` → (n,).

    ``encode(c)`` → (n, width) is what G gets of it; ``posterior(answers)`` is Q(c|x) from Q's head's (n, answers).
    """

    kind: ClassVar[str]  # the first word of its name
    discrete: ClassVar[bool]  # whether its values are 0 … K − 1
    dtype: ClassVar[torch.dtype]  # of a drawn code
    width: int  # numbers that it takes of G's input
    answers: int  # numbers that Q's head gives for it
    entropy: float  # H(c) of its prior in nats: the most that L_I can be; differential, no limit, where continuous

    def apart(self, c: Tensor, gap: float | Tensor, generator: torch.Generator) -> Tensor:
        """Other values (n,), from the prior, too, that differ from ``c``; by default just drawn anew.

        Values of a uniform code are then at least ``gap``, 0 to 1, apart; those of a category never the same.
        """
        return self.sample(len(c), generator)

    def log_q(self, answers: Tensor, c: Tensor) -> Tensor:
        """ln Q(c|x) of the codes (n,) that made the images: (n,), nats."""
        return self.posterior(answers).log_prob(c)


@dataclass(frozen=True)
class Categorical(Code):
    """A code of ``k`` values, each as likely as any other. Q's answers are the ``k`` logits."""

    k: int
    kind, discrete, dtype = "cat", True, torch.int64
    width = answers = property(lambda self: self.k)
    entropy = property(lambda self: math.log(self.k))

    def __post_init__(self) -> None:
        object.__setattr__(self, "k", operator.index(self.k))  # NumPy's integers couldn't be saved
        if self.k < 2:
            raise ValueError(f"Categorical({self.k}) was given; a category needs 2 values or more")

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        return torch.randint(self.k, (n,), generator=generator, device=generator.device)

    def apart(self, c: Tensor, gap: float | Tensor, generator: torch.Generator) -> Tensor:
        return (c + torch.randint(1, self.k, c.shape, generator=generator, device=generator.device)) % self.k

    def encode(self, c: Tensor) -> Tensor:
        try:
            return F.one_hot(c, self.k).float()
        except RuntimeError as error:
            raise ValueError(f"values {c.unique().tolist()} were given to {self}, 0 to {self.k - 1}") from error

    def posterior(self, answers: Tensor) -> Distribution:
        return CategoricalDistribution(logits=answers.float(), validate_args=False)


@dataclass(frozen=True)
class Uniform(Code):
    """A continuous code, U(−1, 1). Q is a Gaussian: its answers are μ and a raw number; ln σ² = 8 tanh(raw / 8).

    No answer can make σ vanish. With a fixed ``sigma`` Q answers μ alone.
    """

    sigma: float | None = None
    kind, discrete, dtype = "cont", False, torch.float32
    width, entropy = 1, math.log(2)
    answers = property(lambda self: 2 if self.sigma is None else 1)

    def __post_init__(self) -> None:
        if self.sigma is not None and not self.sigma > 0:
            raise ValueError(f"Uniform({self.sigma}) was given; its sigma is a number above 0, or None to be learned")

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        return torch.rand(n, generator=generator, device=generator.device) * 2 - 1

    def apart(self, c: Tensor, gap: float | Tensor, generator: torch.Generator) -> Tensor:
        turn = gap + (2 - 2 * gap) * torch.rand(len(c), generator=generator, device=generator.device)
        return (c + 1 + turn) % 2 - 1  # on a circle: uniform, whatever the gap

    def encode(self, c: Tensor) -> Tensor:
        return c.float().unsqueeze(1)

    def posterior(self, answers: Tensor) -> Distribution:
        mu = answers[:, 0].float()
        if self.sigma is not None:
            return Normal(mu, torch.full_like(mu, self.sigma), validate_args=False)
        log_var = LOG_VAR_RANGE * torch.tanh(answers[:, 1].float() / LOG_VAR_RANGE)
        return Normal(mu, torch.exp(log_var / 2), validate_args=False)
