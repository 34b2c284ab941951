"""Notebook 05: what goes in, the networks, which loss reaches what, and what it costs.

| claim of the notebook | checked against | tolerance | test |
|---|---|---|---|
| sample and encode are the package's | `codes.Layout` | exact | test_sample_and_encode_… |
| totals, and entropies in nats | the paper's table, `Layout.entropy` | 1e-12 | test_totals_and_entropies_… |
| the taught networks are the package's | the same weights | 1e-5 | test_the_taught_networks_… |
| five layouts at 28, 32, 64, grey and colour | the shapes | exact | test_every_layout_… |
| −L_I adds up over the codes | `objectives.information` | 1e-4 | test_the_information_loss_… |
| twelve of 28 cells of the first map are none | the paths, by hand | exact | test_the_first_map_… |
| detach leaves D's gradient as it is | equality | exact | test_detaching_the_images_… |
| the second map is what training stores | `training.Trainer` | exact | test_the_second_map_… |
| G hears the same of L_I in answers 1 and 2 | equality | 1e-5 | test_G_hears_the_same_… |
| D's head is no part of an information step | equality | exact | test_an_information_step_… |
| the audit finds no owner and two owners | wrong line-ups | exact | test_the_audit_… |
| parameters of all three families | closed forms | exact | test_parameters_… |
| multiply-adds | closed forms, torch's counter | exact | test_multiply_adds_… |
| BatchNorm2d(C, 0.8) sets ε | √(v/(v + ε)) | 1e-5 | test_the_second_argument_… |
| a batch of one; doubles | the messages | words | test_a_batch_of_one_…, test_double_precision_… |
| exercises accept right answers, refuse wrong ones | 21 mutants | – | test_exercise_… |
"""

import copy
import math

import pytest
import series
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from infogan_utils import objectives
from infogan_utils.checks import nb05 as check
from infogan_utils.codes import LAYOUTS, Layout
from infogan_utils.models import PAPER, SMALL, Posterior, Size
from infogan_utils.note_models import NOTE_SIZE, ChannelDropout, build
from infogan_utils.recipes import Recipe
from infogan_utils.training import Trainer

TAUGHT = (
    "sample encode total code_entropy attempt make_generator Discriminator information_loss length stored two_steps "
    "reached_by_information audit multiply_adds parameters make_note_generator NoteDiscriminator d_then_g "
    "one_information_step spread_after_norms"
).split()
TOTALS = {"mnist": 74, "chairs": 189, "faces": 133, "svhn": 168, "celeba": 228}
SHAPES = {"mnist": (1, 28), "chairs": (1, 64), "faces": (1, 32), "svhn": (3, 32), "celeba": (3, 64)}
TINY = {"wide": 16, "narrow": 8}
DIGITS = (62, (10,), 2)


def plain(spec: Layout) -> tuple:
    return spec.noise, spec.categorical, spec.continuous


@pytest.fixture(scope="module")
def nb() -> dict:
    """The notebook's functions over small networks: G, D, parts, latent, real, codes, as its cells have them."""
    space = series.namespace("05", *TAUGHT)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        G = space["make_generator"](DIGITS, g_fc=24, **TINY)
        D = space["Discriminator"](DIGITS, d_fc=20, q_fc=12, **TINY)
    generator = torch.Generator().manual_seed(0)
    z, c_cat, c_cont = space["sample"](DIGITS, 16, generator)
    parts = {"G": G, "trunk": D.trunk, "D head": D.d_head, "Q head": D.q_head}
    space |= {
        "G": G,
        "D": D,
        "parts": {name: list(net.parameters()) for name, net in parts.items()},
        "real": torch.rand(16, 1, 28, 28, generator=generator),
        "latent": space["encode"](DIGITS, z, c_cat, c_cont),
        "z": z,
        "c_cat": c_cat,
        "c_cont": c_cont,
        "STEPS": {"D": ("trunk", "D head"), "G": ("G", "Q head")},
    }
    return space


# What goes in


@pytest.mark.parametrize("name", LAYOUTS)
def test_sample_and_encode_are_the_packages(nb, name):
    spec = LAYOUTS[name]
    ours = nb["sample"](plain(spec), 9, torch.Generator().manual_seed(3))
    theirs = spec.sample(9, torch.Generator().manual_seed(3))
    assert all(torch.equal(a, b) and a.dtype == b.dtype for a, b in zip(ours, theirs, strict=True))
    row = nb["encode"](plain(spec), *ours)
    assert torch.equal(row, spec.encode(theirs)) and row.shape == (9, TOTALS[name])


@pytest.mark.parametrize("name", LAYOUTS)
def test_totals_and_entropies_are_those_of_the_papers_layouts(nb, name):
    spec = LAYOUTS[name]
    assert nb["total"](plain(spec)) == spec.total == TOTALS[name]
    cats, conts = nb["code_entropy"](plain(spec))
    entropy = spec.entropy()
    assert abs(cats - sum(v for k, v in entropy.items() if k.startswith("cat"))) < 1e-12
    assert abs(conts - sum(v for k, v in entropy.items() if k.startswith("cont"))) < 1e-12
    if name == "celeba":
        assert abs(cats - 10 * math.log(10)) < 1e-12 and conts == 0


def test_a_one_hot_block_picks_one_column_of_the_first_weights():
    layer, spec = nn.Linear(74, 5), LAYOUTS["mnist"]
    codes = spec.sample(6, torch.Generator().manual_seed(0))
    zeroed = spec.encode(codes).clone()
    zeroed[:, 62:72] = 0
    picked = layer(spec.encode(codes)) - layer(zeroed)
    assert torch.allclose(picked, layer.weight[:, 62 + codes.c_cat[:, 0]].T, atol=1e-5)


def test_double_precision_and_float_categories_are_refused_by_torch_and_single_rows_come_out_B63(nb, capsys):
    z, c_cat, c_cont = nb["sample"](DIGITS, 3, torch.Generator().manual_seed(0))
    assert nb["encode"](DIGITS, z.double(), c_cat, c_cont.double()).dtype == torch.float32
    nb["attempt"]("doubles", lambda: nn.Linear(62, 3)(z.double()))
    nb["attempt"]("a float", lambda: F.one_hot(torch.tensor([3.0]), 10))
    said = capsys.readouterr().out
    assert "doubles: RuntimeError" in said and "same dtype" in said and "a float: RuntimeError" in said


# The networks


@pytest.mark.parametrize("channels, side", [(1, 28), (3, 32)])
@pytest.mark.parametrize("family", ["paper", "note"])
def test_the_taught_networks_are_the_packages(nb, family, channels, side):
    spec, image = LAYOUTS["mnist"], {"channels": channels, "side": side}
    if family == "paper":
        size = Size(g_fc=24, d_fc=20, q_fc=12, **TINY)
        G = nb["make_generator"](DIGITS, g_fc=24, **TINY, **image)
        D = nb["Discriminator"](DIGITS, d_fc=20, q_fc=12, **TINY, **image)
    else:
        size = NOTE_SIZE
        G, D = nb["make_note_generator"](DIGITS, **image), nb["NoteDiscriminator"](DIGITS, **image)
    theirs_G, theirs_D = build(spec, size, **image)
    theirs_G.load_state_dict(dict(zip(theirs_G.state_dict(), G.state_dict().values(), strict=True)))
    assert not theirs_D.load_state_dict(D.state_dict(), strict=False).unexpected_keys
    for net in (G, D, theirs_G, theirs_D):
        net.eval()  # without dropped channels
    codes = spec.sample(5, torch.Generator().manual_seed(1))
    x = G(spec.encode(codes))
    assert torch.allclose(x, theirs_G(codes), atol=1e-5)
    d, q = theirs_D(x)
    features = D.trunk(x)
    logits, mu, log_var = D.q(features)
    assert torch.allclose(D.d(features), d, atol=1e-5) and torch.allclose(logits[0], q.logits[0], atol=1e-5)
    assert torch.allclose(mu, q.mu, atol=1e-5) and torch.allclose(log_var, q.log_var, atol=1e-5)


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("family", ["paper", "note"])
def test_every_layout_goes_through_G_and_D_at_its_side_and_colour(nb, name, family):
    spec, (channels, side) = LAYOUTS[name], SHAPES[name]
    size = Size(g_fc=16, d_fc=16, q_fc=8, family=family, **TINY)
    G, D = build(spec, size, channels=channels, side=side)
    x = G(spec.sample(3, torch.Generator().manual_seed(0)))
    assert x.shape == (3, *G.image_shape) == (3, channels, side, side) and D.image_shape == G.image_shape
    assert x.min() >= 0 and x.max() <= 1
    d, q = D(x)
    assert d.shape == (3,) and [a.shape for a in q.logits] == [(3, k) for k in spec.categorical]
    assert q.mu.shape == q.log_var.shape == (3, spec.continuous)
    if family == "paper":
        image = {"channels": channels, "side": side}
        ours = nb["Discriminator"](plain(spec), d_fc=16, q_fc=8, **TINY, **image)
        logits, mu, _ = ours.q(
            ours.trunk(nb["make_generator"](plain(spec), g_fc=16, **TINY, **image)(torch.randn(3, spec.total)))
        )
        assert [a.shape for a in logits] == [a.shape for a in q.logits] and mu.shape == q.mu.shape


@pytest.mark.parametrize("side, left", [(28, 2), (32, 2), (64, 4)])
def test_the_notes_trunk_ends_in_128_channels_of_a_sixteenth_of_the_side_rounded_up(side, left):
    _, D = build(LAYOUTS["mnist"], NOTE_SIZE, side=side)
    assert D.features(torch.rand(2, 1, side, side)).shape == (2, 128 * left**2)
    kinds = [type(layer) for layer in D.trunk]
    assert kinds.count(nn.Conv2d) == kinds.count(ChannelDropout) == 4 and kinds.count(nn.BatchNorm2d) == 3
    widths = [layer.out_channels for layer in D.trunk if isinstance(layer, nn.Conv2d)]
    assert widths == [16, 32, 64, 128]
    norms = [
        layer
        for net in build(LAYOUTS["mnist"], NOTE_SIZE)
        for layer in net.modules()
        if isinstance(layer, nn.BatchNorm2d)
    ]
    assert all(norm.eps == 1e-5 and norm.momentum == 0.1 for norm in norms) and len(norms) == 6


def test_channel_dropout_blanks_whole_channels_scales_the_rest_and_repeats_from_its_seed():
    torch.manual_seed(1)
    drop = ChannelDropout(0.25)
    twin, h = copy.deepcopy(drop), torch.ones(200, 50, 2, 2)
    before = torch.get_rng_state()
    first, second = drop(h), drop(h)
    assert torch.equal(before, torch.get_rng_state())  # the global state is left alone
    assert torch.equal(first, twin(h)) and torch.equal(second, twin(h)) and not torch.equal(first, second)
    assert first.flatten(2).std(dim=2).max() == 0  # a channel is dropped as a whole
    assert abs((first[:, :, 0, 0] == 0).float().mean().item() - 0.25) < 0.02
    assert first.unique().tolist() == pytest.approx([0, 4 / 3])
    assert torch.equal(drop.eval()(h), h)


def test_wrong_families_and_widths_are_named():
    with pytest.raises(ValueError, match="'nope'.*paper.*note"):
        Size(family="nope")
    with pytest.raises(ValueError, match="divide by 8"):
        build(LAYOUTS["mnist"], Size(wide=12, family="note"))
    for family in ("paper", "note"):
        with pytest.raises(ValueError, match="side of 30.*multiple of 4"):
            build(LAYOUTS["mnist"], Size(family=family), side=30)


def test_kernels_of_4_double_the_side_evenly_and_kernels_of_3_do_neither():
    stamps = {
        k: F.conv_transpose2d(torch.ones(1, 1, 4, 4), torch.ones(1, 1, k, k), stride=2, padding=1) for k in (3, 4)
    }
    assert stamps[4].shape[2] == 8 and stamps[4][0, 0, 1:-1, 1:-1].unique().tolist() == [4.0]
    assert stamps[3].shape[2] == 7 and stamps[3][0, 0, 1:-1, 1:-1].unique().tolist() == [1.0, 2.0, 4.0]


# Which loss reaches what


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_information_loss_is_minus_the_packages_L_I(nb, name):
    spec, generator = LAYOUTS[name], torch.Generator().manual_seed(2)
    codes = spec.sample(8, generator)
    logits = [torch.randn(8, k, generator=generator) for k in spec.categorical]
    mu, log_var = torch.randn(2, 8, spec.continuous, generator=generator)
    theirs = objectives.information(Posterior(tuple(logits), mu, log_var), codes)
    ours = nb["information_loss"]((logits, mu, log_var), codes.c_cat, codes.c_cont)
    assert abs(ours.item() + sum(b.item() for b in theirs.values())) < 1e-4


def first_map(nb: dict) -> dict[str, list]:
    """The losses of the notebook's first map, over the small networks."""
    fake = nb["G"](nb["latent"])
    D, codes = nb["D"], (nb["c_cat"], nb["c_cont"])
    on_real, on_fake, on_detached = D.trunk(nb["real"]), D.trunk(fake), D.trunk(fake.detach())
    losses = {
        "D real": F.softplus(-D.d(on_real)).mean(),
        "D generated": F.softplus(D.d(on_fake)).mean(),
        "D detached": F.softplus(D.d(on_detached)).mean(),
        "G": F.softplus(-D.d(on_fake)).mean(),
        "info": nb["information_loss"](D.q(on_fake), *codes),
        "info x.detach": nb["information_loss"](D.q(on_detached), *codes),
        "info features.detach": nb["information_loss"](D.q(on_fake.detach()), *codes),
    }
    return {name: [nb["length"](loss, params) for params in nb["parts"].values()] for name, loss in losses.items()}


def test_the_first_map_has_its_gradients_where_a_path_leads_and_nowhere_else_B21(nb):
    reach = first_map(nb)
    expected = {  # G, trunk, D head, Q head
        "D real": (0, 1, 1, 0),
        "D generated": (1, 1, 1, 0),
        "D detached": (0, 1, 1, 0),
        "G": (1, 1, 1, 0),
        "info": (1, 1, 0, 1),
        "info x.detach": (0, 1, 0, 1),
        "info features.detach": (0, 0, 0, 1),
    }
    assert {name: tuple(int(v is not None) for v in row) for name, row in reach.items()} == expected
    assert all(v > 0 for row in reach.values() for v in row if v is not None)
    assert reach["D generated"][1:3] == pytest.approx(reach["D detached"][1:3], rel=1e-5)
    assert sum(v is None for row in reach.values() for v in row) == 12  # the number the notebook names


def test_detaching_the_images_leaves_Ds_gradient_as_it_is_and_saves_Gs_step_B52(nb, capsys):
    assert torch.equal(nb["d_then_g"](True), nb["d_then_g"](False))
    with_detach, without = capsys.readouterr().out.split("detach = False")
    assert "to 0 of" in with_detach and "backward(): fine" in with_detach
    assert "to 11 of" in without and "backward through the graph a second time" in without
    for net in (nb["G"], nb["D"]):
        net.zero_grad()


def test_Ds_and_Gs_gradients_on_generated_images_all_but_cancel_in_Ds_head(nb):
    D, features = nb["D"], nb["D"].trunk(nb["G"](nb["latent"])).detach()
    a, b = (torch.autograd.grad(F.softplus(s * D.d(features)).mean(), D.d_head.weight)[0] for s in (1, -1))
    assert F.cosine_similarity(a.flatten(), b.flatten(), dim=0) < -0.9
    # softplus'(a) - softplus'(-a) as D's and G's slopes: sigmoid(a) - sigmoid(-a) = tanh(a/2), 0 where D is unsure
    exact = (torch.tanh(D.d(features) / 2).detach()[:, None] * features).mean(0)
    assert torch.allclose(a + b, exact[None], atol=1e-6)


def pattern(row: list) -> tuple:
    return tuple("–" if v == "–" else int(v is not None and v > 0) for v in row)


@pytest.mark.parametrize("reaches", [("G", "trunk", "Q"), ("G", "Q"), ("trunk", "Q"), ("Q",)])
def test_the_second_map_is_what_the_packages_trainer_stores_B01(nb, reaches):
    table = nb["two_steps"](reaches)
    info = {part for part, on in (("trunk", pattern(table[1])[1]), ("G", pattern(table[3])[0]), ("Q", 1)) if on == 1}
    assert info == set(reaches)
    assert pattern(table[0]) == ("–", 1, 1, "–") and pattern(table[2]) == (1, "–", "–", 0)
    assert pattern(table[1]) == ("–", int("trunk" in reaches), 0, "–")
    assert pattern(table[3]) == (int("G" in reaches), "–", "–", 1)
    assert nb["reached_by_information"](table) == {"Q head" if p == "Q" else p for p in reaches}
    assert all(p.grad is None for params in nb["parts"].values() for p in params)

    run = Trainer(Layout(*DIGITS), Recipe(reaches=reaches, channel=None, batch=16), size=Size(8, 8, 4, 8, 8))
    seen = {}
    nets = {"G": run.G, "trunk": run.D.trunk, "D head": run.D.d_head, "Q head": run.D.q_head}
    for lam in (0.0, 1.0):
        copied = copy.deepcopy(run)
        copied.lam = lam
        losses = {}
        copied._update = lambda name, loss, params, losses=losses: losses.update({name: (loss, params)})
        copied.step(nb["real"])
        owners = {
            id(p): part
            for part, net in zip(nets, (copied.G, copied.D.trunk, copied.D.d_head, copied.D.q_head), strict=True)
            for p in net.parameters()
        }
        for step, (loss, params) in losses.items():
            slopes = torch.autograd.grad(loss, params, allow_unused=True, retain_graph=True)
            for p, s in zip(params, slopes, strict=True):
                total = 0.0 if s is None else s.double().sum().item()
                seen.setdefault((step, owners[id(p)]), {}).setdefault(lam, []).append(total)
    assert {(step, part) for step, part in seen} == {("D", "trunk"), ("D", "D head"), ("G", "G"), ("G", "Q head")}
    moved = {key for key, by_lam in seen.items() if by_lam[0.0] != by_lam[1.0]}
    expected = {("G", "Q head")}
    expected |= {("D", "trunk")} if "trunk" in reaches else set()
    expected |= {("G", "G")} if "G" in reaches else set()
    assert moved == expected


def test_G_hears_the_same_of_L_I_whether_or_not_the_trunk_is_trained_by_it(nb):
    with_trunk, without = nb["two_steps"](("G", "trunk", "Q")), nb["two_steps"](("G", "Q"))
    assert with_trunk[3][0] == pytest.approx(without[3][0], rel=1e-5)
    assert with_trunk[1][1] > 0 and without[1][1] is None


def test_a_detach_before_Q_is_found_by_the_notebooks_check_B21(nb):
    assert "G" in nb["reached_by_information"](nb["two_steps"](("G", "trunk", "Q")))
    nb = dict(nb)
    space = series.namespace("05", *TAUGHT)
    for name in ("G", "D", "parts", "real", "latent", "c_cat", "c_cont", "STEPS"):
        space[name] = nb[name]
    original = space["D"].q
    space["D"].q = lambda features: original(features.detach())  # the slip
    try:
        assert space["reached_by_information"](space["two_steps"](("G", "trunk", "Q"))) == {"Q head"}
    finally:
        del space["D"].q


def test_an_information_step_leaves_Ds_head_alone_and_with_lam_0_everything_B01(nb):
    changed, shift = nb["one_information_step"](1.0)
    assert changed == ["G", "trunk", "Q head"] and shift > 0
    assert nb["one_information_step"](0.0) == ([], 0.0)


def test_the_audit_tells_one_owner_from_none_and_two_B10(nb):
    parts = nb["parts"]

    def adam(*names):
        return torch.optim.Adam([p for name in names for p in parts[name]])

    full = {name: len(params) for name, params in parts.items()}
    two = nb["audit"]({"D": adam("trunk", "D head"), "G": adam("G", "Q head")}, parts)
    assert two["Q head"] == {"D": 0, "G": full["Q head"]} and two["trunk"] == {"D": full["trunk"], "G": 0}
    three = nb["audit"](
        {"D": adam("trunk", "D head"), "G": adam("G"), "information": adam("G", "trunk", "Q head")}, parts
    )
    assert three["G"] == {"D": 0, "G": full["G"], "information": full["G"]}
    new_head = parts | {"Q head": [nn.Parameter(p.detach().clone()) for p in parts["Q head"]]}
    assert nb["audit"]({"D": adam("trunk", "D head"), "G": adam("G", "Q head")}, new_head)["Q head"] == {"D": 0, "G": 0}
    half = {"G": torch.optim.Adam(parts["Q head"][:-1])}  # the last bias forgotten
    assert nb["audit"](half, parts)["Q head"] == {"G": full["Q head"] - 1}


def test_features_used_again_after_Ds_step_are_refused_B20(nb):
    G, D = copy.deepcopy(nb["G"]), copy.deepcopy(nb["D"])
    params = [*D.trunk.parameters(), *D.d_head.parameters()]
    adam = torch.optim.Adam(params)
    features = D.trunk(G(nb["latent"]))
    F.softplus(D.d(features)).mean().backward(inputs=params, retain_graph=True)
    adam.step()
    with pytest.raises(RuntimeError, match="inplace operation"):
        F.softplus(-D.d(features)).mean().backward(inputs=list(G.parameters()))


# What it costs


def closed_forms(total: int, size: Size, channels: int, side: int, answers: int) -> dict[str, int]:
    """Parameters and multiply-adds of both families, counted by hand."""
    s, w, n = side // 4, size.wide, size.narrow
    if size.family == "paper":
        flat = w * s * s
        weights_g = [total * size.g_fc, size.g_fc * flat, w * n * 16, n * channels * 16]
        extra_g = 2 * size.g_fc + 2 * flat + 2 * n + channels  # γ and β, the last bias
        used_g = [1, 1, s * s, 4 * s * s]
        weights_t = [channels * n * 16, n * w * 16, flat * size.d_fc]
        extra_t = n + 2 * w + 2 * size.d_fc
        used_t = [4 * s * s, s * s, 1]
        d = size.d_fc + 1
        weights_q, extra_q = [size.d_fc * size.q_fc, size.q_fc * answers], 2 * size.q_fc + answers
        if size.q_fc == 0:
            weights_q, extra_q = [size.d_fc * answers], answers
        d_weights = size.d_fc
    else:
        weights_g = [total * w * s * s, w * w * 9, w * n * 9, n * channels * 9]
        extra_g = w * s * s + 2 * w + w + 2 * w + n + 2 * n + channels
        used_g = [1, 4 * s * s, 16 * s * s, 16 * s * s]
        widths = [channels, w // 8, w // 4, w // 2, w]
        weights_t = [a * b * 9 for a, b in zip(widths, widths[1:], strict=False)]
        extra_t = sum(widths[1:]) + 2 * sum(widths[2:])
        sides = [side]
        for _ in range(4):
            sides.append(-(-sides[-1] // 2))
        used_t = [k * k for k in sides[1:]]
        d_weights = w * sides[-1] ** 2
        d, weights_q, extra_q = d_weights + 1, [d_weights * answers], answers
    return {
        "G": sum(weights_g) + extra_g,
        "trunk": sum(weights_t) + extra_t,
        "d_head": d,
        "q_head": sum(weights_q) + extra_q,
        "G work": sum(a * b for a, b in zip(weights_g, used_g, strict=True)),
        "D work": sum(a * b for a, b in zip(weights_t, used_t, strict=True)) + d_weights + sum(weights_q),
    }


CASES = [(PAPER, 1, 28), (SMALL, 1, 28), (NOTE_SIZE, 1, 28), (NOTE_SIZE, 3, 32), (PAPER, 3, 32), (SMALL, 1, 64)]


@pytest.mark.parametrize("size, channels, side", CASES)
def test_parameters_agree_with_the_closed_forms(nb, size, channels, side):
    spec = LAYOUTS["mnist"]
    G, D = build(spec, size, channels=channels, side=side)
    wanted = closed_forms(spec.total, size, channels, side, 14)
    assert nb["parameters"](G) == wanted["G"]
    for part in ("trunk", "d_head", "q_head"):
        assert nb["parameters"](getattr(D, part)) == wanted[part]


@pytest.mark.parametrize("size, channels, side", CASES)
def test_multiply_adds_agree_with_the_closed_forms_and_with_torchs_counter(nb, size, channels, side):
    spec = LAYOUTS["mnist"]
    G, D = (net.eval() for net in build(spec, size, channels=channels, side=side))
    wanted = closed_forms(spec.total, size, channels, side, 14)
    codes = spec.sample(1, torch.Generator().manual_seed(0))
    x = torch.rand(1, channels, side, side)
    with torch.no_grad():
        assert sum(nb["multiply_adds"](G, codes).values()) == wanted["G work"]
        assert sum(nb["multiply_adds"](D, x).values()) == wanted["D work"]
        with FlopCounterMode(display=False) as counter:
            G(codes)
            D(x)
    assert counter.get_total_flops() == 2 * (wanted["G work"] + wanted["D work"])


def test_the_numbers_that_the_prose_names_hold(nb):
    paper, note = (closed_forms(74, size, 1, 28, 14) for size in (PAPER, NOTE_SIZE))
    assert 9 < paper["G"] / note["G"] < 11 and note["G work"] > 5 * paper["G work"]  # a tenth; slower by a lot
    assert note["D work"] < paper["D work"] / 10  # the other way round in the discriminator
    heads = paper["q_head"] / (paper["trunk"] + paper["d_head"] + paper["q_head"])
    assert 0.015 < heads < 0.025  # 2 %
    assert 1024 * 6272 == 49 * 128 * 64 * 16  # as many multiply-adds, a forty-ninth of the weights


def test_a_counter_that_takes_an_up_convolutions_output_would_be_caught(nb):
    layer = nn.ConvTranspose2d(4, 3, 4, stride=2, padding=1)
    x = torch.rand(1, 4, 5, 5)
    with FlopCounterMode(display=False) as counter:
        right = nb["multiply_adds"](nn.Sequential(layer), x)["0"]
    assert counter.get_total_flops() == 2 * right == 2 * 4 * 3 * 16 * 25
    assert layer.weight.numel() * layer(x)[0, 0].numel() == 4 * right  # the mutant: four times too many


# Batch norm


@pytest.mark.parametrize("std", [0.1, 0.5, 2.0])
def test_the_second_argument_of_BatchNorm2d_is_eps_and_not_the_momentum(std):
    norm = nn.BatchNorm2d(1, 0.8)
    assert norm.eps == 0.8 and norm.momentum == 0.1
    x = std * torch.randn(512, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    v = x.var(unbiased=False).item()
    assert abs(norm(x).std(unbiased=False).item() - math.sqrt(v / (v + 0.8))) < 1e-5
    assert abs(nn.BatchNorm2d(1, momentum=0.8)(x).std(unbiased=False).item() - 1) < 1e-2  # the mutant differs
    running = nn.BatchNorm2d(1, momentum=0.2)
    running(x + 5)
    assert abs(running.running_mean.item() - 0.2 * (x + 5).mean().item()) < 1e-5  # the share of the new one


def test_slipped_norms_pass_on_less_and_less(nb):
    torch.manual_seed(0)
    net, latent = nb["make_note_generator"](DIGITS), nb["latent"]
    assert nb["spread_after_norms"](net, latent) == pytest.approx([1, 1, 1], abs=0.01)
    for norm in [m for m in net if isinstance(m, nn.BatchNorm2d)][1:]:
        norm.eps = 0.8
    first, second, third = nb["spread_after_norms"](net, latent)
    assert first > second > third and second < 0.7


@pytest.mark.parametrize("size", [SMALL, NOTE_SIZE], ids=["paper", "note"])
def test_a_batch_of_one_is_named_in_training_and_works_in_eval_B23(nb, size):
    spec = LAYOUTS["mnist"]
    G, D = build(spec, size)
    one = spec.sample(1, torch.Generator().manual_seed(0))
    with pytest.raises(ValueError, match=r"the generator got a batch of 1 in training mode.*\.eval\(\)"):
        G(one)
    with pytest.raises(ValueError, match="the discriminator got a batch of 1 in training mode"):
        D(torch.rand(1, 1, 28, 28))
    assert D.eval()(G.eval()(one))[0].shape == (1,)
    row = spec.encode(one)
    with pytest.raises(ValueError, match="Expected more than 1 value per channel"):
        nb["make_generator"](DIGITS, g_fc=8, **TINY)(row)
    assert nb["make_note_generator"](DIGITS)(row).shape == (1, 1, 28, 28)  # silently by itself, as the text says


def test_in_eval_mode_an_answer_does_not_depend_on_its_neighbours_and_in_training_it_does(nb):
    D, x = copy.deepcopy(nb["D"]), nb["real"]
    for training in (True, False):
        D.train(training)
        a, b = (D.q(D.trunk(torch.cat([x[:1], k * x[1:]])))[0][0][0] for k in (1.0, 0.2))
        assert ((a - b).abs().max().item() > 1e-2) == training


# Exercises


def right_decode(layout, latent):
    noise, categorical, continuous = layout
    z, *hot, c_cont = latent.split([noise, *categorical, continuous], dim=1)
    c_cat = torch.stack([h.argmax(1) for h in hot], 1) if hot else torch.empty(len(latent), 0, dtype=torch.int64)
    return z, c_cat, c_cont


def decode_in_another_order(layout, latent):
    noise, categorical, continuous = layout
    z, c_cont, *hot = latent.split([noise, continuous, *categorical], dim=1)
    return z, torch.stack([h.argmax(1) for h in hot], 1) if hot else torch.empty(len(latent), 0).long(), c_cont


WRONG_DECODES = {
    "categories as floats": lambda lay, x: (lambda z, c, u: (z, c.float(), u))(*right_decode(lay, x)),
    "one-hot left as it is": lambda lay, x: (
        x[:, : lay[0]],
        x[:, lay[0] : lay[0] + sum(lay[1])],
        x[:, lay[0] + sum(lay[1]) :],
    ),
    "one argmax over all blocks": lambda lay, x: (
        x[:, : lay[0]],
        x[:, lay[0] : lay[0] + sum(lay[1])].argmax(1, keepdim=True) if lay[1] else torch.empty(len(x), 0).long(),
        x[:, lay[0] + sum(lay[1]) :],
    ),
    "another order": decode_in_another_order,
    "only digits": lambda lay, x: (x[:, :62], x[:, 62:72].argmax(1, keepdim=True), x[:, 72:]),
    "two parts": lambda lay, x: right_decode(lay, x)[:2],
    "nothing": lambda lay, x: None,
}


def right_count(total, g_fc, wide, narrow, channels, side):
    s = side // 4
    return total * g_fc + g_fc * wide * s**2 + wide * narrow * 16 * s**2 + narrow * channels * 16 * 4 * s**2


WRONG_COUNTS = {
    "output positions": lambda t, g, w, n, c, side: (
        t * g + g * w * (side // 4) ** 2 + 4 * (w * n + 4 * n * c) * 16 * (side // 4) ** 2
    ),
    "parameters": lambda t, g, w, n, c, side: t * g + g * w * (side // 4) ** 2 + 16 * w * n + 16 * n * c,
    "3 x 3": lambda t, g, w, n, c, side: t * g + (g * w + 9 * w * n + 36 * n * c) * (side // 4) ** 2,
    "digits only": lambda t, g, w, n, c, side: right_count(t, g, w, n, 1, 28),
    "no first layer": lambda t, g, w, n, c, side: right_count(0, g, w, n, c, side),
    "operations": lambda *a: 2 * right_count(*a),
    "text": lambda *a: "many",
}


def parts_of(G, D):
    return {"G": list(G.parameters()), "trunk": list(D.trunk.parameters()), "Q head": list(D.q_head.parameters())}


def right_gradients(G, D, latent, loss, reaches):
    value = loss(D.q(D.trunk(G(latent))))
    return {name: list(torch.autograd.grad(value, parts_of(G, D)[name], retain_graph=True)) for name in reaches}


def by_backward(G, D, latent, loss, reaches):
    loss(D.q(D.trunk(G(latent)))).backward()
    return {name: [p.grad for p in parts_of(G, D)[name]] for name in reaches}


def detached(where):
    def wrong(G, D, latent, loss, reaches):
        x = G(latent).detach() if where == "images" else G(latent)
        features = D.trunk(x).detach() if where == "features" else D.trunk(x)
        value, parts = loss(D.q(features)), parts_of(G, D)
        return {
            name: list(torch.autograd.grad(value, parts[name], retain_graph=True, allow_unused=True))
            for name in reaches
        }

    return wrong


def frozen(G, D, latent, loss, reaches):
    for p in D.trunk.parameters():
        p.requires_grad_("trunk" in reaches)
    return right_gradients(G, D, latent, loss, reaches)


WRONG_GRADIENTS = {
    "backward()": by_backward,
    "images detached": detached("images"),
    "features detached": detached("features"),
    "trunk frozen for good": frozen,
    "all three always": lambda G, D, x, loss, r: right_gradients(G, D, x, loss, ("G", "trunk", "Q head")),
    "sign": lambda G, D, x, loss, r: {k: [-s for s in v] for k, v in right_gradients(G, D, x, loss, r).items()},
    "lengths": lambda G, D, x, loss, r: {
        k: [s.norm() for s in v] for k, v in right_gradients(G, D, x, loss, r).items()
    },
}


@pytest.mark.parametrize(
    "test, answer",
    [
        (check.decode, right_decode),
        (check.generator_multiply_adds, right_count),
        (check.information_gradients, right_gradients),
    ],
)
def test_exercise_checks_accept_a_right_answer(test, answer, capsys):
    assert test(answer) and "passed" in capsys.readouterr().out


@pytest.mark.parametrize(
    "test, answer",
    [
        pytest.param(test, answer, id=name)
        for test, wrong in (
            (check.decode, WRONG_DECODES),
            (check.generator_multiply_adds, WRONG_COUNTS),
            (check.information_gradients, WRONG_GRADIENTS),
        )
        for name, answer in wrong.items()
    ],
)
def test_exercise_checks_refuse_a_wrong_answer_and_say_why(test, answer, capsys):
    assert not test(answer)
    assert "not yet." in (said := capsys.readouterr().out) or "your code raised" in said


def test_exercise_checks_leave_the_global_random_state_alone():
    before = torch.get_rng_state()
    check.decode(right_decode)
    check.information_gradients(right_gradients)
    assert torch.equal(before, torch.get_rng_state())
