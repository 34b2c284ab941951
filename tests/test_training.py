"""The training step: who gets which gradient, lam, the recipes, repeatability. The loop's faults are elsewhere."""

import dataclasses
import warnings

import numpy as np
import pytest
import torch

from infogan_utils import checkpoint, recipes
from infogan_utils.channel import Channel
from infogan_utils.codes import Codes, Layout, layout
from infogan_utils.loop import train
from infogan_utils.models import Size
from infogan_utils.note_models import NOTE_SIZE
from infogan_utils.objectives import information
from infogan_utils.recipes import FAST, NOTE, PAPER_RECIPE, PLAIN_GAN, Recipe
from infogan_utils.training import Trainer

TINY = Size(g_fc=16, d_fc=16, narrow=4, wide=8, q_fc=8)
NOTE_TINY = dataclasses.replace(NOTE_SIZE, narrow=8, wide=16)
SPEC = Layout(4, (10,), 2)


def images(n: int = 64) -> torch.Tensor:
    return torch.randint(0, 256, (n, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(9))


def trainer(recipe: Recipe = FAST, seed: int = 0, **changes) -> Trainer:
    return Trainer(SPEC, dataclasses.replace(recipe, batch=16, **changes), size=TINY, seed=seed)


def weights(run: Trainer) -> dict[str, torch.Tensor]:
    parts = {"G": run.G, "trunk": run.D.trunk, "D head": run.D.d_head, "Q": run.D.q_head}
    return {name: torch.cat([p.detach().flatten() for p in net.parameters()]).clone() for name, net in parts.items()}


def moved(run: Trainer, steps: int = 1) -> set[str]:
    before = weights(run)
    train(run, images(), until=run.steps + steps)
    return {name for name, after in weights(run).items() if not torch.equal(before[name], after)}


@pytest.mark.parametrize("recipe", [FAST, PAPER_RECIPE, PLAIN_GAN, NOTE])
def test_every_parameter_belongs_to_exactly_the_declared_optimisers_B10(recipe):
    run = trainer(recipe)
    owners = {p: [] for net in (run.G, run.D) for p in net.parameters()}
    for name, optimiser in run.optimisers.items():
        for p in (p for group in optimiser.param_groups for p in group["params"]):
            owners[p].append(name)
    q = set(run.D.q_head.parameters())
    shared = {*run.G.parameters(), *run.D.trunk.parameters()}
    for p, names in owners.items():
        if recipe.own_adam:
            expected = {"information"} if p in q else set()
        else:
            expected = {"G"} if p in q else set()
        assert expected <= set(names) and len(names) == len(set(names))
        assert len(names) == (2 if recipe.own_adam and p in shared else 1)


@pytest.mark.parametrize("reaches", [("Q",), ("G", "Q"), ("trunk", "Q"), ("G", "trunk", "Q")])
def test_the_information_gradient_reaches_the_declared_parts_and_no_other_B01(reaches):
    # sgd instead of Adam, so that one step shows the gradient itself
    runs = [trainer(FAST, agreement=0.0, reaches=reaches, lam=lam) for lam in (0.0, 1.0)]
    for run in runs:
        run.optimisers = {
            name: torch.optim.SGD([p for group in o.param_groups for p in group["params"]], lr=0.01)
            for name, o in run.optimisers.items()
        }
        train(run, images(), until=1)
    a, b = (weights(run) for run in runs)
    # G's step comes after D's, so a trunk that information moved gives G another gradient in the same step
    changed = {name for name in a if not torch.equal(a[name], b[name])}
    expected = set(reaches) | ({"G"} if "trunk" in reaches else set())
    assert changed == expected and "D head" not in changed


def test_with_lam_0_Q_gets_no_gradient_and_the_rest_trains_B01():
    assert moved(trainer(FAST, lam=0.0)) == {"G", "trunk", "D head"}


def test_only_continuous_terms_give_Qs_mean_head_a_gradient_B13():
    run = Trainer(Layout(4, (), 2), dataclasses.replace(FAST, batch=16, cont_weight=1.0), size=TINY)
    before = run.D.q_head[-1].weight[:2].detach().clone()
    train(run, images(), until=1)
    assert not torch.equal(before, run.D.q_head[-1].weight[:2]) and set(run.history) >= {"cont 1", "cont 2"}


def test_detaching_before_Q_would_be_caught_B21():
    run = trainer(FAST)
    codes = run.layout.sample(16, run.generator)
    for detach, reached in ((False, True), (True, False)):
        features = run.D.features(run.G(codes))
        loss, _ = run._information_loss(run.D.q(features.detach() if detach else features), codes)
        slopes = torch.autograd.grad(loss, run.g_params, allow_unused=True)
        assert any(s is not None and s.abs().sum() > 0 for s in slopes) == reached


def test_where_a_share_spares_no_image_of_a_batch_continuous_codes_are_read_from_all():
    for channel in (Channel(spared=0.02), Channel(spared=0.0)):
        run = trainer(FAST, agreement=0.0, channel=channel)
        assert channel.spared_of(16) == 0
        codes = run.layout.sample(16, torch.Generator().manual_seed(0))
        q = run.D(torch.rand(16, 1, 28, 28, generator=torch.Generator().manual_seed(1)))[1]
        assert torch.equal(run._information_loss(q, codes)[1]["cont 1"], information(q, codes)["cont 1"])
        train(run, images(), until=1)


def test_a_step_of_its_own_for_the_information_of_no_code_is_refused_with_a_way_out_that_works():
    nothing = Layout(8)
    with pytest.raises(ValueError, match="Layout.noise=8.*own_adam=True.*replace.recipe, own_adam=False"):
        Trainer(nothing, dataclasses.replace(NOTE, batch=16), size=TINY)
    with warnings.catch_warnings(action="ignore"):  # PyTorch's, of a Q without outputs
        run = Trainer(nothing, dataclasses.replace(NOTE, batch=16, own_adam=False), size=TINY)
    assert train(run, images(), until=1)


def test_with_agreement_Q_waits_for_Gs_step_with_the_gradient_of_Ds_and_so_gets_L_I_twice():
    def of_Q(agreement: float) -> torch.Tensor:
        run, waiting = trainer(FAST, agreement=agreement), []
        update = run._update
        run._update = lambda *args: (update(*args), waiting.append(run.q_params[0].grad))
        run._agreement = lambda q: 0.0 * q.mu.sum()  # L_I alone
        run.step(images(8).unsqueeze(1) / 255)
        return waiting[0]

    assert of_Q(0.0) is None and of_Q(1.0).abs().sum() > 0


def test_lam_is_a_dial_in_the_summed_loss_and_inert_in_an_adam_of_its_own():
    def after(lam: float, own_adam: bool) -> torch.Tensor:
        run = trainer(FAST, agreement=0.0, own_adam=own_adam, lam=lam)
        run.bfloat16 = False
        train(run, images(), until=3)
        return weights(run)["G"]

    def apart(own_adam: bool) -> float:
        return (after(0.1, own_adam) - after(10.0, own_adam)).abs().mean().item()

    assert apart(own_adam=False) > 5 * apart(own_adam=True)


def test_lam_is_read_anew_by_each_step_and_kept_in_the_history():
    run = trainer(FAST)
    train(run, images(), until=2)
    run.lam = 0.25
    train(run, images(), until=3)
    assert run.history["lam"] == [1.0, 1.0, 0.25]


@pytest.mark.parametrize("lam", [-1, float("nan"), float("inf"), "a lot", None])
def test_a_lam_that_is_no_weight_is_named(lam):
    with pytest.raises(ValueError, match="lam = .* was given"):
        trainer(FAST).lam = lam
    with pytest.raises(ValueError, match="lam = .* was given"):
        Recipe(lam=lam)


@pytest.mark.parametrize("recipe", [FAST, PAPER_RECIPE, PLAIN_GAN, NOTE])
def test_the_same_seed_gives_the_same_run_and_another_seed_another(recipe):
    one, two, other = trainer(recipe, seed=1), trainer(recipe, seed=1), trainer(recipe, seed=2)
    torch.rand(5)  # the global state plays no part
    for run in (one, two, other):
        train(run, images(), until=5)
    assert one.history == two.history and one.history != other.history
    assert all(torch.equal(a, weights(two)[name]) for name, a in weights(one).items())


@pytest.mark.parametrize("recipe", [FAST, PAPER_RECIPE, PLAIN_GAN, NOTE])
@pytest.mark.parametrize("objective", ["minimax", "non-saturating", "least-squares"])
def test_every_recipe_takes_steps_with_every_objective_B20(recipe, objective):
    run = trainer(recipe, objective=objective)
    train(run, images(), until=2)
    assert run.steps == 2 and set(run.history) == {"D", "G", "cat 1", "cont 1", "cont 2", "lam"}


def test_losses_stand_under_their_own_names_B04():
    run = trainer(FAST)
    d, g, bound = torch.tensor(1.0), torch.tensor(2.0), torch.tensor(3.0)
    assert run._figures(d, g, {"cat 1": bound}) == {"D": d, "G": g, "cat 1": bound}


def test_labels_play_no_part_in_training_B02():
    parameters = set(train.__annotations__) | set(Trainer.step.__annotations__)
    assert not any("label" in name for name in parameters)


@pytest.mark.parametrize("name", ["mnist", "chairs", "faces", "svhn", "celeba"])
def test_all_five_layouts_train(name):
    run = Trainer(layout(name), dataclasses.replace(FAST, batch=8), size=TINY)
    train(run, images(16), until=2)
    assert run.steps == 2


def test_an_epoch_with_a_rest_of_one_image_finishes_B23():
    run = Trainer(SPEC, dataclasses.replace(FAST, batch=64), size=TINY)
    train(run, images(129), until=5)
    assert run.steps == 5


def test_batches_of_one_are_named_B23():
    with pytest.raises(ValueError, match="batch of 1"):
        dataclasses.replace(FAST, batch=1)
    run = trainer(FAST)
    one = SPEC.sample(1, run.generator)
    with pytest.raises(ValueError, match="batch of 1 in training mode"):
        run.G(one)
    assert run.G.eval()(one).shape == (1, 1, 28, 28)


def test_images_of_another_size_or_type_are_named():
    run = trainer(FAST)
    with pytest.raises(ValueError, match=r"\(20, 1, 32, 32\).*\(n, 1, 28, 28\)"):
        train(run, torch.zeros(20, 32, 32, dtype=torch.uint8), until=1)
    with pytest.raises(ValueError, match="float32.*uint8"):
        train(run, torch.zeros(20, 28, 28), until=1)


@pytest.mark.parametrize(
    ("agreement", "takes", "n", "batch"), [(0.0, 16, 15, 15), (1.0, 8, 7, 14), (1.0, 8, 1, 2), (0.0, 16, 1, None)]
)
def test_too_few_images_for_a_step_are_named_with_a_batch_that_does(agreement, takes, n, batch):
    run = trainer(FAST, agreement=agreement)
    train(run, images(takes), until=1)
    with pytest.raises(
        ValueError, match=f"{n} images were given, less than one batch of {takes} .*give more"
    ) as refused:
        train(run, images(n), until=2)
    assert (f"batch={batch})" in str(refused.value)) == (batch is not None) == ("smaller" in str(refused.value))
    if batch:
        smaller = Trainer(SPEC, dataclasses.replace(run.recipe, batch=batch), size=TINY)
        assert train(smaller, images(n), until=2)


def test_wrong_recipes_are_named():
    with pytest.raises(ValueError, match="'Q' and any of"):
        Recipe(reaches=("G",))
    with pytest.raises(ValueError, match="'hinge'"):
        Recipe(objective="hinge")


def test_the_averaged_weights_follow_the_networks():
    run = trainer(FAST, average=0.0)
    train(run, images(), until=3)
    for name, net in (("G", run.G), ("D", run.D)):
        for a, b in zip(run.averaged[name].module.parameters(), net.parameters(), strict=True):
            assert torch.allclose(a, b, atol=1e-6)


def test_a_fixed_sigma_is_one_whatever_the_head_says():
    run = trainer(PAPER_RECIPE)
    q = run.D(torch.rand(4, 1, 28, 28))[1]
    assert torch.equal(q.log_var, torch.zeros(4, 2))
    assert recipes.FAST.learn_sigma and not recipes.PAPER_RECIPE.learn_sigma


def test_codes_are_the_ones_that_made_the_image():
    class Spy(torch.nn.Module):
        def forward(self, codes: Codes):
            self.seen = codes
            return run_g(codes)

    run = trainer(FAST)
    run_g, spy = run.G, Spy()
    run.G = spy
    told = []
    original = run._information_loss
    run._information_loss = lambda q, codes: (told.append(codes), original(q, codes))[1]
    run.averaged.pop("G")
    run.averaged["G"] = torch.optim.swa_utils.AveragedModel(run_g)
    run.averaged["G"].update_parameters = lambda _: None
    run.step(images(16).unsqueeze(1) / 255)
    assert told and all(codes is spy.seen for codes in told)


@pytest.mark.parametrize("size", [TINY, NOTE_TINY], ids=["paper", "note"])
def test_a_run_put_back_from_a_file_goes_on_to_the_same_numbers_as_an_unbroken_one(size, tmp_path):
    recipe = dataclasses.replace(FAST, batch=16)
    unbroken = Trainer(SPEC, recipe, size=size)
    train(unbroken, images(), until=3)
    file = checkpoint.save(unbroken, tmp_path / "run.safetensors")
    torch.rand(3)  # the global state plays no part, not even in the note's dropout
    resumed = checkpoint.load(file)
    assert type(resumed.G) is type(unbroken.G) and resumed.size == size
    for run in (unbroken, resumed):
        train(run, images(), until=6)
    assert resumed.history == unbroken.history
    assert all(torch.equal(a, weights(unbroken)[name]) for name, a in weights(resumed).items())


def test_a_look_in_eval_mode_does_not_change_the_training_that_follows():
    looked, other = trainer(), trainer()
    looked.G.eval()
    looked.D.eval()
    for run in (looked, other):
        train(run, images(), until=2)
    assert looked.history == other.history
    assert all(torch.equal(a, weights(other)[name]) for name, a in weights(looked).items())


def test_numbers_of_numpy_train_and_are_saved(tmp_path):
    spec = Layout(np.int64(4), tuple(np.array([10])), np.int64(2))
    run = Trainer(spec, dataclasses.replace(FAST, batch=16, lam=np.float32(0.5)), size=TINY, seed=np.int64(3))
    again = checkpoint.load(checkpoint.save(run, tmp_path / "run"))
    assert (again.layout, again.seed, again.recipe.lam) == (SPEC, 3, 0.5)


@pytest.mark.parametrize("shape", [(28, 28), (1, 28, 32), (28,)])
def test_an_image_shape_that_is_none_is_named(shape):
    with pytest.raises(ValueError, match=r"image_shape = \(.*\) was given; it is \(channels, side, side\)"):
        Trainer(SPEC, size=TINY, image_shape=shape)
