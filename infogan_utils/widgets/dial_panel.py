"""The λ dial's panel: sliders, buttons and pictures on one ``Dial`` or several. Notebook 07 shows it.

A Play widget ticks, and each tick trains a part of a second. The browser sends the next tick only when the kernel has
answered the last one, so ticks don't pile up.
"""

import html
import time

import ipywidgets

from infogan_utils.widgets.dial import LARGEST, Dial
from infogan_utils.widgets.panel import Panel

STOPS = (0.0, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 3.0, 5.0, LARGEST)
ANSWER = 0.5  # seconds from a tick to its answer: training and drawing
STALE = 0.05  # seconds: a click that comes in this soon after the last one was waiting while that one ran
PLAYING = "playing" if hasattr(ipywidgets.Play, "playing") else "_playing"  # the latter in 7


class DialPanel(Panel):
    """Sliders and pictures for one dial, or for several that train together: all share the buttons."""

    def __init__(self, *dials: Dial) -> None:
        super().__init__()
        self.dials, self._clicked, self._settling, self._drawing = dials, -1.0, False, 0.1 * len(dials)
        layout = ipywidgets.Layout
        self.play = ipywidgets.Play(min=0, max=10**6, interval=100, show_repeat=False)
        label = ipywidgets.HTML("<span>Start and pause training ▸</span>")
        self.on(self.play, self._tick)
        self.on(self.play, lambda new: new and self.say(""), PLAYING)  # a tick leaves messages alone
        buttons = [
            self.button("Train ½ s", "train for half a second", lambda: self._click(None)),
            self.button("Step", "train a single step", lambda: self._click(1)),
            self.button("Pause", "stop the training that runs", self.pause),
            self.button("Reset", "start again from the same seed", self.reset),
        ]
        self.sliders: dict[tuple[int, str], ipywidgets.SelectionSlider] = {}
        self.boxes: dict[tuple[int, str], ipywidgets.Text] = {}
        self.images, self.numbers, parts = [], [], []
        for i, dial in enumerate(dials):
            self.images.append(ipywidgets.Image(format="png", layout=layout(width="680px", height="280px")))
            self.numbers.append(ipywidgets.HTML(layout=layout(min_height="3.4em", max_width="680px")))
            knobs = [self._knob(i, name, value) for name, value in dial.weights.items()]
            parts.append(ipywidgets.VBox([*knobs, self.images[i], self.numbers[i]]))
        row = ipywidgets.HBox([label, self.play, *buttons], layout=layout(flex_flow="row wrap"))
        self.box = ipywidgets.VBox([row, self.message, ipywidgets.HBox(parts, layout=layout(flex_flow="row wrap"))])
        self.draw()

    def _knob(self, i: int, name: str, value: float) -> ipywidgets.Box:
        options = [(f"{stop:g}", stop) for stop in STOPS]
        slider = ipywidgets.SelectionSlider(options=options, value=nearest(value), description=name)
        box = ipywidgets.Text(f"{value:g}", description=f"or type {name}", continuous_update=False)
        box.layout.width = "180px"
        self.sliders[i, name], self.boxes[i, name] = slider, box
        for widget in (slider, box):
            self.on(widget, lambda new: self._turn(i, name, new))
        return ipywidgets.HBox([slider, box])

    def _turn(self, i: int, name: str, value: float | str) -> None:
        if self._settling:
            return
        dial = self.dials[i]
        self.say(dial.turn(name, value))
        self._settling = True  # slider and box follow the dial, without turning it again
        try:
            self.sliders[i, name].value = nearest(dial.weights[name])
            self.boxes[i, name].value = f"{dial.weights[name]:.4g}"
        finally:
            self._settling = False
        self._write(i)

    def _tick(self, tick: int) -> None:
        if tick and getattr(self.play, PLAYING):  # Play's own stop button goes back to 0
            self.train(None)

    def _click(self, steps: int | None) -> None:
        """Train after a click, unless it waited while the last one ran: those are dropped, not queued."""
        waited = time.monotonic() - self._clicked < STALE
        self._clicked = time.monotonic()
        if not waited:
            self.say("")
            self.train(steps)

    def train(self, steps: int | None) -> None:
        """Train the first dial, for its part of the time or so many steps, the others to the same step, and draw."""
        lead, *others = self.dials
        try:
            if steps is None:
                lead.train(seconds=max(0.1, ANSWER - self._drawing) / len(self.dials))
            else:
                lead.train(steps)
            for dial in others:  # to the same step, also where an interrupt or an error left one behind
                dial.train(lead.run.steps - dial.run.steps)
            if any(dial.stopped for dial in self.dials):
                self.pause()
                self.say("interrupted between two steps; the run is whole, go on or reset")
        except BaseException as error:
            self.pause()
            self.draw()
            self.say(str(error))
            raise
        else:
            self.draw()
        finally:  # after the pictures: drawing takes longer than STALE
            self._clicked = time.monotonic()

    def pause(self) -> None:
        """Stop the ticks."""
        setattr(self.play, PLAYING, False)

    def reset(self) -> None:
        """Every run starts again from its seed."""
        self.pause()
        for dial in self.dials:
            dial.reset()
        self.say("")
        self.draw()

    def draw(self) -> None:
        """Put new pictures and numbers into the widgets; the old ones stay until the new are there."""
        began = time.monotonic()
        for i, dial in enumerate(self.dials):
            self.images[i].value = dial.picture()
            self._write(i)
        self._drawing = time.monotonic() - began

    def _write(self, i: int) -> None:
        text, changes = self.dials[i].text(), self.dials[i].changes()
        self.numbers[i].value = f"<div>{html.escape(text)}</div><div>Changes: {html.escape(changes)}</div>"

    def words(self) -> str:
        return "Samples, and L_I and the GAN losses over the steps. " + "; ".join(dial.text() for dial in self.dials)


def nearest(value: float) -> float:
    """The stop of the slider closest to ``value``."""
    return min(STOPS, key=lambda stop: abs(stop - value))
