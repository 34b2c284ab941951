"""The noisy channel T: what it spares, what it moves, that it can be differentiated and repeated."""

import pytest
import torch

from infogan_utils.channel import Channel


def stripes(n: int) -> torch.Tensor:
    x = torch.zeros(n, 1, 28, 28)
    x[:, :, 6:22, 12:16] = 1
    return x


def run(channel: Channel, n: int = 8, seed: int = 0) -> torch.Tensor:
    return channel(stripes(n), torch.Generator().manual_seed(seed))


def test_a_channel_of_nothing_returns_its_images():
    still = Channel(rotation=0, shear=0, scale=0, shift=0, aspect=0, stroke=0)
    assert torch.allclose(run(still), stripes(8), atol=1e-5)


def test_the_spared_half_keeps_place_and_angle_and_the_rest_does_not():
    out = run(Channel(aspect=0, stroke=0))
    assert torch.allclose(out[:4], stripes(4), atol=1e-5)
    assert all((out[i] - stripes(1)[0]).abs().max() > 0.1 for i in range(4, 8))


def test_width_and_stroke_change_in_the_spared_half_too():
    out = run(Channel(rotation=0, shear=0, scale=0, shift=0))
    assert (out[:4] - stripes(4)).abs().amax(dim=(1, 2, 3)).min() > 0.05


@pytest.mark.parametrize("part", ["rotation", "shear", "scale", "shift", "aspect", "stroke"])
def test_each_part_by_itself_changes_the_picture(part):
    still = dict.fromkeys(("rotation", "shear", "scale", "shift", "aspect", "stroke"), 0.0)
    out = run(Channel(**(still | {part: 0.3})))
    assert (out[4:] - stripes(4)).abs().max() > 0.05


def test_values_stay_in_0_1_and_gradients_pass():
    x = stripes(6).requires_grad_()
    out = Channel()(x, torch.Generator().manual_seed(0))
    assert out.min() >= -1e-6 and out.max() <= 1 + 1e-6
    out.sum().backward()
    assert x.grad.abs().sum() > 0 and torch.isfinite(x.grad).all()


def test_the_same_seed_draws_the_same_map_and_another_seed_another():
    assert torch.equal(run(Channel(), seed=4), run(Channel(), seed=4))
    assert not torch.equal(run(Channel(), seed=4), run(Channel(), seed=5))


def test_shares_outside_0_1_are_named():
    with pytest.raises(ValueError, match=r"spared=1.5.*\[0, 1\]"):
        Channel(spared=1.5)
