"""Checks of notebook 06's exercises: the bound from logits, G's loss, the codes of a sweep, the training step."""

import copy
import math
from collections.abc import Callable

import torch
from torch.nn import functional as F

from infogan_utils.checks import exercise
from infogan_utils.codes import Categorical, Uniform
from infogan_utils.latents import Latents, LatentSpec
from infogan_utils.models import Widths, build
from infogan_utils.recipes import Recipe
from infogan_utils.training import Trainer

TINY = Widths(g_fc=(16,), g_map=8, g_up=(4,), d_conv=(4, 8), d_fc=16, q_fc=0)


@exercise("Exercise 6.1")
def categorical_L_I(answer: Callable) -> None:
    """0 for a blind Q, H(c) for a sure one, the mean of ln Q plus H(c) for any other."""
    generator = torch.Generator().manual_seed(61)
    for k in (10, 4):
        code = Categorical(k)
        logits, c = torch.randn(30, k, generator=generator), code.sample(30, generator)
        wanted = float(code.log_q(logits, c).mean()) + code.entropy
        causes = {
            "the cross-entropy: subtract it from H(c)": code.entropy - wanted,
            "L_I with the wrong sign": -wanted,
            "ln Q without H(c)": wanted - code.entropy,
            "L_I with H(c) = ln 10 for every K": wanted - code.entropy + math.log(10),
            "a softmax before the cross-entropy": code.entropy - float(F.cross_entropy(logits.softmax(1), c)),
            "a sum over the batch in place of a mean": 30 * (wanted - code.entropy) + code.entropy,
        }
        for where, x in {"random logits": logits, "a blind Q, all logits equal": torch.zeros(30, k)}.items():
            right = wanted if x is logits else 0.0
            got = float(answer(x, c))
            cause = next((f": this is {name}" for name, v in causes.items() if x is logits and abs(got - v) < 1e-4), "")
            assert abs(got - right) < 1e-4, f"K = {k}, {where}: expected {right:.4f} nats, got {got:.4f}{cause}."


@exercise("Exercise 6.2")
def g_step_loss(answer: Callable) -> None:
    """The non-saturating loss minus lam times the bound."""
    v, bound = torch.randn(40, generator=torch.Generator().manual_seed(62)), torch.tensor(1.5)
    loss, saturating = float(F.softplus(-v).mean()), -float(F.softplus(v).mean())
    for lam in (0.0, 0.3, 2.0):
        causes = {
            "the bound added: L_I is to be raised": loss + lam * 1.5,
            "lam ignored": loss - 1.5,
            "the minimax loss, which saturates": saturating - lam * 1.5,
            "D's loss on generated images": -saturating - lam * 1.5,
            "a sum over the batch": 40 * loss - lam * 1.5,
        }
        got = float(answer(v, bound, lam))
        cause = next((f": this is {name}" for name, value in causes.items() if abs(got - value) < 1e-4), "")
        wanted = loss - lam * 1.5
        assert abs(got - wanted) < 1e-4, f"lam = {lam:g}, L_I = 1.5: expected {wanted:.4f}, got {got:.4f}{cause}."


@exercise("Exercise 6.3")
def traverse(answer: Callable) -> None:
    """For three specifications: one code moves, the noise is shared, every other code is 0."""
    generator = torch.Generator().manual_seed(63)
    digits, faces = LatentSpec(62, (Categorical(10), Uniform(), Uniform())), LatentSpec(128, (Uniform(),) * 5)
    mixed = LatentSpec(3, (Uniform(), Categorical(4), Uniform(sigma=1.0), Categorical(2)))
    for spec in (digits, faces, mixed):
        z, values = torch.randn(1, spec.noise, generator=generator), torch.rand(7, generator=generator) * 4 - 2
        for name in (n for n in spec.names if not spec[n].discrete):
            got, where = answer(spec, z, name, values), f"{len(spec.codes)} codes {list(spec.names)}, {name!r} moves"
            assert isinstance(got, Latents), f"{where}: expected Latents(z, c), got {type(got).__name__}."
            assert torch.equal(got.z, z.expand(7, -1)), f"{where}: all 7 images should share the noise z."
            assert set(got.c) == set(spec.names), f"{where}: expected these codes, got {sorted(got.c)}."
            for other, code in spec.items():
                c, wanted = got.c[other], values if other == name else torch.zeros(7)
                assert c.shape == (7,), f"{where}: {other!r} should be (7,), got {tuple(c.shape)}."
                assert c.dtype == code.dtype, f"{where}: {other!r} should have type {code.dtype}, got {c.dtype}."
                hold = "the values" if other == name else "0"
                assert torch.allclose(c.float(), wanted), f"{where}: {other!r} should hold {hold}."
            spec.encode(got)


@exercise("Exercise 6.4")
def infogan_step(answer: Callable) -> None:
    """Two steps move the weights as the package's steps do; where not, the likeliest cause is named."""
    spec = LatentSpec(4, (Categorical(3), Uniform(sigma=1.0)))
    real = torch.rand(16, 1, 28, 28, generator=torch.Generator().manual_seed(64))
    learns = {"D's head": "it learns from −V alone", "the trunk": "it learns from −V − λ·L_I"}
    learns |= {
        "Q's head": "it learns from −λ·L_I, in D's step",
        "G": "it learns from −E ln D − λ·L_I, fake not detached",
    }
    for lam in (1.0, 0.2):
        run = Trainer(*build(spec, TINY, seed=64), spec, Recipe(lam=lam, batch=16))
        run.bfloat16 = False
        G, D = (copy.deepcopy(net) for net in (run.G, run.D))
        adam_G, adam_D = (
            torch.optim.Adam(net.parameters(), lr=lr, betas=(0.5, 0.999)) for net, lr in ((G, 1e-3), (D, 2e-4))
        )
        generator = torch.Generator()
        generator.set_state(run.generator.get_state())
        for step in ("first", "second"):
            before, start = _vectors(G, D), _vectors(run.G, run.D)
            run.step(real)
            answer(G, D, adam_G, adam_D, spec, real, generator, lam)
            after, wanted = _vectors(G, D), _vectors(run.G, run.D)
            for name, hint in learns.items():
                moved, right = after[name] - before[name], wanted[name] - start[name]
                assert moved.any(), f"lam = {lam:g}: {name} didn't move: {hint}"
                # in Adam's first step a weight moves by ±lr, the sign of its gradient: count the signs
                agree, far = (moved.sign() == right.sign()).float().mean(), moved.abs().max() / right.abs().max()
                why = f"{hint}. Check signs, where lam stands, that one draw of z and c serves for both losses, that D "
                why += "sees real and generated images in two calls (batch norm), and that G's loss is non-saturating"
                if step == "second":
                    why = "the first step was right, so some gradient of it was not cleared"
                assert agree > 0.98 and far < 3, (
                    f"lam = {lam:g}, {step} step: {name} moved, but not as in the paper's step "
                    f"({agree:.0%} of its weights in the right direction): {why}."
                )


def _vectors(G: torch.nn.Module, D: torch.nn.Module) -> dict[str, torch.Tensor]:
    """The weights of each part as one vector."""
    parts = {"G": G, "the trunk": D.trunk, "D's head": D.d_head, "Q's head": D.q_head}
    return {name: torch.cat([p.detach().flatten().clone() for p in net.parameters()]) for name, net in parts.items()}
