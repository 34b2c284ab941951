"""What test_processes.py starts as two processes: tiny runs. What each has in hand goes to FOLDER/RANK.safetensors.

torchrun --nproc-per-node 2 tests/two_processes.py FOLDER
"""

import sys
from pathlib import Path

import torch
from helpers import RECIPES, images, make, without_batch_norm
from safetensors.torch import save_file
from torch import Tensor

from infogan_utils import Trainer, checkpoint, train
from infogan_utils.recipes import PAPER
from infogan_utils.runs.processes import Processes

FOLDER, PROCESSES = Path(sys.argv[1]), Processes()
found: dict[str, Tensor] = {}


def keep(name: str, run: Trainer) -> None:
    tensors = run.state_dict()["tensors"]
    found.update({f"{name}/{key}": value.clone().contiguous() for key, value in tensors.items() if "." in key})


def joined(run: Trainer):
    """The run as one of two, and a sampler that keeps what it gives, in a list."""
    with torch.no_grad():
        run.G.fc[0].weight += PROCESSES.rank  # rank 0's weights count
    part, given = PROCESSES.join(run, images()), []
    return lambda n, generator: (given.append(part(n, generator)), given[-1])[1], given


for name, recipe in RECIPES.items():
    run = make(recipe)
    run.G.register_forward_pre_hook(lambda _, inputs, name=name: found.setdefault(f"latents/{name}", inputs[0]))
    part, _ = joined(run)
    train(run, part, until=10)
    keep(f"before/{name}", run)
    PROCESSES.average_buffers(run)
    keep(name, run)

run = without_batch_norm(make(PAPER, batch=8))
run.bfloat16 = False
part, given = joined(run)
train(run, part, until=10)
keep("no batch norm", run)
found["images"] = torch.stack(given)  # (10 steps, 8, 1, 28, 28)

run, path = make(), FOLDER / "run.safetensors"
part, _ = joined(run)
train(run, part, until=6)
PROCESSES.average_buffers(run)
if PROCESSES.rank == 0:
    checkpoint.save(run, path)
train(run, part, until=10)
keep("unbroken", run)
run = checkpoint.load(path)
part, _ = joined(run)
train(run, part, until=10)
keep("resumed", run)

Processes.average = lambda self, tensors, whole=Processes.average: whole(self, tensors[1:])  # the first is forgotten
run = make()
part, _ = joined(run)
train(run, part, until=10)
keep("planted fault", run)

save_file(found, FOLDER / f"{PROCESSES.rank}.safetensors")
