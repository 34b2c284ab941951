"""Figures of the series: one look, colours safe for colour-blind readers, an alternative text for each."""

import io
from collections.abc import Sequence

import matplotlib
import matplotlib.pyplot
import numpy as np
from IPython.display import display
from matplotlib.figure import Figure
from torch import Tensor

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
    """Display the figure with its alternative text: a sentence that says what the picture shows.

    Raises:
        ValueError: if ``alt`` is empty.
    """
    if not alt.strip():
        raise ValueError("show() got an empty alternative text; say in a sentence what the figure shows.")
    show_png(to_png(figure), alt)


def show_png(png: bytes, alt: str) -> None:
    """Display PNG bytes with their alternative text; ``IPython.display.Image`` takes none in Colab's IPython 7."""
    display({"image/png": png, "text/plain": alt}, metadata={"image/png": {"alt": alt}}, raw=True)


def tile(images: Tensor) -> np.ndarray:
    """Lay (rows, columns, height, width), grey, or (rows, columns, channels, height, width) out as one picture."""
    images = images.squeeze(2) if images.ndim == 5 and images.shape[2] == 1 else images
    grey = images.ndim == 4
    images = images.permute(0, 2, 1, 3) if grey else images.permute(0, 3, 1, 4, 2)  # colours last, as matplotlib has it
    return images.flatten(2, 3).flatten(0, 1).detach().cpu().numpy()


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
    """A grid of images with what varies written at the edges.

    Args:
        images: (rows, columns, height, width), 0 black to 1 white; or (rows, columns, 1 or 3, height, width).
        rows, columns: a label for each row and column, or none.
        cell: inches that one image takes.
    """
    (n_rows, n_columns), (height, width) = images.shape[:2], images.shape[-2:]
    size = (n_columns * cell + 1, n_rows * cell + 1)
    figure, axes = matplotlib.pyplot.subplots(figsize=(max(size[0], 0.083 * len(title) + 0.3), size[1]))
    axes.imshow(tile(images), cmap="gray", vmin=0, vmax=1)
    axes.grid(False)
    axes.set_xticks([(i + 0.5) * width - 0.5 for i in range(len(columns))], columns, fontsize=9)
    axes.set_yticks([(i + 0.5) * height - 0.5 for i in range(len(rows))], rows, fontsize=9)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set(xlabel=column_axis, ylabel=row_axis, title=title)
    return figure


def smooth(values: Sequence[float], window: int) -> np.ndarray:
    """Running mean over ``window`` steps; shorter by window − 1."""
    window = max(1, min(window, len(values)))
    return np.convolve(values, np.ones(window) / window, mode="valid")


def bound_curves(runs: dict[str, Sequence[float]], *, ceiling: float, title: str, window: int = 25) -> Figure:
    """L_I in nats over the steps, a line for each run, with its ceiling H(c) drawn."""
    figure, axes = matplotlib.pyplot.subplots()
    for name, values in runs.items():
        line = smooth(values, window)
        axes.plot(np.arange(len(line)) + len(values) - len(line) + 1, line, label=name)
    axes.axhline(ceiling, color="black", linestyle="--", linewidth=1, label=f"H(c) = {ceiling:.3f} nats")
    axes.set(xlabel="steps", ylabel="$L_I$ (nats)", title=title)
    axes.legend(frameon=False, fontsize=9)
    return figure


def confusion_figure(confusion: np.ndarray, label_of: np.ndarray, *, title: str) -> Figure:
    """How often each class (row) gets each category (column, ordered by the class that it is matched to).

    Args:
        confusion: (classes, categories), counts. label_of: (categories,), the class that each is matched to.
    """
    order = np.argsort(label_of)
    shares = confusion[:, order] / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    k = len(order)
    figure, axes = matplotlib.pyplot.subplots(figsize=(5.6, 4.8))
    picture = axes.imshow(shares, cmap="viridis", vmin=0, vmax=1)
    for i in range(k):
        for j in range(k):
            if shares[i, j] >= 0.005:
                colour = "black" if shares[i, j] > 0.6 else "white"
                axes.text(j, i, f"{shares[i, j] * 100:.0f}", ha="center", va="center", color=colour, fontsize=8)
    axes.set_xticks(range(k), [f"c={c}\n→ {label_of[c]}" for c in order], fontsize=8)
    axes.set_yticks(range(k), [str(d) for d in range(k)])
    axes.grid(False)
    axes.set(xlabel="category that Q names, and the class it is matched to", ylabel="real class", title=title)
    figure.colorbar(picture, ax=axes, label="share of the class's images")
    return figure
