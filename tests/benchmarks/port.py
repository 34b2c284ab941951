"""The most used PyTorch port of InfoGAN as it stands, built on the package: ``digits.py`` measures against it.

Networks and order of the three steps are the starting note's (``note_models``, ``recipes.NOTE``). What else the port
does is here: 32 × 32 images in [-1, 1], a G that ends in tanh, BatchNorm2d(C, 0.8), weights from N(0, 0.02), three
Adams at 2e-4, float32, and a softmax before the cross-entropy, which then can't leave [1.461, 2.461] nats.
"""

import dataclasses

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from infogan_utils import recipes
from infogan_utils.codes import Layout
from infogan_utils.models import Posterior, Size
from infogan_utils.note_models import NOTE_SIZE, NoteDiscriminator, NoteGenerator
from infogan_utils.recipes import Recipe
from infogan_utils.training import Trainer

SIDE = 32
EPS = 0.8  # BatchNorm2d's second argument is eps; 0.8 was meant as a momentum
STD = 0.02  # of the initial weights
PORT = dataclasses.replace(recipes.NOTE, batch=64, lr_g=2e-4, lr_d=2e-4)


def resized(images: Tensor, side: int = SIDE) -> Tensor:
    """uint8 images (n, height, width), enlarged bilinearly to (n, side, side)."""
    if images.shape[1:] == (side, side):
        return images
    parts = [F.interpolate(x[:, None].float(), size=side, mode="bilinear")[:, 0] for x in images.split(1000)]
    return torch.cat([x.round().to(torch.uint8) for x in parts])


class Twice(nn.Module):
    """Doubles G's last layer: sigmoid(2a) = (tanh(a) + 1)/2, a tanh on the package's scale of [0, 1]."""

    def forward(self, h: Tensor) -> Tensor:
        return 2 * h


class PortGenerator(NoteGenerator):
    """The note's G with tanh for its sigmoid."""

    def layers(self, size: Size) -> tuple[nn.Sequential, nn.Sequential]:
        fc, up = super().layers(size)
        return fc, up.append(Twice())


class PortDiscriminator(NoteDiscriminator):
    """The note's trunk and heads on images scaled to [-1, 1], with the softmax that training takes for logits."""

    def features(self, x: Tensor) -> Tensor:
        return super().features(2 * x - 1)

    def q(self, features: Tensor) -> Posterior:
        """In training mode probabilities where logits belong: the port's loss. In eval mode logits: Q as meant."""
        q = super().q(features)
        return q._replace(logits=tuple(a.softmax(dim=1) for a in q.logits)) if self.training else q


class PortTrainer(Trainer):
    """A run of the port. Takes what ``Trainer`` takes, and uint8 images of 32 × 32."""

    def __init__(self, layout: Layout, recipe: Recipe = PORT, **options) -> None:
        super().__init__(layout, recipe, **{"size": NOTE_SIZE, "image_shape": (1, SIDE, SIDE)} | options)
        self.bfloat16 = False

    def _networks(self) -> tuple[nn.Module, nn.Module]:
        shape = {"channels": self.image_shape[0], "side": self.image_shape[1]}
        G = PortGenerator(self.layout, self.size, **shape)
        D = PortDiscriminator(self.layout, self.size, **shape, learn_sigma=self.recipe.learn_sigma)
        for layer in [*G.modules(), *D.modules()]:
            if isinstance(layer, nn.Conv2d):
                nn.init.normal_(layer.weight, 0, STD)
            elif isinstance(layer, nn.BatchNorm2d):
                nn.init.normal_(layer.weight, 1, STD)
                layer.eps = EPS
        G.up[0].eps = nn.BatchNorm2d(1).eps  # the port gives G's first one no second argument
        return G, D
