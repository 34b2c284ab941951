"""The loop around the training step: batches, stopping, and NaN. Notebook 06 writes it out.

A stop (Jupyter's button, Ctrl-C) is taken between two steps, so that G and D have always taken the same number;
``train`` then returns, and calling it again goes on. An error in the middle of a step puts the run back to its last
good state.
"""

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from infogan_utils.looking import as_floats
from infogan_utils.seeds import sent
from infogan_utils.training import Trainer

KEEP_EVERY = 2.0  # seconds between two copies of the last good state
Sampler = Callable[[int, torch.Generator], Tensor]


class TrainingDiverged(RuntimeError):
    """A loss became NaN or infinite; the trainer was put back to its last good state."""


@contextmanager
def stop_flag() -> Iterator[threading.Event]:
    """An event that SIGINT sets instead of raising; never set outside the main thread, where no handler can be."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = signal.signal(signal.SIGINT, lambda *_: stop.set())
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


def check_images(images: Tensor, trainer: Trainer) -> Tensor:
    """Return ``images`` as uint8 (n, channels, side, side), at least a batch of them, or raise ``ValueError``."""
    try:
        images, n = torch.as_tensor(images), trainer.real_images
    except (RuntimeError, TypeError, ValueError) as error:
        given = f"train() got a {type(images).__name__}"
        raise ValueError(f"{given}; give it pictures as a tensor or an array, such as digits.train") from error
    images = images.unsqueeze(1) if images.ndim == 3 else images
    if images.dtype != torch.uint8 or images.shape[1:] != trainer.image_shape or len(images) < n:
        given = f"{len(images)} images of shape {tuple(images.shape[1:])} in {images.dtype} were given"
        takes = f"this run takes {trainer.image_shape} in uint8, at least the {n} of a step"
        raise ValueError(f"{given}; {takes}. Load them with another side or colour, or take a smaller batch")
    return images


def next_batch(trainer: Trainer, images: Tensor | Sampler) -> Tensor:
    """The next real batch on the trainer's device; each epoch has a fresh order, and its rest is dropped."""
    n = trainer.real_images
    if callable(images):
        x = torch.as_tensor(images(n, trainer.generator))
        if x.shape != (n, *trainer.image_shape) or not x.is_floating_point():
            raise ValueError(f"the sampler gave {x.dtype} {tuple(x.shape)}; give floats {(n, *trainer.image_shape)}")
        return x.float().to(trainer.device)
    if len(trainer.order) != len(images) or trainer.position + n > len(images):
        trainer.order, trainer.position = torch.randperm(len(images), generator=trainer.generator), 0
    rows = trainer.order[trainer.position : trainer.position + n]
    trainer.position += n
    return as_floats(sent(images[rows.to(images.device)], trainer.device))


def train(
    trainer: Trainer,
    images: Tensor | Sampler,
    *,
    until: float = math.inf,
    seconds: float = math.inf,
    show: Callable[[Trainer], object] = lambda trainer: None,
    every: int = 50,
    kept: "Kept | None" = None,
    stop: threading.Event | None = None,
) -> bool:
    """Train until the run has ``until`` steps in all, or for ``seconds``; False if it was stopped before that.

    Args:
        images: uint8, (n, side, side) or (n, channels, side, side); or a function (n, generator) → floats that draws.
        show: called with the trainer every ``every`` steps, and at the end, after a look at the losses for NaN.
        kept, stop: for many short calls, their last good state, and an event that ends the run, too.
    """
    if math.isinf(until) and math.isinf(seconds):
        raise ValueError("train() got neither until=STEPS nor seconds=SECONDS; give at least one of them")
    if not every >= 1:
        raise ValueError(f"every = {every!r} was given; it is how many steps lie between two looks, 1 or more")
    images = images if callable(images) else check_images(images, trainer)
    deadline, shown = time.monotonic() + seconds, trainer.steps
    kept, pending = kept or Kept(trainer), []
    with stop_flag() as interrupted:
        try:
            while trainer.steps < until and time.monotonic() < deadline:
                if interrupted.is_set() or (stop is not None and stop.is_set()):
                    break
                pending.append(trainer.step(next_batch(trainer, images)) | {"lam": torch.tensor(trainer.lam)})
                if trainer.steps % every == 0:
                    kept.add(pending)
                    show(trainer)
                    shown = trainer.steps
            kept.add(pending)
            if trainer.steps > shown:
                show(trainer)
        except BaseException:  # G may have taken a step that D has not
            kept.put_back()
            raise
    return trainer.steps >= until or time.monotonic() >= deadline


class Kept:
    """A copy in memory of a run's last good state, renewed at most every ``KEEP_EVERY`` seconds."""

    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer
        self.copy()

    def copy(self) -> None:
        """Copy the run's state as it is now."""
        state, self.at = self.trainer.state_dict(), time.monotonic()
        tensors = {name: value.clone() for name, value in state["tensors"].items()}
        self.state = state | {"tensors": tensors, "history": {k: v[:] for k, v in state["history"].items()}}

    def add(self, pending: list[dict[str, Tensor]]) -> None:
        """Move a run's figures into its history; ``TrainingDiverged`` if one of them, or a weight, is not finite."""
        run, fault = self.trainer, ""
        rows = [{name: float(value) for name, value in row.items()} for row in pending]
        # without Adam's counts, which may stand on another device
        tensors = run.state_dict()["tensors"].items()
        floats = {k: v for k, v in tensors if v.is_floating_point() and not k.endswith(".step")}
        finite = torch.isfinite(torch.stack(torch._foreach_norm(list(floats.values()))))
        if odd := [i for i, row in enumerate(rows) if not all(map(math.isfinite, row.values()))]:
            row = rows[odd[0]]
            fault = f"step {run.steps - len(rows) + odd[0] + 1} with λ = {row['lam']:g} gave {row}"
        elif not finite.all():  # the last update may have broken what the next loss would show
            broken = list(floats)[int((~finite).nonzero()[0])]
            fault = f"after step {run.steps} with λ = {run.lam:g}, {broken} is not finite"
        if fault:
            back = f"the run is back at step {self.state['steps']}, its last good state"
            raise TrainingDiverged(f"{fault}; {back}. Try a smaller λ, or smaller learning rates")
        for name in rows[0] if rows else ():
            run.history.setdefault(name, []).extend(row[name] for row in rows)
        pending.clear()
        if time.monotonic() - self.at >= KEEP_EVERY:
            self.copy()

    def put_back(self) -> None:
        """Undo every step since the last copy."""
        self.trainer.load_state_dict(self.state)
        for optimiser in self.trainer.optimisers.values():
            optimiser.zero_grad(set_to_none=True)
