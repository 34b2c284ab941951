"""The widgets' pictures as PNG bytes, by Pillow and matplotlib without pyplot: a callback in any thread may draw them.

No message is in colour alone: curves differ in their dashes, too.
"""

import io
import threading
from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor

from infogan_utils.latents import LatentSpec
from infogan_utils.looking import Model
from infogan_utils.plots import COLOURS, fixed_latents, smooth
from infogan_utils.training import Trainer

POINTS = 300  # of a curve, at most: more can't be seen
SHOWN = 6  # changes of a weight that are marked
ROWS = 8  # of samples: one row is one draw of the noise
Draw = Callable[[Axes, Model], None]


def tiles(images: Tensor, columns: int) -> np.ndarray:
    """Images (n, channels, height, width) in [0, 1], ``columns`` to a row, as one picture, uint8."""
    n, channels, height, width = images.shape
    rows = images.view(n // columns, columns, channels, height, width).permute(0, 3, 1, 4, 2)
    picture = rows.reshape(n // columns * height, columns * width, channels).squeeze(2).nan_to_num()
    return (picture.clamp(0, 1) * 255).byte().numpy()


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
    latents = fixed_latents(model.spec, ROWS)
    images = model.draw(latents)
    if images.ndim != 4:
        raise ValueError(
            f"G makes {tuple(images.shape[1:])} from a latent vector, which is no picture; say how to draw it: "
            "Dial(start, images, draw=a function of matplotlib's axes and a Model)"
        )
    axes.imshow(tiles(images, len(images) // ROWS), cmap="gray", vmin=0, vmax=255)


class DialPicture:
    """Samples, and beside them L_I and the GAN losses over the steps, with a mark where a weight was turned.

    The figure is kept and changed: to draw a new one takes three times as long.
    """

    def __init__(self, draw: Draw, spec: LatentSpec) -> None:
        self.draw, self.lock = draw, threading.Lock()
        self.figure = Figure(figsize=(6.8, 2.8), dpi=100, layout="none")
        self.canvas = FigureCanvasAgg(self.figure)
        self.samples = self.figure.add_axes((0.004, 0.01, 0.404, 0.98))
        self.bounds, self.losses = (self.figure.add_axes((0.47, bottom, 0.39, 0.34)) for bottom in (0.58, 0.09))
        ceilings = sorted({code.entropy for code in spec.codes if code.discrete})
        for ceiling in ceilings:
            self.bounds.axhline(ceiling, color="black", linestyle=":", linewidth=1)
        title = "$L_I$ in nats" + "".join(f", dotted: H(c) = {ceiling:.2f}" for ceiling in ceilings)
        self.lines, self.marks = {}, []
        self.parts = [  # axes, title, lines, and limits: never lower (it would hide the rest), always as high
            (self.bounds, title, spec.names, -1.0, max(ceilings, default=1.0)),
            (self.losses, "GAN losses", ("D", "G"), -np.inf, 1.0),
        ]
        for axes, title, names, _, _ in self.parts:
            for i, name in enumerate(names):
                look = {"color": COLOURS[i % 8], "linestyle": ("-", "--", "-.", ":")[(i + i // 8) % 4]}
                (self.lines[name],) = axes.plot([], [], label=name, linewidth=1.5, **look)
            axes.set_title(title, fontsize=9, loc="left")
            axes.tick_params(labelsize=8)
            axes.locator_params(nbins=4)
            axes.legend(frameon=False, fontsize=7, loc="upper left", bbox_to_anchor=(1, 1.1), handlelength=1.5)

    def __call__(self, model: Model, run: Trainer, marks: Sequence[tuple[int, str]]) -> bytes:
        with self.lock:
            self.samples.clear()
            self.samples.set_axis_off()
            self.draw(self.samples, model)
            for axes, _, names, floor, high in self.parts:
                low = 0.0
                for name in names:
                    history = run.history.get(name, [])
                    values = smooth(history, 20) if history else np.zeros(0)
                    steps = np.arange(len(values)) + run.steps - len(values) + 1
                    taken = slice(None, None, -max(1, len(values) // POINTS))  # from the last step back
                    self.lines[name].set_data(steps[taken], values[taken])
                    low, high = min([low, *values[taken]]), max([high, *values[taken]])
                axes.set(xlim=(0, max(run.steps, 10)), ylim=(max(low, floor), 1.05 * high))
            for mark in self.marks:
                mark.remove()
            self.marks = [
                axes.axvline(step, color="0.4", linestyle="--", linewidth=1)
                for step, _ in marks[-SHOWN:]
                for axes in (self.bounds, self.losses)
            ]
            self.canvas.draw()
            return png(Image.fromarray(np.asarray(self.canvas.buffer_rgba())).convert("RGB"))
