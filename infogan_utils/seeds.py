"""The streams of random numbers that one seed gives: first weights, draws, the choice of a start."""

import operator
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


def stream(seed: int, name: str) -> torch.Generator:
    """A generator for the stream ``name`` of a seed: G's first weights are then not also the run's first draws."""
    if not hasattr(seed, "__index__") or seed < 0:
        raise ValueError(f"seed = {seed!r} was given; it is a whole number, 0 or more")
    state = np.random.SeedSequence([operator.index(seed), *name.encode()]).generate_state(1)
    return torch.Generator().manual_seed(int(state[0]))


@contextmanager
def modules_draw_from(generator: torch.Generator) -> Iterator[None]:
    """What draws from torch's global state on the CPU, first weights and dropout, draws from ``generator`` inside.

    New floats are float32 inside, whatever the default: a notebook that computes in doubles may train, too.
    """
    before = torch.get_default_dtype()
    with torch.random.fork_rng(devices=[]):
        torch.set_rng_state(generator.get_state())  # torch.manual_seed would reseed every other device, too
        torch.set_default_dtype(torch.float32)
        try:
            yield
        finally:
            torch.set_default_dtype(before)
        generator.set_state(torch.get_rng_state())


def usable(device: torch.device | str) -> torch.device:
    """The device that was named; ``ValueError`` if PyTorch can't compute on it here."""
    try:
        torch.empty(0, device=device)
        return torch.device(device)
    except (RuntimeError, AssertionError, NotImplementedError, TypeError) as error:
        why = str(error).split("\n")[0]
        raise ValueError(f"device = {device!r} can't be used here ({why}); take 'cpu', or best_device()") from error


def sent(x: torch.Tensor, device: torch.device) -> torch.Tensor:
    """``x`` on ``device``. CUDA takes it while it still computes; elsewhere that isn't safe, or nothing is sent."""
    return x.to(device, non_blocking=device.type == "cuda")
