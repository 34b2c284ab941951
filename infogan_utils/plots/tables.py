"""Figures of notebooks 03, 04, 06 and 08: tables, entropies as bars, points by their code."""

from collections.abc import Callable, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from infogan_utils.plots.figures import COLOURS


def scatter_by_code(ax: Axes, x: np.ndarray, c: np.ndarray) -> None:
    """Points x (n, 2) in the colours of their codes c (n,), with one legend entry for each of eight codes."""
    ax.scatter(*x.T, s=5, color=np.array(COLOURS)[c])
    for k in range(8):
        ax.scatter([], [], color=COLOURS[k], label=f"c = {k}")
    ax.set(xlabel="x₁ (no unit)", ylabel="x₂ (no unit)", aspect="equal")


def heat(
    ax: Axes,
    table: np.ndarray,
    most: float | None = None,
    form: Callable[[float], str] = "{:.2f}".format,
    **labels: object,
) -> None:
    """A table (rows, columns) as shades of blue with its numbers, darkest at ``most``; ``labels`` go to ``ax.set``."""
    most = most or max(0.4, table.max())
    ax.imshow(table, vmin=0, vmax=most, cmap="Blues", aspect="auto")
    ax.set(xticks=range(table.shape[1]), yticks=range(table.shape[0]), **labels)
    ax.grid(False)
    for (i, j), value in np.ndenumerate(table):
        ink = "white" if value > 0.6 * most else "black"
        ax.text(j, i, form(value), ha="center", va="center", color=ink, fontsize=9)


def entropy_bars(H_c_given_x: float, information: float, H_x_given_c: float) -> Figure:
    """H(x, c), H(c) and H(x) in nats as lengths, so that the overlap of the last two is I(c; x)."""
    fig, ax = plt.subplots(figsize=(7.5, 2.7))
    left = (0, H_c_given_x, "0.8", "H(c|x)", "black")
    middle = (H_c_given_x, information, COLOURS[0], "I(c; x)", "white")
    right = (H_c_given_x + information, H_x_given_c, COLOURS[1], "H(x|c)", "black")
    for row, segments in enumerate(((left, middle, right), (left, middle), (middle, right))):
        for start, width, colour, text, ink in segments:
            ax.barh(row, width, left=start, color=colour)
            ax.text(start + width / 2, row, f"{text}\n{width:.3f}", ha="center", va="center", fontsize=9, color=ink)
    ax.set(yticks=range(3), yticklabels=["H(x, c)", "H(c)", "H(x)"], xlabel="nats")
    ax.set_title("I is what H(c) and H(x) have in common")
    ax.grid(False)
    ax.invert_yaxis()
    return fig


def two_boxes(widths: Sequence[float], informations: Sequence[float]) -> Figure:
    """The pictures x = c + w z of two codes on a line, for each width w, with I in nats as the title."""
    fig, axes = plt.subplots(1, len(widths), figsize=(3.2 * len(widths), 2.4), sharey=True)
    for ax, w, information in zip(axes, widths, informations, strict=True):
        ax.fill_between([0, w], 1 / w, color=COLOURS[0], alpha=0.5, label="c = 0")
        ax.fill_between([1, 1 + w], 1 / w, color=COLOURS[1], alpha=0.5, label="c = 1")
        ax.set(xlabel="x (no unit)", xlim=(-0.2, 3.2), title=f"w = {w:g}: {information:.3f} nats")
    axes[0].set_ylabel("p(x|c)")
    axes[-1].legend(fontsize=9)
    return fig


def hanging_bounds(information: float, bounds: dict[str, float]) -> Figure:
    """A line at I(c; x), and from it a bar down to each named L_I: the bar is the gap (nats)."""
    fig, ax = plt.subplots(figsize=(7, 3.4))
    low = list(bounds.values())
    ax.axhline(information, color="black", label=f"I(c; x) = {information:.3f}")
    ax.bar(list(bounds), [v - information for v in low], 0.12, information, color=COLOURS[1], label="gap")
    ax.plot(low, "o", color=COLOURS[0], markersize=10, label="L_I")
    for place, v in enumerate(low):
        ax.annotate(f"{v:.2f}".replace("-", "−"), (place, v), (10, 6), textcoords="offset points")
    ax.axhline(0, color="grey", linestyle=":")
    ax.set(ylabel="nats", ylim=(-0.95, 0.4), title="Each bound hangs below I by the KL to the posterior")
    ax.legend(loc="lower left", fontsize=10)
    return fig


def bars_by_code(rows: dict[str, np.ndarray]) -> Figure:
    """P(mode|c) as bars, a panel for each code and a row for each of the named tables (modes, codes)."""
    fig, axes = plt.subplots(len(rows), 8, figsize=(9.5, 1.6 * len(rows)), sharex=True, sharey=True, squeeze=False)
    for line, (name, table) in zip(axes, rows.items(), strict=True):
        line[0].set_ylabel(f"{name}\nP(mode|c)", fontsize=9)
        for c, ax in enumerate(line):
            ax.bar(range(len(table)), table[:, c], color=COLOURS[c])
            ax.set(ylim=(0, 1), xticks=[0, 7])
            axes[0, c].set_title(f"c = {c}", fontsize=9)
    fig.supxlabel("mode of the ring", fontsize=9)
    return fig


def confusion_figure(confusion: np.ndarray, label_of: np.ndarray, *, title: str) -> Figure:
    """How often each class (row) gets each category (column, ordered by the class that it is matched to), in %.

    ``confusion`` are counts (classes, categories), ``label_of`` (categories,) the class that each is matched to.
    """
    order = np.argsort(label_of)
    shares = confusion[:, order] / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    fig, ax = plt.subplots(figsize=(5.6, 4.8))
    labels = {"xticklabels": [f"c={c}\n→ {label_of[c]}" for c in order], "title": title, "ylabel": "real class"}
    labels["xlabel"] = "category that Q names, and the class it is matched to"
    heat(ax, shares, 1.0, lambda share: f"{100 * share:.0f}" if share >= 0.005 else "", **labels)
    ax.tick_params(labelsize=8)
    return fig
