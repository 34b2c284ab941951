"""Helpers of the series *InfoGAN, step by step*. The folder is the map.

The core, flat, each module importing only from those before it:

    seeds       the streams of random numbers that one seed gives
    codes       the kinds of code: their draw, encoding, entropy and log Q
    latents     the latent specification (z, c)
    models      G; the trunk with D's head and Q's
    looking     networks in eval mode, and their averages
    augment     random changes of an image: the noisy channel T
    objectives  the GAN losses, L_I, the agreement bound
    recipes     how a run trains; the named ones
    training    Trainer: one step, state_dict
    loop        the loop around it: progress, stop, roll back

Rooms, which import from the core only: ``runs`` (a start chosen without labels, the file of a run, the device,
several processes, the command line ``python -m infogan_utils.runs.train``, the versions), ``metrics``, ``data``,
``plots``, ``widgets``, ``checks`` (of the exercises), ``assets`` (trained weights, measured runs).
"""

import os

from infogan_utils.runs import versions

versions.check()
# before torch is loaded: threads that wait must not spin, or beside another busy program they hold each other up
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

from infogan_utils.codes import Categorical, Uniform
from infogan_utils.latents import Latents, LatentSpec
from infogan_utils.looking import Model
from infogan_utils.loop import train
from infogan_utils.models import build
from infogan_utils.recipes import Recipe
from infogan_utils.runs import checkpoint
from infogan_utils.runs.devices import best_device
from infogan_utils.runs.start import choose_start
from infogan_utils.training import Trainer
