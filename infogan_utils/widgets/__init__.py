"""The widgets of notebook 07: the λ dial and the latent explorer, or, without ipywidgets, their still pictures."""

import html

from IPython.display import HTML, display
from torch import Tensor

from infogan_utils.looking import Model
from infogan_utils.plots import show_png
from infogan_utils.widgets.dial import Dial
from infogan_utils.widgets.dial_panel import DialPanel
from infogan_utils.widgets.explorer import ExplorerPanel, check
from infogan_utils.widgets.panel import ipywidgets, version
from infogan_utils.widgets.pictures import ROWS, fixed_latents, grid, stack
from infogan_utils.widgets.threads import one_thread

__all__ = ["Dial", "one_thread", "show_dial", "show_explorer", "version"]


def show_dial(*dials: Dial) -> DialPanel | None:
    """Show dials and return their panel; without ipywidgets show their pictures, and return None."""
    if ipywidgets:
        panel = DialPanel(*dials)
        display(panel)
        return panel
    display(HTML(html.escape(version())))
    show_png(stack([dial.picture() for dial in dials]), "; ".join(dial.text() for dial in dials))


def show_explorer(model: Model, images: Tensor) -> ExplorerPanel | None:
    """Show a model, with real images for its Q, and return the panel; without ipywidgets show samples, return None."""
    if ipywidgets:
        panel = ExplorerPanel(model, images)
        display(panel)
        return panel
    check(model, images)
    display(HTML(html.escape(version())))
    drawn = model.draw(fixed_latents(model.spec, ROWS))
    show_png(grid(drawn, len(drawn) // ROWS), "generated pictures, a column for each category")
