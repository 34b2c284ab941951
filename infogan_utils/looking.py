"""What one looks at: networks in eval mode and without gradient, and their averages."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.distributions import Distribution

from infogan_utils.latents import Latents, LatentSpec
from infogan_utils.models import heads

BATCH = 500  # images that pass a network at a time


@dataclass(frozen=True)
class Model:
    """G, D and their latent variables, to look at: in eval mode and without gradient, modes put back afterwards."""

    G: nn.Module
    D: nn.Module
    spec: LatentSpec

    def draw(self, latents: Latents) -> Tensor:
        """The images that belong to ``latents``: (n, channels, side, side) in [0, 1], on the CPU."""
        device = next(self.G.parameters()).device
        with looking(self.G):
            return torch.cat([self.G(x.to(device)).float().cpu() for x in self.spec.encode(latents).split(BATCH)])

    def read(self, images: Tensor) -> dict[str, Distribution]:
        """Q(c|x) of each code by name, on the CPU, from images that ``as_floats`` takes."""
        device, parts = next(self.D.parameters()).device, torch.as_tensor(images).split(BATCH)
        with looking(self.D):
            answers = [heads(self.D, self.D.trunk(as_floats(x).to(device)))[1].cpu() for x in parts]
        return self.spec.posteriors(torch.cat(answers))

    def categories(self, images: Tensor) -> Tensor:
        """Q(c|x) of the first discrete code: (n, K) probabilities."""
        if not self.spec.discrete:
            raise ValueError(f"{self.spec} has no discrete code, so there is no category to ask Q for")
        return self.read(images)[self.spec.discrete[0]].probs


@contextmanager
def looking(*nets: nn.Module) -> Iterator[None]:
    """Networks in eval mode and without gradient inside; the modes of all their modules are put back."""
    modes = [(module, module.training) for net in nets for module in net.modules()]
    for module, _ in modes:
        module.training = False
    try:
        with torch.no_grad():
            yield
    finally:
        for module, mode in modes:
            module.training = mode


def as_floats(images: Tensor) -> Tensor:
    """Images, uint8 or float in [0, 1], as floats (n, channels, side, side); grey ones may come as (n, side, side)."""
    images = torch.as_tensor(images)
    images = images.unsqueeze(1) if images.ndim == 3 else images
    if images.dtype == torch.uint8:
        return images.float().div(255)
    if images.ndim == 4 and images.numel() and (most := images.max()) > 2:  # own networks may draw beyond 1
        raise ValueError(f"{images.dtype} images up to {most:g} were given; give uint8, or floats in [0, 1]")
    return images.float()


@torch.no_grad()
def follow(averages: list[nn.Module], nets: list[nn.Module], decay: float) -> None:
    """average ← decay · average + (1 − decay) · now, for every float; whole numbers (a count) are copied."""
    averages, nets = ([value for net in given for value in net.state_dict().values()] for given in (averages, nets))
    floats = [i for i, value in enumerate(nets) if value.is_floating_point()]
    torch._foreach_lerp_([averages[i] for i in floats], [nets[i] for i in floats], 1 - decay)  # as PyTorch's swa_utils
    for i in set(range(len(nets))) - set(floats):
        averages[i].copy_(nets[i])


def check_networks(G: nn.Module, D: nn.Module, spec: LatentSpec, device: torch.device) -> tuple[int, ...]:
    """The shape of one of G's pictures, found by a look; ``ValueError`` if the networks don't fit ``spec``."""
    try:
        with looking(G, D):
            images = G(spec.encode(spec.sample(2, torch.Generator().manual_seed(0)).to(device)))
            v, answers = heads(D, D.trunk(images))
        if v.shape != (2,) or answers.shape != (2, spec.answers):
            raise ValueError(f"of two images d_head makes {tuple(v.shape)}, q_head {tuple(answers.shape)}")
    except (RuntimeError, LookupError, AttributeError, TypeError, ValueError) as error:
        needs = f"G takes (n, {spec.total}); D has trunk, d_head → (n, 1) and q_head → (n, {spec.answers})"
        raise ValueError(f"these networks can't be trained here: {error}. {needs}") from error
    return tuple(images.shape[1:])
