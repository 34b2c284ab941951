"""The one reader and writer of runs and of weights: safetensors files, the rest as JSON in their header. Never pickle.

A save is written beside the old file and then takes its place: a full disk or a kill leaves the last good one whole.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as as_bytes
from torch import Tensor, nn

from infogan_utils.augment import Augment, View, Views
from infogan_utils.codes import Code
from infogan_utils.latents import LatentSpec
from infogan_utils.looking import Model
from infogan_utils.models import Widths, build
from infogan_utils.recipes import Recipe
from infogan_utils.seeds import usable
from infogan_utils.training import Trainer

RUN, MODEL = "infogan-run-3", "infogan-model-3"
READERS = {RUN: "checkpoint.load", MODEL: "checkpoint.load_model"}
SHIPPED = Path(__file__).parents[1] / "assets" / "mnist.safetensors"  # a trained model that comes with the package


class CheckpointError(RuntimeError):
    """A file can't be read, or belongs to another kind of run."""


def save(trainer: Trainer, path: str | Path, **about) -> Path:
    """Write the run to ``path``, which keeps its former content until the new one is complete; ``about`` as notes."""
    if not isinstance(trainer, Trainer):
        given = f"save(a {type(trainer).__name__}, a {type(path).__name__}) was called"
        raise TypeError(f"{given}; it takes a Trainer and a path, save_model a Model and a path")
    state = trainer.state_dict()
    about |= {"recipe": pack(trainer.recipe), "seed": trainer.seed} | describe(trainer.averaged, trainer.image_shape)
    return write(path, RUN, state.pop("tensors"), about | state)


def load(path: str | Path, *, networks: tuple[nn.Module, nn.Module] | None = None, device: str = "cpu") -> Trainer:
    """Read a run that ``save`` wrote; on the CPU, training it on continues to the numbers of an unbroken run.

    On CUDA they differ a little: T's gradient is summed there in an order that changes from run to run. ``networks``
    are fresh G and D like those of the run, where they are a reader's own; those of ``models.build`` are made anew.
    """
    about, tensors = read(path, RUN)
    usable(device)  # one that isn't here is no fault of the file
    with fitting(path):
        G, D, spec = rebuild(about, networks)
        trainer = Trainer(G, D, spec, unpack(about["recipe"]), seed=about["seed"], device=device)
        trainer.load_state_dict(about | {"tensors": tensors})
    return trainer


def save_model(model: Model, path: str | Path, **about: str | int) -> Path:
    """Write G and D in half precision, for looking at; ``about`` says how they came, e.g. ``command="…", seed=0``."""
    nets = nn.ModuleDict({"G": model.G, "D": model.D}).state_dict()
    # a running variance can exceed float16's range
    tensors = {key: v.half() if v.is_floating_point() and "running" not in key else v for key, v in nets.items()}
    shape = model.draw(model.spec.sample(1, torch.Generator())).shape[1:]
    return write(path, MODEL, tensors, about | describe(model, tuple(shape)))


def load_model(path: str | Path = SHIPPED, *, networks: tuple[nn.Module, nn.Module] | None = None) -> Model:
    """Read G and D that ``save_model`` wrote, by default the digits' model that comes with the package."""
    about, tensors = read(path, MODEL)
    with fitting(path):
        G, D, spec = rebuild(about, networks)
        nn.ModuleDict({"G": G, "D": D}).eval().load_state_dict(tensors)
    return Model(G, D, spec)


def describe(model: Model, shape: tuple[int, ...]) -> dict:
    """What a header says of the networks: their widths, where ``models.build`` makes the same from them."""
    widths = getattr(model.G, "widths", None)
    if isinstance(widths, Widths):
        with torch.device("meta"):  # the layers alone, without numbers
            built = build(model.spec, widths, channels=shape[0], side=shape[1])
        widths = widths if str(built) == str((model.G, model.D)) else None  # None: a reader changed a layer
    return {"spec": pack(model.spec), "widths": pack(widths), "image_shape": shape}


def rebuild(about: dict, networks: tuple[nn.Module, nn.Module] | None) -> tuple[nn.Module, nn.Module, LatentSpec]:
    """G, D and their specification as a header describes them; a reader's own ``networks`` as they are."""
    spec, widths, shape = unpack(about["spec"]), unpack(about["widths"]), about["image_shape"]
    if networks is None and widths is None:
        raise ValueError("its networks are a reader's own: hand over fresh ones, networks=(G, D)")
    return *(networks or build(spec, widths, channels=shape[0], side=shape[1])), spec


def pack(value: Any) -> Any:
    """A setting as JSON has it: an object by its class's name and its fields."""
    if is_dataclass(value):
        return [type(value).__name__, {name: pack(held) for name, held in vars(value).items()}]
    if isinstance(value, tuple | list):
        return ["", [pack(item) for item in value]]
    return value.item() if isinstance(value, np.generic) else value


def unpack(value: Any) -> Any:
    """The setting that ``pack`` packed; ``ValueError`` if its class is no setting that is defined here."""
    if not isinstance(value, list):
        return value
    name, content = value
    if name == "":
        return tuple(unpack(item) for item in content)
    classes = {cls.__name__: cls for cls in (Recipe, Views, View, Augment, LatentSpec, Widths, *Code.__subclasses__())}
    if name not in classes:
        raise ValueError(f"{name!r} is not known here: import or define it first")
    return classes[name](**{field: unpack(item) for field, item in content.items()})


def write(path: str | Path, kind: str, tensors: dict[str, Tensor], about: dict) -> Path:
    """Write a safetensors file whole or not at all."""
    path, about = no_folder(path), about | {"format": kind}
    whole = torch.contiguous_format
    tensors = {name: value.detach().cpu().clone(memory_format=whole) for name, value in tensors.items()}
    about["sha256"] = digest(about, tensors)
    part = path.with_name(f".{path.name}.part")  # what a kill leaves there, the next save writes over
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(part, "wb") as file:
            file.write(as_bytes(tensors, metadata={"infogan": json.dumps(about)}))
            os.fsync(file.fileno())
        part.replace(path)
    except (OSError, SafetensorError) as error:
        with suppress(OSError):
            part.unlink()
        raise OSError(f"{path} could not be written ({error}); a former save is untouched. Name another") from error
    return path


def read(path: str | Path, kind: str) -> tuple[dict, dict[str, Tensor]]:
    """The header and the tensors of a file that ``write`` wrote, its format and checksum checked."""
    path = no_folder(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}; train first, then checkpoint.save(trainer, path)")
    with fitting(path):
        with safe_open(path, "pt") as file:
            about = json.loads((file.metadata() or {})["infogan"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}
        if about["format"] != kind:
            by = READERS.get(about["format"], "the package's version that wrote it")
            raise ValueError(f"it has the format {about['format']!r}; {kind!r} is read here. It is read by {by}")
        if about["sha256"] != digest(about, tensors):
            raise ValueError("it doesn't have its checksum")
    return about, tensors


def no_folder(path: str | Path) -> Path:
    """The path of a file, below the home folder where it begins with ~."""
    path = Path(path).expanduser()
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder; name a file in it, e.g. {path / 'run.safetensors'}")
    return path


@contextmanager
def fitting(path: str | Path) -> Iterator[None]:
    """Whatever goes wrong inside becomes a ``CheckpointError`` that names the file."""
    try:
        yield
    except SafetensorError as error:
        refused = "pickled files (.pt, .pth) are refused: loading them can run code"
        raise CheckpointError(f"{path} is damaged or something else; {refused}") from error
    except (LookupError, ArithmeticError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise CheckpointError(f"{path} is damaged or something else: {error}") from error


def digest(about: dict, tensors: dict[str, Tensor]) -> str:
    """SHA-256 of the header, but for the checksum in it, and of every tensor's name and bytes."""
    header = {name: value for name, value in about.items() if name != "sha256"}
    found = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    for name in sorted(tensors):
        found.update(name.encode() + tensors[name].reshape(-1).view(torch.uint8).numpy().tobytes())
    return found.hexdigest()
