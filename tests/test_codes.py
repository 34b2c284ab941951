"""Latent variables: shapes, priors and entropies of the paper's five layouts."""

import math

import pytest
import torch

from infogan_utils.codes import LAYOUTS, Codes, Layout, layout

TOTALS = {"mnist": 74, "chairs": 189, "faces": 133, "svhn": 168, "celeba": 228}


@pytest.mark.parametrize("name", LAYOUTS)
def test_each_layout_of_the_paper_samples_and_encodes_to_its_total_width(name):
    spec = layout(name)
    codes = spec.sample(7, torch.Generator().manual_seed(0))
    assert codes.z.shape == (7, spec.noise)
    assert codes.c_cat.shape == (7, len(spec.categorical))
    assert codes.c_cont.shape == (7, spec.continuous)
    encoded = spec.encode(codes)
    assert encoded.shape == (7, TOTALS[name]) and encoded.dtype == torch.float32
    hot = encoded[:, spec.noise : spec.noise + sum(spec.categorical)]
    assert torch.equal(hot.sum(dim=1), torch.full((7,), float(len(spec.categorical))))


def test_codes_come_from_their_priors_and_not_from_a_normal_distribution():
    codes = Layout(3, (10,), 2).sample(20_000, torch.Generator().manual_seed(1))
    counts = torch.bincount(codes.c_cat[:, 0], minlength=10)
    assert counts.min() > 1_800 and counts.max() < 2_200
    assert codes.c_cont.min() >= -1 and codes.c_cont.max() <= 1
    assert abs(codes.c_cont.var().item() - 1 / 3) < 0.01  # U(-1, 1)
    assert abs(codes.z.var().item() - 1) < 0.03


def test_the_same_seed_draws_the_same_codes_and_leaves_the_global_state_alone():
    before = torch.get_rng_state()
    one, two = (layout("mnist").sample(5, torch.Generator().manual_seed(3)) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))
    assert torch.equal(before, torch.get_rng_state())


def test_the_entropy_comes_from_the_prior_B08():
    entropy = layout("mnist").entropy()
    assert entropy == {"cat 1": math.log(10), "cont 1": math.log(2), "cont 2": math.log(2)}
    assert abs(entropy["cat 1"] - 2.3026) < 1e-4


def test_codes_in_double_precision_reach_the_network_in_single_B63():
    codes = Codes(torch.zeros(2, 3, dtype=torch.float64), torch.tensor([[1], [0]]), torch.ones(2, 1).double())
    moved = codes.to("cpu")
    assert moved.z.dtype == moved.c_cont.dtype == torch.float32
    assert Layout(3, (2,), 1).encode(codes).dtype == torch.float32


def test_wrong_layouts_and_codes_are_named():
    with pytest.raises(ValueError, match="'mnits'.*celeba.*mnist"):
        layout("mnits")
    with pytest.raises(ValueError, match="at least 2 values"):
        Layout(62, (1,), 2)
    with pytest.raises(ValueError, match="something must be left"):
        Layout(0)
    spec = Layout(2, (3,), 0)
    good = spec.sample(2, torch.Generator().manual_seed(0))
    with pytest.raises(ValueError, match=r"0 … K−1 for K in \(3,\)"):
        spec.encode(good._replace(c_cat=torch.tensor([[1], [3]])))
    with pytest.raises(ValueError, match=r"\(5, 1, 0\) were given"):
        spec.encode(good._replace(z=torch.zeros(2, 5)))
    for wrong in (
        good._replace(c_cat=torch.tensor([1, 2])),
        good._replace(c_cat=good.c_cat.float()),
        good._replace(z=good.z[:1]),
    ):
        with pytest.raises(ValueError, match=r"each is \(batch, its width\), and c_cat of int64"):
            spec.encode(wrong)
    with pytest.raises(ValueError, match=r"written with a comma, \(10,\)"):
        Layout(62, (10), 2)
    with pytest.raises(ValueError, match="n = 0"):
        spec.sample(0, torch.Generator())
