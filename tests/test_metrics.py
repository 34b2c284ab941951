"""Best matching, information without labels, merged classes."""

import math

import matplotlib.pyplot
import numpy as np
import pytest
import torch

from infogan_utils import metrics, plots
from infogan_utils.codes import Layout
from infogan_utils.models import Discriminator, Generator


def labels(n: int = 1000) -> torch.Tensor:
    return torch.arange(n) % 10


def test_permuted_codes_score_the_same_B11():
    order = torch.randperm(10, generator=torch.Generator().manual_seed(0))
    match = metrics.best_match(order[labels()], labels(), 10)
    assert match.accuracy == 1.0
    assert all(match.label_of[order[d]] == d for d in range(10))


def test_the_match_is_the_best_of_all_permutations():
    from itertools import permutations

    generator = torch.Generator().manual_seed(1)
    c, y = (torch.randint(4, (200,), generator=generator) for _ in range(2))
    best = max(sum(int(p[a] == b) for a, b in zip(c.tolist(), y.tolist(), strict=True)) for p in permutations(range(4)))
    assert abs(metrics.best_match(c, y, 4).accuracy - best / 200) < 1e-9


def test_a_merged_pair_is_found_and_costs_0_139_nats():
    merged = labels().clone()
    merged[merged == 9] = 4  # 4 and 9 share a category, category 9 is empty
    match = metrics.best_match(merged, labels(), 10)
    assert abs(match.accuracy - 0.9) < 1e-9 and match.merged() == [(4, [4, 9])]
    assert abs(math.log(10) - metrics.merged_pairs_bound(1) - 0.1386) < 1e-4
    one_hot = torch.nn.functional.one_hot(merged, 10).float()
    assert abs(metrics.answer_information(one_hot) - metrics.merged_pairs_bound(1)) < 1e-5


def test_the_information_of_an_answer_is_ln_k_for_sure_answers_and_0_for_blind_ones():
    assert abs(metrics.answer_information(torch.eye(10)) - math.log(10)) < 1e-5
    assert abs(metrics.answer_information(torch.full((20, 10), 0.1))) < 1e-6


def test_measuring_leaves_the_networks_as_they_were_and_does_not_depend_on_the_batch():
    layout = Layout(4, (10,), 1)
    torch.manual_seed(0)
    net, G = Discriminator(layout), Generator(layout)
    images = torch.randint(0, 256, (40, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    before = {k: v.clone() for k, v in net.state_dict().items()}
    one, many = metrics.posterior(net, images, batch=40), metrics.posterior(net, images, batch=7)
    assert torch.allclose(one, many, atol=1e-5)  # in training mode the batch statistics would leak
    assert net.training and all(torch.equal(before[k], v) for k, v in net.state_dict().items())
    bounds = metrics.held_out_information(G, net, layout, torch.Generator().manual_seed(0), n=500)
    assert set(bounds) == {"cat 1", "cont 1"} and G.training and net.training


@pytest.mark.parametrize(("n", "asked"), [(1, [1]), (500, [500]), (999, [500, 499]), (2000, [500] * 4)])
def test_held_out_information_is_over_exactly_n_samples(n, asked, monkeypatch):
    layout, drawn, sample = Layout(4, (10,), 1), [], Layout.sample
    monkeypatch.setattr(Layout, "sample", lambda *args: (drawn.append(args[1]), sample(*args))[1])
    monkeypatch.setattr(metrics, "information", lambda q, codes: {"cat 1": torch.tensor(float(len(codes.z)))})
    bounds = metrics.held_out_information(Generator(layout), Discriminator(layout), layout, torch.Generator(), n=n)
    assert drawn == asked and bounds["cat 1"] == sum(count * count for count in asked) / n  # a mean over samples


def test_no_samples_are_refused():
    layout = Layout(4, (10,), 1)
    with pytest.raises(ValueError, match="n = 0"):
        metrics.held_out_information(Generator(layout), Discriminator(layout), layout, torch.Generator(), n=0)


def test_a_class_without_images_divides_nothing_by_0():
    few = labels()[labels() != 7]
    match = metrics.best_match(few, few, 10)
    with np.errstate(all="raise"):
        assert match.merged() == []
        figure = plots.confusion_figure(match, title="no sevens")
    shares = figure.axes[0].images[0].get_array()
    assert shares[7].sum() == 0 and shares[np.arange(10) != 7].sum() == 9
    matplotlib.pyplot.close(figure)


def test_wrong_input_is_named():
    with pytest.raises(ValueError, match=r"\(3,\) categories and \(2,\) labels"):
        metrics.best_match(torch.zeros(3).long(), torch.zeros(2).long(), 10)
    with pytest.raises(ValueError, match="k = 10 allows 0 to 9"):
        metrics.best_match(torch.tensor([10]), torch.tensor([0]), 10)
    with pytest.raises(ValueError, match="0 to 5"):
        metrics.merged_pairs_bound(6)
    with pytest.raises(ValueError, match=r"labels of torch\.float32"):
        metrics.best_match(torch.tensor([0]), torch.tensor([0.0]), 10)
    net, digits = Discriminator(Layout(4, (10,), 2)), torch.zeros(2, 28, 28, dtype=torch.uint8)
    for wrong in (digits / 255, digits.view(2, 14, 56), digits.view(2, 28, 28, 1)):
        with pytest.raises(ValueError, match=r"this Q takes \(n, 1, 28, 28\) in uint8"):
            metrics.posterior(net, wrong)
    assert torch.equal(metrics.posterior(net, digits), metrics.posterior(net, digits[:, None]))
    with pytest.raises(ValueError, match="no categorical code"):
        metrics.posterior(Discriminator(Layout(4, (), 2)), digits)


def test_labels_in_8_bits_match_as_in_64():
    labels = torch.arange(20).repeat_interleave(3)
    assert metrics.best_match(labels, labels.to(torch.uint8), 20).accuracy == 1
