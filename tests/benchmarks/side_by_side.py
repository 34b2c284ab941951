"""Many runs side by side on one GPU, for the benchmarks whose networks are small.

One such run leaves a GPU idle most of the time. Each run's step, ``Trainer.step`` itself, is recorded once as a CUDA
graph and then replayed on a stream of its own; some 40 runs fill the GPU. On a CPU the steps run one by one.
"""

import dataclasses
import os
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from infogan_utils import Trainer
from infogan_utils.augment import Views, change
from infogan_utils.looking import as_floats
from infogan_utils.seeds import stream

os.environ.setdefault("CUDA_DEVICE_MAX_CONNECTIONS", "32")  # queues to the GPU; read when it is first used
CHUNK, WIDTH, WARM_UP = 50, 48, 3  # steps of each run in turn; runs at a time; steps before a graph is recorded


class OnDevice(Views):
    """The same Views for a recording: their bounds are copied to the device once, not in each step."""

    def __call__(self, x: Tensor, generator: torch.Generator) -> Tensor:
        kept = self.__dict__.setdefault("bounds", {})
        if (len(x), x.device) not in kept:
            sizes = torch.tensor(self.cuts(len(x))).diff()
            rows = torch.tensor([dataclasses.astuple(part.augment) for part in self.parts])
            kept[len(x), x.device] = rows.repeat_interleave(sizes, 0).to(x.device)
        return change(x, kept[len(x), x.device], generator)


class Run:
    """A trainer and its images (n, side, side) or (n, channels, side, side); ``advance`` takes one step."""

    def __init__(self, trainer: Trainer, images: Tensor, until: int) -> None:
        images, views = images.unsqueeze(1) if images.ndim == 3 else images, trainer.recipe.views
        self.trainer, self.images, self.until = trainer, images.to(trainer.device), until
        self.graph, self.stream = None, None
        if type(views) is Views:
            trainer.recipe = dataclasses.replace(trainer.recipe, views=OnDevice(views.parts))
        if trainer.device.type == "cuda":  # TensorFloat-32 is as fast for small networks
            trainer.bfloat16 = False

    def prepare(self) -> None:
        """On a GPU draw there from now on, and record the step."""
        trainer = self.trainer
        if trainer.device.type != "cuda":
            return
        seed = stream(trainer.seed, "draws").initial_seed()
        trainer.generator = torch.Generator(trainer.device).manual_seed(seed)
        for optimiser in trainer.optimisers.values():
            for group in optimiser.param_groups:
                group["capturable"] = True
        self.stream, graph = torch.cuda.Stream(), torch.cuda.CUDAGraph()
        with torch.cuda.stream(self.stream):
            for _ in range(WARM_UP):
                self.step()
        torch.cuda.synchronize()
        graph.register_generator_state(trainer.generator)
        with torch.cuda.graph(graph, stream=self.stream):
            self.step()
        trainer.steps, self.graph = WARM_UP, graph  # recording is no step

    def step(self) -> dict[str, Tensor]:
        """One step on images drawn with replacement."""
        trainer, generator = self.trainer, self.trainer.generator
        rows = torch.randint(len(self.images), (trainer.real_images,), generator=generator, device=generator.device)
        return trainer.step(as_floats(self.images[rows]))

    def advance(self) -> None:
        """One step, on a GPU by replaying the recorded one."""
        if self.graph is None:
            self.step()
            return
        with torch.cuda.stream(self.stream):
            self.graph.replay()
        self.trainer.steps += 1

    def pause(self) -> None:
        """Called after some steps, when the device has done them all."""


def side_by_side(runs: Sequence[Run], done: Callable[[Run], None], width: int = WIDTH) -> None:
    """Train them, at most ``width`` at a time, and call ``done(run)`` for each that has its steps."""
    waiting, live = list(runs), []
    while waiting or live:
        while waiting and len(live) < width:
            live.append(waiting.pop(0))
            live[-1].prepare()
        left = min([CHUNK, *(run.until - run.trainer.steps for run in live)])
        for _ in range(max(left, 0)):
            for run in live:
                run.advance()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        for run in live:
            run.pause()
        for run in [run for run in live if run.trainer.steps >= run.until]:
            done(run)
            run.graph = None
            live.remove(run)
