"""The live view names the known failures while they happen, and is quiet when all is well."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from helpers import make

from infogan_utils.plots.watch import failures
from infogan_utils.recipes import FAST, PLAIN_GAN, THREE_STEP

GOOD = {"D": (1.25, 0.1), "G": (0.85, 0.1), "cat 1": (2.28, 0.02), "cont 1": (1.0, 0.1), "cont 2": (0.7, 0.1)}


def run(recipe=FAST, **figures):
    """A run whose last 300 steps had these figures, each a mean and a deviation."""
    trainer, rng = make(recipe), np.random.default_rng(0)
    trainer.steps = 300
    trainer.history = {name: list(rng.normal(*value, 300)) for name, value in (GOOD | figures).items()}
    return trainer


def samples(spread: float = 0.5) -> torch.Tensor:
    return torch.rand(30, 1, 28, 28, generator=torch.Generator().manual_seed(0)) * spread


def test_a_good_run_gets_no_word():
    assert failures(run(), samples()) == []


@pytest.mark.parametrize(
    ("figures", "spread", "says"),
    [
        ({"D": (0.013, 0.001), "G": (5.1, 0.1)}, 0.5, "D has won"),
        ({}, 0.01, "collapsed"),  # B74 is both: every sample a 1
        ({"cat 1": (0.02, 0.03)}, 0.5, "learnt nothing"),  # B51
        ({"cat 1": (math.log(10) - 1.465, 0.002)}, 0.5, "softmax"),  # B50
        ({"G": (80.0, 9.0)}, 0.5, "NaN is near"),
    ],
)
def test_each_known_failure_is_named(figures, spread, says):
    (sentence,) = failures(run(**figures), samples(spread))
    assert says in sentence


def test_a_plain_gan_is_not_told_that_its_code_is_ignored():
    assert failures(run(PLAIN_GAN, **{"cat 1": (0.0, 0.02)}), samples()) == []
    assert failures(run(dataclasses.replace(FAST, lam=0.0), **{"cat 1": (0.0, 0.02)}), samples()) == []
    turned = run(FAST, **{"cat 1": (0.0, 0.02)})
    turned.lam = 0.0
    assert failures(turned, samples()) == []
    continuous_alone = dataclasses.replace(THREE_STEP, lam_lc=(0.0, 0.1))
    assert failures(run(continuous_alone, **{"cat 1": (-0.5, 0.02)}), samples()) == []
