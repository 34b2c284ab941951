"""How a run trains: the recipe, and the named ones that the notebooks compare. Notebook 06 uses them."""

import math
from dataclasses import dataclass

from infogan_utils.augment import Augment, View, Views
from infogan_utils.objectives import check_gan

PARTS = ("G", "trunk", "Q")


@dataclass(frozen=True)
class Recipe:
    """How a run trains; ``Recipe()`` is the paper's way. Frozen: what a run changes is λ, an attribute of the trainer.

    Args:
        gan: the GAN loss, one of ``objectives.GAN_LOSSES``. lam: λ, the weight of L_I, at the start.
        continuous_weight: weight of the continuous codes' L_I within L_I.
        information_updates: the parts that the information gradient trains, of "G", "trunk" and "Q". A plain GAN with
            a Q fitted on the side has ("Q",), the authors' code all three.
        lam_lc: (λ_l, λ_c) of the three-step form's loss, which then stands in the place of −L_I.
        separate_step: whether the information loss takes a step of its own with its own Adam; λ is then inert.
        views: the noisy channel T between image and trunk: Views, or one Augment for all. No part of the paper.
        plain_d: whether D's head sees half of the images, and these without T: behind T, a G that always draws the
            same 3 looks as varied as real 3s.
        agreement: weight, within L_I, of the agreement bound on real images, each seen through two draws of T. No part
            of the paper; RIM (Krause et al., 2010), IMSAT (arXiv 1702.08720) and IIC (arXiv 1807.06653) use it by
            itself.
        batch: images in a step. average: decay a step of the averaged weights.
        lr_g, lr_d, lr_q: Adam's learning rates for G, for the trunk with D's head, and for Q's head.
    """

    gan: str = "non-saturating"
    lam: float = 1.0
    continuous_weight: float = 1.0
    information_updates: tuple[str, ...] = PARTS
    lam_lc: tuple[float, float] | None = None
    separate_step: bool = False
    views: Views | Augment | None = None
    plain_d: bool = False
    agreement: float = 0.0
    batch: int = 128
    lr_g: float = 1e-3
    lr_d: float = 2e-4
    lr_q: float = 2e-4
    average: float = 0.99

    def __post_init__(self) -> None:
        check_gan(self.gan)
        if isinstance(self.views, Augment):
            object.__setattr__(self, "views", Views((View(self.views),)))
        updates = self.information_updates
        object.__setattr__(self, "lam", check_lam(self.lam))
        check_lam(self.agreement, "agreement")
        if self.agreement and (self.separate_step or "trunk" not in updates or self.views is None):
            raise ValueError(
                f"agreement = {self.agreement} trains the trunk in D's step through views, but got information_updates "
                f"= {updates}, separate_step = {self.separate_step} and views = {self.views}; set agreement=0.0"
            )
        if not set(updates) <= set(PARTS) or "Q" not in updates:
            raise ValueError(f"information_updates = {updates} was given; it holds 'Q' and any of 'G' and 'trunk'")
        if self.batch < (4 if self.plain_d else 2):
            raise ValueError(f"a batch of {self.batch} was given; batch norm needs 2 images or more at a time")


def check_lam(lam: float, name: str = "lam") -> float:
    """Return ``lam`` as a float; ``ValueError`` unless it is a finite number, 0 or more."""
    try:
        value = float(lam)
    except (TypeError, ValueError):
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"{name} = {lam!r} was given; a weight is a finite number, 0 or more, e.g. 1.0")
    return value


# T for digits changes no digit into another. A quarter of a batch keeps its slant, and "cont 1" is read from it; a
# quarter leaves width against height, for "cont 2".
DIGIT_AUGMENT = Augment(rotation=0.3, shear=0.4, scale=0.15, shift=0.1, aspect=0.25, stroke=0.6)
SLANT_STAYS = Augment(scale=0.25, shift=0.1, aspect=0.5, stroke=0.8)
ASPECT_STAYS = Augment(rotation=0.3, shear=0.4, scale=0.25, shift=0.1, stroke=0.8)
OWN_VIEWS = (View(SLANT_STAYS, 0.25, ("cont 1",)), View(ASPECT_STAYS, 0.25, ("cont 2",)))
DIGIT_VIEWS = Views((*OWN_VIEWS, View(DIGIT_AUGMENT, 0.5)))

# notebook 06's: the paper's InfoGAN and all that the notebook adds to it
FAST = Recipe(
    continuous_weight=0.8, views=DIGIT_VIEWS, plain_d=True, agreement=1.0, lr_d=2e-3, lr_q=1e-3, average=0.995
)
PAPER = Recipe()  # as the authors' code has it, for latent variables with σ fixed to 1 and uniform noise
PLAIN_GAN = Recipe(information_updates=("Q",))  # the paper's Figure 1: a plain GAN, a Q fitted on the side
THREE_STEP = Recipe(gan="least-squares", lam_lc=(1.0, 0.1), separate_step=True)  # as in eriklindernoren/PyTorch-GAN
