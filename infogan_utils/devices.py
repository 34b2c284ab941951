"""Which processor to train on: the fastest one here that gives the CPU's numbers. Notebooks 06 to 09 use it."""

import warnings

import torch

from infogan_utils.codes import Layout
from infogan_utils.models import Discriminator, Generator, Size

TOLERANCE = 1e-4
PROBE = Layout(6, (10,), 2)
PROBE_SIZE = Size(g_fc=32, d_fc=32, narrow=8, wide=16, q_fc=16)


def has_bfloat16(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 in hardware."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported()
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
    """Largest difference, here against the CPU, of G's images, D's output, Q's answer and G's gradient."""
    there, home = probe(device), probe("cpu")
    return max((a.cpu() - b).abs().max().item() for a, b in zip(there, home, strict=True))


def probe(device: str) -> list[torch.Tensor]:
    """What small networks with fixed weights make of fixed noise on ``device``, in full float32."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        G, D = Generator(PROBE, PROBE_SIZE).to(device), Discriminator(PROBE, PROBE_SIZE).to(device)
    codes = PROBE.sample(8, torch.Generator().manual_seed(0)).to(device)
    with torch.backends.cudnn.flags(allow_tf32=False):
        images = G(codes)
        d, q = D(images)
        (d.sum() + q.mu.sum() + q.logits[0][:, 0].sum()).backward()
    return [images.detach(), d.detach(), q.logits[0].detach(), q.mu.detach(), G.up[0].weight.grad]
