"""Figures of the series: one look, colours safe for colour-blind readers, an alternative text for each.

Every notebook draws with it; notebook 06 uses the grids.
"""

import io

import matplotlib
import matplotlib.pyplot
from IPython.display import Image, display
from matplotlib.figure import Figure

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
    display(Image(to_png(figure), alt=alt))
