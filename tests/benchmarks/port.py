"""InfoGAN of eriklindernoren/PyTorch-GAN as it stands, for ``digits.py`` to measure against.

https://github.com/eriklindernoren/PyTorch-GAN: 32 × 32 images in [-1, 1], a G that ends in tanh, BatchNorm2d(C, 0.8),
weights from N(0, 0.02), three Adams at 2e-4 and the losses of ``recipes.THREE_STEP``. Its softmax stands before a
cross-entropy that takes one itself; so that loss can't leave [1.461, 2.461] nats.
"""

import dataclasses

import torch
from torch import Tensor, nn
from torch.distributions import Distribution
from torch.nn import functional as F

from infogan_utils import Categorical, Latents, LatentSpec, Model, Trainer, Uniform, recipes
from infogan_utils.looking import as_floats
from infogan_utils.models import Discriminator
from infogan_utils.seeds import modules_draw_from, stream

SIDE, LEAK, DROP = 32, 0.2, 0.25
EPS = 0.8  # BatchNorm2d's second argument is eps; 0.8 was meant as a momentum
STD = 0.02  # of the first weights
PORT = dataclasses.replace(recipes.THREE_STEP, batch=64, lr_g=2e-4, lr_d=2e-4)
SPEC = LatentSpec(62, (Categorical(10), Uniform(sigma=1.0), Uniform(sigma=1.0)))


class Scale(nn.Module):
    """x → factor · x + shift: sigmoid(2a) is tanh(a) on the package's scale of [0, 1], 2x − 1 the way back."""

    def __init__(self, factor: float, shift: float = 0.0) -> None:
        super().__init__()
        self.factor, self.shift = factor, shift

    def forward(self, x: Tensor) -> Tensor:
        return self.factor * x + self.shift


class SoftmaxTwice(nn.Linear):
    """Q's head: in training probabilities where logits belong, the port's loss. In eval mode logits: Q as meant."""

    def forward(self, h: Tensor) -> Tensor:
        answers = super().forward(h)
        return torch.cat([answers[:, :10].softmax(dim=1), answers[:, 10:]], dim=1) if self.training else answers


def networks(seed: int, narrow: int = 64, wide: int = 128) -> tuple[nn.Module, nn.Module]:
    """G and D of the port."""
    with modules_draw_from(stream(seed, "first weights")):
        base = SIDE // 4
        norm = nn.BatchNorm2d(wide)  # the port gives this one no second argument
        layers = [nn.Linear(SPEC.total, wide * base**2), nn.Unflatten(1, (wide, base, base)), norm]
        for width in (wide, narrow):
            layers += [nn.Upsample(scale_factor=2), nn.Conv2d(wide, width, 3, padding=1)]
            layers += [nn.BatchNorm2d(width, EPS), nn.LeakyReLU(LEAK)]
        G = nn.Sequential(*layers, nn.Conv2d(narrow, 1, 3, padding=1), Scale(2), nn.Sigmoid())
        trunk, before = [Scale(2, -1)], 1
        for width in (wide // 8, wide // 4, wide // 2, wide):
            trunk += [nn.Conv2d(before, width, 3, stride=2, padding=1), nn.LeakyReLU(LEAK), nn.Dropout2d(DROP)]
            trunk += [nn.BatchNorm2d(width, EPS)] if before > 1 else []
            before = width
        features = wide * (SIDE // 16) ** 2
        trunk = nn.Sequential(*trunk, nn.Flatten())
        D = Discriminator(trunk, nn.Linear(features, 1), SoftmaxTwice(features, SPEC.answers))
        for layer in [*G.modules(), *D.modules()]:
            if isinstance(layer, nn.Conv2d):
                nn.init.normal_(layer.weight, 0, STD)
            elif isinstance(layer, nn.BatchNorm2d):
                nn.init.normal_(layer.weight, 1, STD)
    return G, D


def port(seed: int) -> Trainer:
    """An untrained run of the port, in float32; its images are those of ``resized``."""
    trainer = Trainer(*networks(seed), SPEC, PORT, seed=seed)
    trainer.bfloat16 = False
    return trainer


def resized(images: Tensor, side: int = SIDE) -> Tensor:
    """uint8 images (n, height, width), enlarged bilinearly to (n, side, side)."""
    parts = [F.interpolate(x[:, None].float(), size=side, mode="bilinear")[:, 0] for x in images.split(1000)]
    return torch.cat([x.round().to(torch.uint8) for x in parts])


class At28(Model):
    """A model of 32 × 32 pictures that draws and reads 28 × 28, so that the same figures measure it."""

    def draw(self, latents: Latents) -> Tensor:
        return F.interpolate(super().draw(latents), size=28, mode="bilinear")

    def read(self, images: Tensor) -> dict[str, Distribution]:
        parts = [F.interpolate(as_floats(x), size=SIDE, mode="bilinear") for x in images.split(1000)]
        return super().read(torch.cat(parts))
