"""How a run trains: the recipe, and the named ones that the notebooks compare. Notebook 06 uses them."""

import math
from dataclasses import dataclass, replace

from infogan_utils.augment import Augment, View, Views
from infogan_utils.objectives import GAN_LOSSES

PARTS = ("G", "trunk", "Q")


@dataclass(frozen=True)
class Recipe:
    """How a run trains; ``Recipe()`` is the paper's way. Frozen: what a run changes is λ, an attribute of the trainer.

    ``views``, ``plain_d``, ``agreement`` and ``contrast`` are no part of the paper. Behind T, a G that always draws the
    same 3 looks far more varied than it is: with ``plain_d`` D's head sees half of the images, and these without T.
    RIM (Krause et al., 2010), IMSAT (arXiv 1702.08720) and IIC (arXiv 1807.06653) use the agreement bound by itself.
    ``contrast`` is InfoGAN-CR's (arXiv 1906.06034). Unlike there, the pairs are the batch of the step itself, gaps are
    measured on a circle, so that each picture has codes from the prior, and shrink evenly; H has no spectral norm.
    """

    gan: str = "non-saturating"  # the GAN loss, one of ``objectives.GAN_LOSSES``
    lam: float = 1.0  # λ, the weight of L_I, at the start
    continuous_weight: float = 1.0  # of the continuous codes' L_I within L_I
    information_updates: tuple[str, ...] = PARTS  # what its gradient trains; ("Q",): a plain GAN, Q fitted on the side
    lam_lc: tuple[float, float] | None = None  # (λ_l, λ_c) of the three-step form's loss, in the place of −L_I
    separate_step: bool = False  # whether the information loss has a step and an Adam of its own; λ is then inert
    views: Views | Augment | None = None  # the noisy channel T between image and trunk; one Augment is for all
    plain_d: bool = False
    agreement: float = 0.0  # weight, within L_I, of the bound on real images, each seen through two draws of T
    contrast: float = 0.0  # weight, within λ's sum, of InfoGAN-CR's contrastive regulariser
    gap_steps: int = 1  # steps in which the gap between the codes that a pair doesn't share falls from 1 to 0
    batch: int = 128  # images in a step
    lr_g: float = 1e-3  # Adam's learning rates: of G,
    lr_d: float = 2e-4  # of the trunk with D's head,
    lr_q: float = 2e-4  # of Q's head
    average: float = 0.99  # decay a step of the averaged weights

    def __post_init__(self) -> None:
        if self.gan not in GAN_LOSSES:
            raise ValueError(f"no GAN loss is called {self.gan!r}; there are {', '.join(GAN_LOSSES)}")
        if isinstance(self.views, Augment):
            object.__setattr__(self, "views", Views((View(self.views),)))
        if not isinstance(self.views, Views | None):
            raise ValueError(f"views = {self.views!r} was given; a T of your own is a class that inherits from Views")
        updates = self.information_updates
        object.__setattr__(self, "lam", check_lam(self.lam))
        for name in ("agreement", "continuous_weight", "lr_g", "lr_d", "lr_q"):
            check_lam(getattr(self, name), name)
        for weight in self.lam_lc or ():
            check_lam(weight, "a weight of lam_lc")
        if not 0 <= self.average < 1:
            raise ValueError(f"average = {self.average!r} was given; a decay a step is 0 or more, and below 1")
        if check_lam(self.contrast, "contrast") and (self.separate_step or self.batch % 2 or self.gap_steps < 1):
            how = f"separate_step = {self.separate_step}, batch = {self.batch}, gap_steps = {self.gap_steps}"
            raise ValueError(f"contrast takes pairs of a batch in G's step, gap_steps of 1 or more; {how} was given")
        if self.agreement and (self.separate_step or "trunk" not in updates or self.views is None):
            how = f"information_updates = {updates}, separate_step = {self.separate_step}, views = {self.views}"
            raise ValueError(f"agreement trains the trunk in D's step through views, but got {how}; set agreement=0.0")
        if not set(updates) <= set(PARTS) or "Q" not in updates:
            raise ValueError(f"information_updates = {updates} was given; it holds 'Q' and any of 'G' and 'trunk'")
        if not hasattr(self.batch, "__index__") or self.batch < (4 if self.plain_d else 2):
            given = f"a batch of {self.batch!r} was given"
            raise ValueError(f"{given}; it is a whole number, and batch norm needs 2 images or more at a time")

    def gap(self, steps: int) -> float:
        """The least distance of the codes that a pair of pictures doesn't share, after ``steps`` steps: 1 to 0."""
        return max(0.0, 1 - (steps + 1) / self.gap_steps)


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
# for pictures with continuous factors and D with spectral norm, after InfoGAN-CR, whose λ is 0.05; and its regulariser,
# with a weight λ · 5 = 1, theirs is 2
SPRITES = Recipe(lam=0.2, batch=64, lr_d=2e-3, lr_q=2e-3, average=0.0)
CONTRASTIVE = replace(SPRITES, contrast=5.0, gap_steps=5000)
PAPER = Recipe()  # as the authors' code has it, for latent variables with σ fixed to 1 and uniform noise
PLAIN_GAN = Recipe(information_updates=("Q",))  # the paper's Figure 1: a plain GAN, a Q fitted on the side
THREE_STEP = Recipe(gan="least-squares", lam_lc=(1.0, 0.1), separate_step=True)  # as in eriklindernoren/PyTorch-GAN
