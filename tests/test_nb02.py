"""Notebook 02, a GAN that draws: its functions against closed forms, its claims, its exercises' checks.

| claim of notebook 02 | tolerance | test (test_...) |
|---|---|---|
| eight equal modes on a circle of radius 2, σ = 0.1 | 5 std errors | the_ring_has_the_moments_of_its_eight_gaussians |
| the rule: within 3σ, a tenth of the fair share; no variant of it | exact | the_mode_rule_counts_... |
| 1 - exp(-9/2) of a round Gaussian lies within 3σ | 5 std errors | the_ceiling_of_quality_is_that_of_a_gaussian |
| spread: 1 for the data, 0 for a point, scales with x, seven of eight near 1 | 1e-6; 0.03 | spread_... |
| both losses are the package's; at q = p 2 ln 2 and ln 2 | 1e-6 | the_two_losses_are_the_packages |
| D's step follows the gradient of -V, G's that of -E ln D; each moves its own network (B52) | 1e-6 | each_step_... |
| D's gradient is the same with and without detach; G's is none or not zero (B52) | 0 | detach_changes_nothing_for_d |
| without detach G's step on the same batch raises; on a new batch, or with it, it runs (B52) | - | without_detach_... |
| a D step without zero_grad follows G's wish | see test | without_zero_grad_... |
| the loop: a row per ``every`` steps, G's extra steps, same seed same run | exact | the_loop_... |
| in balance G finds the modes; ten G steps for one collapse, with losses as in balance | see test | ten_steps_... |
| held back, D says 1 and 0, and loss_G grows | see test | a_g_that_is_held_back_... |
| batch norm refuses one image, eval mode takes it, 129 images in 64s need drop_last (B23) | - | a_batch_of_one_... |
| in eval mode a picture doesn't depend on its company | 1e-5 | in_eval_mode_... |
| shapes in the networks' comments | exact | the_digit_networks_have_the_shapes_in_the_comments |
| images judged by their nearest neighbour, digits counted by the same rule | exact | digits_are_counted_... |
| numbers stated in the prose | each its own | numbers_in_the_prose_follow |
| a right answer to an exercise passes, wrong ones do not | exact | each_right_..., each_plausible_wrong_... |
"""

import copy
import math
import re

import pytest
import series
import torch
from torch import nn
from torch.nn.functional import softplus
from torch.utils.data import DataLoader, TensorDataset

from infogan_utils import objectives
from infogan_utils.checks import nb02 as check

RULES = ("ring", "modes", "spread")
STEPS = ("small_network", "ring_networks", "d_step", "g_step", "norm", "d_gradients", "both_steps", "train")
WATCH = ("look_at_ring", "train_ring", "d_step_without_zero_grad")
DIGITS = ("digit_networks", "sample", "nearest_digit", "digit_modes")
STUBS = ("lopsidedness", "least_squares_d_step", "smooth_d_loss")
CONSTANTS = ("K", "SIGMA", "angle", "CENTRES", "Z", "W", "z_look", "line", "grid")


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def nb():
    """The notebook's functions by name, with the constants that they read, as its cells define them."""
    space = series.namespace("02", *RULES, *STEPS, *WATCH, *DIGITS, *STUBS)
    for source in series.code("02"):
        for line in source.split("\n"):
            if re.match(rf"({'|'.join(CONSTANTS)})\b[^(]*=", line):
                exec(line, space)
    return space


def clusters(counts, centres, away):
    """counts[k] samples at the distance ``away`` from centre k, outwards, so that no other centre is nearer."""
    mode = torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts))
    out = centres / centres.norm(dim=1, keepdim=True)
    return centres[mode] + away * out[mode]


# ---- 2.1 and 2.7: the data and the measures


def test_the_ring_has_the_moments_of_its_eight_gaussians(nb):
    n = 40_000
    x = nb["ring"](n, torch.Generator().manual_seed(11))
    assert x.shape == (n, 2)
    variance = 4 / 2 + 0.1**2  # of each coordinate: that of the centres, and that of a mode
    assert x.mean(dim=0).abs().max() < 5 * math.sqrt(variance / n)
    assert torch.allclose(x.var(dim=0), torch.full((2,), variance), atol=5 * math.sqrt(2 / n) * variance)
    assert torch.allclose(nb["CENTRES"].norm(dim=1), torch.full((8,), 2.0))
    nearest = torch.cdist(x, nb["CENTRES"]).argmin(dim=1)
    assert torch.bincount(nearest, minlength=8).sub(n / 8).abs().max() < 5 * math.sqrt(n * 7 / 64)


def passes_the_rule(modes, centres):
    """Whether ``modes`` follows the rule on samples whose answer is known."""
    cases = [  # counts in each mode, distance from the centre in σ, strays, (modes found, share of high quality)
        ([250] * 8, 2.9, 0, (8, 1.0)),
        ([250] * 8, 3.1, 0, (0, 0.0)),
        ([1850, 25, 25, 25, 25, 25, 25, 0], 1.0, 0, (7, 1.0)),
        ([1851, 25, 25, 25, 25, 25, 24, 0], 1.0, 0, (6, 1.0)),
        ([200, 100, 0, 0, 0, 0, 0, 0], 1.0, 1700, (2, 0.15)),
        ([20] * 8, 1.0, 1840, (0, 0.08)),
    ]
    for counts, away, strays, expected in cases:
        x = torch.cat([clusters(counts, centres, 0.1 * away), torch.zeros(strays, 2) + 0.01])
        if modes(x, centres, 0.1) != pytest.approx(expected):
            return False
    return True


def variant(radius=3.0, tenth=0.1, gate=True, share="all"):
    def modes(x, centres, sigma):
        distance, nearest = torch.cdist(x, centres).min(dim=1)
        good = distance < radius * sigma
        counts = torch.bincount(nearest[good] if gate else nearest, minlength=len(centres))
        fair = (len(x) if share == "all" else good.sum().item()) / len(centres)
        return (counts >= max(tenth * fair, 1e-9)).sum().item(), good.float().mean().item()

    return modes


def test_the_mode_rule_counts_a_sample_made_by_hand(nb):
    centres = nb["CENTRES"]
    assert passes_the_rule(nb["modes"], centres) and passes_the_rule(variant(), centres)
    mutants = {
        "2σ": variant(radius=2.0),
        "4σ": variant(radius=4.0),
        "one sample is enough": variant(tenth=0.0),
        "a fifth of the share": variant(tenth=0.2),
        "strays count for their nearest mode": variant(gate=False),
        "the share of the good samples": variant(share="good"),
    }
    assert [name for name, mutant in mutants.items() if passes_the_rule(mutant, centres)] == []


def test_the_ceiling_of_quality_is_that_of_a_gaussian(nb):
    n, ceiling = 40_000, 1 - math.exp(-4.5)
    found, good = nb["modes"](nb["ring"](n, torch.Generator().manual_seed(12)), nb["CENTRES"], 0.1)
    assert found == 8
    assert good == pytest.approx(ceiling, abs=5 * math.sqrt(ceiling * (1 - ceiling) / n))


def test_spread_is_1_for_the_data_0_for_a_point_and_scales_with_x(nb):
    spread, real = nb["spread"], nb["ring"](500, torch.Generator().manual_seed(13))
    assert spread(real, real) == pytest.approx(1, abs=1e-6)
    assert spread(3 * real + 5, real) == pytest.approx(3, abs=1e-4)
    assert spread(real[:1].repeat(500, 1), real) == pytest.approx(0, abs=1e-6)
    assert spread(real.view(500, 1, 1, 2), real.view(500, 1, 1, 2)) == pytest.approx(1, abs=1e-6)  # pictures


def test_spread_hardly_sees_that_one_mode_of_eight_is_missing(nb):
    def mean_distance(k):  # between two draws from k equally likely centres
        return torch.cdist(nb["CENTRES"][:k], nb["CENTRES"][:k]).mean().item()

    generator = torch.Generator().manual_seed(14)
    seven = nb["CENTRES"][torch.arange(2000) % 7] + 0.1 * torch.randn(2000, 2, generator=generator)
    wide = nb["spread"](seven, nb["ring"](2000, generator))
    assert wide == pytest.approx(mean_distance(7) / mean_distance(8), abs=0.03) and wide > 0.9
    assert nb["modes"](seven, nb["CENTRES"], 0.1)[0] == 7


# ---- 2.3 and 2.4: the two steps


class Linear(nn.Module):
    """A D whose logit is w · x + b, so that gradients can be written down."""

    def __init__(self, w=(0.7, -0.4), b=0.2):
        super().__init__()
        self.w, self.b = nn.Parameter(torch.tensor(w)), nn.Parameter(torch.tensor(b))

    def forward(self, x):
        return (x @ self.w + self.b).unsqueeze(1)


@pytest.fixture
def game():
    """x (30, 2), z (20, 2), a linear G and a linear D; D's .grad is not empty."""
    generator = torch.Generator().manual_seed(15)
    x, z = torch.randn(30, 2, generator=generator) + 1, torch.randn(20, 2, generator=generator)
    G, D = nn.Linear(2, 2), Linear()
    with torch.no_grad():
        G.weight.copy_(torch.tensor([[0.5, 0.3], [-0.2, 0.8]]))
        G.bias.zero_()
    for p in D.parameters():
        p.grad = torch.full_like(p, 7.0)  # as G's last step leaves it, only larger
    return x, z, G, D


def slope(logit, real, x):
    """Mean gradient of softplus(∓logit) in (w, b), by hand: -(1 - D) x for real ones, D x for generated ones."""
    by_logit = -(1 - logit.sigmoid()) if real else logit.sigmoid()
    return (by_logit * x).mean(dim=0), by_logit.mean()


def test_the_two_losses_are_the_packages(nb, game):
    x, z, G, D = game
    real, fake = D(x), D(G(z))
    still_D, still_G = torch.optim.SGD(D.parameters(), lr=0.0), torch.optim.SGD(G.parameters(), lr=0.0)
    want = objectives.d_loss("non-saturating", real, fake).item()
    assert nb["d_step"](D, still_D, x, G(z)) == pytest.approx(want, abs=1e-6)
    want = objectives.g_loss("non-saturating", fake).item()
    assert nb["g_step"](D, still_G, G(z)) == pytest.approx(want, abs=1e-6)
    for wrong in ("minimax", "least-squares"):
        assert objectives.g_loss(wrong, fake).item() != pytest.approx(want, abs=1e-2)
    half = Linear((0.0, 0.0), 0.0)  # says 1/2 of everything
    assert nb["d_step"](half, torch.optim.SGD(half.parameters(), lr=0.0), x, G(z)) == pytest.approx(2 * math.log(2))
    assert nb["g_step"](half, still_G, G(z)) == pytest.approx(math.log(2))


def test_each_step_of_d_goes_down_minus_v_and_leaves_g_alone(nb, game):
    x, z, G, D = game
    w, b, G_before = D.w.detach().clone(), D.b.detach().clone(), copy.deepcopy(G.state_dict())
    fake = G(z)
    (w_real, b_real), (w_fake, b_fake) = slope(D(x), True, x), slope(D(fake), False, fake)
    nb["d_step"](D, torch.optim.SGD(D.parameters(), lr=0.1), x, fake)
    assert torch.allclose(D.w, w - 0.1 * (w_real + w_fake), atol=1e-6)  # and not what was left in .grad
    assert torch.allclose(D.b, b - 0.1 * (b_real + b_fake), atol=1e-6)
    assert all(p.grad is None for p in G.parameters()), "B52: the cut keeps G out of D's step"
    assert all(torch.equal(p, G_before[name]) for name, p in G.state_dict().items())


def test_each_step_of_g_goes_through_d_and_moves_g_only(nb, game):
    x, z, G, D = game
    D_before = copy.deepcopy(D.state_dict())
    weight, wish = G.weight.detach().clone(), -(1 - D(G(z)).sigmoid()).detach()  # (20, 1): dloss/dlogit
    by_hand = (wish * z).mean(dim=0)  # (2,); the logit is w · (A z), so its gradient in A is w zᵀ
    nb["g_step"](D, torch.optim.SGD(G.parameters(), lr=0.1), G(z))
    assert torch.allclose(G.weight, weight - 0.1 * torch.outer(D.w, by_hand), atol=1e-6)
    assert all(torch.equal(p, D_before[name]) for name, p in D.state_dict().items())
    assert all(not torch.equal(p.grad, torch.full_like(p, 7.0)) for p in D.parameters()), (
        "G's wish is left in D's .grad"
    )


def test_detach_changes_nothing_for_d_and_keeps_g_free_of_a_gradient(nb):
    """B52, first half: is it speed or correctness?"""
    (D_with, G_with), (D_without, G_without) = nb["d_gradients"](cut=True), nb["d_gradients"](cut=False)
    assert all(torch.equal(a, b) for a, b in zip(D_with, D_without, strict=True))
    assert any(g.any() for g in D_with)
    assert all(g is None for g in G_with) and all(g.any() for g in G_without)
    assert nb["norm"](G_with) is None and nb["norm"](G_without) > 1e-3


def test_without_detach_gs_step_on_the_same_batch_raises_and_on_a_new_one_runs(nb):
    """B52, second half: the second backward pass."""
    assert nb["both_steps"](cut=True) == "both backward passes ran"
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        nb["both_steps"](cut=False)
    z = torch.randn(16, 8, generator=torch.Generator().manual_seed(16))
    G, D = nb["ring_networks"](seed=0)
    fake, opt_D = G(z), torch.optim.SGD(D.parameters(), lr=0.1)
    softplus(D(fake)).mean().backward(retain_graph=True)  # uncut, the graph kept
    opt_D.step()
    nb["g_step"](D, torch.optim.SGD(G.parameters(), lr=0.1), fake)
    G, D = nb["ring_networks"](seed=0)
    softplus(D(G(z))).mean().backward()  # uncut
    wrong_way = [p.grad.clone() for p in G.parameters()]
    nb["g_step"](D, torch.optim.SGD(G.parameters(), lr=0.0), G(z))  # the same z, generated anew
    right = torch.autograd.grad(softplus(-D(G(z))).mean(), list(G.parameters()))
    assert all(torch.allclose(p.grad, g, atol=1e-7) for p, g in zip(G.parameters(), right, strict=True))
    assert sum((a * b).sum().item() for a, b in zip(wrong_way, right, strict=True)) < 0, (
        "D's loss points G the wrong way"
    )


def test_without_zero_grad_d_follows_gs_wish(nb, game):
    x, z, G, D = game
    start = [p.detach().clone() for p in D.parameters()]
    twin = copy.deepcopy(D)
    nb["d_step"](D, torch.optim.SGD(D.parameters(), lr=0.1), x, G(z))
    for p in twin.parameters():
        p.grad = torch.full_like(p, 7.0)
    nb["d_step_without_zero_grad"](twin, torch.optim.SGD(twin.parameters(), lr=0.1), x, G(z))
    for before, clean, stale in zip(start, D.parameters(), twin.parameters(), strict=True):
        assert torch.allclose(stale - before, clean - before - 0.1 * 7.0, atol=1e-6)


# ---- 2.5 to 2.8: the loop, and how it fails


def test_the_loop_returns_a_row_now_and_then_and_repeats_itself(nb):
    def run(seed=5, **options):
        return nb["train_ring"](seed, steps=6, every=2, **options)

    rows = run()
    assert [row["step"] for row in rows] == [2, 4, 6]
    assert set(rows[0]) == {"step", "loss_D", "loss_G", "D(x)", "D(G(z))", "x", "field"}
    assert rows[-1]["x"].shape == (2000, 2) and rows[-1]["field"].shape == (60, 60)
    assert all(torch.equal(a["x"], b["x"]) and a["loss_D"] == b["loss_D"] for a, b in zip(rows, run(), strict=True))
    assert rows[-1]["loss_D"] != run(seed=6)[-1]["loss_D"]
    untouched = torch.get_rng_state()
    G, D = nn.Linear(8, 2), nn.Linear(2, 1)
    torch.set_rng_state(untouched)
    nb["train"](G, D, nb["ring"], 2, torch.Generator().manual_seed(0), lambda G, D: {}, every=2)
    assert torch.equal(torch.get_rng_state(), untouched), "the loop draws from its own generator only"


def test_g_takes_as_many_steps_as_asked_and_d_one(nb):
    taken = []
    nb["d_step"] = lambda D, opt_D, x, fake: taken.append("D") or 0.0
    nb["g_step"] = lambda D, opt_G, fake: taken.append("G") or 0.0
    nb["train_ring"](5, steps=2, every=2, g_steps=3)
    assert "".join(taken) == "DGGGDGGG"


def test_the_field_is_d_at_the_points_that_the_picture_shows(nb):
    rows = nb["look_at_ring"](lambda z: z[:, :2], lambda x: 4 * x[:, :1])  # D grows to the right
    field, line = rows["field"], nb["line"]
    assert torch.allclose(field[:, 7], (4 * line).sigmoid())  # first index x1, second x2: imshow gets its transpose


def test_ten_steps_of_g_for_one_of_d_collapse_with_losses_near_those_of_balance(nb):
    centres, real = nb["CENTRES"], nb["ring"](500, torch.Generator().manual_seed(17))
    balanced = nb["train_ring"](1, steps=1500, every=100)
    found, good = nb["modes"](balanced[-1]["x"], centres, 0.1)
    assert found == 8 and good > 0.5 and nb["spread"](balanced[-1]["x"], real) > 0.9
    for seed in (1, 2):
        late = nb["train_ring"](seed, steps=250, every=10, g_steps=10)[-10:]
        wide = [nb["spread"](row["x"], real) for row in late]
        assert sum(wide) / len(wide) < 0.5, "the samples are a clump"
        where = torch.stack([row["x"].mean(dim=0) for row in late])
        assert (where[1:] - where[:-1]).norm(dim=1).mean() > 0.5, "and the clump travels"
        assert all(nb["modes"](row["x"], centres, 0.1)[0] <= 3 for row in late)
        for key, value in {"loss_D": 2 * math.log(2), "loss_G": math.log(2)}.items():
            assert sum(row[key] for row in late) / len(late) == pytest.approx(value, abs=0.2)


def test_a_g_that_is_held_back_leaves_d_sure_of_everything(nb):
    rows = nb["train_ring"](1, steps=300, every=50, lr_G=1e-6)
    assert rows[-1]["D(x)"] > 0.95 and rows[-1]["D(G(z))"] < 0.05 and rows[-1]["loss_D"] < 0.1
    loss_G = [row["loss_G"] for row in rows]
    assert loss_G == sorted(loss_G) and loss_G[-1] > 3


def test_against_a_fixed_d_one_point_beats_every_distribution(nb):
    _, D = nb["ring_networks"](seed=3)
    with torch.no_grad():
        best = D(nb["grid"]).max()
        for x in (nb["ring"](2000, torch.Generator().manual_seed(18)), nb["grid"]):
            assert softplus(-best) < softplus(-D(x)).mean() - 1e-3


# ---- 2.9 and 2.10: digits


def test_a_batch_of_one_is_refused_in_training_and_taken_in_eval_mode(nb):
    """B23: 129 images in batches of 64."""
    G, D = nb["digit_networks"](seed=0)
    z = torch.randn(129, nb["Z"], generator=torch.Generator().manual_seed(19))
    with pytest.raises(ValueError, match="Expected more than 1 value per channel when training"):
        G(z[:1])
    assert nb["sample"](G, z[:1]).shape == (1, 1, 28, 28)
    assert G.training, "sample() gives G back in training mode"
    images = TensorDataset(nb["sample"](G, z))
    assert [len(x) for (x,) in DataLoader(images, batch_size=64)] == [64, 64, 1]
    assert [len(D(x)) for (x,) in DataLoader(images, batch_size=64, drop_last=True)] == [64, 64]


def test_in_eval_mode_a_picture_does_not_depend_on_its_company(nb):
    G, _ = nb["digit_networks"](seed=0)
    z = torch.randn(64, nb["Z"], generator=torch.Generator().manual_seed(20))
    with torch.no_grad():
        assert (G(z[:32])[0] - G(z)[0]).abs().max() > 0.01
        assert torch.allclose(nb["sample"](G, z[:1]), nb["sample"](G, z)[:1], atol=1e-5)


def test_the_digit_networks_have_the_shapes_in_the_comments(nb):
    G, D = nb["digit_networks"](seed=0)
    source = next(s for s in series.code("02") if "def digit_networks" in s)
    said = [tuple(map(int, s.split(", "))) for s in re.findall(r"# \(n, ([\d, ]+)\)", source)]
    seen = []
    for network, start in ((G, torch.zeros(2, nb["Z"])), (D, torch.zeros(2, 1, 28, 28))):
        h = start
        for layer in network:
            h = layer(h)
            if isinstance(layer, nn.Unflatten | nn.ConvTranspose2d | nn.Conv2d):
                seen.append(tuple(h.shape[1:]))
    assert said == seen and len(seen) == 5
    assert h.shape == (2, 1)


def test_digits_are_counted_by_the_nearest_real_one(nb):
    generator = torch.Generator().manual_seed(21)
    names = torch.arange(20) % 10
    references = 4 * torch.eye(784)[:20]  # each 4 √2 from every other
    nb.update(references=references, names=names, RADIUS=torch.tensor(1.0))
    pixel = torch.zeros(784)
    pixel[700] = 0.9  # a pixel that no reference uses: moves an image by 0.9
    x = references[[3, 13, 5]] + pixel
    distance, digit = nb["nearest_digit"](x.view(3, 1, 28, 28))
    assert torch.allclose(distance, torch.full((3,), 0.9), atol=1e-3) and digit.tolist() == [3, 3, 5]
    far = references[:50] + 2 * pixel
    counts = [0, 62, 10, 3, 9, 11, 1, 0, 0, 4]  # 100 images: the fair share is 10, a tenth of it 1
    near = torch.cat([references[k].repeat(n, 1) for k, n in enumerate(counts)])[
        torch.randperm(100, generator=generator)
    ]
    assert nb["digit_modes"](near.view(100, 1, 28, 28))[:2] == (7, 1.0)
    found, good, by_digit = nb["digit_modes"](torch.cat([near, far]).view(-1, 1, 28, 28))
    assert by_digit.tolist() == counts and good == pytest.approx(100 / 120)
    assert found == 6, "with 120 images one image of a kind is less than a tenth of 12"


# ---- the text


def test_numbers_in_the_prose_follow():
    cells = series.read("02").cells
    prose = re.sub(r"\s+", " ", " ".join(c.source for c in cells if c.cell_type == "markdown"))
    stated = {
        "exp(−9/2) = 1.1 %": (100 * math.exp(-4.5), 1.1, 0.05),
        "neighbours are 1.5 apart": (2 * 2 * math.sin(math.pi / 8), 1.5, 0.05),
        "a radius of 3σ = 0.3": (3 * 0.1, 0.3, 1e-9),
        "the fair share is 250, so 25": (0.1 * 2000 / 8, 25, 1e-9),
        "2 ln 2 = 1.386": (2 * math.log(2), 1.386, 5e-4),
        "ln 2 = 0.693": (math.log(2), 0.693, 5e-4),
        "ln 8 = 2.079": (math.log(8), 2.079, 5e-4),
    }
    for words, (value, said, tolerance) in stated.items():
        assert words in prose, words
        assert value == pytest.approx(said, abs=tolerance), words


# ---- the exercises


def shares(x, centres, sigma, radius=3.0):
    distance, nearest = torch.cdist(x, centres).min(dim=1)
    counts = torch.bincount(nearest[distance < radius * sigma], minlength=len(centres))
    return counts / counts.sum()


def right_lopsidedness(x, centres, sigma):
    p = shares(x, centres, sigma)
    return torch.xlogy(p, len(centres) * p).sum().item()  # 0/0 makes it nan where nothing is of high quality


def by_entropy(x, centres, sigma):
    p = shares(x, centres, sigma)
    if p.isnan().any():
        return math.nan
    return math.log(len(centres)) - torch.special.entr(p).sum()


def least_squares(D, opt_D, x, fake, *, detach=True, zero=True, half=True, labels=(1, 0), step=True, together=False):
    """The right answer to exercise 2.2, or with an option a wrong one."""
    if zero:
        opt_D.zero_grad()
    v, v_fake = D(x), D(fake.detach() if detach else fake)
    loss = (v - labels[0]).square().mean() + (v_fake - labels[1]).square().mean()
    if together:  # one mean over unequal halves
        loss = 2 * torch.cat([v - 1, v_fake]).square().mean()
    loss = loss / 2 if half else loss
    loss.backward()
    if step:
        opt_D.step()
    return loss.item()


def with_sigmoid(D, opt_D, x, fake):
    return least_squares(lambda x: D(x).sigmoid(), opt_D, x, fake)


def d_step_of_notebook(D, opt_D, x, fake):
    loss = objectives.d_loss("non-saturating", D(x), D(fake.detach()))
    opt_D.zero_grad()
    loss.backward()
    opt_D.step()
    return loss.item()


def without_a_number(D, opt_D, x, fake):
    least_squares(D, opt_D, x, fake)


def right_smooth(real, fake, t=0.9):
    return (t * softplus(-real) + (1 - t) * softplus(real)).mean() + softplus(fake).mean()


def by_pytorch(real, fake, t=0.9):
    bce = nn.functional.binary_cross_entropy_with_logits
    return bce(real, torch.full_like(real, t)) + bce(fake, torch.zeros_like(fake))


def clamped(real, fake, t=0.9):
    d, d_fake = real.sigmoid().clamp(1e-6, 1 - 1e-6), fake.sigmoid().clamp(1e-6, 1 - 1e-6)
    return -(t * d.log() + (1 - t) * (1 - d).log()).mean() - (1 - d_fake).log().mean()


RIGHT = {
    "2.1": (check.lopsidedness, right_lopsidedness),
    "2.1, ln K - H(p)": (check.lopsidedness, by_entropy),
    "2.2": (check.least_squares_d_step, least_squares),
    "2.3": (check.smooth_d_loss, right_smooth),
    "2.3, by PyTorch's cross-entropy": (check.smooth_d_loss, by_pytorch),
}
WRONG = {
    "bits": (check.lopsidedness, lambda *a: right_lopsidedness(*a) / math.log(2)),
    "entropy": (check.lopsidedness, lambda x, c, s: torch.special.entr(shares(x, c, s)).sum()),
    "without K": (check.lopsidedness, lambda x, c, s: torch.xlogy(shares(x, c, s), shares(x, c, s)).sum()),
    "KL(uniform‖p)": (check.lopsidedness, lambda x, c, s: -(len(c) * shares(x, c, s)).log().mean()),
    "nan at empty modes": (
        check.lopsidedness,
        lambda x, c, s: (lambda p: (p * (len(c) * p).log()).sum())(shares(x, c, s)),
    ),
    "always eight modes": (
        check.lopsidedness,
        lambda x, c, s: (lambda p: torch.xlogy(p, 8 * p).sum())(shares(x, c, s)),
    ),
    "strays count": (
        check.lopsidedness,
        lambda x, c, s: (lambda p: torch.xlogy(p, len(c) * p).sum())(shares(x, c, s, radius=1e9)),
    ),
    "2σ": (
        check.lopsidedness,
        lambda x, c, s: (lambda p: torch.xlogy(p, len(c) * p).sum())(shares(x, c, s, radius=2.0)),
    ),
    "0 where nothing is good": (check.lopsidedness, lambda *a: 0.0 if math.isnan(r := right_lopsidedness(*a)) else r),
    "no detach": (check.least_squares_d_step, lambda *a: least_squares(*a, detach=False)),
    "no zero_grad": (check.least_squares_d_step, lambda *a: least_squares(*a, zero=False)),
    "no half": (check.least_squares_d_step, lambda *a: least_squares(*a, half=False)),
    "labels swapped": (check.least_squares_d_step, lambda *a: least_squares(*a, labels=(0, 1))),
    "labels -1 and 1": (check.least_squares_d_step, lambda *a: least_squares(*a, labels=(1, -1))),
    "no step": (check.least_squares_d_step, lambda *a: least_squares(*a, step=False)),
    "one mean over both": (check.least_squares_d_step, lambda *a: least_squares(*a, together=True)),
    "a sigmoid": (check.least_squares_d_step, with_sigmoid),
    "d_step unchanged": (check.least_squares_d_step, d_step_of_notebook),
    "returns nothing": (check.least_squares_d_step, without_a_number),
    "not smoothed": (check.smooth_d_loss, lambda real, fake, t: right_smooth(real, fake, 1.0)),
    "smooths both sides": (
        check.smooth_d_loss,
        lambda real, fake, t: right_smooth(real, fake, t) + (1 - t) * (softplus(-fake) - softplus(fake)).mean(),
    ),
    "scales only": (check.smooth_d_loss, lambda real, fake, t: t * softplus(-real).mean() + softplus(fake).mean()),
    "t swapped": (check.smooth_d_loss, lambda real, fake, t: right_smooth(real, fake, 1 - t)),
    "t fixed": (check.smooth_d_loss, lambda real, fake, t: right_smooth(real, fake, 0.9)),
    "real and fake swapped": (check.smooth_d_loss, lambda real, fake, t: right_smooth(fake, real, t)),
    "clamped probabilities": (check.smooth_d_loss, clamped),
    "no mean": (check.smooth_d_loss, lambda real, fake, t: t * softplus(-real) + (1 - t) * softplus(real)),
    "a float": (check.smooth_d_loss, lambda real, fake, t: right_smooth(real, fake, t).item()),
    "minus": (check.smooth_d_loss, lambda real, fake, t: -right_smooth(real, fake, t)),
}


@pytest.mark.parametrize("name", RIGHT)
def test_each_right_answer_passes(name, capsys):
    checked, answer = RIGHT[name]
    assert checked(answer) == 1
    assert ": passed." in capsys.readouterr().out


@pytest.mark.parametrize("name", WRONG)
def test_each_plausible_wrong_answer_is_refused_with_a_reason(name, capsys):
    checked, answer = WRONG[name]
    assert checked(answer) == 0
    said = capsys.readouterr().out
    assert ": not yet. " in said or ": your code raised " in said


def test_an_exercise_not_begun_is_said_to_be_not_done(nb, capsys):
    for name in STUBS:
        getattr(check, name)(nb[name])
    assert capsys.readouterr().out.count("not done yet") == len(STUBS)
