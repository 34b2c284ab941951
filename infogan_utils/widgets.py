"""Shows the widgets of notebook 07, or, without ipywidgets, the same pictures standing still.

The dial's panel is in ``dial_panel``, the explorer's in ``explorer_panel``, what they share in ``panels``.
"""

import html

from IPython.display import HTML, display
from torch import Tensor

from infogan_utils.dial import Dial
from infogan_utils.dial_panel import DialPanel
from infogan_utils.explorer import Explorer
from infogan_utils.explorer_panel import ExplorerPanel
from infogan_utils.panels import Panel, ipywidgets, version
from infogan_utils.plots import show_png


def dial_panel(*dials: Dial, titles: tuple[str, ...] = ()) -> DialPanel | None:
    """Show the dials and return their panel; without ipywidgets show what they'd show, and return None."""
    if ipywidgets is None:
        display(HTML(html.escape(version())))
        for dial in dials:
            show_png(dial.picture(), dial.text())
            display(HTML(dial.curves() + dial.html()))
        return None
    panel = DialPanel(*dials, titles=titles)
    display(panel)
    return panel


def explorer_panel(explorer: Explorer, digits: Tensor) -> ExplorerPanel | None:
    """Show the explorer and return its panel; without ipywidgets show its grid, and return None."""
    if ipywidgets is None:
        text = "generated digits, a column for each category"
        display(HTML(html.escape(version())))
        show_png(explorer.picture(), text)
        return None
    panel = ExplorerPanel(explorer, digits)
    display(panel)
    return panel


def rehearse(panel: Panel | None) -> str:
    """Use every control of the panel once, and say how many callbacks ran; an error in one is raised."""
    if panel is None:
        return version()
    calls = panel.rehearse()
    return f"{len(calls)} of {len(panel.callbacks)} callbacks ran without an error: {', '.join(calls)}"
