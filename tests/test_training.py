"""The training step: who gets which gradient, λ, the recipes, the state, repeatability, a reader's own networks."""

import dataclasses
import inspect
import math

import numpy as np
import pytest
import torch
from helpers import (
    RECIPES, SPEC, TINY, OwnD, OwnG, images, make, make_own, moved, normal, points, reals, same, weights,
)  # fmt: skip
from torch import nn

from infogan_utils import Categorical, LatentSpec, Recipe, Trainer, Uniform, build, choose_start, paper_spec, train
from infogan_utils.augment import Augment, View, Views
from infogan_utils.objectives import GAN_LOSSES, information
from infogan_utils.recipes import FAST, PARTS, PLAIN_GAN, THREE_STEP
from infogan_utils.seeds import stream

EVERY = ("G", "trunk", "D", "Q")
UPDATES = [("Q",), ("G", "Q"), ("trunk", "Q"), ("G", "trunk", "Q")]


def slopes(run: Trainer) -> dict[str, list[tuple[dict, dict]]]:
    """From now on, the gradient and the move of each part in each step, by the step's name."""
    found, update = {}, run._update

    def spy(name, loss, params):
        before, names = weights(run), {p: part for part, ps in run.parameters.items() for p in ps}
        grads = torch.autograd.grad(loss, params, retain_graph=True, allow_unused=True)
        slope = dict.fromkeys(EVERY, 0.0)
        for p, g in zip(params, grads, strict=True):
            slope[names[p]] += 0.0 if g is None else g.abs().sum().item()
        update(name, loss, params)
        found.setdefault(name, []).append((slope, moved(before, weights(run))))

    run._update = spy
    return found


# --- who gets which gradient --------------------------------------------------------------------------


@pytest.mark.parametrize("updates", UPDATES)
def test_the_information_gradient_reaches_the_declared_parts_and_no_other(updates):  # B01, B21
    with_it, without = (make(agreement=0.0, information_updates=updates, lam=lam) for lam in (1.0, 0.0))
    a, b = slopes(with_it), slopes(without)
    for run in (with_it, without):
        run.step(reals())
    of_d, of_g = ((a[name][0][0], b[name][0][0]) for name in ("D step", "G step"))
    changed = {part for part in EVERY if of_d[0][part] != of_d[1][part]}
    assert changed == set(updates) - {"G"}  # the D head never
    assert of_d[1]["Q"] == 0 and "Q" not in b["D step"][0][1]  # with λ = 0, Q has no gradient and stays
    if "trunk" not in updates:  # else D's step has moved the trunk through which G's gradient comes
        assert (of_g[0]["G"] != of_g[1]["G"]) == ("G" in updates)
    else:
        with_it._information_loss = lambda answers, latents: (0 * answers.sum(), {})
        before = with_it.G.fc[0].weight.clone()
        with_it.step(reals())
        assert not torch.equal(before, with_it.G.fc[0].weight)


@pytest.mark.parametrize("name", RECIPES)
def test_Ds_step_never_moves_G_and_Gs_step_moves_G_alone(name):
    run = make(RECIPES[name])
    found = slopes(run)
    for _ in range(2):
        run.step(reals(run.real_images))
    expected = {"D step": {"trunk", "D", "Q"}, "G step": {"G"}}
    if run.recipe.separate_step:
        expected |= {"D step": {"trunk", "D"}, "information step": {"G", "trunk", "Q"}}
    assert {step: [parts for _, parts in each] for step, each in found.items()} == {
        step: [parts] * 2 for step, parts in expected.items()
    }
    assert all(p.grad is None for net in (run.G, run.D) for p in net.parameters())  # nothing waits


@pytest.mark.parametrize("name", RECIPES)
def test_every_parameter_belongs_to_the_declared_optimisers(name):  # B10
    run = make(RECIPES[name], lr_g=1.0, lr_d=2.0, lr_q=3.0)
    rates = {
        part: sorted(
            g["lr"] for o in run.optimisers.values() for g in o.param_groups if any(p is run.parameters[part][0] for p in g["params"])
        )
        for part in EVERY
    }  # fmt: skip
    if run.recipe.separate_step:
        assert rates == {"G": [1.0, 1.0], "trunk": [1.0, 2.0], "D": [2.0], "Q": [1.0]}
    else:
        assert rates == {"G": [1.0], "trunk": [2.0], "D": [2.0], "Q": [3.0]}


def test_only_continuous_codes_still_train_Q():  # B13
    run = make(spec=LatentSpec(4, (Uniform(), Uniform())))
    before = weights(run)
    run.step(reals())
    assert "Q" in moved(before, weights(run)) and run.spec.names == ("cont 1", "cont 2")


def test_the_codes_of_the_loss_are_those_that_made_the_images():
    run, made, told = make(agreement=0.0), [], []
    encode, loss = run.spec.encode, run._information_loss
    run.G.register_forward_pre_hook(lambda _, inputs: made.append(inputs[0]))
    run._information_loss = lambda answers, latents: (told.append(encode(latents)), loss(answers, latents))[1]
    run.step(reals())
    assert len(made) == 1 and all(torch.equal(codes, made[0]) for codes in told) and len(told) == 2


# --- λ ------------------------------------------------------------------------------------------------


def test_lam_is_a_dial_in_the_sum_and_inert_in_a_step_of_its_own():
    def after(lam: float, separate: bool) -> torch.Tensor:
        run = make(agreement=0.0, separate_step=separate, lam=lam)
        run.bfloat16 = False
        train(run, images(), until=3)
        return torch.cat(list(weights(run).values()))

    apart = {separate: (after(0.1, separate) - after(10.0, separate)).abs().mean() for separate in (False, True)}
    assert apart[False] > 10 * apart[True]


def test_lam_is_read_anew_by_each_step_and_kept_in_the_history():
    run = make()
    train(run, images(), until=2)
    run.lam = 0.25
    train(run, images(), until=3)
    assert run.history["lam"] == [1.0, 1.0, 0.25]


@pytest.mark.parametrize("lam", [-1, math.nan, math.inf, "a lot", None])
def test_a_lam_that_is_no_weight_is_named(lam):
    with pytest.raises(ValueError, match="lam = .* was given"):
        make().lam = lam
    with pytest.raises(ValueError, match="lam = .* was given"):
        Recipe(lam=lam)


# --- recipes ------------------------------------------------------------------------------------------


def test_the_default_recipe_is_plain():
    r = Recipe()
    assert (r.views, r.agreement, r.lam, r.continuous_weight, r.lam_lc, r.separate_step) == (None, 0, 1, 1, None, False)
    assert (r.lr_g, r.lr_d, r.lr_q, r.gan) == (1e-3, 2e-4, 2e-4, "non-saturating")  # the paper's rates; Q with D
    assert r.information_updates == PARTS and PLAIN_GAN == Recipe(information_updates=("Q",))


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("gan", GAN_LOSSES)
def test_every_recipe_takes_steps_with_every_gan_loss(name, gan):  # B20
    run = make(RECIPES[name], gan=gan)
    train(run, images(), until=2)
    assert list(run.history) == ["D", "G", "cat 1", "cont 1", "cont 2", "lam"]  # B04: losses by name


@pytest.mark.parametrize("name", ["mnist", "chairs", "faces", "svhn", "celeba"])
@pytest.mark.parametrize("recipe", [FAST, THREE_STEP])
def test_all_of_the_papers_specifications_train(name, recipe):
    run = make(recipe, spec=paper_spec(name), batch=8)
    train(run, images(16), until=2)
    assert {len(values) for values in run.history.values()} == {2}


def test_agreement_sees_each_real_image_twice_and_without_a_discrete_code_once():
    for spec, real, seen in ((SPEC, 8, 16), (LatentSpec(4, (Uniform(),)), 16, 16)):
        run, sizes = make(spec=spec), []
        run.D.trunk.register_forward_hook(lambda _, inputs, __, sizes=sizes: sizes.append(len(inputs[0])))
        assert run.recipe.agreement and run.real_images == real
        train(run, images(), until=1)
        assert sizes == [seen] * 3


def test_agreement_trains_the_trunk_as_far_as_lam_goes():
    for lam, differ in ((0.0, set()), (1.0, {"G", "trunk", "Q"})):
        one, two = (make(agreement=weight, lam=lam) for weight in (1.0, 2.0))
        for run in (one, two):
            run.step(reals(8))
        assert moved(weights(one), weights(two)) == differ  # G by the trunk's move


def test_a_code_that_a_view_names_is_read_from_its_part_of_the_batch():
    run = make(agreement=0.0)
    answers, latents = normal(16, SPEC.answers), SPEC.sample(16, torch.Generator().manual_seed(0))
    bounds, half = run._information_loss(answers, latents)[1], {"cont 1": slice(0, 8), "cont 2": slice(0, 8)}
    assert bounds == information(SPEC, answers, latents, half) != information(SPEC, answers, latents)


def test_continuous_codes_have_a_weight_and_the_three_step_form_its_own():
    answers, latents = normal(16, SPEC.answers), SPEC.sample(16, torch.Generator().manual_seed(0))
    bounds = information(SPEC, answers, latents)
    loss = make(Recipe(continuous_weight=0.5))._information_loss(answers, latents)[0]
    assert torch.isclose(loss, -bounds["cat 1"] - 0.5 * (bounds["cont 1"] + bounds["cont 2"]))
    only = make(Recipe(lam_lc=(1.0, 0.0), continuous_weight=9.0))._information_loss(answers, latents)[0]
    assert torch.isclose(only, math.log(10) - bounds["cat 1"])


def test_wrong_recipes_are_named():
    for message, changes in {
        "'Q' and any of": {"information_updates": ("G",), "agreement": 0.0},
        "holds 'Q' and any": {"information_updates": ("Q", "D"), "agreement": 0.0},
        "'hinge'": {"gan": "hinge"},
        "batch of 1": {"batch": 1},  # B23
        "agreement = -1": {"agreement": -1},
        r"set agreement=0\.0": {"separate_step": True},
        "but got information_updates": {"information_updates": ("Q",)},
        "and views = None": {"views": None},
    }.items():
        with pytest.raises(ValueError, match=message):
            dataclasses.replace(FAST, **changes)
    assert Recipe(views=Augment(shear=0.3)).views == Views((View(Augment(shear=0.3)),))
    with pytest.raises(ValueError, match="separate_step=True, a step for no code"):
        make(THREE_STEP, spec=LatentSpec(8))


# --- seeds --------------------------------------------------------------------------------------------


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
    with pytest.raises(ValueError, match="seed = -1"):
        stream(-1, "draws")


def test_labels_play_no_part():  # B02
    parameters = [
        name for call in (train, Trainer, Trainer.step, choose_start) for name in inspect.signature(call).parameters
    ]
    assert not any("label" in name for name in parameters)


# --- state --------------------------------------------------------------------------------------------


HARM = {
    "an Adam moment of shape (3,)": lambda s: s["tensors"].update({"D step.2.exp_avg": torch.zeros(3)}),
    "a missing moment": lambda s: s["tensors"].pop("G step.0.exp_avg_sq"),
    "a weight of another type": lambda s: s["tensors"].update({"G.fc.0.weight": s["tensors"]["G.fc.0.weight"].double()}),
    "a tensor too many": lambda s: s["tensors"].update(more=torch.zeros(1)),
    "a generator of another size": lambda s: s["tensors"].update(generator=torch.zeros(9, dtype=torch.uint8)),
    "a generator of noise": lambda s: s["tensors"].update(generator=torch.full_like(s["tensors"]["generator"], 255)),
    "λ below zero": lambda s: s.update(lam=-1.0),
    "no count of steps": lambda s: s.pop("steps"),
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


def test_a_state_put_into_another_run_makes_it_the_same():
    one, two = make(seed=1), make(seed=2)
    train(one, images(), until=3)
    two.load_state_dict(one.state_dict())
    for run in (one, two):
        train(run, images(), until=6)
    assert same(one, two)


def test_a_look_in_eval_mode_does_not_change_the_training_that_follows():
    looked, other = make(), make()
    looked.G.eval()
    looked.D.eval()
    for run in (looked, other):
        train(run, images(), until=2)
    assert same(looked, other)


# --- a reader's own networks --------------------------------------------------------------------------


def test_own_networks_train_with_every_recipe():
    for recipe in (
        Recipe(batch=16),
        dataclasses.replace(THREE_STEP, batch=16),
        dataclasses.replace(PLAIN_GAN, batch=16),
    ):
        run = Trainer(OwnG(), OwnD(), SPEC, recipe)
        before = weights(run)
        assert train(run, points, until=3) and moved(before, weights(run)) == set(EVERY)
        assert run.averaged.draw(SPEC.sample(5, torch.Generator())).shape == (5, 2)
        assert run.averaged.categories(torch.zeros(3, 2)).shape == (3, 10)


def test_own_networks_of_pictures_train_in_bfloat16_with_frozen_and_unused_layers():
    G, D = nn.Sequential(nn.Linear(16, 3 * 64), nn.Sigmoid(), nn.Unflatten(1, (3, 8, 8))), OwnD()
    D.trunk = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(144, 16))
    D.trunk[0].weight.requires_grad_(False)
    D.unused = D.trunk.unused = nn.Linear(2, 2)
    D.trunk.forward = lambda x: D.trunk[2](D.trunk[1](D.trunk[0](x)))
    run = Trainer(G, D, SPEC, dataclasses.replace(FAST, batch=16))
    run.bfloat16, frozen, before = True, D.trunk[0].weight.clone(), weights(run)
    assert train(run, torch.randint(0, 256, (32, 3, 8, 8), dtype=torch.uint8), until=3)
    assert torch.equal(D.trunk[0].weight, frozen) and moved(before, weights(run)) == set(EVERY)


def test_dropout_draws_from_the_runs_own_stream():
    one, two = make_own(), make_own()
    train(one, points, until=2)
    torch.rand(3)
    train(two, points, until=2)
    assert same(one, two) and not torch.equal(one.dropout.get_state(), make_own().dropout.get_state())


def test_numbers_of_numpy_are_taken():
    spec = LatentSpec(np.int64(4), tuple(Categorical(k) for k in np.array([10])))
    assert spec == LatentSpec(4, (Categorical(10),)) and type(spec.codes[0].k) is int
    run = Trainer(*build(spec, TINY), spec, Recipe(lam=np.float32(0.5), batch=np.int64(16)), seed=np.int64(3))
    assert (run.lam, type(run.lam), run.seed, type(run.seed)) == (0.5, float, 3, int)
