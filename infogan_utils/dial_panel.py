"""The λ dial's panel: sliders, buttons and pictures on one ``dial.Dial`` or several. Notebook 07 shows it.

Training goes on in short chunks inside callbacks: a Play widget ticks, and each tick trains for half a second.
The browser sends the next tick only when the kernel has answered the last one, so ticks don't pile up.
"""

import html
import time

from infogan_utils.dial import LARGEST, Dial
from infogan_utils.panels import Panel, button, finished, ipywidgets

STOPS = (0.0, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 3.0, 5.0, LARGEST)
STALE = 0.05  # seconds: a click that comes in this soon after the last one was waiting while that one ran
PLAYING = "playing" if ipywidgets and hasattr(ipywidgets.Play, "playing") else "_playing"  # the latter in 7


class DialPanel(Panel):
    """Sliders, buttons and pictures for one dial, or for several that train side by side.

    Args:
        dials: what to turn; each has its own sliders, all share the buttons.
        titles: a name for each dial, shown and read out.
    """

    def __init__(self, *dials: Dial, titles: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.dials, self._last, self._settling = dials, -1.0, False
        self.chunk = min(d.chunk for d in dials) / len(dials)
        layout = ipywidgets.Layout
        self.play = ipywidgets.Play(min=0, max=10**6, interval=100, show_repeat=False)
        label = ipywidgets.HTML("<span>Start and pause training ▸</span>")
        self.on("play", self.play, self._tick)
        self.on("playing", self.play, lambda new: new and self.say(""), PLAYING)  # a tick leaves messages alone
        buttons = []
        for name, tooltip, function in (
            ("Train ½ s", "train for half a second", lambda: self._clicked(None)),
            ("Step", "train a single step", lambda: self._clicked(1)),
            ("Pause", "stop the training that runs", self.pause),
            ("Reset", "start again from the same seed", self.reset),
        ):
            buttons.append(button(name, tooltip))
            self.on(name, buttons[-1], lambda _, function=function: function(), None)
        self.sliders: dict[tuple[int, str], ipywidgets.SelectionSlider] = {}
        self.boxes: dict[tuple[int, str], ipywidgets.Text] = {}
        self.views: list[tuple[ipywidgets.Image, ipywidgets.HTML, ipywidgets.HTML]] = []
        columns = []
        for i, dial in enumerate(dials):
            title = titles[i] if titles else ""
            knobs = [self._knob(i, name, value) for name, value in dial.weights.items()]
            picture = ipywidgets.Image(format="png", layout=layout(width="300px", height="300px", flex="0 0 auto"))
            curves = ipywidgets.HTML(layout=layout(width="440px", height="250px", flex="0 0 auto"))
            wide = "760px" if len(dials) == 1 else "420px"  # narrow enough for two beside each other
            numbers = ipywidgets.HTML(layout=layout(min_height="3.4em", max_width=wide))
            self.views.append((picture, curves, numbers))
            head = [ipywidgets.HTML(f"<b>{html.escape(title)}</b>")] if title else []
            pair = ipywidgets.HBox if len(dials) == 1 else ipywidgets.VBox
            columns.append(ipywidgets.VBox([*head, *knobs, pair([picture, curves]), numbers]))
        row = ipywidgets.HBox([label, self.play, *buttons], layout=layout(flex_flow="row wrap"))
        self.box = ipywidgets.VBox([row, self.message, ipywidgets.HBox(columns, layout=layout(flex_flow="row wrap"))])
        self.draw()

    def _knob(self, i: int, name: str, value: float) -> "ipywidgets.Box":
        options = [(f"{stop:g}", stop) for stop in STOPS]
        slider = ipywidgets.SelectionSlider(options=options, value=nearest(value), description=name)
        box = ipywidgets.Text(
            value=f"{value:g}",
            description=f"or type {name}",
            continuous_update=False,
            layout=ipywidgets.Layout(width="180px"),
        )
        self.sliders[i, name], self.boxes[i, name] = slider, box
        tag = f" of {i + 1}" if len(self.dials) > 1 else ""
        self.on(f"slider {name}{tag}", slider, lambda new: self._turn(i, name, new))
        self.on(f"typed {name}{tag}", box, lambda new: self._turn(i, name, new))
        return (ipywidgets.HBox if len(self.dials) == 1 else ipywidgets.VBox)([slider, box])

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
        self._numbers(i)

    def _tick(self, tick: int) -> None:
        if tick and getattr(self.play, PLAYING):  # Play's own stop button goes back to 0
            self._train(None)

    def _clicked(self, steps: int | None) -> None:
        """Train after a click, unless it waited while the last one ran: those are dropped, not queued."""
        waited = time.monotonic() - self._last < STALE
        self._last = time.monotonic()
        if not waited:
            self.say("")
            self._train(steps)

    def _train(self, steps: int | None) -> None:
        """Train the first dial for its part of the chunk, the others to the same step, and draw."""
        lead, *others = self.dials
        try:
            lead.chunk = self.chunk
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
            self._last = time.monotonic()

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
        """Put new pictures, curves and numbers into the widgets; the old ones stay until the new are there."""
        for i, (dial, (picture, curves, _)) in enumerate(zip(self.dials, self.views, strict=True)):
            picture.value, curves.value = dial.picture(), dial.curves()
            self._numbers(i)

    def _numbers(self, i: int) -> None:
        self.views[i][2].value = self.dials[i].html()

    def rehearse(self) -> dict[str, int]:
        """Use every control once, with good and bad input, then reset; how often each callback ran.

        Raises:
            RuntimeError: if a callback never ran. Whatever a callback raises goes through.
        """
        for (i, name), slider in self.sliders.items():
            before = self.dials[i].weights[name]
            for value in (0.0, 1.0):
                slider.value = value
            for text in ("words", "-1", f"{before:g}"):
                self.boxes[i, name].value = text
        setattr(self.play, PLAYING, True)
        self.play.value += 1
        for name in ("Train ½ s", "Step", "Pause", "Reset"):
            time.sleep(2 * STALE)
            self.click(name)
        return finished(self)


def nearest(value: float) -> float:
    """The stop of the slider closest to ``value``."""
    return min(STOPS, key=lambda stop: abs(stop - value))
