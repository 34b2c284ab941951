"""What the λ dial can train: five arcs in the plane, or digits. Notebook 07 turns the dial on both."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor

from infogan_utils import drawing
from infogan_utils.codes import Codes, Layout
from infogan_utils.loop import check_images, next_batch
from infogan_utils.recipes import FAST, Recipe
from infogan_utils.toy import TOY, TOY_RECIPE, ToyTrainer, energy_distance, one_thread, real_points
from infogan_utils.training import Trainer


@dataclass(frozen=True)
class Problem:
    """What a dial trains: how a run starts, its next batch, its picture (PNG bytes), and numbers beside L_I."""

    start: Callable[[], Trainer]
    batch: Callable[[Trainer], Tensor]
    picture: Callable[[Trainer], bytes]
    numbers: Callable[[Trainer], dict[str, float]]
    threads: Callable[[], AbstractContextManager] = nullcontext  # how much of the machine a step is worth


def toy_problem(recipe: Recipe = TOY_RECIPE, *, seed: int = 0) -> Problem:
    """Five arcs in the plane; the picture shows 1,000 samples, coloured and numbered by their category."""
    generator = torch.Generator().manual_seed(1)
    codes, real = TOY.sample(1000, generator), real_points(1000, generator)

    @torch.no_grad()
    def picture(run: Trainer) -> bytes:
        return drawing.scatter(run.G(codes).numpy(), codes.c_cat[:, 0].numpy(), real[:500].numpy())

    @torch.no_grad()
    def numbers(run: Trainer) -> dict[str, float]:
        return {"energy distance": energy_distance(run.G(codes), real)}

    return Problem(lambda: ToyTrainer(recipe, seed=seed), ToyTrainer.batch, picture, numbers, one_thread)


def digit_problem(images: Tensor, layout: Layout, recipe: Recipe = FAST, *, seed: int = 0) -> Problem:
    """Digits, uint8 (n, 28, 28); the picture has a row for each category, a column for each noise."""

    def start() -> Trainer:
        run = Trainer(layout, recipe, seed=seed)
        check_images(images, run)
        return run

    k, columns = layout.categorical[0], 10
    drawn = layout.sample(columns, torch.Generator().manual_seed(1))
    c_cat = torch.arange(k).repeat_interleave(columns)[:, None].repeat(1, len(layout.categorical))
    codes = Codes(drawn.z.repeat(k, 1), c_cat, drawn.c_cont.repeat(k, 1))

    @torch.no_grad()
    def picture(run: Trainer) -> bytes:
        run.G.eval()
        try:
            with one_thread():  # a hundred pictures don't wait for a second thread
                x = run.G(codes.to(run.device)).cpu().view(k, columns, *run.image_shape[-2:])
        finally:
            run.G.train()
        return drawing.grid(x.numpy(), labels=[str(i) for i in range(k)])

    batches = images if images.ndim == 4 else images[:, None]
    return Problem(start, lambda run: next_batch(run, batches), picture, lambda run: {})
