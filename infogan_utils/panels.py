"""What the widgets of notebook 07 share. Runs under ipywidgets 7.7.1 and 8, and imports without either.

Every callback is counted, none hides an error, and one line shows messages. No thread of ours, no pyplot and no Output
area: a callback changes the values of widgets and returns. From ipykernel 7 on two callbacks may come at once, each in
a thread of the kernel's: they take turns.
"""

import html
import threading
from collections import Counter
from collections.abc import Callable

from IPython.display import display

try:
    import ipywidgets
except ImportError:  # the lesson goes on with figures that stand still
    ipywidgets = None

TESTED = "7.7.1 to 8.1"


def version() -> str:
    """Which ipywidgets runs here, and which were tested."""
    if ipywidgets is None:
        return f"ipywidgets is not installed (tested: {TESTED}): the sliders are left out, every figure is still here"
    return f"ipywidgets {ipywidgets.__version__} (tested: {TESTED})"


def note(text: str) -> str:
    """A message as HTML that a screen reader reads out when it changes."""
    return f'<div role="alert" style="color:#a33b00;font-weight:bold">{html.escape(text)}</div>' if text else ""


class Panel:
    """What the panels share: every callback is counted, none hides an error, and one place shows messages."""

    def __init__(self) -> None:
        self.message = ipywidgets.HTML(layout=ipywidgets.Layout(min_height="1.6em"))
        self.calls: Counter[str] = Counter()  # how often each callback ran
        self.callbacks: dict[str, Callable] = {}
        self.one_at_a_time = threading.RLock()  # R: a callback that sets a widget runs that one's inside
        self.box: ipywidgets.Box

    def on(self, name: str, widget: "ipywidgets.Widget", function: Callable, trait: str | None = "value") -> None:
        """Call ``function`` with the new value when ``widget.trait`` changes, or with None at a click."""

        def callback(event: object) -> None:
            try:
                with self.one_at_a_time:
                    self.calls[name] += 1
                    function(event["new"] if trait else None)
            except KeyboardInterrupt:
                self.pause()
                self.say("interrupted; the run is whole, go on or reset")
            except BaseException as error:  # shown here, then raised: a cell or a test that called us must fail
                self.say(f"{type(error).__name__}: {error}")
                raise

        self.callbacks[name] = callback
        if trait:
            widget.observe(callback, trait)
        else:
            widget.on_click(callback)

    def click(self, name: str) -> None:
        """What a click on that button does, with its errors raised (a button's own ``click`` prints them)."""
        self.callbacks[name](None)

    def pause(self) -> None:
        """Stop what goes on by itself, for a panel that has such a thing."""

    def say(self, text: str) -> None:
        """Show a message, or clear it with an empty text."""
        self.message.value = note(text)

    def _ipython_display_(self) -> None:
        display(self.box)


def button(text: str, tooltip: str) -> "ipywidgets.Button":
    return ipywidgets.Button(description=text, tooltip=tooltip, layout=ipywidgets.Layout(width="auto"))


def finished(panel: Panel) -> dict[str, int]:
    """The counts of a rehearsal; ``RuntimeError`` if a callback never ran."""
    missing = [name for name in panel.callbacks if not panel.calls[name]]
    if missing:
        raise RuntimeError(f"these callbacks never ran: {missing}")
    return dict(panel.calls)
