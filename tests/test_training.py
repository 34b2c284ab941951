"""The training step: who gets which gradient, λ, the recipes, seeds, the state, a reader's own networks."""

import dataclasses
import math

import pytest
import torch
from helpers import RECIPES, SPEC, OwnD, OwnG, images, make, moved, normal, points, reals, same, weights
from torch import nn

from infogan_utils import LatentSpec, Recipe, Trainer, Uniform, checkpoint, choose_start, train
from infogan_utils.augment import Augment, View, Views
from infogan_utils.data import plane
from infogan_utils.objectives import GAN_LOSSES, agreement_bound, information
from infogan_utils.recipes import FAST, PAPER, PLAIN_GAN, THREE_STEP
from infogan_utils.seeds import stream
from infogan_utils.widgets.explorer import ExplorerPanel

EVERY = {"G", "trunk", "D", "Q"}
UPDATES = [("Q",), ("G", "Q"), ("trunk", "Q"), ("G", "trunk", "Q")]


def gradients(**changes) -> dict[str, torch.Tensor]:
    """The gradient by which a first step moves each part; nothing moves, so that runs can be compared."""
    run, found = make(agreement=0.0, **changes), {}

    def keep(_, loss, params):
        loss.backward(inputs=params)
        for part, owned in run.parameters.items():
            if owned and any(p is owned[0] for p in params):
                found[part] = torch.cat([p.grad.flatten() for p in owned])
        for p in params:
            p.grad = None

    run._update = keep
    run.step(reals())
    return found


@pytest.mark.parametrize("updates", UPDATES)
def test_the_information_gradient_reaches_the_declared_parts_and_no_other(updates):  # B01, B21
    with_it, without = (gradients(information_updates=updates, lam=lam) for lam in (1.0, 0.0))
    assert moved(with_it, without) == set(updates)  # never D's head
    assert without["Q"].abs().sum() == 0 < min(with_it[part].abs().sum() for part in EVERY)


def test_the_contrastive_regulariser_reaches_G_and_H_alone_as_far_as_lam_goes():
    for lam, reached in ((1.0, {"G", "H"}), (0.0, set())):  # neither trunk nor D's head nor Q's
        one, two = (gradients(contrast=weight, gap_steps=9, plain_d=False, lam=lam) for weight in (1.0, 2.0))
        assert moved(one, two) == reached and all(one[part].any() == (lam > 0 or part in EVERY - {"Q"}) for part in one)


def test_H_sees_the_two_pictures_of_a_pair_and_their_gap_closes():
    run, drawn, seen = make(PAPER, contrast=1.0, gap_steps=40), [], []
    run.G.register_forward_hook(lambda _, inputs, x: drawn.append((inputs[0], x)))
    run.H.register_forward_hook(lambda _, inputs, answers: seen.append(inputs[0]))
    run.step(reals())
    ((latent, x),) = drawn  # one batch for all
    assert len(seen) == 2 and all(torch.equal(pair, torch.cat([x[:8], x[8:]], dim=1)) for pair in seen)
    codes = [slice(0, 4), slice(4, 14), 14, 15]  # noise, cat 1, cont 1, cont 2 of G's input
    same = torch.stack([(latent[:8, c] == latent[8:, c]).view(8, -1).all(dim=1) for c in codes])
    assert same[0].all() and torch.equal(same.sum(dim=0), torch.full((8,), 2))
    assert [run.recipe.gap(steps) for steps in (0, 19, 39, 1000)] == [0.975, 0.5, 0.0, 0.0]


@pytest.mark.parametrize("name", RECIPES)
def test_each_step_moves_its_own_parts_alone_at_their_learning_rates(name):  # B10
    run, found = make(RECIPES[name], lr_g=1e-3, lr_d=2e-3, lr_q=3e-3), {}
    update = run._update

    def spy(step, *args):
        before = weights(run)
        update(step, *args)
        after = weights(run)
        first = run.steps == 0  # Adam's first step is as long as the learning rate
        rates = {part: (after[part] - before[part]).abs().max().item() for part in moved(before, after)}
        found[step] = {part: round(rate, 4) if first else found[step][part] for part, rate in rates.items()}

    run._update = spy
    for _ in range(2):
        run.step(reals(run.real_images))
    if run.recipe.separate_step:
        assert found["information step"] == {"G": 1e-3, "trunk": 1e-3, "Q": 1e-3} and "Q" not in found.pop("D step")
    else:
        classifier = {"H": 2e-3} if run.recipe.contrast else {}
        assert found["D step"] == {"trunk": 2e-3, "D": 2e-3, "Q": 3e-3} | classifier  # D's step never moves G
    assert found["G step"] == {"G": 1e-3}
    assert all(p.grad is None for net in (run.G, run.D) for p in net.parameters())  # nothing waits


def test_the_codes_of_the_loss_are_those_that_made_the_images():
    run, made, told = make(agreement=0.0), [], []
    encode, loss = run.spec.encode, run._information_loss
    run.G.register_forward_pre_hook(lambda _, inputs: made.append(inputs[0]))
    run._information_loss = lambda answers, latents: (told.append(encode(latents)), loss(answers, latents))[1]
    run.step(reals())
    assert len(made) == 1 and all(torch.equal(codes, made[0]) for codes in told) and len(told) == 2


def test_lam_is_read_anew_by_each_step_kept_in_the_history_and_refused_where_it_is_no_weight():
    run = make()
    train(run, images(), until=2)
    run.lam = 0.25
    train(run, images(), until=3)
    assert run.history["lam"] == [1.0, 1.0, 0.25]
    for lam in (-1, math.nan, math.inf, "a lot", None):
        with pytest.raises(ValueError, match="lam = .* was given"):
            run.lam = lam
        with pytest.raises(ValueError, match="lam = .* was given"):
            Recipe(lam=lam)


def test_lam_is_a_dial_in_the_sum_and_inert_in_a_step_of_its_own():
    apart = []
    for separate in (False, True):
        runs = [make(agreement=0.0, separate_step=separate, lam=lam) for lam in (0.1, 10.0)]
        for run in runs:
            run.bfloat16 = False
            train(run, images(), until=3)
        one, other = (torch.cat(list(weights(run).values())) for run in runs)
        apart.append((one - other).abs().mean())
    assert apart[0] > 10 * apart[1]


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("gan", GAN_LOSSES)
def test_every_recipe_takes_steps_with_every_gan_loss(name, gan):  # B20
    run, looked = (make(RECIPES[name], gan=gan) for _ in range(2))
    looked.G.eval(), looked.D.eval()  # a look in between changes nothing
    assert train(run, images(), until=2) and train(looked, images(), until=2) and same(run, looked)
    contrast = ["contrast"] if run.recipe.contrast else []
    assert list(run.history) == ["D", "G", "cat 1", "cont 1", "cont 2", *contrast, "lam"]  # B04: losses by name


def test_agreement_sees_each_real_image_twice_and_without_a_discrete_code_once():
    for spec, real in ((SPEC, 8), (LatentSpec(4, (Uniform(),)), 16)):  # B13: continuous codes alone train Q
        run, sizes = make(spec=spec), []
        run.D.trunk.register_forward_hook(lambda _, inputs, __, sizes=sizes: sizes.append(len(inputs[0])))
        before = weights(run)
        assert train(run, images(), until=1) and run.real_images == real and moved(before, weights(run)) == EVERY
        assert sizes == [16, 8] * 3  # D's head sees a half, and it without T
    a, b = normal(8, SPEC.answers, seed=1), normal(8, SPEC.answers, seed=2)
    assert torch.isclose(make()._agreement(torch.cat([a, b])), agreement_bound(a[:, :10], b[:, :10]))  # i and i + n


def test_with_plain_d_the_head_sees_half_of_the_images_without_T_and_Q_all_behind_it():
    run, x, seen = make(agreement=0.0, plain_d=True, views=Augment(mirror=1)), reals(), []
    run.D.trunk.register_forward_hook(lambda _, inputs, h: seen.append((inputs[0], h)))
    v, answers = run._see(x)
    (behind, of_q), (plain, of_d) = seen
    assert torch.allclose(behind, x.flip(3), atol=1e-5) and torch.equal(plain, x[8:])
    assert torch.equal(v, run.D.d_head(of_d).squeeze(1)) and torch.equal(answers, run.D.q_head(of_q))


def test_each_code_is_read_from_its_part_of_the_batch_with_its_weight_or_the_three_step_forms():
    answers, latents = normal(16, SPEC.answers), SPEC.sample(16, torch.Generator().manual_seed(0))
    whole, part = information(SPEC, answers, latents), {"cont 1": slice(0, 4), "cont 2": slice(4, 8)}
    bounds = make(agreement=0.0)._information_loss(answers, latents)[1]
    assert bounds == information(SPEC, answers, latents, part) != whole
    loss = make(Recipe(continuous_weight=0.5))._information_loss(answers, latents)[0]
    assert torch.isclose(loss, -whole["cat 1"] - 0.5 * (whole["cont 1"] + whole["cont 2"]))
    only = make(Recipe(lam_lc=(1.0, 0.0), continuous_weight=9.0))._information_loss(answers, latents)[0]
    assert torch.isclose(only, math.log(10) - whole["cat 1"])


def test_agreement_trains_the_trunk_as_far_as_lam_goes():
    for lam, differ in ((0.0, set()), (1.0, {"G", "trunk", "Q"})):
        one, two = (make(agreement=weight, lam=lam) for weight in (1.0, 2.0))
        for run in (one, two):
            run.step(reals(8))
        assert moved(weights(one), weights(two)) == differ  # G by the trunk's move


def test_wrong_recipes_are_named():
    for message, changes in {
        "holds 'Q' and any": {"information_updates": ("G",), "agreement": 0.0},
        "'hinge'": {"gan": "hinge"},
        "batch of 1": {"batch": 1, "plain_d": False},  # B23
        "batch of 3": {"batch": 3},
        "batch of 8.0": {"batch": 8.0},
        "batch of '8'": {"batch": "8"},
        "average = 1.5": {"average": 1.5},
        "average = nan": {"average": math.nan},
        "a weight of lam_lc = -1": {"lam_lc": (-1, 0.1)},
        "inherits from Views": {"views": lambda x, generator: x},
        "agreement = -1": {"agreement": -1},
        "separate_step = True": {"separate_step": True},
        "but got information_updates": {"information_updates": ("Q",)},
        "views = None": {"views": None},
        "contrast = -1": {"contrast": -1},
        "lr_d = -0.001 was given; a weight is a finite number, 0 or more": {"lr_d": -0.001},
        "lr_g = nan": {"lr_g": math.nan},
        "lr_q = '1e-3x'": {"lr_q": "1e-3x"},
        "gap_steps = 0": {"contrast": 1.0, "gap_steps": 0},
        "batch = 15": {"contrast": 1.0, "batch": 15},
    }.items():
        with pytest.raises(ValueError, match=message):
            dataclasses.replace(FAST, **changes)
    assert Recipe(views=Augment(shear=0.3)).views == Views((View(Augment(shear=0.3)),))
    with pytest.raises(ValueError, match="separate_step=True, a step for no code"):
        make(THREE_STEP, spec=LatentSpec(8))
    with pytest.raises(ValueError, match="1 codes, .* were given: set contrast=0.0"):
        make(PAPER, contrast=1.0, spec=LatentSpec(3, (Uniform(),)))
    with pytest.raises(ValueError, match=r"views change images; G draws \(2,\): take views=None"):
        Trainer(OwnG(), OwnD(), SPEC, FAST)


@pytest.mark.parametrize("name", RECIPES)
def test_the_same_seed_gives_the_same_run_and_another_seed_another(name):
    before = torch.get_rng_state()
    one, two, other = (make(RECIPES[name], seed=seed) for seed in (1, 1, 2))
    for run in (one, two, other):
        train(run, images(), until=4)
    assert torch.equal(before, torch.get_rng_state())  # torch's global state plays no part
    assert same(one, two) and one.history != other.history


def test_the_streams_of_a_seed_differ():
    firsts = [torch.rand(4, generator=stream(0, name)) for name in ("first weights", "draws", "start", "dropout")]
    assert len({tuple(x.tolist()) for x in [*firsts, torch.rand(4, generator=stream(1, "draws"))]}) == 5
    assert torch.equal(firsts[1], torch.rand(4, generator=make().generator))
    for odd in (-1, 1.5, "1", None):
        with pytest.raises(ValueError, match=f"seed = {odd!r} was given; it is a whole number, 0 or more"):
            stream(odd, "draws")


@pytest.mark.parametrize("odd", ["gpu", "xpu", None])
def test_a_device_that_is_not_here_is_named_with_the_way_out(odd):
    with pytest.raises(ValueError, match=f"device = {odd!r} can't be used here .*; take 'cpu', or best_device"):
        make(device=odd)


HARM = {
    "an Adam moment of shape (3,)": lambda s: s["tensors"].update({"D step.2.exp_avg": torch.zeros(3)}),
    "a missing moment": lambda s: s["tensors"].pop("G step.0.exp_avg_sq"),
    "a tensor too many": lambda s: s["tensors"].update(more=torch.zeros(1)),
    "a generator of noise": lambda s: s["tensors"].update(generator=torch.full_like(s["tensors"]["generator"], 255)),
    "λ below zero": lambda s: s.update(lam=-1.0),
    "a history that is none": lambda s: s.update(history=3),
}  # fmt: skip


@pytest.mark.parametrize("harm", HARM)
def test_a_state_that_does_not_fit_is_refused_and_changes_nothing(harm):
    run, before, other = make(), make(), make(seed=1)
    train(other, images(), until=2)
    state = other.state_dict()
    HARM[harm](state)
    with pytest.raises((ValueError, LookupError, AttributeError, RuntimeError)):
        run.load_state_dict(state)
    assert same(run, before)
    train(run, images(), until=2)


@pytest.fixture
def doubles():
    """Switches the default to float64 where it is called: notebook 01 computes so."""
    yield lambda: torch.set_default_dtype(torch.float64)
    torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("name", RECIPES)
def test_under_a_default_of_doubles_a_run_has_the_same_bits(doubles, name):
    def tensors() -> dict[str, torch.Tensor]:
        run = make(RECIPES[name])
        if run.pairs:
            choose_start(run, images(), readers=2, steps=2)
        train(run, images(), until=3)
        return run.state_dict()["tensors"]

    single, _ = tensors(), doubles()
    for key, value in tensors().items():
        assert value.dtype == single[key].dtype and torch.equal(value, single[key]), key


def test_under_a_default_of_doubles_models_draw_and_points_train(doubles):
    doubles()
    model = checkpoint.load_model()
    picture = model.draw(model.spec.sample(1, torch.Generator()))
    assert picture.dtype == torch.float32 and model.categories(picture).shape == (1, 10)
    changed = Augment(0.3, 0.4, 0.15, 0.1, 0.25, 0.6)(picture, torch.Generator())
    assert changed.dtype == torch.float32 and torch.get_default_dtype() == torch.float64
    ExplorerPanel(model, torch.zeros(1, 28, 28, dtype=torch.uint8))
    run = Trainer(*plane.networks(0), plane.SPEC, plane.RECIPE)
    assert train(run, plane.real_points, until=2)


def test_own_networks_train_with_every_recipe():
    for recipe in (PAPER, THREE_STEP, PLAIN_GAN):
        run = Trainer(OwnG(), OwnD(), SPEC, recipe)
        before = weights(run)
        assert train(run, points, until=3) and moved(before, weights(run)) == EVERY
        assert run.averaged.draw(SPEC.sample(5, torch.Generator())).shape == (5, 2)
        assert run.averaged.categories(torch.zeros(3, 2)).shape == (3, 10)


def test_own_networks_of_pictures_train_in_bfloat16_with_frozen_and_unused_layers():
    G, D = nn.Sequential(nn.Linear(16, 3 * 64), nn.Sigmoid(), nn.Unflatten(1, (3, 8, 8))), OwnD()
    D.trunk = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(144, 16))
    D.trunk[0].weight.requires_grad_(False)
    D.unused = D.trunk.unused = nn.Linear(2, 2)
    D.trunk.forward = lambda x: D.trunk[2](D.trunk[0](x.view(len(x), 3, 64).view(x.shape)).view(len(x), 144))
    run = Trainer(G, D, SPEC, dataclasses.replace(FAST, batch=16))
    run.bfloat16, frozen, before = True, D.trunk[0].weight.clone(), weights(run)
    assert train(run, torch.randint(0, 256, (32, 3, 8, 8), dtype=torch.uint8), until=3)
    assert torch.equal(D.trunk[0].weight, frozen) and moved(before, weights(run)) == EVERY
