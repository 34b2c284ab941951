"""Uses a panel of ``infogan_utils.widgets`` as a reader does, for its tests."""

import ipywidgets as IPYWIDGETS

from infogan_utils.widgets.panel import Panel


def leaves(widget: IPYWIDGETS.Widget) -> list[IPYWIDGETS.Widget]:
    """The widgets inside ``widget`` that hold no others."""
    return [leaf for child in widget.children for leaf in leaves(child)] if hasattr(widget, "children") else [widget]


def click(panel: Panel, name: str) -> None:
    """Click the button with that name; its errors are raised (a button's own ``click`` prints them)."""
    (button,) = [w for w in leaves(panel.box) if isinstance(w, IPYWIDGETS.Button) and w.description == name]
    for callback in button._click_handlers.callbacks:
        callback(button)
