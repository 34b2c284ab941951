"""The widgets' pictures as PNG bytes, by Pillow: a callback in any thread may make them."""

import io
from collections.abc import Sequence

from matplotlib.axes import Axes
from PIL import Image
from torch import Tensor

from infogan_utils.looking import Model
from infogan_utils.plots import fixed_latents, tiles

ROWS = 8  # of samples: one row is one draw of the noise


def grid(images: Tensor, columns: int, scale: int = 1) -> bytes:
    """Images (n, channels, height, width), ``columns`` to a row, each ``scale`` times as large; light ink on black."""
    picture = Image.fromarray(tiles(images, columns))
    return png(picture.resize((picture.width * scale, picture.height * scale), Image.Resampling.NEAREST))


def png(picture: Image.Image) -> bytes:
    """The picture as PNG bytes, compressed little, for speed."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def stack(pictures: Sequence[bytes]) -> bytes:
    """Pictures, one below the other, as one."""
    parts = [Image.open(io.BytesIO(data)).convert("RGB") for data in pictures]
    whole = Image.new("RGB", (max(part.width for part in parts), sum(part.height + 6 for part in parts)), "white")
    top = 0
    for part in parts:
        whole.paste(part, (0, top))
        top += part.height + 6
    return png(whole)


def samples(axes: Axes, model: Model) -> None:
    """Draw a model's samples, a column for each value of its first discrete code; a row shares its noise."""
    images = model.draw(fixed_latents(model.spec, ROWS))
    if images.ndim != 4:
        raise ValueError(
            f"G makes {tuple(images.shape[1:])} from a latent vector, which is no picture; say how to draw it: "
            "Dial(start, images, draw=a function of matplotlib's axes and a Model)"
        )
    axes.imshow(tiles(images, len(images) // ROWS), cmap="gray", vmin=0, vmax=255)
