"""The λ dial without its widgets: a run that trains in short chunks while its weights are turned.

``widgets`` puts sliders on it, notebook 07 uses both. Everything a reader sees (picture, curves, a line of
numbers, the history of the weights) is made here, so that it exists without ipywidgets too.
"""

import html
import math
import threading
import time
from dataclasses import replace
from statistics import fmean

import numpy as np
import torch

from infogan_utils import drawing
from infogan_utils.loop import TrainingDiverged, keep_finite, put_back, snapshot, stop_flag
from infogan_utils.problems import Problem
from infogan_utils.training import Trainer

LARGEST = 10.0  # of a weight on the dial
CHUNK = 0.4  # seconds of training before the dial answers again: half a second with drawing and the way back
SHOWN = 6  # changes of a weight that are named
KEEP_EVERY = 2.0  # seconds between two copies of the last good state


def read_weight(text: str | float, name: str = "λ") -> tuple[float | None, str]:
    """What was typed, as a weight in [0, 10], and a message: empty, or what was wrong. None: refused."""
    try:
        value = float(text)
    except (TypeError, ValueError):
        return None, f"{name} = {text!r} is not a number; type one from 0 to {LARGEST:g}, such as 0.3"
    if not math.isfinite(value):
        return None, f"{name} = {text} is not finite; type a number from 0 to {LARGEST:g}"
    if value < 0:
        return None, f"{name} = {value:g} is negative: it would reward a G that hides its code; 0 is the least"
    if value > LARGEST:
        return LARGEST, f"{name} = {value:g} is beyond the dial and was set to its end, {LARGEST:g}"
    return value, ""


class Dial:
    """A run under the dial. ``weights`` are its knobs by name: λ, or λ_l and λ_c for a recipe in the note's form.

    Args:
        problem: what to train.
        lam: where λ stands at the start; None: as in the recipe.
        chunk: seconds of training in one go.
    """

    def __init__(self, problem: Problem, *, lam: float | None = None, chunk: float = CHUNK) -> None:
        self.problem, self.chunk = problem, chunk
        self.lock = threading.Lock()  # a cell may train this dial while its panel does
        self.halt = threading.Event()
        self.run = problem.start()
        note = self.run.recipe.note
        self.weights = dict(zip(("λ_l", "λ_c"), note, strict=True)) if note else {"λ": self.run.lam}
        if lam is not None:
            self.weights["λ"] = lam
        self._begin(self.run)

    def _begin(self, run: Trainer) -> None:
        self.run, self.marks = run, []
        for name, value in self.weights.items():
            self._apply(name, value)
        self.good, self.kept_at = snapshot(run), time.monotonic()

    def _apply(self, name: str, value: float) -> None:
        self.weights[name] = value
        if name == "λ":
            self.run.lam = value
        else:
            self.run.recipe = replace(self.run.recipe, note=(self.weights["λ_l"], self.weights["λ_c"]))

    def turn(self, name: str, value: str | float) -> str:
        """Set a weight; the next step uses it. Returns a message: empty, or why it was refused or clamped."""
        weight, message = read_weight(value, name)
        if weight is not None and weight != self.weights[name]:
            self._apply(name, weight)
            self.marks.append((self.run.steps, f"{name} = {weight:.3g}"))
        return message

    def reset(self) -> None:
        """Start again from the same seed, at the weights where the knobs stand; a chunk under way ends first."""
        self.halt.set()
        with self.lock:
            self.halt.clear()
            self._begin(self.problem.start())

    def train(self, steps: int | None = None) -> bool:
        """Train ``steps`` steps, or for one chunk, a step at least; False if the dial was busy: the call was dropped.

        Raises:
            TrainingDiverged: if a loss became NaN; names step and weights, and the run is back at its last good
                state. Any other error in a step puts the run back too.
        """
        if not self.lock.acquire(blocking=False):
            return False
        try:
            if steps is None:
                self._train(self.run.steps + 1, self.chunk)
            else:
                self._train(self.run.steps + steps, 0.0)
        finally:
            self.lock.release()
        return True

    def _train(self, last: int, seconds: float) -> None:
        """Train to step ``last``, and on until ``seconds`` have passed."""
        run, pending, until = self.run, [], time.monotonic() + seconds
        with stop_flag() as stop, self.problem.threads():
            try:
                while (run.steps < last or time.monotonic() < until) and not (stop.is_set() or self.halt.is_set()):
                    figures = run.step(self.problem.batch(run))
                    pending.append(figures | {"lam": torch.tensor(run.lam)})
                    if len(pending) >= 200:
                        keep_finite(run, pending)
                keep_finite(run, pending)
            except BaseException as error:
                put_back(run, self.good)
                self.marks = [(min(step, run.steps), text) for step, text in self.marks]  # the weights stay as turned
                if isinstance(error, TrainingDiverged):
                    raise TrainingDiverged(
                        f"at {self.knobs()}: {error}; the run is back at step {run.steps}, its last good state: turn "
                        "the weight down and go on, or reset"
                    ) from None
                raise
            if time.monotonic() - self.kept_at > KEEP_EVERY:
                self.good, self.kept_at = snapshot(run), time.monotonic()
        self.stopped = stop.is_set()

    stopped = False  # whether an interrupt ended the last chunk

    def knobs(self) -> str:
        """The weights in words, e.g. ``λ = 0.3``."""
        return ", ".join(f"{name} = {value:.3g}" for name, value in self.weights.items())

    def recent(self, window: int = 50) -> dict[str, float]:
        """Mean of the last steps of every figure in the history."""
        return {name: float(np.mean(values[-window:])) for name, values in self.run.history.items()}

    def text(self) -> str:
        """Where the run stands, in words and numbers, for reading out too."""
        if not self.run.history:
            return f"step 0 · {self.knobs()} · nothing trained yet"
        recent = self.recent()
        bounds = ", ".join(
            f"{name} {recent[name]:.2f}" + (f" of {ceiling:.2f}" if name.startswith("cat") else "")
            for name, ceiling in self.run.layout.entropy().items()
        )
        with self.problem.threads():
            numbers = self.problem.numbers(self.run)
        more = "".join(f" · {name} {value:.3f}" for name, value in numbers.items())
        losses = f"loss of D {recent['D']:.2f}, of G {recent['G']:.2f}"
        return f"step {self.run.steps} · {self.knobs()} · L_I in nats: {bounds} · {losses}{more}"

    def changes(self) -> str:
        """The last changes of the weights in words, ``SHOWN`` at most."""
        shown = "; ".join(f"step {step}: {text}" for step, text in self.marks[-SHOWN:])
        return "Changes: " + ("… " if len(self.marks) > SHOWN else "") + (shown or "none yet")

    def picture(self) -> bytes:
        """The samples as PNG bytes."""
        with self.problem.threads():
            return self.problem.picture(self.run)

    def curves(self) -> str:
        """L_I and the GAN losses over the steps as SVG, with a mark at each of those changes of a weight."""
        history, layout, steps = self.run.history, self.run.layout, self.run.steps
        bounds = {name: smooth(history.get(name, [])) for name in layout.code_names}
        losses = {f"loss of {name}": smooth(history.get(name, [])) for name in ("D", "G")}
        top = math.log(layout.categorical[0]) if layout.categorical else None
        title = "L_I in nats" + (f", dotted: H(c) = {top:.2f}" if top else "")
        marks = self.marks[-SHOWN:]
        return drawing.panel(bounds, title=title, steps=steps, marks=marks, ceiling=top) + drawing.panel(
            losses, title="GAN losses in nats", steps=steps, marks=[(step, "") for step, _ in marks]
        )

    def html(self) -> str:
        """The line of numbers and the changes, as HTML."""
        return f"<div>{html.escape(self.text())}</div><div>{html.escape(self.changes())}</div>"


def smooth(values: list[float], window: int = 20, points: int = 150) -> np.ndarray:
    """Mean of the last ``window`` values, at up to ``points`` steps spread evenly from the first to the last.

    Its time doesn't grow with the history.
    """
    stops = np.linspace(1, len(values), min(points, len(values))).round().astype(int)
    return np.array([fmean(values[max(0, stop - window) : stop]) for stop in stops.tolist()])
