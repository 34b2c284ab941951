"""Figures of the series: one look, colours safe for colour-blind readers, an alternative text for each."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import matplotlib
import matplotlib.pyplot
import numpy as np
import torch
from IPython.display import display
from ipywidgets import DOMWidget
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image, ImageOps
from torch import Tensor

from infogan_utils.looking import as_floats

# Okabe and Ito's palette, in an order in which neighbours stay apart in grey.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000")


def use_style() -> None:
    """Set matplotlib's defaults for the series: size, font, grid and the Okabe-Ito colour cycle."""
    matplotlib.rcParams.update(
        {
            "figure.figsize": (7, 3.2),
            "figure.dpi": 100,
            "font.size": 11,
            "axes.titlesize": 11,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "grid.alpha": 0.25,
            "axes.prop_cycle": matplotlib.cycler(color=COLOURS),
            "image.cmap": "viridis",
            "figure.constrained_layout.use": True,
        }
    )


def to_png(figure: Figure) -> bytes:
    """Return the figure as PNG bytes and close it, so that no copy is drawn a second time."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100)
    matplotlib.pyplot.close(figure)
    return buffer.getvalue()


def show(figure: Figure, alt: str) -> None:
    """Display the figure with its alternative text: a sentence that says what the picture shows, never empty."""
    if not alt.strip():
        raise ValueError("show() got an empty alternative text; say in a sentence what the figure shows.")
    show_png(to_png(figure), alt)


def show_png(png: bytes, alt: str) -> None:
    """Display PNG bytes with their alternative text; ``IPython.display.Image`` takes none in Colab's IPython 7."""
    display({"image/png": png, "text/plain": alt}, metadata={"image/png": {"alt": alt}}, raw=True)


def show_live(widget: DOMWidget, png: bytes, alt: str) -> None:
    """Display a widget, and the picture with its alternative text for pages where no kernel runs."""
    view = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
    data = {"application/vnd.jupyter.widget-view+json": view, "image/png": png, "text/plain": alt}
    display(data, metadata={"image/png": {"alt": alt}}, raw=True)


def tiles(images: Tensor, columns: int) -> np.ndarray:
    """Images (n, channels, height, width), uint8 or in [0, 1], ``columns`` to a row, as one picture, uint8."""
    images = torch.as_tensor(images)
    if images.ndim != 4:
        raise ValueError(f"{tuple(images.shape)} was given; a grid of pictures takes (n, channels, height, width)")
    n, channels, height, width = images.shape
    rows = as_floats(images).reshape(n // columns, columns, channels, height, width).permute(0, 3, 1, 4, 2)
    picture = rows.reshape(n // columns * height, columns * width, channels).squeeze(2).nan_to_num()
    return (picture.clamp(0, 1) * 255).byte().cpu().numpy()


def place(axes: Axes, images: Tensor, rows: Sequence[str] = (), columns: Sequence[str] = (), **labels: str) -> None:
    """Put images into axes as a grid, a label for each row and column or none; ``labels`` go to ``axes.set``.

    ``images`` are (rows, columns, height, width) or (rows, columns, channels, height, width), uint8 or 0 black to 1.
    """
    down, across, *_, height, width = images.shape
    axes.imshow(tiles(images.reshape(down * across, -1, height, width), across), cmap="gray", vmin=0, vmax=255)
    axes.set_xticks([(i + 0.5) * width - 0.5 for i in range(len(columns))], columns, fontsize=9)
    axes.set_yticks([(i + 0.5) * height - 0.5 for i in range(len(rows))], rows, fontsize=9)
    axes.set(**labels)
    axes.grid(False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def image_grid(
    images: Tensor,
    *,
    title: str,
    rows: Sequence[str] = (),
    columns: Sequence[str] = (),
    row_axis: str = "",
    column_axis: str = "",
    cell: float = 0.42,
) -> Figure:
    """A figure of images as ``place`` takes them, with what varies written at the edges; one takes ``cell`` inches."""
    images = torch.as_tensor(images)
    if images.ndim not in (4, 5):
        given = f"images {tuple(images.shape)} were given"
        raise ValueError(f"{given}; a grid takes (rows, columns, height, width), or channels after the columns")
    width = max(images.shape[1] * cell + 1, 0.083 * len(title) + 0.3)
    height = images.shape[0] * cell + (1 if columns or column_axis else 0.4)
    figure, axes = matplotlib.pyplot.subplots(figsize=(width, height))
    place(axes, images, rows, columns, xlabel=column_axis, ylabel=row_axis, title=title)
    return figure


def rgba(file: Path | BinaryIO) -> Image.Image:
    """A picture file as RGBA with 8 bits a channel, turned as its camera noted."""
    with Image.open(file) as opened:
        opened.draft(None, (256, 256))  # of a large photograph, decode no more pixels than are needed
        turned = ImageOps.exif_transpose(opened)
        if turned.mode.startswith("I;16") or (turned.mode == "I" and opened.format == "PNG"):
            turned = Image.fromarray((np.asarray(turned) >> 8).astype(np.uint8))  # convert() would cut 16 bits at 255
        elif turned.mode in ("I", "F"):
            raise ValueError(f"its pixels are of Pillow's mode {turned.mode!r}, of no known range; save it with 8 bits")
        return turned.convert("RGBA")


def smooth(values: Sequence[float], window: int) -> np.ndarray:
    """Running mean over ``window`` steps; shorter by window − 1."""
    window = max(1, min(window, len(values)))
    return np.convolve(values, np.ones(window) / window, mode="valid")
