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
from infogan_utils.training import Trainer

CHECK_EVERY = 50  # steps between two looks at the losses for NaN: a look waits for the device
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
    images, n = images.unsqueeze(1) if images.ndim == 3 else images, trainer.real_images
    if images.dtype != torch.uint8 or images.shape[1:] != trainer.image_shape or len(images) < n:
        given = f"{len(images)} images of shape {tuple(images.shape[1:])} in {images.dtype} were given"
        raise ValueError(f"{given}; this run takes {trainer.image_shape} in uint8, at least the {n} of a step")
    return images


def next_batch(trainer: Trainer, images: Tensor | Sampler) -> Tensor:
    """The next real batch on the trainer's device; each epoch has a fresh order, and its rest is dropped."""
    n = trainer.real_images
    if callable(images):
        x = images(n, trainer.generator).to(trainer.device)
        if x.shape != (n, *trainer.image_shape) or not x.is_floating_point():
            raise ValueError(f"the sampler gave {x.dtype} {tuple(x.shape)}; give floats {(n, *trainer.image_shape)}")
        return x
    if len(trainer.order) != len(images) or trainer.position + n > len(images):
        trainer.order, trainer.position = torch.randperm(len(images), generator=trainer.generator), 0
    rows = trainer.order[trainer.position : trainer.position + n]
    trainer.position += n
    return as_floats(images[rows.to(images.device)].to(trainer.device))


def train(
    trainer: Trainer,
    images: Tensor | Sampler,
    *,
    until: float = math.inf,
    seconds: float = math.inf,
    show: Callable[[Trainer], None] | None = None,
    every: int = CHECK_EVERY,
    kept: "Kept | None" = None,
    stop: threading.Event | None = None,
) -> bool:
    """Train until the run has ``until`` steps in all, or for ``seconds``; False if it was stopped before that.

    Args:
        images: uint8, (n, side, side) or (n, channels, side, side); or a function (n, generator) → floats that draws.
        show: called every ``every`` steps and at the end, with the trainer.
        kept, stop: for many short calls, their last good state, and an event that ends the run, too.
    """
    if math.isinf(until) and math.isinf(seconds):
        raise ValueError("train() got neither until=STEPS nor seconds=SECONDS; give at least one of them")
    images = images if callable(images) else check_images(images, trainer)
    deadline, shown = time.monotonic() + seconds, trainer.steps
    kept, pending = kept or Kept(trainer), []
    with stop_flag() as interrupted:
        try:
            while trainer.steps < until and time.monotonic() < deadline:
                if interrupted.is_set() or (stop is not None and stop.is_set()):
                    break
                pending.append(trainer.step(next_batch(trainer, images)) | {"lam": torch.tensor(trainer.lam)})
                due = show is not None and trainer.steps % every == 0
                if due or len(pending) >= CHECK_EVERY:
                    keep_finite(trainer, pending)
                    kept.renew()
                if due:
                    shown = trainer.steps
                    show(trainer)
            keep_finite(trainer, pending)
            kept.renew()
            if show is not None and trainer.steps > shown:
                show(trainer)
        except BaseException as error:  # G may have taken a step that D has not
            kept.put_back()
            if isinstance(error, TrainingDiverged):
                back = f"the run is back at step {trainer.steps}, its last good state"
                raise TrainingDiverged(f"{error}; {back}. Try a smaller λ, or smaller learning rates") from None
            raise
    return trainer.steps >= until or time.monotonic() >= deadline


def keep_finite(trainer: Trainer, pending: list[dict[str, Tensor]]) -> None:
    """Move the pending figures into the history; ``TrainingDiverged`` if one of them, or a weight, is not finite."""
    if not pending:
        return
    names = list(pending[0])
    values = torch.stack([torch.stack([row[name].float().cpu() for name in names]) for row in pending])
    if not torch.isfinite(values).all():
        row = int((~torch.isfinite(values).all(dim=1)).nonzero()[0])
        found = dict(zip(names, values[row].tolist(), strict=True))
        raise TrainingDiverged(f"step {trainer.steps - len(pending) + row + 1} with λ = {found['lam']:g} gave {found}")
    # without Adam's counts, which may stand on another device
    floats = {k: v for k, v in trainer.tensors().items() if v.is_floating_point() and not k.endswith(".step")}
    finite = torch.isfinite(torch.stack(torch._foreach_norm(list(floats.values()))))
    if not finite.all():  # the last update may have broken what the next loss would show
        broken = list(floats)[int((~finite).nonzero()[0])]
        raise TrainingDiverged(f"after step {trainer.steps} with λ = {trainer.lam:g}, {broken} is not finite")
    for i, name in enumerate(names):
        trainer.history.setdefault(name, []).extend(values[:, i].tolist())
    pending.clear()


class Kept:
    """A copy in memory of a run's last good state, renewed at most every ``KEEP_EVERY`` seconds."""

    def __init__(self, trainer: Trainer) -> None:
        self.trainer, self.at = trainer, -math.inf
        self.renew()

    def renew(self) -> None:
        """Copy the run's state, unless the last copy is a moment old."""
        if time.monotonic() - self.at < KEEP_EVERY:
            return
        state = self.trainer.state_dict()
        tensors = {name: value.detach().clone() for name, value in state["tensors"].items()}
        lengths = {name: len(values) for name, values in state["history"].items()}
        self.state, self.at = state | {"tensors": tensors, "history": lengths}, time.monotonic()

    def put_back(self) -> None:
        """Undo every step since the last copy."""
        history = {name: self.trainer.history[name][:n] for name, n in self.state["history"].items()}
        self.trainer.load_state_dict(self.state | {"history": history})
        for optimiser in self.trainer.optimisers.values():
            optimiser.zero_grad(set_to_none=True)
