"""Checks of notebook 05's exercises: rows back to codes, a third kind of code, who gets the information gradient."""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from infogan_utils.checks import exercise
from infogan_utils.codes import Categorical, Uniform
from infogan_utils.latents import LatentSpec
from infogan_utils.models import Widths, build

CUT = " A detach() cuts the path; a part that is not updated is still passed through."


def cause(got: Tensor, causes: dict[str, Tensor]) -> str:
    """The end of a message: which known mistake gives ``got``, if one does."""
    same = (name for name, wrong in causes.items() if torch.allclose(got.double(), wrong.double(), atol=1e-4))
    return next((f" This is {name}." for name in same), "")


def tensor(got: object, shape: tuple[int, ...], where: str, hint: str = "") -> Tensor:
    """``got`` if it is a tensor of this shape."""
    found = tuple(got.shape) if isinstance(got, Tensor) else type(got).__name__
    assert found == shape, f"{where} should be a tensor {tuple(shape)}, got {found}.{hint}"
    return got


@exercise("Exercise 5.1")
def decode(answer: Callable) -> None:
    """z and each code come back, for every specification."""
    generator = torch.Generator().manual_seed(51)
    mixed = LatentSpec(3, (Uniform(), Categorical(4), Categorical(2), Uniform(), Categorical(7)))
    specs = {
        "mnist": LatentSpec(62, (Categorical(10), Uniform(), Uniform())),
        "chairs": LatentSpec(128, (*[Categorical(20)] * 3, Uniform())),
        "mixed kinds": mixed,
    }
    for title, spec in specs.items():
        latents = spec.sample(40, generator)
        row = spec.encode(latents)
        got = answer(spec, row)
        pair = isinstance(got, tuple | list) and len(got) == 2
        assert pair, f"{title}: decode should return two things, z and c, got {type(got).__name__}."
        z, c = tensor(got[0], latents.z.shape, f"{title}: z"), got[1]
        assert torch.equal(z, latents.z), f"{title}: z should be the first {spec.noise} numbers of each row."
        found = sorted(c) if isinstance(c, dict) else type(c).__name__
        assert found == sorted(spec.names), f"{title}: c should be a dictionary {list(spec.names)}, got {found}."
        start = spec.noise
        for name, code in spec.items():
            wanted, where = latents.c[name], f"{title}: {name}"
            hint = (
                " The category is the place of the 1 in its block."
                if code.discrete
                else " Take the column out: [:, 0]."
            )
            value = tensor(c[name], (40,), where, hint)
            causes = {
                "the place in the whole row; count from where the block begins": wanted + start,
                "the place behind the noise; count from where the block begins": wanted + start - spec.noise,
                "the largest number of the block, always 1; the category is its place": torch.ones(40),
            }
            causes |= {f"place {i} of the row; {name} begins at {start}": row[:, i] for i in range(spec.total)}
            right = torch.equal(value.double(), wanted.double())
            assert right, f"{where} is not what was encoded.{cause(value, causes)}"
            assert value.dtype == wanted.dtype, f"{where} should be {wanted.dtype}, got {value.dtype}."
            start += code.width


@exercise("Exercise 5.2")
def binary(Binary: Callable) -> None:
    """The draw, the encoding, the entropy and ln Q of a code that is 1 with probability p."""
    for p in (0.5, 0.2, 0.9):
        code, where, n = Binary(p), f"Binary({p})", 4000
        widths = code.width, code.answers
        assert widths == (1, 1), f"{where}: width and answers should be 1 and 1, got {widths}."
        terms = [-p * math.log(p), -(1 - p) * math.log(1 - p)]
        named = {"ln 2, right for p = 0.5 only": math.log(2), "the entropy in bits": sum(terms) / math.log(2)}
        named |= {"Σ p ln p, without the minus": -sum(terms), "the term of c = 1 alone": terms[0]}
        got = torch.tensor(float(code.entropy))
        hint = cause(got, {name: torch.tensor(value) for name, value in named.items()})
        off = abs(got.item() - sum(terms))
        assert off < 1e-5, f"{where}: the entropy is {sum(terms):.4f} nats, got {got:.4f}.{hint}"
        c, again = (code.sample(n, torch.Generator().manual_seed(52)) for _ in range(2))
        tensor(c, (n,), f"{where}: what sample({n}, generator) gives")
        whole = c.dtype == torch.int64 and set(c.unique().tolist()) <= {0, 1}
        assert whole, (
            f"{where}: the draws should be 0 and 1 in torch.int64, got {c.unique().tolist()[:5]} in {c.dtype}."
        )
        assert torch.equal(c, again), f"{where}: two generators of one seed gave different draws; use `generator`."
        share, most = c.double().mean().item(), 5 * math.sqrt(p * (1 - p) / n)
        hint = " Is c = 1 where the draw is below p?" if abs(share - (1 - p)) < most else ""
        assert abs(share - p) < most, f"{where}: {share:.1%} of {n} draws are 1, expected {p:.0%}.{hint}"
        row = tensor(code.encode(torch.tensor([0, 1, 1])), (3, 1), f"{where}: what encode([0, 1, 1]) gives")
        right = row.is_floating_point() and row.flatten().tolist() == [-1, 1, 1]
        assert right, (
            f"{where}: encode([0, 1, 1]) should be floats −1, 1, 1, got {row.flatten().tolist()}, {row.dtype}."
        )
        check_log_q(code, where)


def check_log_q(code: object, where: str) -> None:
    """ln Q of five logits, two of them so large that a sigmoid is 0 or 1."""
    logit, c = torch.tensor([-2.0, 0.3, 1.5, 200.0, -200.0]), torch.tensor([0, 1, 0, 0, 1])
    wanted = -F.binary_cross_entropy_with_logits(logit, c.float(), reduction="none")
    hint = " One value an image, without a mean; (n, 1) and (n,) make (n, n), so take the column out first."
    got = tensor(code.log_q(logit[:, None], c), (5,), f"{where}: log_q of 5 images", hint)
    assert got.isfinite().all(), f"{where}: log_q of the logits ±200 is {got[3:].tolist()}; softplus stays finite."
    causes = {
        "the cross-entropy; ln Q is its negative": -wanted,
        "ln Q of the other value; the logit is that of c = 1": F.logsigmoid(torch.where(c == 1, -logit, logit)),
        "ln Q after a second sigmoid; the answer is a logit": F.logsigmoid(
            torch.where(c == 1, 1, -1) * logit.sigmoid()
        ),
        "ln Q(1|x) for every image, whatever c was": F.logsigmoid(logit),
        "Q itself, not its logarithm": wanted.exp(),
    }
    given, found = ([round(v, 3) for v in values.tolist()] for values in (wanted, got))
    assert torch.allclose(got, wanted, atol=1e-4), f"{where}: log_q should be {given}, got {found}.{cause(got, causes)}"


@exercise("Exercise 5.3")
def information_gradients(answer: Callable) -> None:
    """Exactly the named parts, each with the true gradient, and no .grad touched."""
    spec = LatentSpec(4, (Categorical(10), Uniform()))
    G, D = build(spec, Widths(g_fc=(12,), g_map=4, g_up=(3,), d_conv=(3, 4), d_fc=10, q_fc=6), seed=53)
    latents = spec.sample(8, torch.Generator().manual_seed(53))
    latent, parts = spec.encode(latents), {"G": G, "trunk": D.trunk, "Q": D.q_head}
    everything = [*G.parameters(), *D.parameters()]

    def loss(answers: Tensor) -> Tensor:
        return -sum(spec[name].log_q(part, latents.c[name]).mean() for name, part in spec.split(answers).items())

    for updates in (("G", "trunk", "Q"), ("G", "Q"), ("trunk",), ("Q",)):
        wanted = {k: torch.autograd.grad(loss(D.q_head(D.trunk(G(latent)))), [*parts[k].parameters()]) for k in updates}
        for p in everything:
            p.grad = torch.full_like(p, 0.5)  # what an earlier backward() may have left
        where = f"information_updates = {updates}:"
        try:
            got = answer(G, D, latent, loss, updates)
        except RuntimeError as error:
            assert "not have been used" not in str(error), f"{where} no path to a named part.{CUT}"
            raise
        found = sorted(got) if isinstance(got, dict) else type(got).__name__
        assert found == sorted(updates), f"{where} a dictionary with exactly these names was expected, got {found}."
        trainable = all(p.requires_grad for p in everything)
        assert trainable, f"{where} afterwards some parameters no longer require a gradient."
        left_alone = all(p.grad is not None and bool((p.grad == 0.5).all()) for p in everything)
        assert left_alone, f"{where} some .grad has changed; torch.autograd.grad leaves it alone."
        for name, slopes in got.items():
            count = len(wanted[name])
            assert len(slopes) == count, f"{where} {name} has {count} parameters, got {len(slopes)} gradients."
            for i, (slope, true) in enumerate(zip(slopes, wanted[name], strict=True)):
                this = f"{where} the gradient of parameter {i} of {name}"
                tensor(slope, tuple(true.shape), this, CUT if slope is None else "")
                hint = cause(slope, {"the gradient with its sign turned; `loss` is −L_I already": -true})
                assert torch.allclose(slope, true, atol=1e-6), f"{this} is not the loss's.{hint}"
