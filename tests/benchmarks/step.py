"""One training step of notebook 06's recipe against a straightforward loop of the same networks, in one process.

    python tests/benchmarks/step.py [--steps 30] [--rounds 5] [--float32]
    python tests/benchmarks/step.py --device cuda

The plain side: float32, contiguous tensors, a DataLoader, the gradient of every parameter in every backward pass, one
Adam call a parameter group without fusing, losses copied to Python in each step. "step" is the package's step alone,
"train" the loop around it, with its looks for NaN and its copies of the run. All sides take turns and are compared
round by round. The share is that of the peak which a large matrix product reaches here and now.
With ``--device`` the package's step alone is measured there (``gpu.py``).
"""

import argparse
import statistics
from unittest import mock

import torch
from gpu import PICTURES, flops, on_device, peak, repeated, timed
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from infogan_utils import Trainer, augment, build, data, recipes, train
from infogan_utils.loop import next_batch
from infogan_utils.models import heads
from infogan_utils.objectives import GAN_LOSSES, agreement_bound, information

D_LOSS, G_LOSS = GAN_LOSSES[recipes.FAST.gan]
FAST, SPEC = recipes.FAST, data.SETS["mnist"].spec


class PlainLoop:
    """What one would write first."""

    def __init__(self, images: torch.Tensor) -> None:
        G, D = build(SPEC, seed=0)
        self.G, self.D = (net.to(memory_format=torch.contiguous_format) for net in (G, D))
        self.D.trunk = nn.Sequential(*(nn.Flatten() if isinstance(m, nn.Flatten) else m for m in D.trunk))
        self.generator = torch.Generator().manual_seed(0)
        rest = [*self.D.trunk.parameters(), *self.D.d_head.parameters()]
        q = {"params": [*self.D.q_head.parameters()], "lr": FAST.lr_q}
        how = {"betas": (0.5, 0.999), "foreach": False}
        self.adam_d = torch.optim.Adam([{"params": rest, "lr": FAST.lr_d}, q], **how)
        self.adam_g = torch.optim.Adam(self.G.parameters(), lr=FAST.lr_g, **how)
        real = TensorDataset(images.unsqueeze(1).float() / 255)
        self.loader = DataLoader(real, FAST.batch // 2, shuffle=True, drop_last=True, generator=self.generator)
        self.batches = iter(self.loader)

    def see(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """D's raw output on half of the images, without T, and Q's answers on all of them, behind T."""
        with mock.patch.object(augment, "largest", lambda x: F.max_pool2d(x, 3, stride=1, padding=1)):
            answers = self.D(FAST.views(x, self.generator))[1]
        return heads(self.D, self.D.trunk(x[len(x) // 2 :]))[0], answers

    def bound(self, answers, latents):
        rows = {name: FAST.views.rows(name, len(answers)) for name in SPEC.names}
        found = information(SPEC, answers, latents, rows)
        return found["cat 1"] + FAST.continuous_weight * (found["cont 1"] + found["cont 2"])

    def step(self) -> tuple[float, float]:
        x = next(self.batches, None)
        if x is None:
            self.batches = iter(self.loader)
            x = next(self.batches)
        latents = SPEC.sample(FAST.batch, self.generator)
        fake = torch.sigmoid(self.G.up(self.G.fc(SPEC.encode(latents))))
        v_real, answers_real = self.see(torch.cat([x[0], x[0]]))
        v_fake, answers = self.see(fake.detach())
        loss_d = D_LOSS(v_real, v_fake) - self.bound(answers, latents)
        loss_d = loss_d - FAST.agreement * agreement_bound(*answers_real[:, :10].chunk(2))
        self.adam_d.zero_grad()
        loss_d.backward()
        self.adam_d.step()
        v_fake, answers = self.see(fake)
        loss_g = G_LOSS(v_fake) - self.bound(answers, latents)
        self.adam_g.zero_grad()
        loss_g.backward()
        self.adam_g.step()
        return loss_d.item(), loss_g.item()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--steps", type=int, default=30, help="steps a round and side")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--float32", action="store_true", help="the package, too, where the processor has bfloat16")
    parser.add_argument("--device", help="measure the package there, e.g. cuda")
    options = parser.parse_args()
    if options.device:
        on_device(options.device, PICTURES, (128, 1024), options.steps, n=8192)
        return
    images = data.load("mnist", download=False).train
    plain, grey, trainers = PlainLoop(images), images.unsqueeze(1), []
    for _ in range(2):
        trainers.append(Trainer(*build(SPEC, seed=0), SPEC, FAST, seed=0))
        trainers[-1].bfloat16 &= not options.float32
    one, other = trainers
    sides = {
        "plain loop": repeated(plain.step),
        "step": repeated(lambda: one.step(next_batch(one, grey))),
        "train": lambda steps: train(other, images, until=other.steps + steps),
    }
    for work in sides.values():
        timed(5, work)
    rounds = [{name: timed(options.steps, work) for name, work in sides.items()} for _ in range(options.rounds)]
    dtype = torch.bfloat16 if one.bfloat16 else torch.float32
    print(f"{torch.get_num_threads()} threads, torch {torch.__version__}, the package in {dtype}")
    peaks = {torch.float32: peak("cpu", torch.float32, 2048)}
    peaks |= {} if dtype in peaks else {dtype: peak("cpu", dtype, 2048)}
    works = {name: flops(plain.step if name == "plain loop" else lambda: sides["step"](1)) for name in sides}
    for name in sides:
        seconds = statistics.median(r[name] for r in rounds)
        ratios = sorted(r["plain loop"] / r[name] for r in rounds)
        share = works[name] / seconds / peaks[torch.float32 if name == "plain loop" else dtype]
        print(
            f"{name:12} {seconds * 1e3:6.1f} ms a step, {FAST.batch / seconds:6.0f} images/s, {share:.0%} of the peak, "
            f"{statistics.median(ratios):.2f} x the plain loop ({ratios[0]:.2f} to {ratios[-1]:.2f})"
        )
    for dtype, found in peaks.items():
        print(f"peak of {dtype}, two (2048, 2048) matrices: {found / 1e9:.0f} GFLOP/s")


if __name__ == "__main__":
    main()
