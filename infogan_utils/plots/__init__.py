"""Figures of the notebooks, and the live view of a training cell."""

# ruff: noqa: F401
from infogan_utils.plots.figures import COLOURS, image_grid, show, show_png, smooth, tiles, to_png, use_style
from infogan_utils.plots.live import Progress, RunPicture, fixed_latents
from infogan_utils.plots.results import found, measured, parts_table, runs_figure, table
from infogan_utils.plots.tables import confusion_figure
