"""The explorer without its widgets: the latent variables that its controls mean, Q's answer in words, a file for Q."""

import io

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from infogan_utils.latents import Latents, LatentSpec
from infogan_utils.looking import Model
from infogan_utils.widgets.pictures import ROWS

COLUMNS = 10


def grid_latents(spec: LatentSpec, z: Tensor, values: dict[str, float | None]) -> tuple[Latents, int]:
    """The latent variables of a grid and its columns, from noise (ROWS · COLUMNS, noise) and the codes' values.

    A discrete code with the value None gets a column for each of its values, and a row shares its noise. Without one,
    each place has its own noise.
    """
    free = [name for name, value in values.items() if value is None]
    if not free:
        return spec.by_hand(z, values), COLUMNS
    k = spec[free[0]].width
    columns = torch.arange(k).repeat(ROWS)
    return spec.by_hand(z[:ROWS].repeat_interleave(k, dim=0), values | {free[0]: columns}), k


def walk(spec: LatentSpec, a: Latents, b: Latents, steps: int = 11) -> Latents:
    """From one latent vector to another: noise and continuous codes in even steps, the noise kept at a draw's length.

    A discrete code has nothing between two values: it changes in the middle.
    """
    t = torch.linspace(0, 1, steps)[:, None]
    z, length = (x * (1 - t) + y * t for x, y in ((a.z, b.z), (a.z.norm(dim=1), b.z.norm(dim=1))))
    c = {
        name: torch.where(t[:, 0] < 0.5, a.c[name], b.c[name])
        if code.discrete
        else torch.lerp(a.c[name], b.c[name], t[:, 0])
        for name, code in spec.items()
    }
    return Latents(z * length / z.norm(dim=1, keepdim=True), c)


def answer(model: Model, image: Tensor) -> tuple[str, list[np.ndarray]]:
    """Q's answer to one image (channels, side, side): in words, and P of each discrete code's values."""
    said, p = [], []
    for name, q in model.read(image[None]).items():
        if model.spec[name].discrete:
            p.append(q.probs[0].numpy())
            said.append(f"{name} is {p[-1].argmax()} with {p[-1].max():.1%}, entropy {q.entropy().item():.2f} nats")
        else:
            said.append(f"{name} = {q.mean.item():.2f} ± {q.stddev.item():.2f}")
    return "Q says: " + "; ".join(said), p


def read_image(content: bytes, channels: int, side: int) -> Tensor:
    """An image file as uint8 (channels, side, side), padded to a square; grey ones light ink on black, as in MNIST.

    Raises:
        ValueError: if it is no image that Pillow reads, or one of too many pixels.
    """
    try:
        with Image.open(io.BytesIO(content)) as opened:
            turned = ImageOps.exif_transpose(opened)
            if turned.mode.startswith("I"):  # 16 bits; convert() would cut them at 255
                turned = Image.fromarray((np.asarray(turned) >> 8).astype(np.uint8))
            drawn = turned.convert("RGBA")
    except Image.DecompressionBombError as error:
        raise ValueError(f"the image given is too large ({error}); shrink it first") from error
    except Exception as error:  # Pillow raises many kinds for a damaged file
        raise ValueError(f"the {len(content):,} bytes given are no image file; give a PNG or JPEG") from error
    grounds = [Image.alpha_composite(Image.new("RGBA", drawn.size, c), drawn).convert("L") for c in ("white", "black")]
    picture = max(grounds, key=lambda one: np.ptp(np.asarray(one)))  # black ink on clear shows on white, white on black
    edge = np.asarray(picture)
    if channels > 1:
        picture = drawn.convert("RGB")
    elif np.median(np.concatenate([edge[0], edge[-1], edge[:, 0], edge[:, -1]])) > 127:
        picture = ImageOps.invert(picture)  # dark ink on a light ground
    square = ImageOps.pad(picture, (side, side), Image.Resampling.LANCZOS)
    return torch.from_numpy(np.array(square)).view(side, side, channels).permute(2, 0, 1)
