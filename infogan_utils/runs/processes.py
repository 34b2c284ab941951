"""Several processes that train one model, by Hugging Face accelerate (optional). Notebook 09 starts them.

They have the same weights; each draws its own latent variables and takes its own part of the images. Gradients are
averaged between backward and the optimiser's step, by a hook on the optimiser: a wrapper around the networks, such as
DistributedDataParallel, would miss what is called past their ``forward``. N processes take N times the recipe's batch.
Batch norm and the agreement bound see one process's images: without both, N processes of n images are one of N · n.
"""

import os
from functools import lru_cache

import torch
from torch import Tensor

from infogan_utils.looking import as_floats
from infogan_utils.loop import Sampler, check_images
from infogan_utils.runs.devices import best_device
from infogan_utils.seeds import sent, stream
from infogan_utils.training import Trainer


class Processes:
    """The ``count`` processes of this run; this one has the number ``rank`` and computes on ``device``."""

    def __init__(self) -> None:
        self.count, self.rank, self.device, self.state = 1, 0, best_device(), None
        if int(os.environ.get("WORLD_SIZE", 1)) > 1:
            try:
                from accelerate import PartialState
            except ImportError:
                raise OSError("several processes need accelerate: pip install accelerate") from None
            self.state = PartialState(cpu=self.device.type == "cpu")
            self.count, self.rank = self.state.num_processes, self.state.process_index
            self.device = self.device if self.device.type == "cpu" else self.state.device
        elif {"ACCELERATE_USE_CPU", "MASTER_PORT"} <= os.environ.keys():  # accelerate does so in silence, without MPI
            raise OSError("accelerate launch --cpu started one process of several; start them by torchrun instead")

    def average(self, tensors: list[Tensor]) -> None:
        """Make each of these its mean over the processes, to the same bits in all of them, by one message."""
        from accelerate.utils import reduce

        joined = reduce(torch.cat([t.flatten() for t in tensors]), "mean")
        for t, part in zip(tensors, joined.split([t.numel() for t in tensors]), strict=True):
            t.copy_(part.view_as(t))

    def average_buffers(self, trainer: Trainer) -> None:
        """Average what batch norm has seen: before a score and before a save."""
        nets = (trainer.G, trainer.D, trainer.averaged.G, trainer.averaged.D)
        if self.count > 1 and (found := [b for net in nets for b in net.buffers() if b.is_floating_point()]):
            self.average(found)

    def join(self, trainer: Trainer, images: Tensor) -> Tensor | Sampler:
        """Make ``trainer`` part of the run, with rank 0's weights; returns what ``loop.train`` then takes as images.

        The order of an epoch is the same in all processes, and each takes its part. What a process draws in a step
        depends on the seed, its rank and the step alone, so that a resumed run draws what an unbroken one does.
        """
        if self.count == 1:
            return images
        from accelerate.utils import broadcast

        images, steps = check_images(images, trainer), len(images) // (trainer.real_images * self.count)
        if not steps:
            each = f"{self.count} processes take {trainer.real_images} each in a step"
            raise ValueError(f"{len(images)} images were given; {each}")
        broadcast([tensor for name, tensor in trainer.state_dict()["tensors"].items() if "." in name])  # not the draws
        for optimiser in trainer.optimisers.values():
            optimiser.register_step_pre_hook(lambda adam, *_: self.average(gradients(adam)))

        @lru_cache(1)
        def order(epoch: int) -> Tensor:
            return torch.randperm(len(images), generator=stream(trainer.seed, f"order of epoch {epoch}"))

        def part(n: int, draws: torch.Generator) -> Tensor:
            for generator, name in ((draws, "draws"), (trainer.dropout, "dropout")):
                own = stream(trainer.seed, f"{name} of process {self.rank} in step {trainer.steps}")
                generator.manual_seed(own.initial_seed())
            epoch, place = divmod(trainer.steps, steps)
            rows = order(epoch)[(place * self.count + self.rank) * n :][:n]
            return as_floats(sent(images[rows.to(images.device)], trainer.device))

        return part


def gradients(optimiser: torch.optim.Optimizer) -> list[Tensor]:
    """The gradients that the optimiser's next step takes."""
    return [p.grad for group in optimiser.param_groups for p in group["params"] if p.grad is not None]
