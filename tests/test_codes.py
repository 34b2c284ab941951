"""Latent variables: priors, entropies, log Q, the paper's specifications, and a kind of code that the package lacks."""

import math
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from helpers import SPEC, make_own, normal, points
from torch.distributions import VonMises

from infogan_utils import Categorical, Latents, LatentSpec, Uniform, checkpoint, train
from infogan_utils.codes import Code
from infogan_utils.data import PAPER_SPECS
from infogan_utils.objectives import information, three_step_loss

# total width of G's input and numbers of Q's head, from the paper's section 7 and appendix C
PAPER = {"mnist": (74, 14), "chairs": (189, 62), "faces": (133, 10), "svhn": (168, 48), "celeba": (228, 100)}


@pytest.mark.parametrize("name", PAPER)
def test_each_specification_of_the_paper_samples_and_encodes_to_its_width(name):
    spec = PAPER_SPECS[name]
    assert (spec.total, spec.answers) == PAPER[name] and PAPER.keys() == PAPER_SPECS.keys()
    latents = spec.sample(7, torch.Generator().manual_seed(0))
    encoded = spec.encode(latents)
    assert encoded.shape == (7, spec.total) and encoded.dtype == torch.float32
    ones = (encoded[:, spec.noise :] == 1).sum(dim=1)  # one of each category's columns; U(-1, 1) never gives 1
    assert torch.equal(ones, torch.full((7,), len(spec.discrete)))
    assert all(part.shape == (7, spec[key].answers) for key, part in spec.split(normal(7, spec.answers)).items())


def test_codes_and_noise_come_from_their_priors():
    for uniform in (False, True):
        spec = LatentSpec(3, (Categorical(10), Uniform()), uniform_noise=uniform)
        z, c = spec.sample(20_000, torch.Generator().manual_seed(1))
        counts = torch.bincount(c["cat 1"], minlength=10)
        assert counts.min() > 1_800 and counts.max() < 2_200
        assert c["cont 1"].abs().max() <= 1 and abs(c["cont 1"].var().item() - 1 / 3) < 0.01
        assert abs(z.var().item() - (1 / 3 if uniform else 1)) < 0.03 and (z.abs().max() <= 1) == uniform


def test_entropies_are_the_priors_and_posteriors_the_distributions_of_the_answers():  # B08
    assert {name: code.entropy for name, code in SPEC.items()} == {
        "cat 1": math.log(10),
        "cont 1": math.log(2),
        "cont 2": math.log(2),
    }
    answers = normal(6, SPEC.answers)
    q = SPEC.posteriors(answers)
    assert torch.allclose(q["cat 1"].probs, answers[:, :10].softmax(1))
    assert torch.equal(q["cont 2"].mean, answers[:, 12]) and q["cont 2"].stddev.shape == (6,)
    fixed = LatentSpec(4, (Uniform(sigma=0.5),))
    assert fixed.answers == 1 and torch.equal(fixed.posteriors(normal(6, 1))["cont 1"].stddev, torch.full((6,), 0.5))
    raw = torch.tensor([-1e9, -1.0, 0.0, 1.0, 1e9])
    log_var = 2 * Uniform().posterior(torch.stack([torch.zeros(5), raw], dim=1)).stddev.log()
    assert log_var.abs().max() <= 8.001 and torch.allclose(log_var[1:4], raw[1:4], atol=0.01)  # in its range


def share_one_code(latents, shared, gap):
    """What rows i and i + n/2 must have in common, and what not."""
    half = len(shared)
    assert torch.equal(latents.z[:half], latents.z[half:])
    for i, c in enumerate(latents.c.values()):
        one, other = c[:half].double(), c[half:].double()
        assert torch.equal(one[shared == i], other[shared == i])
        assert ((one - other).abs()[shared != i] >= max(gap, 1e-12) - 1e-6).all() and (one != other)[shared != i].all()


@pytest.mark.parametrize("gap", [0.0, 0.7, 1.0])
def test_a_pair_shares_its_noise_and_exactly_one_code_and_each_picture_has_codes_from_the_prior(gap):
    draw = torch.Generator().manual_seed(0)
    latents, shared = SPEC.sample_pairs(12_000, draw, gap)
    share_one_code(latents, shared, gap)
    assert (torch.bincount(shared, minlength=3) / 6_000 - 1 / 3).abs().max() < 0.03
    for half in (slice(0, 6_000), slice(6_000, None)):
        assert (torch.bincount(latents.c["cat 1"][half], minlength=10) - 600).abs().max() < 120
        for name in ("cont 1", "cont 2"):
            assert (torch.histc(latents.c[name][half], 10, -1, 1) - 600).abs().max() < 120
    none = Latents(latents.z, {name: torch.cat([c[:6_000], SPEC[name].apart(c[:6_000], gap, draw)])
                               for name, c in latents.c.items()})  # fmt: skip
    for wrong in (
        none,
        SPEC.sample(12_000, draw),
        Latents(latents.z, {k: c[:6_000].repeat(2) for k, c in latents.c.items()}),
    ):
        with pytest.raises(AssertionError):
            share_one_code(wrong, shared, gap)


def test_codes_are_set_by_hand():  # B73
    latents = SPEC.by_hand(normal(1, 4).double(), {"cat 1": 3, "cont 1": np.linspace(-1, 1, 9)})  # B63: doubles
    assert torch.equal(SPEC.by_hand(latents.z[0].double().numpy(), {}).z, latents.z[:1])
    assert {name: value.dtype for name, value in latents.c.items()} == {
        "cat 1": torch.int64, "cont 1": torch.float32, "cont 2": torch.float32
    }  # fmt: skip
    x = SPEC.encode(latents)
    assert x.shape == (9, SPEC.total) and x.dtype == torch.float32
    assert torch.equal(x[:, 4:14], torch.eye(10)[3].expand(9, 10)) and torch.equal(x[0, :4], x[8, :4])
    assert torch.equal(x[:, 14], torch.linspace(-1, 1, 9)) and torch.equal(x[:, 15], torch.zeros(9))
    assert SPEC.by_hand(normal(4), {}).z.shape == (1, 4)


def test_what_does_not_fit_is_named():
    z, c = SPEC.sample(2, torch.Generator())
    for message, wrong in {
        r"Categorical\(1\) was given": lambda: Categorical(1),
        r"Uniform\(-1\) was given.*above 0": lambda: Uniform(-1),
        "something must be left": lambda: LatentSpec(0),
        r"an object such as Categorical\(10\)": lambda: LatentSpec(62, (10,)),
        "n = 0": lambda: SPEC.sample(0, torch.Generator()),
        r"'z': \(2, 5\).*takes z \(n, 4\)": lambda: SPEC.encode(Latents(normal(2, 5), c)),
        r"'cont 1': \(3,\)": lambda: SPEC.encode(Latents(z, c | {"cont 1": normal(3)})),
        r"values \[10\].*Categorical\(k=10\), 0 to 9": lambda: SPEC.encode(SPEC.by_hand(z, {"cat 1": 10})),
        r"codes \['cat 2'\] were given": lambda: SPEC.by_hand(z, {"cat 2": 1}),
        "'cont 1': 3.*should be 1": lambda: SPEC.by_hand(z, {"cont 1": normal(3)}),
    }.items():  # fmt: skip
        with pytest.raises(ValueError, match=message):
            wrong()


@dataclass(frozen=True)
class Angle(Code):
    """A code on the circle: an angle, which Q answers as the direction and the concentration of a von Mises."""

    kind, discrete, dtype = "angle", False, torch.float32
    width, answers, entropy = 2, 3, math.log(2 * math.pi)

    def sample(self, n, generator):
        return (torch.rand(n, generator=generator) * 2 - 1) * math.pi

    def encode(self, c):
        return torch.stack([c.cos(), c.sin()], dim=1)

    def posterior(self, answers):
        return VonMises(torch.atan2(answers[:, 1], answers[:, 0]), answers[:, 2].exp(), validate_args=False)


def test_a_third_kind_of_code_is_one_class(tmp_path):
    spec = LatentSpec(2, (Categorical(3), Angle(), Angle()))
    assert spec.names == ("cat 1", "angle 1", "angle 2") and (spec.total, spec.answers) == (9, 9)
    latents, answers = spec.sample(50, torch.Generator().manual_seed(0)), torch.zeros(50, 9)
    answers[:, 3], answers[:, 5] = 1.0, -20.0  # of "angle 1": a flat Q, which knows nothing
    assert abs(information(spec, answers, latents)["angle 1"]) < 1e-4
    sure = torch.cat([Angle().encode(latents.c["angle 1"]), torch.full((50, 1), 3.0)], dim=1)
    answers[:, 3:6] = sure
    assert information(spec, answers, latents)["angle 1"] > 2  # von Mises with κ = e³, at its mean
    assert torch.isfinite(three_step_loss(spec, answers, latents, 1.0, 1.0))
    run = make_own(spec=spec)
    train(run, points, until=3)
    assert set(run.history) == {"D", "G", "lam", *spec.names}
    again = make_own(seed=1, spec=spec)
    again = checkpoint.load(checkpoint.save(run, tmp_path / "run"), networks=(again.G, again.D))
    assert again.spec == spec and again.history == run.history
