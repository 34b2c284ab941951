"""Notebook 06: what it writes out is the package's to the bit, its figures hold with other constants, its checks."""

import ast
import dataclasses
import math
import signal

import nbformat
import pytest
import series
import torch
from torch.nn import functional as F

from infogan_utils import Categorical, Latents, LatentSpec, Model, Trainer, Uniform, build, choose_start, recipes, train
from infogan_utils.checks import nb06 as check
from infogan_utils.data import PAPER_SPECS
from infogan_utils.loop import next_batch
from infogan_utils.objectives import agreement_bound
from infogan_utils.plots import measured, outcome

NAMES = "L_I paper_step agreement choose take see L_I_of_parts step training_loop reader_accuracies".split()
IMAGES = torch.randint(0, 256, (96, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(6))
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def nb():
    return series.namespace("06", *NAMES) | {"DEVICE": CPU}


def run_of(recipe, spec=PAPER_SPECS["mnist"], seed=3):
    """A run in float32 with the notebook's networks and small batches."""
    run = Trainer(*build(spec, check.TINY, seed=seed), spec, recipe, seed=seed)
    run.bfloat16 = False
    return run


def same(one, other):
    a, b = (run.state_dict()["tensors"] for run in (one, other))
    return all(torch.equal(a[name], b[name]) for name in a.keys() | b.keys() if "." in name)


def test_on_fashion_mnist_with_its_name_changed_nothing_that_is_printed_speaks_of_digits():  # B76
    on_data = [source for source in series.code("06") if "digits." in source]
    texts = [node.value for source in on_data for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)]
    assert on_data and not [text for text in texts if "digit" in str(text)]


def test_the_papers_step_is_the_packages_to_the_bit(nb):
    source = next(cell for cell in series.code("06") if cell.startswith("def paper_step"))
    assert len([line for line in source.splitlines()[1:] if line.strip()]) <= 15
    spec = LatentSpec(62, (Categorical(10), Uniform(sigma=1.0), Uniform(sigma=1.0)), uniform_noise=True)
    ours, theirs = run_of(recipes.PAPER, spec), run_of(recipes.PAPER, spec)
    adam_D, adam_G = ours.optimisers.values()
    nb |= {"spec": spec, "G": ours.G, "D": ours.D, "adam_D": adam_D, "adam_G": adam_G, "LAM": 1.0}
    nb["paper_step"].__globals__.update(nb, generator=ours.generator)
    for real in (IMAGES[:40, None] / 255, IMAGES[40:80, None] / 255):
        assert nb["paper_step"](real) == theirs.step(real)["cat 1"].item()
    for net in "GD":
        for a, b in zip(getattr(ours, net).parameters(), getattr(theirs, net).parameters(), strict=True):
            assert torch.equal(a, b)


def test_the_start_and_the_loop_are_the_packages_to_the_bit(nb):
    ours, theirs = run_of(recipes.FAST), run_of(recipes.FAST)
    found = nb["choose"](ours, IMAGES, readers=3, steps=4)
    assert torch.equal(found[2], choose_start(theirs, IMAGES, readers=3, steps=4))
    nb["take"](ours, *found)
    assert same(ours, theirs)
    nb["training_loop"](ours, IMAGES, 3, lambda run: None)
    train(theirs, IMAGES, until=3)
    assert same(ours, theirs) and ours.steps == theirs.steps
    assert all(ours.history[name] == theirs.history[name] for name in ours.history)


def test_a_broken_step_would_be_seen(nb):
    for broken in ({"plain_d": False}, {"agreement": 0.0}, {"continuous_weight": 0.1}, {"lr_q": 2e-4}):
        ours, theirs = run_of(recipes.FAST), run_of(dataclasses.replace(recipes.FAST, **broken))
        real = next_batch(run_of(recipes.FAST), IMAGES)
        nb["step"](ours, real)
        theirs.step(real)
        assert not same(ours, theirs)


def test_the_agreement_bound_written_out_is_the_packages(nb):
    a, b = torch.randn(2, 3, 40, 10, generator=torch.Generator().manual_seed(0))
    assert torch.equal(nb["agreement"](a, b), agreement_bound(a, b))
    sure = (200.0 * F.one_hot(torch.zeros(8, dtype=torch.long), 10)).requires_grad_()
    (slope,) = torch.autograd.grad(nb["agreement"](sure, sure), sure)
    assert slope.isfinite().all()


def test_a_stopped_start_is_none_and_changes_nothing(nb, monkeypatch):
    ours, untouched = run_of(recipes.FAST), run_of(recipes.FAST)
    rand, calls = torch.randint, []

    def interrupted(*args, **kwargs):
        calls.append(1)
        if len(calls) == 2:
            signal.raise_signal(signal.SIGINT)
        return rand(*args, **kwargs)

    monkeypatch.setattr(torch, "randint", interrupted)
    assert nb["choose"](ours, IMAGES, readers=2, steps=50) is None and len(calls) == 2
    assert same(ours, untouched)


def test_a_fixed_sigma_of_1_hides_success(nb):
    spec, c = LatentSpec(1, (Uniform(sigma=1.0),)), torch.linspace(-1, 1, 101)
    found = nb["L_I"](spec, c[:, None], Latents(torch.zeros(101, 1), {"cont 1": c}))
    assert found["cont 1"].item() == pytest.approx(math.log(2) - math.log(2 * math.pi) / 2, abs=1e-6)


def test_the_table_of_what_was_added_has_the_recipes_numbers():  # B75
    (text,) = [cell.source for cell in series.read("06").cells if "| D's rate (6.7) |" in cell.source]
    rows = [[part.strip() for part in line.split("|")[1:4]] for line in text.splitlines() if line.startswith("| ")]
    two = {name: (paper, here) for name, paper, here in rows}
    paper, fast = recipes.PAPER, recipes.FAST
    assert [float(rate) for rate in two["D's rate (6.7)"]] == [paper.lr_d, fast.lr_d]
    (rest,) = [row for name, row in two.items() if name.startswith("σ; noise; Q's rate; weight of the continuous L_I")]
    assert [tuple(map(float, part.split("; ")[2:4])) for part in rest] == [
        (paper.lr_q, paper.continuous_weight),
        (fast.lr_q, fast.continuous_weight),
    ]
    steps = {round(run["steps"], -2) for run in measured()["runs"] if run["name"] == "fast"}
    assert " ".join(f"{count:,} steps" for count in steps) in text


def test_draws_of_a_category_alone_and_of_none():
    def drawn(*codes):
        spec = LatentSpec(4, codes)
        outcome.draws(Model(*build(spec, check.TINY), spec))

    drawn(Categorical(3), Categorical(2))
    with pytest.raises(ValueError, match=r"has no category to make columns of; plots.image_grid"):
        drawn(Uniform())


def test_figures_of_the_outcome_speak_of_what_they_show(capsys):
    model = run_of(recipes.FAST).averaged
    outcome.draws(model)
    outcome.starts(torch.tensor([1.0, 2.0, 1.5]), [0.5, 0.9, 0.7])
    outcome.curves({"a": [1.0], "b": [0.5, 0.6]}, 2.3, "short runs")
    said = capsys.readouterr().out
    assert "cont 1, cont 2" in said and "chosen one 90.0% right" in said and "b ends at 0.55" in said


def test_the_worked_solutions_pass_their_checks(capsys):
    space = {}
    for cell in nbformat.read(series.NOTEBOOKS / "solutions" / series.path("06").name, as_version=4).cells:
        if cell.cell_type == "code":
            exec(cell.source, space)
    assert capsys.readouterr().out.count("passed.") == 4


def bound(logits, c):
    return math.log(logits.shape[1]) - F.cross_entropy(logits, c)


def sweep(spec, z, name, values, moved=None, dtype=None):
    c = {other: torch.zeros(len(values), dtype=dtype or code.dtype) for other, code in spec.items()}
    return Latents(z.expand(len(values), -1), c | {moved or name: values})


def a_step(
    G, D, adam_G, adam_D, spec, real, generator, lam, *, sign=1, d_lam=None, detach=True, g_detach=False, clear="DG"
):
    latents = spec.sample(len(real), generator)
    fake = G(spec.encode(latents))

    def L_I(answers):
        q = spec.posteriors(answers)
        return sum(q[name].log_prob(latents.c[name]).mean() for name in spec.names)

    v, answers = D(fake.detach() if detach else fake)
    loss = F.softplus(-D(real)[0]).mean() + F.softplus(v).mean() - (lam if d_lam is None else d_lam) * L_I(answers)
    if "D" in clear:
        adam_D.zero_grad()
    loss.backward(retain_graph=not detach)
    adam_D.step()
    v, answers = D(fake.detach() if g_detach else fake)
    if "G" in clear:
        adam_G.zero_grad()
    (F.softplus(-v).mean() - sign * lam * L_I(answers)).backward()
    adam_G.step()


RIGHT = {
    "categorical_L_I": bound,
    "g_step_loss": lambda v, bound, lam: F.softplus(-v).mean() - lam * bound,
    "traverse": sweep,
    "infogan_step": a_step,
}
WRONG = {
    "categorical_L_I": [
        lambda a, c: math.log(10) - F.cross_entropy(a, c),
        lambda a, c: bound(a.softmax(1), c),
        lambda a, c: -bound(a, c),
    ],
    "g_step_loss": [
        lambda v, bound, lam: F.softplus(-v).mean() + lam * bound,
        lambda v, bound, lam: F.softplus(-v).mean() - bound,
        lambda v, bound, lam: -F.softplus(v).mean() - lam * bound,
    ],
    "traverse": [
        lambda spec, z, name, v: sweep(spec, z, name, v, moved="cont 1"),
        lambda spec, z, name, v: sweep(spec, z, name, v, dtype=torch.float32),
        lambda spec, z, name, v: sweep(spec, z, name, v)._replace(z=torch.randn(len(v), spec.noise)),
    ],
    "infogan_step": [
        lambda *args: a_step(*args, sign=-1),
        lambda *args: a_step(*args, d_lam=0.0),
        lambda *args: a_step(*args, d_lam=1.0),
        lambda *args: a_step(*args, g_detach=True),
        lambda *args: a_step(*args, clear="G"),
        lambda *args: a_step(*args, clear="D"),
    ],
}


def test_check_6_4_names_batch_norm_and_the_loss_of_g(capsys):
    check.infogan_step(lambda *args: a_step(*args, sign=-1))
    assert "two calls (batch norm), and that G's loss is non-saturating" in capsys.readouterr().out


test_checks_take_right_answers, test_checks_refuse_wrong_ones = series.exercise_tests(check, RIGHT, WRONG)
