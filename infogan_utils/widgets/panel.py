"""What the two panels share. It runs under ipywidgets 7.7.1 and 8.

A callback changes the values of widgets and returns: it starts no thread and uses neither pyplot nor an Output area.
From ipykernel 7 on two callbacks may come at once, each in a thread of the kernel's: they take turns.
"""

import html
import threading
from collections.abc import Callable

import ipywidgets

from infogan_utils.plots.figures import show_live
from infogan_utils.widgets.pictures import stack

TURN = threading.RLock()  # R: a callback that sets a widget runs that one's inside


def version() -> str:
    """Which ipywidgets runs here, and which were tested."""
    return f"ipywidgets {ipywidgets.__version__} (tested: 7.7.1 to 8.1)"


class Panel:
    """Controls on something: no callback hides an error, and one place shows messages.

    ``box`` holds it all, ``images`` the pictures in it.
    """

    box: ipywidgets.Box
    images: list[ipywidgets.Image]

    def __init__(self) -> None:
        self.message = ipywidgets.HTML(layout=ipywidgets.Layout(min_height="1.6em"))

    def on(self, widget: ipywidgets.Widget, function: Callable, trait: str | None = "value") -> None:
        """Call ``function`` with the new value when ``widget.trait`` changes, or without one at a click."""

        def callback(event: object) -> None:
            try:
                with TURN:
                    function(event["new"]) if trait else function()
            except KeyboardInterrupt:
                self.pause()
                self.say("interrupted; the run is whole, go on or reset")
            except BaseException as error:  # shown here, and raised for whoever called
                self.say(f"{type(error).__name__}: {error}")
                raise

        widget.observe(callback, trait) if trait else widget.on_click(callback)

    def button(self, text: str, tooltip: str, function: Callable[[], None]) -> ipywidgets.Button:
        """A button that calls ``function``."""
        made = ipywidgets.Button(description=text, tooltip=tooltip, layout=ipywidgets.Layout(width="auto"))
        self.on(made, function, None)
        return made

    def pause(self) -> None:
        """Stop what goes on by itself, for a panel that has such a thing."""

    def say(self, text: str) -> None:
        """Show a message, which a screen reader reads out; an empty text clears it."""
        alert = f'<div role="alert" style="color:#a33b00;font-weight:bold">{html.escape(text)}</div>'
        self.message.value = alert if text else ""

    def words(self) -> str:
        """What the pictures show, in words."""
        raise NotImplementedError

    def _ipython_display_(self) -> None:
        show_live(self.box, stack([image.value for image in self.images]), self.words())
