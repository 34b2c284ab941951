"""The agreement bound and the start chosen by it: closed forms, who learns, all or nothing, and by the seed."""

import dataclasses
import math
import signal

import pytest
import torch
from torch.nn import functional as F

from infogan_utils import start
from infogan_utils.channel import Channel
from infogan_utils.codes import Layout
from infogan_utils.data import read_shipped
from infogan_utils.loop import TrainingDiverged, next_batch, train
from infogan_utils.models import Size
from infogan_utils.objectives import agreement_bound
from infogan_utils.recipes import FAST, PAPER_RECIPE
from infogan_utils.start import choose_start
from infogan_utils.training import Trainer

TINY = Size(g_fc=16, d_fc=16, narrow=4, wide=8, q_fc=0)
SPEC = Layout(4, (10,), 2)
LN10 = math.log(10)


def draw(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def images(n: int = 64) -> torch.Tensor:
    return torch.randint(0, 256, (n, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(9))


def make(spec: Layout = SPEC, size: Size = TINY, **changes) -> Trainer:
    return Trainer(spec, dataclasses.replace(FAST, batch=16, **changes), size=size, seed=3)


# --- the bound --------------------------------------------------------------------------------------


def check_bound(bound):
    sure, shrug = 60 * torch.eye(10), torch.zeros(10, 10)
    assert abs(bound(sure, sure) - LN10) < 1e-4
    assert abs(bound(shrug, shrug)) < 1e-5
    assert abs(bound(sure[3].expand(10, 10), sure[3].expand(10, 10))) < 1e-4
    assert bound(sure, sure.flip(0)) < -10
    a, b = draw(40, 3, seed=1), draw(40, 3, seed=2)
    assert abs(bound(a, b) - bound(b, a)) < 1e-6
    p = [x.softmax(1) for x in (a, b)]
    by_hand = 0.0
    for drawn, read in (p, p[::-1]):
        mean = drawn.mean(0)
        by_hand += ((drawn * read.log()).sum() / 40 - (mean * mean.log()).sum()).item() / 2
    assert abs(bound(a, b) - by_hand) < 1e-5


def test_the_agreement_bound_has_its_closed_forms():
    check_bound(agreement_bound)


WRONG = {
    "no entropy": lambda a, b: -F.cross_entropy(b, a.softmax(1)),
    "the ceiling for the entropy": lambda a, b: math.log(a.shape[1]) - F.cross_entropy(b, a.softmax(1)),
    "the mean entropy": lambda a, b: agreement_bound(a, b) + 0.1 * (a.softmax(1) * a.log_softmax(1)).sum(1).mean(),
    "the same view twice": lambda a, b: (agreement_bound(a, a) + agreement_bound(b, b)) / 2,
    "one direction": lambda a, b: (
        -F.cross_entropy(b, a.softmax(1)) - torch.special.xlogy(a.softmax(1).mean(0), a.softmax(1).mean(0)).sum()
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_variants_of_the_agreement_bound_are_caught(name):
    with pytest.raises(AssertionError):
        check_bound(WRONG[name])


def test_it_never_exceeds_the_information_of_a_table():
    # x takes 4 values; a view T(x) is x, or with 0.2 the next value; Q is any table. I(c; T'(x)) is exact.
    generator = torch.Generator().manual_seed(0)
    view = 0.8 * torch.eye(4) + 0.2 * torch.eye(4).roll(1, dims=1)  # P(T(x) = column | x = row)
    for _ in range(50):
        q = (3 * torch.randn(4, 3, generator=generator)).softmax(1)  # Q(c|T(x))
        c_given_x = view @ q
        joint = c_given_x.T @ view / 4  # P(c, T'(x))
        pc, pv = joint.sum(1, keepdim=True), joint.sum(0, keepdim=True)
        information = torch.special.xlogy(joint, joint / (pc * pv)).sum()
        of_x = torch.special.xlogy(c_given_x, c_given_x / pc.T).sum() / 4  # I(c; x)
        # every pair of views as often as it occurs: 25 images stand for each x
        count = (view * 5).round().long()  # 4 and 1 of 5
        pairs = [(i, j) for x in range(4) for i in range(4) for j in range(4) for _ in range(count[x, i] * count[x, j])]
        one, other = (q[torch.tensor(side)].log() for side in zip(*pairs, strict=True))
        bound = agreement_bound(one, other)
        assert bound <= information + 1e-5 and information <= of_x + 1e-5


def test_several_readers_at_once_are_each_by_itself():
    a, b = draw(5, 20, 10, seed=1), draw(5, 20, 10, seed=2)
    both = agreement_bound(a, b)
    assert both.shape == (5,)
    for i in range(5):
        assert abs(both[i] - agreement_bound(a[i], b[i])) < 1e-6


def test_a_category_that_no_image_gets_changes_neither_the_bound_nor_its_gradient():
    def of(never: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        one, other = (torch.cat([draw(20, 2, seed=seed), never], dim=1).requires_grad_() for seed in (1, 2))
        bound = agreement_bound(one, other)
        bound.backward()
        return bound, torch.cat([one.grad, other.grad])

    (bound, slope), (same, more) = of(torch.empty(20, 0)), of(torch.full((20, 1), -200.0))  # exp(-200) is 0 in float32
    assert torch.allclose(bound, same) and torch.allclose(slope, more[:, :2]) and slope.abs().max() > 0
    assert torch.equal(more[:, 2], torch.zeros(40))
    sure = torch.tensor([[0.0, -200.0], [0.0, -200.0]], requires_grad=True)
    agreement_bound(sure, sure).backward()
    assert torch.equal(sure.grad, torch.zeros(2, 2))


def test_views_of_other_shapes_are_refused():
    with pytest.raises(ValueError, match=r"\(4, 10\) and \(5, 10\).*same images"):
        agreement_bound(torch.zeros(4, 10), torch.zeros(5, 10))


# --- in the step ------------------------------------------------------------------------------------


def test_in_the_step_it_trains_the_trunk_and_only_with_lam():
    changes = {}
    for lam in (0.0, 1.0):
        runs = [make(agreement=weight, lam=lam) for weight in (1.0, 2.0)]
        for run in runs:
            run.step(next_batch(run, images().unsqueeze(1)))
        a, b = (run.D.trunk.state_dict() for run in runs)
        changes[lam] = any(not torch.equal(a[name], b[name]) for name in a if name.endswith("weight"))
    assert changes == {0.0: False, 1.0: True}


def test_a_step_takes_half_a_batch_and_sees_each_image_twice():
    run, seen = make(), []
    features = run.D.features
    run.D.features = lambda x: seen.append(len(x)) or features(x)
    x = next_batch(run, images().unsqueeze(1))
    run.step(x)
    assert len(x) == 8 and seen == [16, 16, 16]
    assert len(next_batch(make(agreement=0.0), images().unsqueeze(1))) == 16


@pytest.mark.parametrize("changes", [{"agreement": -1.0}, {"agreement": math.nan}])
def test_a_weight_below_zero_or_nan_is_refused(changes):
    with pytest.raises(ValueError, match="agreement = .* a weight, 0 or more"):
        dataclasses.replace(FAST, **changes)


@pytest.mark.parametrize("changes", [{"own_adam": True}, {"reaches": ("Q",)}, {"channel": None}])
def test_agreement_without_the_trunk_or_two_views_is_refused_with_the_way_out(changes):
    with pytest.raises(ValueError, match=r"set agreement=0\.0"):
        dataclasses.replace(FAST, **changes)


# --- the start --------------------------------------------------------------------------------------


def test_a_look_in_eval_mode_does_not_change_the_start():
    looked, other = make(), make()
    looked.D.eval()
    bounds = [choose_start(run, images(), readers=4, steps=3) for run in (looked, other)]
    assert torch.equal(*bounds)


def test_the_best_reader_becomes_Qs_category_and_the_rest_of_Q_stays():
    run = make()
    before = {k: v.clone() for k, v in run.D.state_dict().items()}
    bounds = choose_start(run, images(), readers=4, steps=3)
    after = run.D.state_dict()
    assert bounds.shape == (4,) and torch.isfinite(bounds).all()
    assert not torch.equal(before["trunk.0.weight"], after["trunk.0.weight"])
    head = "q_head.0.weight"
    assert not torch.equal(before[head][:10], after[head][:10]) and torch.equal(before[head][10:], after[head][10:])
    assert torch.equal(before["d_head.weight"], after["d_head.weight"])
    averaged = run.averaged["D"].module.state_dict()
    assert all(torch.equal(after[name], averaged[name]) for name in after) and run.steps == 0
    train(run, images(), until=2)


def test_the_same_seed_gives_the_same_start_and_leaves_the_runs_draws_alone():
    runs = [make() for _ in range(2)]
    a, b = (choose_start(run, images(), readers=4, steps=3) for run in runs)
    assert torch.equal(a, b)
    assert torch.equal(runs[0].generator.get_state(), make().generator.get_state())
    for x, y in zip(runs[0].D.parameters(), runs[1].D.parameters(), strict=True):
        assert torch.equal(x, y)


def test_on_real_digits_the_bound_climbs_and_the_readers_differ():
    digits = read_shipped("asked for")
    run = Trainer(SPEC, FAST, size=dataclasses.replace(TINY, d_fc=64, narrow=8, wide=16), seed=0)
    seen = []
    bounds = choose_start(run, digits.train, readers=8, steps=60, show=lambda step, b: seen.append((step, b)), every=20)
    assert [step for step, _ in seen] == [20, 40, 60] and torch.equal(seen[-1][1], bounds)
    assert seen[0][1].max() < seen[-1][1].max() and bounds.max() > bounds.min()
    assert bounds.max() > 0.15  # an untrained reader's is 0.0 to 0.02


def test_stopped_in_the_middle_it_changes_nothing():
    run = make()
    before = {k: v.clone() for k, v in run.D.state_dict().items()}
    stopped = choose_start(
        run, images(), readers=4, steps=50, every=5, show=lambda *_: signal.raise_signal(signal.SIGINT)
    )
    assert stopped is None
    assert all(torch.equal(value, before[name]) for name, value in run.D.state_dict().items())


def test_a_ctrl_c_after_the_last_step_does_not_part_D_from_its_average():
    run = make()
    load = run.D.load_state_dict
    run.D.load_state_dict = lambda state: (load(state), signal.raise_signal(signal.SIGINT))
    assert choose_start(run, images(), readers=4, steps=2) is not None
    averaged = run.averaged["D"].module.state_dict()
    assert all(torch.equal(value, averaged[name]) for name, value in run.D.state_dict().items())


def test_nan_changes_nothing_and_says_what_to_try():
    run = make()
    before = {k: v.clone() for k, v in run.D.state_dict().items()}
    run.recipe = dataclasses.replace(run.recipe, lr_g=1e30)
    with pytest.raises(TrainingDiverged, match="smaller lr_g"):
        choose_start(run, images(), readers=4, steps=5)
    assert all(torch.equal(value, before[name]) for name, value in run.D.state_dict().items())


@pytest.mark.parametrize(
    "run",
    [
        make(Layout(4, (), 2)),
        make(size=dataclasses.replace(TINY, q_fc=8)),
        Trainer(SPEC, dataclasses.replace(PAPER_RECIPE, batch=16), size=TINY),
    ],
    ids=["no category", "a hidden layer", "no channel"],
)
def test_a_run_that_has_no_start_to_choose_is_refused(run):
    with pytest.raises(ValueError, match="a start is chosen for a run without steps"):
        choose_start(run, images())


def test_a_run_that_has_begun_is_refused():
    run = make()
    train(run, images(), until=1)
    with pytest.raises(ValueError, match="after 1 steps"):
        choose_start(run, images())


def test_the_channel_must_not_spare_everything_for_the_views_to_differ():
    # with T the identity both views are one, and the bound is Q's own information: higher than through T
    digits = read_shipped("asked for")
    still = Channel(rotation=0, shear=0, scale=0, shift=0, aspect=0, stroke=0)
    tops = []
    for channel in (FAST.channel, still):
        run = Trainer(SPEC, dataclasses.replace(FAST, channel=channel, batch=64), size=TINY, seed=1)
        tops.append(choose_start(run, digits.train, readers=2, steps=30).max())
    assert tops[0] < tops[1]


def test_the_module_keeps_a_running_mean_that_forgets_its_first_value():
    assert start.MEMORY**500 < 1e-4
