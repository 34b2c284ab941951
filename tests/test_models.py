"""The networks against the paper's tables, their heads' precision, and a look that leaves no trace."""

import pytest
import torch
from helpers import SPEC, TINY, OwnD, OwnG, make, normal, reals
from torch import nn

from infogan_utils import LatentSpec, Model, Recipe, Trainer, build, models
from infogan_utils.data import PAPER_SPECS
from infogan_utils.looking import as_floats, follow, looking


def linear(inputs: int, outputs: int) -> int:
    return (inputs + 1) * outputs


def normed(inputs: int, outputs: int, kernel: int = 1) -> int:
    """Weights before a batch norm, which brings a scale and a shift and makes a bias idle."""
    return (inputs * kernel**2 + 2) * outputs


# parameters of G, of the trunk and of both heads, layer by layer as in the tables of the paper's appendix C
TABLES = {
    "mnist": (
        models.PAPER, 28, 1,
        normed(74, 1024) + normed(1024, 128 * 7 * 7) + normed(128, 64, 4) + linear(64 * 16, 1),
        linear(16, 64) + normed(64, 128, 4) + normed(128 * 7 * 7, 1024),
        linear(1024, 1) + normed(1024, 128) + linear(128, 14),
    ),
    "svhn": (  # CelebA, too
        models.PAPER_32, 32, 3,
        normed(168, 2 * 2 * 448) + normed(448, 256, 4) + 256 * 16 * 128 + 128 + 128 * 16 * 64 + 64 + 64 * 16 * 3 + 3,
        linear(3 * 16, 64) + normed(64, 128, 4) + normed(128, 256, 4),
        linear(256 * 4 * 4, 1) + normed(256 * 4 * 4, 128) + linear(128, 48),
    ),
    "faces": (
        models.PAPER, 32, 1,
        normed(133, 1024) + normed(1024, 128 * 8 * 8) + normed(128, 64, 4) + linear(64 * 16, 1),
        linear(16, 64) + normed(64, 128, 4) + normed(128 * 8 * 8, 1024),
        linear(1024, 1) + normed(1024, 128) + linear(128, 10),
    ),
    "chairs": (
        models.PAPER_64, 64, 1,
        normed(189, 1024) + normed(1024, 256 * 8 * 8) + 2 * normed(256, 256, 3)
        + normed(256, 128, 4) + normed(128, 64, 4) + linear(64 * 16, 1),
        linear(16, 64) + normed(64, 128, 4) + normed(128, 256, 4) + 2 * normed(256, 256, 3) + normed(256 * 8 * 8, 1024),
        linear(1024, 1) + normed(1024, 128) + linear(128, 62),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_the_papers_networks_have_its_tables_shapes_and_parameters(name):
    widths, side, channels, of_g, of_trunk, of_heads = TABLES[name]
    spec = PAPER_SPECS[name]
    with torch.device("meta"):  # shapes without numbers
        G, D = build(spec, widths, channels=channels, side=side)
        images = G(torch.empty(2, spec.total))
        h = D.trunk(images)
        v, answers = D.d_head(h), D.q_head(h)
    assert images.shape == (2, channels, side, side) and v.shape == (2, 1) and answers.shape == (2, spec.answers)
    counts = [sum(p.numel() for p in net.parameters()) for net in (G, D.trunk, D)]
    assert counts == [of_g, of_trunk, of_trunk + of_heads]
    assert {layer.negative_slope for layer in D.modules() if isinstance(layer, nn.LeakyReLU)} == {0.1}


def test_G_draws_in_0_1_and_the_seed_fixes_the_first_weights_alone():
    before = torch.get_rng_state()
    (G, D), (again, _), (other, _) = (build(SPEC, TINY, seed=seed) for seed in (0, 0, 1))
    assert torch.equal(before, torch.get_rng_state())
    x = SPEC.encode(SPEC.sample(8, torch.Generator().manual_seed(0)))
    assert torch.equal(G(x), again(x)) and not torch.equal(G(x), other(x))
    assert 0 <= G(100 * x).min() and G(100 * x).max() <= 1
    assert build(LatentSpec(5), TINY)[1](G(x))[1].shape == (8, 0)  # a plain GAN has no codes


def test_the_heads_compute_in_float32_and_into_trunk_decides_where_Qs_gradient_ends():
    _, D = build(SPEC, TINY)
    x, heard = reals(4), []
    D.trunk.register_forward_hook(lambda *args: heard.append(args[-1].dtype))
    with torch.autocast("cpu", torch.bfloat16):
        v, answers = D(x)
    assert heard == [torch.bfloat16] and v.dtype == answers.dtype == torch.float32
    assert not torch.equal(answers, answers.bfloat16().float())  # nor rounded on the way
    for into_trunk in (True, False):
        h = normal(4, 16).requires_grad_()
        v, answers = models.heads(D, h, into_trunk=into_trunk)
        answers.sum().backward()
        assert (h.grad is not None) == into_trunk
        v.sum().backward()
        assert h.grad.abs().sum() > 0  # D's own gradient always enters


def test_a_look_is_in_eval_mode_without_gradient_and_puts_every_mode_back():
    G, D = build(SPEC, TINY)
    D.train()
    D.trunk[3].eval()
    modes, seen = [module.training for module in D.modules()], []
    D.trunk.register_forward_hook(lambda net, _, out: seen.append((net.training, out.requires_grad)))
    model = Model(G, D, SPEC)
    q = model.read(reals(600))  # more than one batch
    assert seen == [(False, False)] * 2 and [module.training for module in D.modules()] == modes
    assert torch.allclose(q["cat 1"].probs[:1], model.categories(reals(600)[:1]), atol=1e-6)  # no batch statistics
    with pytest.raises(ZeroDivisionError), looking(D):
        raise ZeroDivisionError
    assert [module.training for module in D.modules()] == modes
    latents = SPEC.sample(7, torch.Generator().manual_seed(0))
    assert model.draw(latents).shape == (7, 1, 28, 28) and not model.draw(latents).requires_grad
    with pytest.raises(ValueError, match="no discrete code"):
        Model(G, D, LatentSpec(16)).categories(reals(2))


def test_images_come_as_bytes_or_floats_with_or_without_channel():
    x = torch.tensor([[[0, 51], [102, 255]]], dtype=torch.uint8)
    for given in (x, x.unsqueeze(1), x / 255, x.unsqueeze(1).double() / 255, x.numpy()):
        assert torch.allclose(as_floats(given), torch.tensor([[[[0.0, 0.2], [0.4, 1.0]]]]))
    for odd in (x.float(), x.long(), x.double().numpy()):
        with pytest.raises(ValueError, match="images up to 255 were given; give uint8, or floats in"):
            as_floats(odd)


def test_averages_follow_floats_and_copy_whole_numbers():
    average, net = nn.BatchNorm1d(2), nn.BatchNorm1d(2)
    net.num_batches_tracked.fill_(12)
    net.weight.data.fill_(3.0)
    follow([average], [net], 0.75)
    assert average.num_batches_tracked == 12 and torch.equal(average.weight, torch.full((2,), 1.5))
    run = make(average=0.0)
    run.step(reals(8))
    pairs = zip(run.averaged.G.state_dict().values(), run.G.state_dict().values(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)


def wrong(part: str, module: nn.Module | None) -> OwnD:
    D = OwnD()
    setattr(D, part, module)
    return D


def test_networks_that_do_not_fit_are_named_with_what_is_needed():
    for G, D, message in [
        (OwnG(9), OwnD(), "cannot be multiplied"),
        (OwnG(), nn.Sequential(nn.Linear(2, 1)), "no attribute 'trunk'"),
        (OwnG(), wrong("trunk", nn.BatchNorm2d(2)), "expected 4D input"),
        (OwnG(), wrong("d_head", nn.Linear(16, 2)), r"d_head makes \(2, 2\)"),
        (OwnG(), wrong("q_head", nn.Linear(16, 9)), r"q_head \(2, 9\)"),
        (OwnG(), wrong("q_head", None), "not callable"),
    ]:
        with pytest.raises(ValueError, match=rf"{message}.*G takes \(n, 16\); D has trunk, d_head → \(n, 1\)"):
            Trainer(G, D, SPEC, Recipe())
    with pytest.raises(ValueError, match="side of 30 was given.*multiple of 4"):
        build(SPEC, TINY, side=30)


def test_with_spectral_norm_no_layer_of_D_stretches_a_picture_and_there_is_no_batch_norm():
    _, D = build(SPEC, models.SPRITES, side=32)
    for _ in range(30):  # each look refines the norm
        D(normal(2, 1, 32, 32))
    *layers, last = (m for m in D.modules() if isinstance(m, nn.Conv2d | nn.Linear))
    norms = torch.stack([torch.linalg.matrix_norm(layer.weight.flatten(1), 2) for layer in layers])
    assert (norms - 1).abs().max() < 0.05 and last is D.q_head[-1]  # Q's answers have any size
    assert not any(isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d) for m in D.modules())


def test_the_trunks_gradients_keep_the_layout_of_its_convolutions():
    found = []
    D = make().D
    for layer in D.trunk[:5]:
        layer.register_full_backward_hook(lambda _, __, gradient: found.append(gradient[0]))
    D(reals().requires_grad_())[0].sum().backward()
    assert len(found) == 5 and all(g.is_contiguous(memory_format=torch.channels_last) for g in found)
