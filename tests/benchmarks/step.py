"""One training step of the package against a straightforward loop of the same networks, in one process.

    python tests/benchmarks/step.py [--steps 30] [--rounds 5]

The plain side: float32, contiguous layout, a DataLoader, every parameter's gradient in every backward pass,
one Adam call a parameter group without fusing, losses copied to Python in each step. Both sides draw the same
sizes, take turns, and are compared round by round. Multiply-adds are counted from the layers; the machine's
peak is that of a large matrix product, measured here in float32 and bfloat16.
"""

import argparse
import dataclasses
import statistics
import time

import torch
from torch.utils.data import DataLoader, TensorDataset

from infogan_utils import recipes
from infogan_utils.codes import LAYOUTS
from infogan_utils.data import load_mnist
from infogan_utils.loop import next_batch
from infogan_utils.models import Discriminator, Generator
from infogan_utils.objectives import agreement_bound, d_loss, g_loss, information
from infogan_utils.training import Trainer, has_bfloat16

LAYOUT = LAYOUTS["mnist"]
BATCH = recipes.FAST.batch


class PlainLoop:
    """What one would write first."""

    def __init__(self, images: torch.Tensor) -> None:
        torch.manual_seed(0)
        self.G, self.D = Generator(LAYOUT), Discriminator(LAYOUT)
        self.generator = torch.Generator().manual_seed(0)
        q = list(self.D.q_head.parameters())
        rest = [*self.D.trunk.parameters(), *self.D.d_head.parameters()]
        self.adam_d = torch.optim.Adam(rest, lr=2e-4, betas=(0.5, 0.999), foreach=False)
        self.adam_g = torch.optim.Adam([*self.G.parameters(), *q], lr=1e-3, betas=(0.5, 0.999), foreach=False)
        data = TensorDataset(images.unsqueeze(1).float() / 255)
        self.loader = DataLoader(data, recipes.FAST.real_images, shuffle=True, drop_last=True, generator=self.generator)
        self.batches = iter(self.loader)

    def bound(self, q, codes):
        half = BATCH // 2
        q = q._replace(mu=q.mu[:half], log_var=q.log_var[:half])
        bounds = information(q, codes._replace(c_cont=codes.c_cont[:half]))
        return bounds["cat 1"] + 0.1 * (bounds["cont 1"] + bounds["cont 2"])

    def step(self) -> tuple[float, float]:
        try:
            (x,) = next(self.batches)
        except StopIteration:
            self.batches = iter(self.loader)
            (x,) = next(self.batches)
        T, codes = recipes.FAST.channel, LAYOUT.sample(BATCH, self.generator)
        fake = self.G(codes)
        real_v, q_real = self.D(T(torch.cat([x, x]), self.generator))
        fake_v, q = self.D(T(fake.detach(), self.generator))
        loss_d = d_loss("non-saturating", real_v, fake_v) - self.bound(q, codes)
        loss_d = loss_d - agreement_bound(*q_real.logits[0].chunk(2))
        self.adam_d.zero_grad()
        loss_d.backward()
        self.adam_d.step()
        fake_v, q = self.D(T(fake, self.generator))
        loss_g = g_loss("non-saturating", fake_v) - self.bound(q, codes)
        self.adam_g.zero_grad()
        loss_g.backward()
        self.adam_g.step()
        return loss_d.item(), loss_g.item()


def multiply_adds() -> float:
    """Of one step: G forward and backward, the trunk and heads on real, generated, and generated again."""
    found = []

    def count(module, inputs, output):
        weight = module.weight
        if isinstance(module, torch.nn.ConvTranspose2d):
            found.append(weight.numel() * inputs[0].shape[2] * inputs[0].shape[3])
        elif isinstance(module, torch.nn.Conv2d):
            found.append(weight.numel() * output.shape[2] * output.shape[3])
        else:
            found.append(weight.numel())

    def of(net, x) -> int:
        found.clear()
        layers = (torch.nn.Linear, torch.nn.Conv2d, torch.nn.ConvTranspose2d)
        hooks = [m.register_forward_hook(count) for m in net.modules() if isinstance(m, layers)]
        net.eval()(x)
        for hook in hooks:
            hook.remove()
        return sum(found)

    g = of(Generator(LAYOUT), LAYOUT.sample(1, torch.Generator()))
    d = of(Discriminator(LAYOUT), torch.rand(1, 1, 28, 28))
    # G: forward, backward to weights and inputs. D's step: that on two batches; G's step: no weight gradients
    return BATCH * (3 * g + 2 * 3 * d + 2 * d)


def peak(dtype: torch.dtype, size: int = 2048, repeats: int = 5) -> float:
    """Multiply-adds a second of a large square product; the best of ``repeats``."""
    a, b = torch.rand(size, size).to(dtype), torch.rand(size, size).to(dtype)
    a @ b
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        a @ b
        seconds.append(time.perf_counter() - began)
    return size**3 / min(seconds)


def timed(step, steps: int) -> float:
    began = time.perf_counter()
    for _ in range(steps):
        step()
    return (time.perf_counter() - began) / steps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--steps", type=int, default=30, help="steps a round and side")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    images = load_mnist(download=False).train
    plain = PlainLoop(images)
    sides = {"plain loop, float32": plain.step}
    for name, on in (("package, float32", False), ("package, bfloat16", True)):
        if on and not has_bfloat16(torch.device("cpu")):
            continue
        run = Trainer(LAYOUT, dataclasses.replace(recipes.FAST), seed=0)
        run.bfloat16 = on
        data = images.unsqueeze(1)
        sides[name] = lambda run=run, data=data: run.step(next_batch(run, data))
    for step in sides.values():
        timed(step, 5)
    rounds = [{name: timed(step, options.steps) for name, step in sides.items()} for _ in range(options.rounds)]
    work = multiply_adds()
    peaks = {"float32": peak(torch.float32), "bfloat16": peak(torch.bfloat16)}
    print(f"{torch.get_num_threads()} threads, torch {torch.__version__}, {work / 1e9:.1f} G multiply-adds a step")
    print("peak: " + ", ".join(f"{name} {value / 1e9:.0f} G multiply-adds/s" for name, value in peaks.items()))
    for name in sides:
        seconds = statistics.median(r[name] for r in rounds)
        ratios = sorted(r["plain loop, float32"] / r[name] for r in rounds)
        share = work / seconds / peaks[name.split(", ")[1]]
        print(
            f"{name:20} {seconds * 1e3:6.1f} ms a step, {BATCH / seconds:6.0f} images/s, {share:4.0%} of peak, "
            f"{statistics.median(ratios):.2f} x the plain loop ({ratios[0]:.2f} to {ratios[-1]:.2f})"
        )


if __name__ == "__main__":
    main()
