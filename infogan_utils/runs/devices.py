"""Where to compute: the fastest processor here that gives the CPU's numbers. Notebook 06 uses it."""

import math
import warnings

import torch
from torch import Tensor

from infogan_utils.codes import Categorical, Uniform
from infogan_utils.latents import LatentSpec
from infogan_utils.models import Widths, build
from infogan_utils.recipes import DIGIT_AUGMENT

TOLERANCE = 1e-4
PROBE = LatentSpec(6, (Categorical(10), Uniform(), Uniform()))
PROBE_WIDTHS = Widths(g_fc=(32,), g_map=16, g_up=(8,), d_conv=(8, 16), d_fc=32, q_fc=16)


def best_device() -> torch.device:
    """The accelerator that PyTorch finds here, where it passes the self-test; else the CPU.

    One that doesn't pass is left out with a warning that says why: a device that draws other pictures than the CPU
    from the same weights and noise would train another network without any error.
    """
    found = torch.accelerator.current_accelerator(check_available=True) or torch.device("cpu")
    try:
        apart = 0.0 if found.type == "cpu" else difference(found.type)
        why = f"gives numbers that differ from the CPU's by {apart:.2g}, more than {TOLERANCE:g}"
    except (RuntimeError, NotImplementedError, AssertionError, TypeError) as error:
        apart, why = math.nan, f"could not run the networks ({type(error).__name__}: {str(error)[:120]})"
    if apart < TOLERANCE:
        return torch.device(found.type)
    warnings.warn(f"the device {found.type!r} {why}: training on the CPU instead", stacklevel=2)
    return torch.device("cpu")


def difference(device: str) -> float:
    """Largest difference, here against the CPU, of anything that ``probe`` gives; NaN if any of it is NaN."""
    apart = [(a.cpu() - b).abs().max() for a, b in zip(probe(device), probe("cpu"), strict=True)]
    return torch.stack(apart).max().item()  # Python's own max would drop a NaN that doesn't come first


def probe(device: str) -> list[Tensor]:
    """What small networks with fixed weights make of fixed noise on ``device``, in full float32.

    G's images, the same through the noisy channel, D's output, Q's answers, and G's gradient back through all of it.
    """
    G, D = (net.to(device) for net in build(PROBE, PROBE_WIDTHS))
    latents = PROBE.sample(8, torch.Generator().manual_seed(0)).to(device)
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):  # flags() alone turns cuDNN off
        images = G(PROBE.encode(latents))
        behind_t = DIGIT_AUGMENT(images, torch.Generator().manual_seed(0))
        v, answers = D(behind_t)
        (v.sum() + answers.sum()).backward()
    return [*(t.detach() for t in (images, behind_t, v, answers)), G.up[0].weight.grad]
