"""Figures of the notebooks, and the live view of a training cell."""

from infogan_utils.plots.figures import (
    COLOURS,
    bound_curves,
    confusion_figure,
    image_grid,
    show,
    show_png,
    smooth,
    tile,
    to_png,
    use_style,
)
from infogan_utils.plots.live import Progress, fixed_latents
from infogan_utils.plots.results import accuracy_figure, found, measured, parts_table, runs_figure, table

__all__ = [
    "COLOURS",
    "Progress",
    "accuracy_figure",
    "bound_curves",
    "confusion_figure",
    "fixed_latents",
    "found",
    "image_grid",
    "measured",
    "parts_table",
    "runs_figure",
    "show",
    "show_png",
    "smooth",
    "table",
    "tile",
    "to_png",
    "use_style",
]
