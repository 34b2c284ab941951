"""A T of its own for each code of the sprites, for ``sprites.py``: it destroys what the other codes are for.

No InfoGAN of the paper: whoever writes such a T knows the factors, though no picture's.
"""

import torch
from side_by_side import OnDevice
from torch import Tensor

from infogan_utils.augment import Augment, View


class Rolled(OnDevice):
    """T, and after it each picture rolled over its edges, part by part: across, down or both ways. Place is gone."""

    WAYS = (0, 1), (1, 0), (1, 1), (1, 1), (1, 1)  # rows, columns

    def __call__(self, x: Tensor, generator: torch.Generator) -> Tensor:
        x = super().__call__(x, generator)
        kept, n, side = self.__dict__.setdefault("ways", {}), len(x), x.shape[-1]
        if n not in kept:
            kept[n] = torch.tensor(self.WAYS).repeat_interleave(torch.tensor(self.cuts(n)).diff(), 0).to(x.device)
        far = torch.randint(side, (n, 2), generator=generator, device=generator.device).to(x.device) * kept[n]
        rows, columns = ((torch.arange(side, device=x.device) + far[:, :, None]) % side).unbind(1)  # (n, side) each
        x = x.gather(2, rows[:, None, :, None].expand_as(x))
        return x.gather(3, columns[:, None, None, :].expand_as(x))


# a fifth of the batch each: what T leaves is the place up and down, across, the scale, the angle; and the shape
STAYS, TURNS, GROWS, BOTH = Augment(), Augment(rotation=3.1), Augment(scale=0.4), Augment(rotation=3.1, scale=0.4)
OWN_T = Rolled(tuple(View(T, 0.2, (f"cont {i}",)) for i, T in enumerate((STAYS, STAYS, TURNS, GROWS, BOTH), start=1)))
