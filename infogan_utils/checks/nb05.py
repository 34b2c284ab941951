"""Checks of notebook 05's exercises: rows back to codes, multiply-adds by hand, who gets the information gradient."""

import torch
from torch import nn

from infogan_utils.checks import exercise
from infogan_utils.codes import LAYOUTS, Codes, Layout
from infogan_utils.models import Discriminator, Generator, Size


@exercise("Exercise 5.1")
def decode(decode) -> None:
    """z, whole-numbered categories and continuous codes come back, for every layout."""
    generator = torch.Generator().manual_seed(51)
    odd = Layout(3, (4, 2, 7), 2)  # widths that differ, so that a mixed-up order shows
    for name, spec in {**LAYOUTS, "noise 3, categories of 4, 2 and 7, continuous 2": odd}.items():
        codes = spec.sample(6, generator)
        got = decode((spec.noise, spec.categorical, spec.continuous), spec.encode(codes))
        if not isinstance(got, tuple | list) or len(got) != 3:
            raise AssertionError(
                f"{name}: decode should return three tensors z, c_cat, c_cont, got {type(got).__name__}."
            )
        for part, value, wanted in zip(Codes._fields, got, codes, strict=True):
            if not isinstance(value, torch.Tensor):
                raise AssertionError(f"{name}: {part} should be a tensor, got {type(value).__name__}.")
            if value.shape != wanted.shape:
                raise AssertionError(f"{name}: {part} should be {tuple(wanted.shape)}, got {tuple(value.shape)}.")
            if value.dtype != wanted.dtype:
                raise AssertionError(f"{name}: {part} should be {wanted.dtype}, got {value.dtype}.")
            if not torch.equal(value, wanted):
                raise AssertionError(f"{name}: {part} is not what was encoded.")


def _multiply_adds(net: nn.Module, run) -> int:
    """Multiply-adds of one image: weights times the positions at which each is used."""
    found, hooks = [], []

    def hook(layer, inputs, output):
        map_ = inputs[0] if isinstance(layer, nn.ConvTranspose2d) else output
        found.append(layer.weight.numel() * map_[0, 0].numel())

    for layer in net.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            hooks.append(layer.register_forward_hook(hook))
    with torch.no_grad():
        run()
    for handle in hooks:
        handle.remove()
    return sum(found)


@exercise("Exercise 5.2")
def generator_multiply_adds(count) -> None:
    """The count of a generator that is really built, for several widths, sides and colours."""
    generator = torch.Generator().manual_seed(52)
    for channels, side, g_fc, wide, narrow in ((1, 28, 1024, 128, 64), (3, 32, 40, 12, 6), (1, 64, 16, 4, 10)):
        spec = Layout(int(torch.randint(5, 60, (), generator=generator)), (10,), 2)
        net = Generator(spec, Size(g_fc=g_fc, wide=wide, narrow=narrow), channels=channels, side=side).eval()
        wanted = _multiply_adds(net, lambda net=net, spec=spec: net(spec.sample(1, generator)))
        got = count(spec.total, g_fc, wide, narrow, channels, side)
        given = f"total {spec.total}, g_fc {g_fc}, wide {wide}, narrow {narrow}, channels {channels}, side {side}"
        try:
            off = float(got) / wanted
        except (TypeError, ValueError):
            raise AssertionError(f"{given}: a number was expected, got {type(got).__name__}.") from None
        if got != wanted:
            raise AssertionError(f"{given}: {got:,} is {off:.3g} times what hooks count on the network itself.")


class _Rows(Generator):
    """The package's generator, called with rows as in the notebook."""

    def forward(self, latent):
        return torch.sigmoid(self.up(self.fc(latent).unflatten(1, (-1, self.base, self.base))))


@exercise("Exercise 5.3")
def information_gradients(answer) -> None:
    """Exactly the named parts, each with the true gradient, and no .grad touched."""
    spec, size = Layout(4, (10,), 2), Size(g_fc=12, d_fc=10, narrow=3, wide=4, q_fc=6)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(53)
        G, D = _Rows(spec, size), Discriminator(spec, size)
    codes = spec.sample(8, torch.Generator().manual_seed(53))
    latent = spec.encode(codes)
    parts = {"G": G, "trunk": D.trunk, "Q head": D.q_head}

    def loss(q):
        logits, mu, log_var = q
        return nn.functional.cross_entropy(logits[0], codes.c_cat[:, 0]) + ((mu - codes.c_cont) ** 2 + log_var).mean()

    for reaches in (("G", "trunk", "Q head"), ("G", "Q head"), ("trunk",), ("Q head",)):
        nets = {name: list(parts[name].parameters()) for name in reaches}
        flat = [p for params in nets.values() for p in params]
        wanted = iter(torch.autograd.grad(loss(D.q(D.trunk(G(latent)))), flat))
        everything = [*G.parameters(), *D.parameters()]
        for p in everything:
            p.grad = torch.full_like(p, 0.5)  # what an earlier backward() may have left
        got = answer(G, D, latent, loss, reaches)
        where = f"reaches = {reaches}:"
        if not isinstance(got, dict) or set(got) != set(reaches):
            found = sorted(got) if isinstance(got, dict) else type(got).__name__
            raise AssertionError(f"{where} a dictionary with exactly these names was expected, got {found}.")
        if not all(p.requires_grad for p in everything):
            raise AssertionError(f"{where} afterwards some parameters no longer require a gradient.")
        if not all(p.grad is not None and torch.equal(p.grad, torch.full_like(p, 0.5)) for p in everything):
            raise AssertionError(f"{where} some .grad has changed; it should be left as it was.")
        for name, params in nets.items():
            slopes = list(got[name])
            if len(slopes) != len(params):
                raise AssertionError(f"{where} {name} has {len(params)} parameters, got {len(slopes)} gradients.")
            for i, (slope, true) in enumerate(zip(slopes, [next(wanted) for _ in params], strict=True)):
                if slope is None:
                    raise AssertionError(f"{where} parameter {i} of {name} got no gradient; does a path lead there?")
                if slope.shape != true.shape or not torch.allclose(slope, true, atol=1e-6):
                    raise AssertionError(f"{where} the gradient of parameter {i} of {name} is not the loss's.")
