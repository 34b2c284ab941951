"""The live view of a training cell. Notebook 06 trains with it."""

import math
import time

import matplotlib.pyplot
import numpy as np
import torch
from IPython.display import display
from matplotlib.figure import Figure

from infogan_utils.latents import Latents, LatentSpec
from infogan_utils.plots.figures import smooth, tile, to_png
from infogan_utils.plots.watch import failures
from infogan_utils.training import Trainer


class Progress:
    """The live view of a training cell: pass it to ``loop.train`` as ``show``.

    One display that is replaced in place: L_I of the category against its ceiling, the losses of D and G, and
    samples of the averaged generator, one row of noise for each category. The line above it says the step,
    the time left in seconds, and the numbers, and names a failure that it sees. Redrawn at most every ``seconds``.
    """

    def __init__(self, until: int, *, seconds: float = 3.0, rows: int = 3) -> None:
        self.until, self.seconds, self.rows = until, seconds, rows
        self._handle = None
        self._began = self._drawn = 0.0
        self._first: int | None = None
        self._latents: Latents | None = None

    def __call__(self, trainer: Trainer) -> None:
        now = time.monotonic()
        if self._first is None:
            self._first, self._began = trainer.steps, now
            self._latents = fixed_latents(trainer.spec, self.rows)
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
            f"{name} {recent[name]:.2f}" + (f" of {code.entropy:.3f}" if code.discrete else "")
            for name, code in trainer.spec.items()
            if name in recent
        )
        losses = f"loss of D {recent.get('D', math.nan):.2f}, of G {recent.get('G', math.nan):.2f}"
        return f"step {trainer.steps} of {self.until}, {left} · L_I in nats: {bounds} · {losses}"

    def _draw(self, trainer: Trainer) -> tuple[Figure, str]:
        images = trainer.averaged.draw(self._latents)  # (n, channels, side, side)
        text = "\n".join([self.line(trainer), *failures(trainer, images)])
        figure, (curves, losses, samples) = matplotlib.pyplot.subplots(
            1, 3, figsize=(11, 2.9), width_ratios=[1, 1, 1.5]
        )
        steps = np.arange(1, len(next(iter(trainer.history.values()), [])) + 1)
        for name in (n for n in trainer.spec.names if n in trainer.history):
            line = smooth(trainer.history[name], 25)
            curves.plot(steps[len(steps) - len(line) :], line, label=name)
        for ceiling in {code.entropy for code in trainer.spec.codes if code.discrete}:
            curves.axhline(ceiling, color="black", linestyle="--", linewidth=1, label=f"ln {math.exp(ceiling):.0f}")
        curves.set(xlabel="steps", ylabel="nats", title="$L_I$ of each code")
        curves.legend(frameon=False, fontsize=8)
        for name in (n for n in ("D", "G") if n in trainer.history):
            line = smooth(trainer.history[name], 25)
            losses.plot(steps[len(steps) - len(line) :], line, label=name)
        losses.set(xlabel="steps", title="GAN losses")
        losses.legend(frameon=False, fontsize=8)
        samples.imshow(tile(images.view(self.rows, -1, *images.shape[1:])), cmap="gray", vmin=0, vmax=1)
        samples.set_axis_off()
        samples.set_title("samples, a column for each category")
        figure.suptitle(text, fontsize=9)
        return figure, text


def fixed_latents(spec: LatentSpec, rows: int) -> Latents:
    """Latent variables for a grid: a column for each value of the first discrete code; a row shares its noise."""
    k = spec[spec.discrete[0]].width if spec.discrete else 10
    z = spec.sample(rows, torch.Generator().manual_seed(0)).z.repeat_interleave(k, dim=0)
    return spec.by_hand(z, {spec.discrete[0]: torch.arange(k).repeat(rows)} if spec.discrete else {})
