"""Notebook 05: its codes, networks and losses against the package's, whom each loss moves, its exercises' checks."""

import math

import nbformat
import pytest
import series
import torch
from torch.nn import functional as F

from infogan_utils.checks import nb05 as check
from infogan_utils.data import PAPER_SPECS
from infogan_utils.latents import Latents
from infogan_utils.models import Discriminator, Widths, build
from infogan_utils.objectives import information
from infogan_utils.recipes import Recipe
from infogan_utils.training import Trainer

NAMES = """Categorical Uniform sample encode make_generator make_discriminator information length seven_losses attempt
d_then_g two_steps""".split()
SMALL = {"wide": 8, "narrow": 6}


@pytest.fixture
def nb():
    """The notebook's functions over small networks and a batch of 16."""
    space, spec = series.namespace("05", *NAMES), PAPER_SPECS["mnist"]
    torch.manual_seed(0)
    G = space["make_generator"](spec, fc=24, **SMALL)
    trunk, d_head, q_head = space["make_discriminator"](spec, fc=20, q_fc=12, **SMALL)
    nets = {"G": G, "trunk": trunk, "D's head": d_head, "Q's head": q_head}
    generator = torch.Generator().manual_seed(0)
    latents = spec.sample(16, generator)
    space |= {"spec": spec, "G": G, "trunk": trunk, "d_head": d_head, "q_head": q_head, "nets": nets}
    space |= {"latents": latents, "latent": spec.encode(latents)}
    space |= {"parts": {name: list(net.parameters()) for name, net in nets.items()}}
    space["real"] = torch.rand(16, 1, 28, 28, generator=generator)
    return space  # its functions look the names up here


@pytest.mark.parametrize("name", PAPER_SPECS)
def test_the_notebooks_codes_are_the_packages(nb, name):
    spec, generators = PAPER_SPECS[name], [torch.Generator().manual_seed(3) for _ in range(2)]
    kinds = {"cat": lambda code: nb["Categorical"](code.k), "cont": lambda code: nb["Uniform"]()}
    codes = {title: kinds[code.kind](code) for title, code in spec.items()}
    latents, theirs = Latents(*nb["sample"](spec.noise, codes, 9, generators[0])), spec.sample(9, generators[1])
    assert torch.equal(nb["encode"](codes, *latents), spec.encode(theirs))
    answers = 5 * torch.randn(9, spec.answers, generator=generators[0])
    for title, part in spec.split(answers).items():
        ours, code, c = codes[title], spec[title], theirs.c[title]
        assert (ours.width, ours.answers, ours.entropy) == (code.width, code.answers, code.entropy)
        torch.testing.assert_close(ours.log_q(part, c), code.log_q(part, c), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(
        nb["information"](spec, answers, theirs), sum(information(spec, answers, theirs).values())
    )


@pytest.mark.parametrize(("channels", "side"), [(1, 28), (3, 32)])
def test_the_notebooks_networks_are_the_packages(nb, channels, side):
    spec, image = nb["spec"], {"channels": channels, "side": side}
    ours = [nb["make_generator"](spec, fc=24, **SMALL, **image)]
    ours += nb["make_discriminator"](spec, fc=20, q_fc=12, **SMALL, **image)
    G, D = build(spec, Widths((24,), 8, (6,), (6, 8), 20, 12), **image)
    for theirs, net in zip((G, D.trunk, D.d_head, D.q_head), ours, strict=True):
        theirs.load_state_dict(dict(zip(theirs.state_dict(), net.state_dict().values(), strict=True)))
    x = ours[0](nb["latent"])
    assert x.shape == (16, channels, side, side)
    torch.testing.assert_close(G(nb["latent"]), x)
    v, answers = D(x)
    torch.testing.assert_close(v, ours[2](ours[1](x)).squeeze(1))
    torch.testing.assert_close(answers, ours[3](ours[1](x)))


def test_twelve_of_28_paths_are_missing(nb):
    reach = {
        name: {part for part, params in nb["parts"].items() if nb["length"](loss, params) is not None}
        for name, loss in nb["seven_losses"]().items()
    }
    D, Q = {"trunk", "D's head"}, {"trunk", "Q's head"}
    assert list(reach.values()) == [D, D | {"G"}, D, D | {"G"}, Q | {"G"}, Q, {"Q's head"}]
    assert sum(4 - len(parts) for parts in reach.values()) == 12


@pytest.mark.parametrize("updates", [("G", "trunk", "Q"), ("G", "Q"), ("Q",)])
def test_the_notebooks_two_steps_are_what_training_stores(nb, updates):  # B01, B21
    parts, D = nb["parts"], Discriminator(nb["trunk"], nb["d_head"], nb["q_head"])
    trainer = Trainer(nb["G"], D, nb["spec"], Recipe(information_updates=updates, lam=0.7, batch=16))
    trainer.bfloat16, before = False, trainer.generator.get_state()
    latents = nb["spec"].sample(16, trainer.generator)
    trainer.generator.set_state(before)
    stored = {}
    for name, optimiser in trainer.optimisers.items():  # record, and take no step
        optimiser.step = lambda name=name: stored.update(
            {(name, part, i): p.grad.clone() for part in parts for i, p in enumerate(parts[part]) if p.grad is not None}
        )
    trainer.step(nb["real"])
    nb |= {"latents": latents, "latent": nb["spec"].encode(latents)}
    steps = nb["two_steps"](updates, lam=0.7)
    assert {part for step, part, _ in stored if step == "D step"} == {"trunk", "D's head", "Q's head"}
    assert {part for step, part, _ in stored if step == "G step"} == {"G"}
    for (step, part, i), slope in stored.items():
        total = sum(steps["D's step" if step == "D step" else "G's step"])
        (ours,) = torch.autograd.grad(total, parts[part][i], retain_graph=True)
        torch.testing.assert_close(slope, ours, rtol=1e-3, atol=1e-6)
    assert (nb["length"](steps["G's step"][1], parts["G"]) is not None) == ("G" in updates)


def test_detaching_in_ds_step_leaves_ds_gradient_as_it_is_and_gs_backward_possible(nb, capsys):
    torch.testing.assert_close(nb["d_then_g"](True), nb["d_then_g"](False))
    said = capsys.readouterr().out
    assert "to 0 of G's" in said and said.count("fine") == 1 and said.count("RuntimeError") == 1


def test_a_second_softmax_caps_the_bound_and_makes_the_gradient_a_tenth(nb):  # B50
    category, c = nb["Categorical"](10), nb["latents"].c["cat 1"]
    best = category.log_q((100.0 * F.one_hot(c, 10)).softmax(1), c).mean() + category.entropy
    assert best.item() == pytest.approx(math.log(10) - math.log(math.e + 9) + 1, abs=1e-5)  # 0.841
    logits = (0.1 * torch.randn(16, 10, generator=torch.Generator().manual_seed(1))).requires_grad_()
    once, twice = (
        torch.autograd.grad(category.log_q(given, c).mean(), logits)[0].norm() for given in (logits, logits.softmax(1))
    )
    assert twice / once == pytest.approx(0.1, abs=0.02)


SOLUTIONS: dict = {}
CELLS = nbformat.read(series.NOTEBOOKS / "solutions" / series.path("05").name, as_version=4).cells
exec("\n".join(cell.source for cell in CELLS if cell.cell_type == "code"), SOLUTIONS)


def test_the_worked_solutions_pass_their_checks():
    assert check.decode(SOLUTIONS["decode"]) and check.binary(SOLUTIONS["Binary"])
    assert check.information_gradients(SOLUTIONS["information_gradients"])


def decoded(change):
    """A wrong decode: what ``change(spec, code, value)`` makes of each code of a right one."""
    right = SOLUTIONS["decode"]
    return lambda spec, x: (right(spec, x)[0], {k: change(spec, spec[k], c) for k, c in right(spec, x)[1].items()})


def binary(**methods):
    return type("Wrong", (SOLUTIONS["Binary"],), methods)


def gradients(cut=lambda h: h, sign=1):
    def wrong(G, D, latent, loss, updates):
        parts = {"G": G, "trunk": D.trunk, "Q": D.q_head}
        value = sign * loss(D.q_head(cut(D.trunk(G(latent)))))
        options = {"retain_graph": True, "allow_unused": True}
        return {name: torch.autograd.grad(value, list(parts[name].parameters()), **options) for name in updates}

    return wrong


right, GRADS = SOLUTIONS["Binary"], "information_gradients"
WRONG = [
    ("decode", "should be torch.int64", decoded(lambda spec, code, c: c.float())),
    ("decode", "place of the 1", decoded(lambda spec, code, c: F.one_hot(c, code.k) if code.discrete else c)),
    ("decode", "whole row", decoded(lambda spec, code, c: c + spec.noise if code.discrete else c)),
    ("decode", "should be a dictionary", lambda spec, x: (x[:, : spec.noise], [])),
    ("binary", "right for p = 0.5 only", binary(entropy=property(lambda s: math.log(2), lambda s, value: None))),
    ("binary", "below p", binary(sample=lambda s, n, g: (torch.rand(n, generator=g) > s.p).long())),
    ("binary", "use `generator`", binary(sample=lambda s, n, g: (torch.rand(n) < s.p).long())),
    ("binary", "floats −1, 1, 1", binary(encode=lambda s, c: c[:, None].float())),
    ("binary", "its negative", binary(log_q=lambda s, a, c: -right.log_q(s, a, c))),
    ("binary", "second sigmoid", binary(log_q=lambda s, a, c: right.log_q(s, a.sigmoid(), c))),
    ("binary", "without a mean", binary(log_q=lambda s, a, c: right.log_q(s, a, c).mean())),
    ("binary", "take the column out", binary(log_q=lambda s, a, c: right.log_q(s, a, c) - a)),
    (GRADS, "A detach() cuts the path", gradients(cut=lambda h: h.detach())),
    (GRADS, "−L_I already", gradients(sign=-1)),
    (GRADS, "some .grad", lambda G, D, x, f, u: f(D.q_head(D.trunk(G(x)))).backward() or gradients()(G, D, x, f, u)),
    (GRADS, "exactly these names", lambda *a: gradients()(*a[:4], ("G", "trunk", "Q"))),
]


@pytest.mark.parametrize(("name", "words", "answer"), WRONG)
def test_a_wrong_answer_is_refused_and_its_cause_named(name, words, answer, capsys):
    assert not getattr(check, name)(answer)
    assert words in (said := capsys.readouterr().out) and said.count("\n") == 1
