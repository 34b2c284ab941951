"""The package's step on a GPU, for ``step.py --device cuda``: images a second, and the share of the device's peak.

On digits and on 64-pixel colour pictures: batches, number formats, layouts of the weights, step by step and as a CUDA
graph (``side_by_side.py``). The peak is what a large matrix product reaches in the same format. Tried on a CPU alone.
"""

import dataclasses
import itertools
import time
import warnings
from collections.abc import Callable

import torch
from side_by_side import Run
from torch.utils.flop_counter import FlopCounterMode

from infogan_utils import Trainer, build, data
from infogan_utils.loop import next_batch
from infogan_utils.models import PAPER_64, SMALL, Widths
from infogan_utils.recipes import FAST

SPEC = data.SETS["mnist"].spec
PICTURES = {"digits": (SMALL, 1, 28), "64-pixel colour": (PAPER_64, 3, 64)}  # networks, channels, side


def timed(steps: int, work) -> float:
    """Seconds a step of ``work(steps)``."""
    began = time.perf_counter()
    work(steps)
    return (time.perf_counter() - began) / steps


def repeated(step):
    def work(steps: int) -> None:
        for _ in range(steps):
            step()

    return work


def peak(device: str, dtype: torch.dtype, n: int) -> float:
    """FLOP/s of a product of two (n, n) matrices, the best of some."""
    a, b = torch.randn(2, n, n, device=device).to(dtype)
    return 2 * n**3 / min(timed(3, lambda steps: finish(device, [a @ b for _ in range(steps)])) for _ in range(8))


def finish(device: str, _=None) -> None:
    """Wait until the device has done all that it was given."""
    if device == "cuda":
        torch.cuda.synchronize()


def flops(step: Callable) -> float:
    """FLOP of one step, in matrix products and convolutions."""
    with FlopCounterMode(display=False) as counter:
        step()
    return counter.get_total_flops()


class Timed(Run):
    """A run on pictures of noise."""

    def __init__(self, widths: Widths, channels: int, side: int, batch: int, layout, device: str) -> None:
        nets = (n.to(memory_format=layout) for n in build(SPEC, widths, channels=channels, side=side))
        recipe = dataclasses.replace(FAST, batch=batch)
        self.on_cpu = torch.randint(0, 256, (2 * batch, channels, side, side), dtype=torch.uint8)
        super().__init__(Trainer(*nets, SPEC, recipe, device=device), self.on_cpu, until=0)

    def eager(self) -> None:
        self.trainer.step(next_batch(self.trainer, self.on_cpu))


def on_device(device: str, pictures: dict, batches: tuple[int, ...], steps: int, n: int) -> None:
    """Print a table of the package's step: milliseconds, images a second, the share of the device's peak."""
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    peaks = {dtype: peak(device, dtype, n) for dtype in (torch.float32, torch.bfloat16)}
    for dtype, found in peaks.items():
        print(f"peak of {dtype}, two ({n}, {n}) matrices: {found / 1e12:.3f} TFLOP/s")
    print("| pictures | batch | numbers | weights | as | ms | images/s | of the peak |\n" + "|---" * 8 + "|")
    layouts = (torch.contiguous_format, torch.channels_last)
    for (name, nets), batch, dtype, layout in itertools.product(pictures.items(), batches, peaks, layouts):
        run = Timed(*nets, batch, layout, device)
        run.trainer.bfloat16 = dtype == torch.bfloat16
        run.eager()
        if device == "cuda" and (dtype, layout) == (torch.bfloat16, torch.channels_last):
            print(f"{waits(run.eager)} waits for the GPU in a step, {name}, batch {batch}")
        work, kind = flops(run.eager), f"{name} | {batch} | {str(dtype)[6:]} | {str(layout)[6:]}"
        for how in ("steps", "graph") if device == "cuda" else ("steps",):
            if how == "graph":
                run.prepare()
            one = repeated(run.eager if how == "steps" else run.advance)
            one(3), finish(device)
            seconds = timed(steps, lambda steps, one=one: finish(device, one(steps)))
            figures = f"{seconds * 1e3:.2f} | {batch / seconds:,.0f} | {work / seconds / peaks[dtype]:.0%}"
            print(f"| {kind} | {how} | {figures} |", flush=True)


def waits(step: Callable) -> int:
    """How often the processor waits for the GPU in a step."""
    torch.cuda.set_sync_debug_mode("warn")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        step()
    torch.cuda.set_sync_debug_mode("default")
    return sum("synchronizing" in str(warning.message) for warning in caught)
