"""The live view of a training cell, and its picture, which the λ dial shows, too. Notebook 06 trains with it."""

import io
import math
import threading
import time
from collections.abc import Callable, Sequence

import numpy as np
import torch
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from infogan_utils.latents import Latents, LatentSpec
from infogan_utils.looking import Model
from infogan_utils.plots.figures import COLOURS, smooth, tiles
from infogan_utils.plots.watch import failures
from infogan_utils.training import Trainer

POINTS = 300  # of a curve, at most: more can't be seen
Draw = Callable[[Axes, Model], None]


class Progress:
    """The live view of a training cell: pass it to ``loop.train`` as ``show``.

    One display that is replaced in place: samples of the averaged generator, one row of noise for each column of
    categories, L_I and the losses. The line above says the step, the seconds left, and the numbers, and names a failure
    that it sees. Redrawn at most every ``seconds``.
    """

    def __init__(self, until: int, *, seconds: float = 3.0, rows: int = 5) -> None:
        self.until, self.seconds, self.rows = until, seconds, rows
        self._first = self._picture = self._handle = None
        self._began = self._drawn = 0.0

    def __call__(self, trainer: Trainer) -> None:
        now = time.monotonic()
        if self._first is None:
            self._first, self._began = trainer.steps, now
            self._latents = fixed_latents(trainer.spec, self.rows)
            self._picture = RunPicture(self._samples, trainer.spec, (10.5, 3.6), 0.8)
        elif now - self._drawn < self.seconds and trainer.steps < self.until:
            return
        self._drawn, self._images = now, trainer.averaged.draw(self._latents)
        text = "\n".join([self.line(trainer), *failures(trainer, self._images)])
        data = {"image/png": self._picture(trainer.averaged, trainer, heading=text), "text/plain": text}
        if self._handle is None:
            self._handle = display(data, metadata={"image/png": {"alt": text}}, raw=True, display_id=True)
        else:
            self._handle.update(data, metadata={"image/png": {"alt": text}}, raw=True)

    def line(self, trainer: Trainer) -> str:
        """Where the run stands, in words and numbers."""
        first = trainer.steps if self._first is None else self._first
        done, spent = trainer.steps - first, time.monotonic() - self._began  # both from the first call on
        left = f"about {spent / done * (self.until - trainer.steps):.0f} s left" if done else "timing the first steps"
        left = "done" if trainer.steps >= self.until else left
        return f"step {trainer.steps} of {self.until}, {left} · {in_words(trainer)}"

    def _samples(self, axes: Axes, model: Model) -> None:
        axes.imshow(tiles(self._images, len(self._images) // self.rows), cmap="gray", vmin=0, vmax=255)


def in_words(run: Trainer) -> str:
    """Means over a run's last 50 steps: each code's L_I beside the most that it can be, and the GAN losses."""
    recent = {name: float(np.mean(values[-50:])) for name, values in run.history.items()}
    bounds = ", ".join(
        f"{name} {recent[name]:.2f}" + (f" of {code.entropy:.2f}" if code.discrete else "")
        for name, code in run.spec.items()
        if name in recent
    )
    losses = f"loss of D {recent.get('D', math.nan):.2f}, of G {recent.get('G', math.nan):.2f}"
    return f"L_I in nats: {bounds} · {losses}"


class RunPicture:
    """Samples, and beside them L_I and the GAN losses over the steps, with a mark where a weight was turned.

    ``draw`` draws the samples; ``size`` is in inches, and ``share`` of its height is below the heading. Curves differ
    in their dashes, too. Made without pyplot, so that a callback in any thread may draw. The figure is kept and
    changed: a new one would take three times as long.
    """

    def __init__(self, draw: Draw, spec: LatentSpec, size: tuple = (6.8, 2.8), share: float = 1.0) -> None:
        self.draw, self.lock = draw, threading.Lock()
        self.figure = Figure(figsize=size, dpi=100, layout="none")
        self.canvas = FigureCanvasAgg(self.figure)
        self.heading = self.figure.text(0.5, 0.99, "", ha="center", va="top", fontsize=9)
        self.samples = self.figure.add_axes((0.004, 0.01, 0.404, 0.98 * share))
        boxes = ((0.47, bottom * share, 0.39, 0.34 * share) for bottom in (0.58, 0.09))
        self.bounds, self.losses = map(self.figure.add_axes, boxes)
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
            if names:
                axes.legend(frameon=False, fontsize=7, loc="upper left", bbox_to_anchor=(1, 1.1), handlelength=1.5)

    def __call__(self, model: Model, run: Trainer, marks: Sequence[int] = (), heading: str = "") -> bytes:
        """The picture as PNG bytes; ``marks`` are steps."""
        with self.lock:
            self.samples.clear()
            self.samples.set_axis_off()
            self.draw(self.samples, model)
            self.heading.set_text(heading)
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
            while self.marks:
                self.marks.pop().remove()
            for axes in (self.bounds, self.losses):
                self.marks += [axes.axvline(step, color="0.4", linestyle="--", linewidth=1) for step in marks]
            self.canvas.draw()
            png = io.BytesIO()
            Image.fromarray(np.asarray(self.canvas.buffer_rgba())).convert("RGB").save(png, "PNG", compress_level=1)
            return png.getvalue()


def fixed_latents(spec: LatentSpec, rows: int) -> Latents:
    """Latent variables for a grid: a column for each value of the first discrete code; a row shares its noise.

    Without one, ten columns in which the first code goes from −1 to 1; without codes each place has its own noise.
    """
    name = next(iter((*spec.discrete, *spec.names)), None)
    values = torch.arange(spec[name].width) if spec.discrete else torch.linspace(-1, 1, 10)
    k, each = len(values), 1 if name else len(values)  # columns, draws of noise in a row
    z = spec.sample(rows * each, torch.Generator().manual_seed(0)).z.repeat_interleave(k // each, dim=0)
    return spec.by_hand(z, {name: values.repeat(rows)} if name else {})
