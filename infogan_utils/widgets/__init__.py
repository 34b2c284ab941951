"""The widgets of notebook 07: the λ dial and the latent explorer."""

from IPython.display import display
from torch import Tensor

from infogan_utils.looking import Model
from infogan_utils.widgets.dial import Dial
from infogan_utils.widgets.dial_panel import DialPanel
from infogan_utils.widgets.explorer import ExplorerPanel
from infogan_utils.widgets.panel import version
from infogan_utils.widgets.threads import one_thread

__all__ = ["Dial", "one_thread", "show_dial", "show_explorer", "version"]


def show_dial(*dials: Dial) -> DialPanel:
    """Show dials and return their panel."""
    panel = DialPanel(*dials)
    display(panel)
    return panel


def show_explorer(model: Model, images: Tensor) -> ExplorerPanel:
    """Show a model, with real images for its Q, and return the panel."""
    panel = ExplorerPanel(model, images)
    display(panel)
    return panel
