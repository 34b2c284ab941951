"""Figures of notebooks 01, 02 and 04: players on a line and on the ring, still, in a strip, moving, or at a slider."""

import io
import re
import threading
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor

from infogan_utils.plots.figures import show, show_live, show_png, to_png

BLUE, ORANGE, GREEN = "C0", "C1", "C2"
Draw = Callable[[Axes, Any], object]


def moving(draw: Draw, rows: Sequence[Any], size: tuple[float, float], alt: str, panels: int = 1) -> None:
    """Draw a row after the other and show them as an animated PNG; where nothing can move, the last one is seen.

    ``draw(axes, row)`` gets one pair of axes, or a list of ``panels``.
    """
    pictures = []
    for row in rows:
        figure = Figure(figsize=size)
        axes = figure.subplots(1, panels, sharey=True)
        draw(axes, row)
        if panels == 1:
            legend(axes)
        pictures.append(Image.open(io.BytesIO(to_png(figure))).convert("RGB"))
    colours = Image.fromarray(np.concatenate([np.asarray(pictures[i]) for i in (0, len(rows) // 2, -1)])).quantize(128)
    colours.putpalette([value if value < 250 else 255 for value in colours.getpalette()])  # white stays white
    frames = [picture.quantize(palette=colours, dither=Image.Dither.NONE) for picture in pictures]
    times = [120] * (len(frames) - 1) + [3000]  # milliseconds; the end stands still before it begins again
    png = io.BytesIO()
    frames[-1].save(
        png, "PNG", save_all=True, default_image=True, append_images=frames, duration=[0, *times], loop=0, optimize=True
    )
    show_png(png.getvalue(), alt)


def strip(draw: Draw, rows: Sequence[Any], title: str, alt: str, height: float = 2.6, width: float = 10.5) -> None:
    """The same drawing for a few rows, side by side."""
    figure, (axes,) = plt.subplots(1, len(rows), figsize=(width, height), sharex=True, sharey=True, squeeze=False)
    for ax, row in zip(axes, rows, strict=True):
        draw(ax, row)
    for ax in axes[1:]:
        ax.set_ylabel("")
    if axes[0].get_legend_handles_labels()[1]:
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=9)
    figure.suptitle(title, fontsize=11)
    show(figure, alt)


def legend(ax: Axes) -> None:
    """A legend below the axes, if anything has a name."""
    if ax.get_legend_handles_labels()[1]:
        ax.figure.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=8)


def on_the_line(ax: Axes, x: Tensor, p: Tensor, q: Tensor, D: Tensor, title: str) -> None:
    """Both densities at the points ``x`` as areas, and what D says there as a line; all (n,)."""
    ax.fill_between(x, p, color=BLUE, alpha=0.3, label="p(x), data")
    ax.fill_between(x, q, color=ORANGE, alpha=0.4, label="q(x), generator")
    ax.plot(x, D, "k--", label="D(x)")
    ax.axhline(0.5, color="0.6", lw=0.8)
    ax.set(xlim=(x[0], x[-1]), ylim=(0, 1.02), xlabel="x (no unit)", ylabel="density, D(x)")
    ax.set_title(title, fontsize=9)


def on_the_ring(
    ax: Axes, field: Tensor, x: Tensor, centres: Tensor, title: str, limits: tuple = (0, 1), *, reach: float = 0.3
) -> None:
    """Samples x (n, 2) over D's field (side, side) in grey, a circle of radius ``reach`` around each true centre."""
    extent = (-3, 3, -3, 3)
    ax.imshow(field.T, cmap="Greys", vmin=limits[0], vmax=limits[1], origin="lower", extent=extent)
    for centre in centres.tolist():
        ax.add_patch(plt.Circle(centre, reach, fill=False, color=BLUE, lw=1.2))
    ax.scatter(*x[:600].T, s=3, color=ORANGE)
    ax.set(xlim=(-3, 3), ylim=(-3, 3), aspect="equal", xlabel="x₁", ylabel="x₂")
    ax.set_title(title, fontsize=9)
    ax.grid(False)


def add_push(ax: Axes, points: Tensor, push: Tensor, best: Tensor) -> None:
    """Arrows of equal length along ``push`` (n, 2) at ``points`` (n, 2), and a star at the point ``best``."""
    ax.quiver(*points.T, *(push / push.norm(dim=1, keepdim=True)).T, color=GREEN, scale=22, width=0.006)
    ax.plot(*best, marker="*", color="white", markeredgecolor="black", markersize=15)


def curves(panels: Sequence[dict], title: str, alt: str, width: float = 3.4) -> None:
    """Panels side by side. A panel: {"title", "y", "x", "lines": {name: values}, "at": {name: a level to mark}}."""
    figure, axes = plt.subplots(1, len(panels), figsize=(width * len(panels), 3.0), squeeze=False)
    for ax, panel in zip(axes[0], panels, strict=True):
        for i, (name, values) in enumerate(panel["lines"].items()):
            ax.plot(panel["x"], values, color=f"C{i}", linestyle=("-", "--", "-.")[i % 3], label=name)
        for name, level in panel.get("at", {}).items():
            ax.axhline(level, color="black", linestyle=":", lw=1)
            ax.annotate(name, (1, level), xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=9)
        ax.set(xlabel=panel.get("xlabel", "step"), ylabel=panel["y"], title=panel["title"])
        if len(panel["lines"]) > 1:
            ax.legend(fontsize=9)
    figure.suptitle(title, fontsize=11)
    show(figure, alt)


class Stage(ipywidgets.VBox):
    """A slider, a picture and a sentence; where no kernel runs, the picture is left, with the sentence as its words."""

    def _ipython_display_(self, **_: object) -> None:
        _, picture, said = self.children
        show_live(self, bytes(picture.value), re.sub("<.*?>", "", said.value))


def slider(draw: Callable[[Axes, float], str], start: float, low: float, high: float, label: str) -> Stage:
    """A slider, and below it what ``draw(ax, value)`` draws and the sentence that it returns."""
    lock = threading.Lock()
    dial = ipywidgets.FloatSlider(start, min=low, max=high, step=0.1, description=label)
    picture, said = ipywidgets.Image(format="png", width=700, height=320), ipywidgets.HTML()

    def update(change: object = None) -> None:
        with lock:  # callbacks may run in several threads at once: draw one after the other
            figure = Figure(figsize=(7, 3.2))
            said.value = f"<p role='status'>{draw(axes := figure.subplots(), dial.value)}</p>"
            legend(axes)
            picture.value = to_png(figure)

    dial.observe(update, names="value")
    update()
    return Stage([dial, picture, said])
