"""The file of a run: one safetensors file, the tensors and, as JSON in its header, the rest. Never pickle.

A save is atomic: it is written beside the old file and then takes its place, so that a full disk or a kill in
the middle leaves the last good one whole. Notebook 06 saves and resumes with it.
"""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as as_bytes
from torch import Tensor

from infogan_utils.channel import Channel
from infogan_utils.codes import Layout
from infogan_utils.files import replacing
from infogan_utils.models import Size
from infogan_utils.recipes import Recipe
from infogan_utils.training import Trainer

FORMAT = "infogan-run-2"


class CheckpointError(RuntimeError):
    """A checkpoint can't be read, or belongs to another kind of run."""


def save(trainer: Trainer, path: str | Path) -> Path:
    """Write the run to ``path``, which keeps its former content until the new one is complete.

    Raises:
        OSError: if the disk is full or the folder can't be written; the former file is untouched.
    """
    path = Path(path)
    about = {
        "format": FORMAT,
        "trainer": type(trainer).__name__,
        "layout": asdict(trainer.layout),
        "recipe": asdict(trainer.recipe),
        "size": asdict(trainer.size),
        "seed": trainer.seed,
        "image_shape": trainer.image_shape,
        "lam": trainer.lam,
        "steps": trainer.steps,
        "position": trainer.position,
        "history": trainer.history,
    }
    tensors = {name: value.detach().cpu().contiguous() for name, value in trainer.tensors().items()}
    about["sha256"] = digest(about, tensors)
    try:
        with replacing(path) as part:
            # not save_file: newer releases write to a name of their own first, which a kill would leave behind
            part.write_bytes(as_bytes(tensors, metadata={"infogan": json.dumps(about)}))
    except (OSError, SafetensorError) as error:
        raise OSError(
            f"{path} could not be written ({error}); a former save there is untouched. Free some space, or "
            "save elsewhere"
        ) from error
    return path


def load(path: str | Path, *, layout: Layout | None = None, device: torch.device | str = "cpu") -> Trainer:
    """Read a run that ``save`` wrote; on the CPU, training it on continues to the numbers of an unbroken run.

    On CUDA they differ a little: the channel's gradient is summed there in an order that changes from run to run.

    Args:
        layout: the latent variables that the caller expects; None takes whatever the file holds.

    Raises:
        FileNotFoundError: if there is no such file.
        CheckpointError: if the file is damaged, no checkpoint, made with another layout (both are named) or holds a
            run of a subclass of ``Trainer``.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no checkpoint {path}; train first, then checkpoint.save(trainer, path)")
    try:
        with safe_open(path, "pt") as file:
            about = json.loads((file.metadata() or {})["infogan"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}
        if not isinstance(about, dict):
            raise ValueError(f"its header holds a {type(about).__name__}, no object")
    except (SafetensorError, KeyError, ValueError) as error:
        raise CheckpointError(
            f"{path} is damaged or no checkpoint of this project ({type(error).__name__}: {error}); delete it and "
            "train again, or name another file. Pickled files (.pt, .pth) are refused: loading them can run code"
        ) from error
    if about.get("format") != FORMAT:
        raise CheckpointError(f"{path} has the format {about.get('format')!r}; this version reads {FORMAT!r}")
    if about.get("sha256") != digest(about, tensors):
        raise CheckpointError(f"{path} is damaged: header and tensors don't have its checksum; train again")
    if about.get("trainer") != Trainer.__name__:
        raise CheckpointError(
            f"{path} holds a run of {about.get('trainer')!r}, but load() makes a Trainer. Make that run as it was, and "
            "put its tensors back: run.restore(safetensors.torch.load_file(path))"
        )
    try:
        found = Layout(**about["layout"])
        if layout is not None and found != layout:
            raise CheckpointError(f"{path} was made with {found}, but {layout} was asked for")
        trainer = fresh(found, about, device)
        trainer.restore(tensors)
        trainer.lam, trainer.steps, trainer.position = about["lam"], int(about["steps"]), int(about["position"])
        trainer.history = {name: [float(v) for v in values] for name, values in about["history"].items()}
        check_place(trainer)
    except (LookupError, ArithmeticError, TypeError, ValueError, AttributeError) as error:
        raise CheckpointError(f"{path} doesn't hold what its header says: {error}") from error
    return trainer


def digest(about: dict, tensors: dict[str, Tensor]) -> str:
    """SHA-256 of the header, but for the checksum in it, and of every tensor's name and bytes."""
    header = {name: value for name, value in about.items() if name != "sha256"}
    found = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    for name in sorted(tensors):
        found.update(name.encode())
        found.update(tensors[name].reshape(-1).view(torch.uint8).numpy())
    return found.hexdigest()


def fresh(layout: Layout, about: dict, device: torch.device | str) -> Trainer:
    """An untrained run by the header of a file."""
    recipe = dict(about["recipe"])
    recipe["channel"] = Channel(**recipe["channel"]) if recipe["channel"] else None
    recipe["reaches"] = tuple(recipe["reaches"])
    recipe["note"] = tuple(recipe["note"]) if recipe["note"] else None
    size, shape = Size(**about["size"]), tuple(about["image_shape"])
    return Trainer(layout, Recipe(**recipe), size=size, seed=about["seed"], image_shape=shape, device=device)


def check_place(trainer: Trainer) -> None:
    """Raise ``ValueError`` unless the place in the data and the history fit the steps taken."""
    order = trainer.order
    if order.dtype != torch.int64:
        raise ValueError(f"the order of the data is in {order.dtype}; expected torch.int64")
    if not torch.equal(order.sort().values, torch.arange(len(order))) or not 0 <= trainer.position <= len(order):
        raise ValueError(f"position {trainer.position} in an order of {len(order)} images is no place in the data")
    lengths = {len(values) for values in trainer.history.values()}
    if len(lengths) > 1 or max(lengths, default=0) > trainer.steps:
        raise ValueError(f"the history has {sorted(lengths)} entries after {trainer.steps} steps")
