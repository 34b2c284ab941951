"""The live view of a training cell. Notebook 06 trains with it."""

import math
import time

import matplotlib.pyplot
import numpy as np
import torch
from IPython.display import display
from matplotlib.figure import Figure

from infogan_utils.codes import Codes
from infogan_utils.plots import smooth, tile, to_png
from infogan_utils.training import Trainer


class Progress:
    """The live view of a training cell: pass it to ``loop.train`` as ``show``.

    One display that is replaced in place: L_I of the category against its ceiling, the losses of D and G, and
    samples of the averaged generator, one row of noise for each category. The line above it says the step,
    the time left in seconds, and the numbers. Redrawn at most every ``seconds``.
    """

    def __init__(self, until: int, *, seconds: float = 3.0, rows: int = 3) -> None:
        self.until, self.seconds, self.rows = until, seconds, rows
        self._handle = None
        self._began = self._drawn = 0.0
        self._first: int | None = None
        self._codes: Codes | None = None

    def __call__(self, trainer: Trainer) -> None:
        now = time.monotonic()
        if self._first is None:
            self._first, self._began = trainer.steps, now
            self._codes = self._fixed_codes(trainer)
        elif now - self._drawn < self.seconds and trainer.steps < self.until:
            return
        self._drawn = now
        figure, text = self._draw(trainer)
        picture = {"image/png": to_png(figure), "text/plain": text}
        metadata = {"image/png": {"alt": text}}
        if self._handle is None:
            self._handle = display(picture, metadata=metadata, raw=True, display_id=True)
        else:
            self._handle.update(picture, metadata=metadata, raw=True)

    def line(self, trainer: Trainer) -> str:
        """Where the run stands, in words and numbers."""
        first = trainer.steps if self._first is None else self._first
        done, spent = trainer.steps - first, time.monotonic() - self._began  # both from the first call on
        left = f"about {spent / done * (self.until - trainer.steps):.0f} s left" if done else "timing the first steps"
        if trainer.steps >= self.until:
            left = "done"
        recent = {name: float(np.mean(values[-50:])) for name, values in trainer.history.items()}
        bounds = ", ".join(
            f"{name} {recent[name]:.2f} of {ceiling:.3f}" if name.startswith("cat") else f"{name} {recent[name]:.2f}"
            for name, ceiling in trainer.layout.entropy().items()
            if name in recent
        )
        losses = f"loss of D {recent.get('D', math.nan):.2f}, of G {recent.get('G', math.nan):.2f}"
        return f"step {trainer.steps} of {self.until}, {left} · L_I in nats: {bounds} · {losses}"

    def _fixed_codes(self, trainer: Trainer) -> Codes:
        layout, generator = trainer.layout, torch.Generator().manual_seed(0)
        k = layout.categorical[0] if layout.categorical else 10
        codes = layout.sample(self.rows * k, generator)
        z = codes.z[: self.rows].repeat_interleave(k, dim=0)  # a row shares its noise
        c_cat = codes.c_cat.clone()
        if layout.categorical:
            c_cat[:, 0] = torch.arange(k).repeat(self.rows)
        return Codes(z, c_cat, torch.zeros_like(codes.c_cont)).to(trainer.device)

    def _draw(self, trainer: Trainer) -> tuple[Figure, str]:
        with torch.no_grad():
            images = trainer.averaged["G"](self._codes).mean(dim=1)  # grey
        text = self.line(trainer)
        figure, (curves, losses, samples) = matplotlib.pyplot.subplots(
            1, 3, figsize=(11, 2.9), width_ratios=[1, 1, 1.5]
        )
        steps = np.arange(1, len(next(iter(trainer.history.values()), [])) + 1)
        for name in (n for n in trainer.layout.code_names if n in trainer.history):
            line = smooth(trainer.history[name], 25)
            curves.plot(steps[len(steps) - len(line) :], line, label=name)
        for k in set(trainer.layout.categorical):
            curves.axhline(math.log(k), color="black", linestyle="--", linewidth=1, label=f"ln {k}")
        curves.set(xlabel="steps", ylabel="nats", title="$L_I$ of each code")
        curves.legend(frameon=False, fontsize=8)
        for name in (n for n in ("D", "G") if n in trainer.history):
            line = smooth(trainer.history[name], 25)
            losses.plot(steps[len(steps) - len(line) :], line, label=name)
        losses.set(xlabel="steps", title="GAN losses")
        losses.legend(frameon=False, fontsize=8)
        samples.imshow(tile(images.view(self.rows, -1, *images.shape[-2:])), cmap="gray", vmin=0, vmax=1)
        samples.set_axis_off()
        samples.set_title("samples, a column for each category")
        figure.suptitle(text, fontsize=9)
        return figure, text
