"""What a probe may use: `look` at a function's call, `gradients` of a loss, `watch` what must stay as it is.

The text of this file is the start of each probe: it runs in a submission's process, and with the solution in another.
"""

import contextlib
from numbers import Real

import numpy as np
import torch

MOST = 100_000  # numbers of one result that are sent: none needs more


def encode(seen) -> dict | str | bool | None:
    """Anything that a probe saw as plain JSON, with its type: nothing has to be unpickled outside."""
    if seen is None or isinstance(seen, str | bool):
        return seen
    if isinstance(seen, dict):
        return {"dict": {str(key): encode(value) for key, value in seen.items()}}
    if isinstance(seen, tuple | list):
        return {"list": [encode(value) for value in seen]}
    kind = "tensor" if torch.is_tensor(seen) else "array" if isinstance(seen, np.ndarray) else "number"
    with contextlib.suppress(Exception):
        values = np.asarray(seen.detach().cpu().numpy() if kind == "tensor" else seen)
        if isinstance(seen, Real) and values.dtype.kind == "O":
            values = np.asarray(float(seen))  # a Fraction is a number, too
        if values.dtype.kind in "biuf" and values.size <= MOST:
            about = {"kind": kind, "dtype": str(values.dtype), "shape": list(values.shape)}
            return about | {"data": values.astype(float).ravel().tolist()}
    return {"other": type(seen).__name__}


def tensor_of(result) -> torch.Tensor:
    """A tensor as it is; a number, or an array of whatever strides and type, as a tensor of doubles."""
    return result if torch.is_tensor(result) else torch.tensor(np.array(result, dtype=float))


def parts_of(result) -> list:
    """The results of a function one by one."""
    return list(result) if isinstance(result, tuple | list) else [result]


def settings() -> tuple:
    """What holds for all of PyTorch, and no answer has a reason to change; drawing random numbers changes none."""
    modes = torch.is_grad_enabled(), torch.is_anomaly_enabled(), torch.are_deterministic_algorithms_enabled()
    numbers = torch.get_default_dtype(), torch.get_default_device(), torch.get_float32_matmul_precision()
    smallest = float(torch.tensor(1e-39) / 2)  # 0 where numbers as small as this are flushed
    cudnn = torch.backends.cudnn
    kernels = cudnn.enabled, cudnn.benchmark, cudnn.deterministic
    printed = torch._tensor_str.get_printoptions()  # private, and a hundred times as quick as to print something
    return *modes, *numbers, *kernels, smallest, printed, torch.get_num_threads(), torch.initial_seed()


def gradients_off(call) -> str:
    """Whether gradients stay off through a call by somebody who has switched them off."""
    with torch.no_grad():
        with contextlib.suppress(Exception):  # an answer may need them: what it returns is looked at elsewhere
            call()
        return "switched on for good" if torch.is_grad_enabled() else "as they were"


def gradient_of(result, places: list) -> list:
    """Its gradient for each place, zeros where it does not reach."""
    got = torch.autograd.grad(result.sum(), places, retain_graph=True, allow_unused=True)
    return [torch.zeros_like(x) if g is None else g for x, g in zip(places, got, strict=True)]


def look(what: str, function, *inputs, gradient: bool = True) -> dict:
    """What a call shows: results, inputs and settings afterwards, each result's gradient for each floating input."""

    def fresh():
        return [x.clone() if torch.is_tensor(x) else x for x in inputs]

    given, usual = fresh(), settings()
    seen = {what: function(*given)}
    seen[f"{what}: PyTorch's settings and seed"] = "as they were" if settings() == usual else "changed"
    seen[f"{what}: gradients that the caller has switched off"] = gradients_off(lambda: function(*fresh()))
    for k, (before, after) in enumerate(zip(inputs, given, strict=True), start=1):
        if torch.is_tensor(before):
            same = before.shape == after.shape and torch.equal(before, after)
            asked = after.requires_grad or after.grad is not None
            state = "changed in place" if not same else "asked for its gradient" if asked else "as it was"
            seen[f"{what}: input {k} afterwards"] = state
    if gradient:
        given = [x.requires_grad_() if torch.is_tensor(x) and x.is_floating_point() else x for x in fresh()]
        live = [x for x in given if torch.is_tensor(x) and x.requires_grad]
        for k, result in enumerate(parts_of(function(*given)), start=1):
            found = torch.is_tensor(result) and result.requires_grad
            got = gradient_of(-4 * result, live) if found else live  # −4: a backward that ignores what comes in shows
            for j, g in enumerate(got, start=1):
                seen[f"the gradient of result {k} for input {j} ({what})"] = g / -4 if found else "none"
        filled = any(x.grad is not None for x in live)
        seen[f"the gradient that a call itself leaves in an input's .grad ({what})"] = "some" if filled else "none"
    return seen


def gradients(loss, modules: dict) -> dict:
    """The gradient of a loss for each module's parameters, one long row each; zeros where it does not reach."""
    seen = {}
    for name, module in modules.items():
        weights = list(module.parameters())
        if torch.is_tensor(loss) and loss.requires_grad:
            seen[name] = torch.cat([row.flatten() for row in gradient_of(loss, weights)])
        else:
            seen[name] = "none"
    return seen


def nan_or_numbers(row) -> str:
    """Whether a gradient is free of NaN, where its size is another test's."""
    return "NaN" if torch.is_tensor(row) and row.isnan().any() else "numbers"


def pieces(what: str, thing, moves: bool):
    """(what it is, its value) of all that a network, an optimiser or a tensor holds, or several of them."""
    if isinstance(thing, torch.nn.Module):
        for name, module in thing.named_modules(prefix=what):
            for key, value in vars(module).items():  # modes, settings, how many hooks
                yield f"{key} of {name}", len(value) if isinstance(value, dict) else value
        for name, tensor in [*thing.named_parameters(prefix=what), *thing.named_buffers(prefix=what)]:
            yield from pieces(name, tensor, moves)
    elif isinstance(thing, torch.optim.Optimizer):
        for k, group in enumerate(thing.param_groups, start=1):
            for key, value in group.items():
                yield f"{key} of {what}, group {k}", [id(p) for p in value] if key == "params" else value
    elif torch.is_tensor(thing):
        yield f"requires_grad of {what}", thing.requires_grad
        yield f"hooks of {what}", len(thing._backward_hooks or ())
        if not moves:
            yield what, thing.detach().clone()
            yield f".grad of {what}", None if thing.grad is None else thing.grad.clone()
    else:
        yield f"the number of {what}", len(thing)
        for key, one in thing.items() if isinstance(thing, dict) else enumerate(thing, start=1):
            yield from pieces(f"{what} {key}", one, moves)


def watch(moves: bool = False, **things):
    """A function that says whether all of `things` is as it is now; where it `moves`, weights and .grad may differ."""

    def now() -> dict:
        found = {what: value for name, thing in things.items() for what, value in pieces(name, thing, moves)}
        return found | {"PyTorch (a setting, or its seed)": settings()}

    before = now()

    def afterwards() -> str:
        after = now()
        for what in before | after:
            a, b = before.get(what), after.get(what)
            if torch.is_tensor(a) and torch.is_tensor(b):
                same = a.dtype == b.dtype and torch.equal(a, b)
            else:
                same = what in before and what in after and type(a) is type(b) and (a is b or a == b)
            if not same:
                return f"{what} is not as it was"
        return "as they were"

    return afterwards
