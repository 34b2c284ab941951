"""A start chosen without labels: many readers of real images for the price of one. Notebook 06 writes it out.

Raising the agreement bound alone groups real digits within a minute, but often wrongly: two digits in one category,
another split in two. A wrong grouping reaches a lower bound, which no label is needed to see. So many linear readers
share one trunk, each from its own random start, and the one with the highest bound is kept. No part of the paper.
"""

import copy
from collections.abc import Callable

import torch
from torch import Tensor, nn

from infogan_utils.looking import as_floats
from infogan_utils.loop import TrainingDiverged, check_images, stop_flag
from infogan_utils.objectives import agreement_bound
from infogan_utils.seeds import modules_draw_from, stream
from infogan_utils.training import Trainer, adam

MEMORY = 0.98  # decay a step of the bounds' running mean


def choose_start(
    trainer: Trainer,
    images: Tensor,
    *,
    readers: int = 32,
    steps: int = 500,
    show: Callable[[int, Tensor], None] | None = None,
    every: int = 25,
) -> Tensor | None:
    """Train the trunk under ``readers`` readers, and make the best one Q's first category. No labels.

    All or nothing: the run is changed only at the end. Each of ``steps`` steps of Adam sees ``recipe.batch`` views of
    half as many images; ``show`` is called every ``every`` steps with the step and the bounds. Returns each reader's
    agreement bound in nats, a running mean, (readers,); None if it was stopped.
    """
    recipe, spec, q = trainer.recipe, trainer.spec, trainer.D.q_head
    if trainer.steps or not spec.discrete or recipe.views is None or not isinstance(q, nn.Linear):
        given = f"a run of {spec} after {trainer.steps} steps, with views = {recipe.views} and Q's head {q} was given"
        raise ValueError(f"{given}; a start needs 0 steps, a discrete code, views, and a linear Q (q_fc=0)")
    if min(readers, steps, every) < 1:
        raise ValueError(f"readers = {readers}, steps = {steps}, every = {every} were given; each is 1 or more")
    images, name = check_images(images, trainer), spec.discrete[0]
    k, generator = spec[name].answers, stream(trainer.seed, "start")
    D = copy.deepcopy(trainer.D).train()
    with modules_draw_from(generator):
        reader = nn.Linear(q.in_features, readers * k)
    reader = reader.to(trainer.device)
    params = [*D.trunk.parameters(), *reader.parameters()]
    optimiser = adam([(params, recipe.lr_q)], trainer.device)
    n, mean = recipe.batch // 2, torch.zeros(readers, device=trainer.device)
    with stop_flag() as stop, modules_draw_from(stream(trainer.seed, "start's dropout")):
        for step in range(1, steps + 1):
            rows = torch.randint(len(images), (n,), generator=generator)
            x = as_floats(images[rows].to(trainer.device))
            with trainer.autocast():
                h = D.trunk(recipe.views(torch.cat([x, x]), generator))  # (2n, features): image i is i + n again
            answers = reader(h.float()).unflatten(1, (readers, k)).transpose(0, 1)  # (readers, 2n, K)
            bound = agreement_bound(answers[:, :n], answers[:, n:])  # (readers,)
            (-bound.sum()).backward(inputs=params)
            optimiser.step()
            optimiser.zero_grad()
            mean = MEMORY * mean + (1 - MEMORY) * bound.detach()
            bounds = mean / (1 - MEMORY**step)  # a mean that began at 0 is too low by this factor
            if stop.is_set():
                return None
            if show is not None and (step % every == 0 or step == steps):
                show(step, bounds.cpu())
        # still under the flag: a Ctrl-C must not come between the networks and their average
        if not torch.isfinite(bounds).all():
            raise TrainingDiverged(f"after {steps} steps the bounds are {bounds.tolist()}; try a smaller lr_q")
        rows, best = spec.split(torch.arange(spec.answers)[None])[name][0], int(bounds.argmax())
        with torch.no_grad():
            for of_q, of_readers in ((D.q_head.weight, reader.weight), (D.q_head.bias, reader.bias)):
                of_q[rows] = of_readers[best * k : (best + 1) * k]
        for net in (trainer.D, trainer.averaged.D):
            net.load_state_dict(D.state_dict())
        return bounds.cpu()
