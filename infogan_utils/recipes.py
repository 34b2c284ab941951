"""How a run trains: the recipe, and the named ones that the notebooks compare. Notebook 06 uses them."""

import math
from dataclasses import dataclass

from infogan_utils.channel import Channel
from infogan_utils.objectives import check_objective

PARTS = ("G", "trunk", "Q")


@dataclass(frozen=True)
class Recipe:
    """How a run trains. Frozen: what changes during a run is lam, an attribute of the trainer.

    Args:
        objective: the GAN loss, one of ``objectives.OBJECTIVES``.
        lam: weight of L_I at the start.
        cont_weight: weight of the continuous codes' L_I within L_I.
        reaches: the parts that the information gradient trains, of "G", "trunk", "Q". The plain GAN with a Q
            fitted on the side has ("Q",), the authors' code all three.
        learn_sigma: whether Q's sigma is learned; fixed to 1 otherwise.
        note: (lam_l, lam_c) of the starting note: its cross-entropy and mean squared error in place of -L_I.
        own_adam: whether the information loss takes a step of its own with its own Adam (lam is then inert).
        channel: the noisy channel T, or None.
        agreement: weight, within L_I, of the bound on real images: each is seen twice, through two draws of T, and
            what Q says of one view is the code to be read off the other. Trains the trunk in D's step, where the
            information gradient has to reach it, and Q in the step of G that follows. Q then gets L_I's gradient on
            generated images twice, from D's step and from G's: that of lam·(2 L_I + agreement·A), A the bound.
        batch: images in a step.
        lr_g: Adam's learning rate for G and Q. lr_d: for the trunk and D's head.
        average: decay a step of the averaged weights.
    """

    objective: str = "non-saturating"
    lam: float = 1.0
    cont_weight: float = 0.1
    reaches: tuple[str, ...] = PARTS
    learn_sigma: bool = True
    note: tuple[float, float] | None = None
    own_adam: bool = False
    channel: Channel | None = Channel()
    agreement: float = 0.0
    batch: int = 128
    lr_g: float = 1e-3
    lr_d: float = 2e-4
    average: float = 0.99

    def __post_init__(self) -> None:
        check_objective(self.objective)
        object.__setattr__(self, "lam", check_lam(self.lam))
        if not (math.isfinite(self.agreement) and self.agreement >= 0):
            raise ValueError(f"agreement = {self.agreement} was given; it is a weight, 0 or more, e.g. 1.0")
        if self.agreement and (self.own_adam or "trunk" not in self.reaches):
            raise ValueError(
                "agreement trains the trunk in D's step, but this recipe keeps the information gradient from it "
                f"(reaches = {self.reaches}, own_adam = {self.own_adam}); set agreement=0.0"
            )
        if self.agreement and self.channel is None:
            raise ValueError(
                f"agreement = {self.agreement} compares two views of an image, but channel=None gives one; set "
                "agreement=0.0, or keep a channel"
            )
        if not set(self.reaches) <= set(PARTS) or "Q" not in self.reaches:
            raise ValueError(f"reaches = {self.reaches} was given; it holds 'Q' and any of 'G', 'trunk'")
        if self.batch < 2:
            raise ValueError(f"a batch of {self.batch} was given; batch norm needs 2 images or more to a step")

    @property
    def real_images(self) -> int:
        """Real images that a step takes: the batch, or half of it where each is seen twice."""
        return self.batch // 2 if self.agreement else self.batch


def check_lam(lam: float) -> float:
    """Return ``lam`` as a float; ``ValueError`` unless it is a finite number >= 0."""
    try:
        value = float(lam)
    except (TypeError, ValueError):
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"lam = {lam!r} was given; it weighs L_I and must be a finite number, 0 or more, e.g. 1.0")
    return value


# The recipe of notebook 06, and its relatives: the paper's settings, the plain GAN of the paper's Figure 1
# with a Q fitted on the side, and the starting note's three steps.
FAST = Recipe(agreement=1.0, average=0.995)
PAPER_RECIPE = Recipe(channel=None, learn_sigma=False)
PLAIN_GAN = Recipe(reaches=("Q",))
NOTE = Recipe(objective="least-squares", note=(1.0, 0.1), own_adam=True, channel=None, learn_sigma=False)
