"""The known ways in which a run fails, named while they happen, from figures that the run has anyway."""

import math

import numpy as np
from torch import Tensor

from infogan_utils.training import Trainer

LOOK = 100  # steps: the last ones, over which a figure has to be bad
D_WINS = {"least-squares": 0.01}  # D's loss below which it has won; 0.1 nats for the cross-entropies
SAME = 0.03  # standard deviation of a pixel over all samples, below which they are one picture (digits: about 0.25)


def failures(trainer: Trainer, images: Tensor) -> list[str]:
    """A sentence for each failure that the last steps show, with the notebook that cures it; empty when all is well.

    Args:
        images: samples of all categories and several draws of noise, (n, side, side) or (n, channels, side, side).
    """
    history, recipe = trainer.history, trainer.recipe
    if trainer.steps < 2 * LOOK or len(history.get("D", ())) < LOOK:
        return []
    recent = {name: np.array(values[-LOOK:]) for name, values in history.items()}
    found = []
    if recent["D"].mean() < D_WINS.get(recipe.gan, 0.1):
        found.append(
            f"D has won (its loss is {recent['D'].mean():.3f}, G's {recent['G'].mean():.1f}): G learns little; a "
            "smaller lr_d, notebook 02"
        )
    if float(images.flatten(1).std(dim=0).mean()) < SAME:
        found.append(
            "G has collapsed: all samples are nearly one picture; start again with a smaller lr_g, notebook 02"
        )
    weight = trainer.lam * (recipe.lam_lc or (1.0,))[0]  # of the discrete codes
    asked = weight > 0 and "G" in recipe.information_updates
    for name in trainer.spec.discrete if asked else ():
        bound, k = recent[name], math.exp(trainer.spec[name].entropy)
        twice = math.log(k) + 1 - math.log(math.e + k - 1)  # the most that a softmax taken twice allows
        if bound.mean() < 0.05 * math.log(k):
            found.append(
                f"Q has learnt nothing: L_I of {name} is {bound.mean():.2f} nats, a blind guess has 0; notebook 04"
            )
        elif abs(bound.mean() - twice) < 0.02 and bound.std() < 0.02:
            found.append(
                f"L_I of {name} stays at {twice:.2f} nats: is there a softmax before the cross-entropy? notebook 04"
            )
    largest = max(float(np.abs(recent[name]).max()) for name in ("D", "G"))
    if not largest < 50:
        found.append(f"a loss reached {largest:.0f}: NaN is near; smaller learning rates, or a smaller λ")
    return found
