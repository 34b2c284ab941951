"""The judge of generated digits, which has seen labels, and the diversity beside it.

| claim | checked against | test |
|---|---|---|
| the judge reads held-out real digits, and only digits | the shipped ones, noise, shuffled labels | reads |
| the same seed gives the same judge, the global state plays no part | two trainings | repeats |
| diversity is the root mean squared difference of two images of a class | all pairs, by hand | pairs |
| no module that trains imports it | the sources | measuring only |
"""

import itertools
import math
import re
from pathlib import Path

import pytest
import torch

from infogan_utils.data import read_shipped
from infogan_utils.judge import diversity, train_judge, verdicts

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def digits():
    return read_shipped("for a test")


def test_the_judge_reads_held_out_digits_and_not_after_shuffled_labels(digits):
    def right(labels):
        judge = train_judge(digits.train, labels, epochs=2)
        assert not judge.training
        return (verdicts(judge, digits.test) == digits.test_labels).float().mean().item()

    shuffled = digits.train_labels[torch.randperm(len(digits.train), generator=torch.Generator().manual_seed(0))]
    assert right(digits.train_labels) > 0.85 and right(shuffled) < 0.3


def test_verdicts_of_bytes_and_of_floats_are_the_same(digits):
    judge = train_judge(digits.train[:256], digits.train_labels[:256], epochs=1)
    floats = digits.test.unsqueeze(1).float() / 255
    assert torch.equal(verdicts(judge, digits.test), verdicts(judge, floats, batch=7))


def test_the_same_seed_repeats_the_judge_and_leaves_the_global_state(digits):
    x, y = digits.train[:256], digits.train_labels[:256]
    one = train_judge(x, y, epochs=1)
    torch.rand(3)
    before = torch.get_rng_state()
    two, other = train_judge(x, y, epochs=1), train_judge(x, y, epochs=1, seed=1)
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))
    assert not torch.equal(next(one.parameters()), next(other.parameters()))


@pytest.mark.parametrize("shape, n", [((5, 28, 28), 4), ((0, 28, 28), 0), ((5, 1, 28, 28), 5), ((5, 30, 30), 5)])
def test_what_it_cannot_learn_from_is_named(shape, n):
    with pytest.raises(ValueError, match=r"images \(.*labels were given; .*multiple of 4"):
        train_judge(torch.zeros(shape, dtype=torch.uint8), torch.zeros(n, dtype=torch.int64))


def test_images_in_floats_are_refused_they_would_be_divided_by_255_again(digits):
    with pytest.raises(ValueError, match=r"float32.*uint8, 0 to 255"):
        train_judge(digits.train[:8] / 255, digits.train_labels[:8])


def test_a_class_of_one_image_has_no_diversity_and_is_named():
    images = torch.rand(3, 1, 4, 4)
    with pytest.raises(ValueError, match=r"classes \[2, 5\] with \[2, 1\] images .*two or more.*leave that class out"):
        diversity(images, torch.tensor([2, 2, 5]))
    with pytest.raises(ValueError, match=r"classes \[\]"):
        diversity(images[:0], torch.tensor([]))
    assert diversity(images[:2], torch.tensor([2, 2])) > 0


def test_diversity_is_the_root_mean_squared_difference_of_two_images_of_a_class():
    images = torch.rand(9, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    labels = torch.tensor([0, 1, 0, 1, 1, 0, 7, 7, 7])
    squares = []
    for k in (0, 1, 7):
        pairs = list(itertools.combinations(images[labels == k], 2))
        squares.append(sum(((a - b) ** 2).mean().item() for a, b in pairs) / len(pairs))
    assert math.isclose(diversity(images, labels), math.sqrt(sum(squares) / 3), rel_tol=1e-5)
    assert diversity(images[:1].expand(4, -1, -1, -1), torch.tensor([0, 0, 1, 1])) == 0
    as_bytes = (images[:, 0] * 255).round().to(torch.uint8)
    assert math.isclose(diversity(as_bytes, labels), diversity(images, labels), rel_tol=0.01)


def test_it_is_for_measuring_only_no_module_of_the_package_imports_it():
    for path in (ROOT / "infogan_utils").rglob("*.py"):
        assert not re.search(r"\bimport\b.*\bjudge\b|infogan_utils\.judge", path.read_text("utf-8")), path.name
