"""The loop around the training step: batches, stopping, and what to do when a loss becomes NaN.

A stop (Jupyter's button, Ctrl-C) is taken between two steps, so that G and D have always taken the same
number; ``train`` then returns normally, and calling it again goes on. An exception in the middle of a step puts
the run back to its last good state. Notebook 06 uses it.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from infogan_utils.models import check_pictures
from infogan_utils.training import Trainer

CHECK_EVERY = 50  # steps between two looks at the losses for NaN: a look waits for the device


class TrainingDiverged(RuntimeError):
    """A loss became NaN or infinite; the trainer was put back to its last good state."""


@contextmanager
def stop_flag() -> Iterator[threading.Event]:
    """An event that SIGINT sets instead of raising; the old handler comes back on the way out.

    Outside the main thread, where no handler can be set, the event is never set.
    """
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
    """Return ``images`` as (n, channels, side, side) uint8, or raise ``ValueError``."""
    images, recipe = check_pictures(images, trainer.image_shape, "this run"), trainer.recipe
    if len(images) < recipe.real_images:
        batch = len(images) * (2 if recipe.agreement else 1)  # with agreement a step sees each image twice
        smaller = f", or a recipe with a smaller batch: dataclasses.replace(recipe, batch={batch})" if batch > 1 else ""
        raise ValueError(
            f"{len(images)} images were given, less than one batch of {recipe.real_images} real ones; "
            f"give more{smaller}"
        )
    return images


def next_batch(trainer: Trainer, images: Tensor) -> Tensor:
    """The next real images, float in [0, 1] on the trainer's device; each epoch in a fresh order, its rest dropped."""
    n, batch = len(images), trainer.recipe.real_images
    if len(trainer.order) != n or trainer.position + batch > n:
        trainer.order, trainer.position = torch.randperm(n, generator=trainer.generator), 0
    rows = trainer.order[trainer.position : trainer.position + batch]
    trainer.position += batch
    return as_floats(images, rows, trainer.device)


def as_floats(images: Tensor, rows: Tensor, device: torch.device) -> Tensor:
    """These rows of uint8 images as floats in [0, 1] on ``device``."""
    return images[rows.to(images.device)].to(device).float().div_(255)


def train(
    trainer: Trainer,
    images: Tensor,
    *,
    until: int,
    show: Callable[[Trainer], None] | None = None,
    every: int = CHECK_EVERY,
) -> bool:
    """Train until the run has taken ``until`` steps in all; return whether it got there (False: stopped).

    Args:
        trainer: the run; it holds what was reached, also after a stop or an error.
        images: uint8, (n, side, side) or (n, channels, side, side).
        until: the step to reach, counted from the run's start; a run already there does nothing.
        show: called every ``every`` steps and at the end, with the trainer.

    Raises:
        TrainingDiverged: if a loss or a weight is NaN or infinite; names the step and lam, and the trainer is put
            back to the last state in which all were finite.
        ValueError: if the images don't fit.
    """
    with stop_flag() as stop:
        images = check_images(images, trainer)
        pending: list[dict[str, Tensor]] = []
        good = snapshot(trainer)
        try:
            while trainer.steps < until and not stop.is_set():
                figures = trainer.step(next_batch(trainer, images))
                pending.append(figures | {"lam": torch.tensor(trainer.lam)})
                shown = show is not None and trainer.steps % every == 0
                if shown or len(pending) >= CHECK_EVERY:
                    keep_finite(trainer, pending)
                    good = snapshot(trainer)
                if shown:
                    show(trainer)
            keep_finite(trainer, pending)
            if show is not None and trainer.steps % every:
                good = snapshot(trainer)
                show(trainer)
        except BaseException as error:  # G may have taken a step that D has not, or the other way round
            put_back(trainer, good)
            if isinstance(error, TrainingDiverged):
                raise TrainingDiverged(
                    f"{error}; the run is back at step {trainer.steps}, its last good state. Try a smaller lam, or "
                    "smaller learning rates: dataclasses.replace(recipe, lr_g=…, lr_d=…)"
                ) from None
            raise
    return trainer.steps >= until


def keep_finite(trainer: Trainer, pending: list[dict[str, Tensor]]) -> None:
    """Move the pending figures into the history; ``TrainingDiverged`` if one of them, or a weight, is not finite."""
    if not pending:
        return
    names = list(pending[0])
    values = torch.stack([torch.stack([row[name].float().cpu() for name in names]) for row in pending])
    bad = ~torch.isfinite(values).all(dim=1)
    if bad.any():
        row = int(bad.nonzero()[0])
        figures = dict(zip(names, values[row].tolist(), strict=True))
        step = trainer.steps - len(pending) + row + 1
        raise TrainingDiverged(f"step {step} with lam = {figures['lam']:g} gave {figures}")
    for name, value in trainer.tensors().items():  # the last update may have broken what the next loss would show
        if value.is_floating_point() and not bool(torch.isfinite(value).all()):
            raise TrainingDiverged(f"after step {trainer.steps} with lam = {trainer.lam:g}, {name} is not finite")
    for i, name in enumerate(names):
        trainer.history.setdefault(name, []).extend(values[:, i].tolist())
    pending.clear()


def snapshot(trainer: Trainer) -> dict:
    """A copy in memory of all that a step changes."""
    tensors = {name: value.detach().clone() for name, value in trainer.tensors().items()}
    lengths = {name: len(values) for name, values in trainer.history.items()}
    return {"tensors": tensors, "steps": trainer.steps, "position": trainer.position, "history": lengths}


def put_back(trainer: Trainer, kept: dict) -> None:
    """Undo every step since ``snapshot`` gave ``kept``."""
    trainer.restore(kept["tensors"])
    trainer.steps, trainer.position = kept["steps"], kept["position"]
    trainer.history = {name: trainer.history[name][:n] for name, n in kept["history"].items()}
    for optimiser in trainer.optimisers.values():
        optimiser.zero_grad(set_to_none=True)
