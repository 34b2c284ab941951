"""Which processor to train on: the fastest one here that gives the CPU's numbers. Notebook 06 uses it."""

import warnings

import torch

from infogan_utils.codes import Layout
from infogan_utils.models import Discriminator, Generator, Size
from infogan_utils.recipes import FAST

TOLERANCE = 1e-4
PROBE = Layout(6, (10,), 2)
PROBE_SIZE = Size(g_fc=32, d_fc=32, narrow=8, wide=16, q_fc=16)


def has_bfloat16(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 in hardware."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)  # emulated, as on a T4, it is slower
    return device.type == "cpu" and getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)()


def present() -> list[str]:
    """The kinds of processor here, the fastest first; the CPU is always the last."""
    found = ["cuda"] if torch.cuda.is_available() else []
    if torch.backends.mps.is_available():
        found.append("mps")
    return [*found, "cpu"]


def best_device() -> torch.device:
    """The first of CUDA, MPS and CPU that is here and passes the self-test.

    One that doesn't is left out with a warning that says why: a device that draws other pictures than the CPU
    from the same weights and noise would train another network without any error.
    """
    for name in present():
        if name == "cpu":
            break
        try:
            apart = difference(name)
        except (RuntimeError, NotImplementedError, AssertionError, TypeError) as error:
            why = f"could not run the networks ({type(error).__name__}: {str(error)[:120]})"
        else:
            if apart < TOLERANCE:
                return torch.device(name)
            why = f"gives numbers that differ from the CPU's by {apart:.2g}, more than {TOLERANCE:g}"
        warnings.warn(f"the device {name!r} {why}: training on the CPU instead", stacklevel=2)
    return torch.device("cpu")


def difference(device: str) -> float:
    """Largest difference, here against the CPU, of anything that ``probe`` gives; NaN if any of it is NaN."""
    there, home = probe(device), probe("cpu")
    apart = [(a.cpu() - b).abs().max() for a, b in zip(there, home, strict=True)]
    return torch.stack(apart).max().item()  # Python's own max would drop a NaN that doesn't come first


def probe(device: str) -> list[torch.Tensor]:
    """What small networks with fixed weights make of fixed noise on ``device``, in full float32.

    G's images, the same through the noisy channel, D's output, Q's answer, and G's gradient back through all of it.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        G, D = Generator(PROBE, PROBE_SIZE).to(device), Discriminator(PROBE, PROBE_SIZE).to(device)
    codes = PROBE.sample(8, torch.Generator().manual_seed(0)).to(device)
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):  # flags() alone turns cuDNN off
        images = G(codes)
        seen = FAST.channel(images, torch.Generator().manual_seed(0))
        d, q = D(seen)
        (d.sum() + q.mu.sum() + q.logits[0][:, 0].sum()).backward()
    return [*(t.detach() for t in (images, seen, d, q.logits[0], q.mu)), G.up[0].weight.grad]
