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

__all__ = [
    "COLOURS",
    "Progress",
    "bound_curves",
    "confusion_figure",
    "fixed_latents",
    "image_grid",
    "show",
    "show_png",
    "smooth",
    "tile",
    "to_png",
    "use_style",
]
