"""A start chosen without labels: many readers of real images for the price of one. Notebook 06 uses it.

Raising the agreement bound alone sorts real digits within a minute, but often into wrong sorts: two digits in one
category, another split in two. A wrong sort reaches a lower bound, which no label is needed to see. So many
linear readers share one trunk, each from its own random start, and the one with the highest bound is kept.
"""

import copy
from collections.abc import Callable

import torch
from torch import Tensor, nn

from infogan_utils.loop import TrainingDiverged, as_floats, check_images, stop_flag
from infogan_utils.objectives import agreement_bound
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
    """Train the trunk under ``readers`` readers, and make the best one's Q's first category. No labels.

    All or nothing: the run is changed only at the end. Reproducible by the run's seed.

    Args:
        trainer: a run that has taken no step; its recipe's channel gives the views, its lr_g the learning rate.
        images: uint8, (n, side, side) or (n, channels, side, side).
        readers: linear layers from the trunk's features to the category.
        steps: of Adam, each on ``recipe.batch`` views of half as many images.
        show: called every ``every`` steps with the step and the bounds.

    Returns:
        (readers,): each reader's agreement bound in nats, a running mean; None if it was stopped.

    Raises:
        ValueError: if the run has begun, or has no category, no channel, or a Q with a hidden layer.
        TrainingDiverged: if a bound is NaN or infinite.
    """
    recipe, layout, q = trainer.recipe, trainer.layout, trainer.D.q_head[-1]
    if trainer.steps or not layout.categorical or recipe.channel is None or len(trainer.D.q_head) > 1:
        raise ValueError(
            f"a run of {layout} after {trainer.steps} steps, with {recipe.channel} and a Q of {len(trainer.D.q_head)} "
            "layers was given; a start is chosen for a run without steps, with a categorical code, a channel, and a "
            "linear Q (q_fc=0 in its size)"
        )
    images, k = check_images(images, trainer), layout.categorical[0]
    generator = torch.Generator().manual_seed(trainer.seed)
    D = copy.deepcopy(trainer.D).train()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(trainer.seed)
        read = nn.Linear(q.in_features, readers * k).to(trainer.device)
    params = [*D.trunk.parameters(), *read.parameters()]
    optimiser = adam(params, recipe.lr_g, trainer.device)
    bounds = torch.zeros(readers, device=trainer.device)
    n = recipe.batch // 2
    with stop_flag() as stop:
        for step in range(1, steps + 1):
            rows = torch.randint(len(images), (n,), generator=generator)
            x = as_floats(images, rows, trainer.device)
            with trainer.autocast():
                h = D.features(recipe.channel(torch.cat([x, x]), generator))  # (2n, features)
                answers = read(h).float().unflatten(1, (readers, k)).transpose(0, 1)  # (readers, 2n, K)
                bound = agreement_bound(answers[:, :n], answers[:, n:])  # (readers,)
            (-bound.sum()).backward(inputs=params)
            optimiser.step()
            optimiser.zero_grad()
            bounds = MEMORY * bounds + (1 - MEMORY) * bound.detach()
            if stop.is_set():
                return None
            if show is not None and (step % every == 0 or step == steps):
                show(step, bounds.cpu())
        # under the flag to the end, so that a late Ctrl-C doesn't part D from its average
        if not torch.isfinite(bounds).all():
            raise TrainingDiverged(
                f"after {steps} steps of the start, bounds are {bounds.tolist()}; try a smaller lr_g"
            )
        best = int(bounds.argmax())
        with torch.no_grad():
            D.q_head[-1].weight[:k] = read.weight[best * k : (best + 1) * k]
            D.q_head[-1].bias[:k] = read.bias[best * k : (best + 1) * k]
        for net in (trainer.D, trainer.averaged["D"].module):
            net.load_state_dict(D.state_dict())
        return bounds.cpu()
