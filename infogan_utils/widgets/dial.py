"""The λ dial without its widgets: a run that trains in short chunks while its weights are turned. Notebook 07 uses it.

All that a reader sees is made here, so that it exists without ipywidgets, too.
"""

import math
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

from torch import Tensor

from infogan_utils.looking import Model
from infogan_utils.loop import Kept, Sampler, TrainingDiverged, train
from infogan_utils.plots.live import Draw, RunPicture, in_words
from infogan_utils.recipes import check_lam
from infogan_utils.training import Trainer
from infogan_utils.widgets import pictures
from infogan_utils.widgets.threads import one_thread

LARGEST = 10.0  # of a weight on the dial
SHOWN = 6  # changes of a weight that are marked


class Dial:
    """A run under the dial. ``weights`` has its knobs by name: λ, or λ_l and λ_c for a recipe with the three-step loss.

    Args:
        start: makes the run, the same one at each call; a reset calls it again.
        images: what it trains on, as ``loop.train`` takes it.
        lam: where λ stands at the start; None: as in the recipe.
        draw: draws the samples of a ``Model`` into matplotlib's axes; pictures need none.
        numbers: figures of a ``Model`` to print beside L_I, by name.
    """

    def __init__(
        self,
        start: Callable[[], Trainer],
        images: Tensor | Sampler,
        *,
        lam: float | None = None,
        draw: Draw = pictures.samples,
        numbers: Callable[[Model], dict[str, float]] = lambda model: {},
    ) -> None:
        self.start, self.images, self.numbers = start, images, numbers
        self.busy = threading.Lock()  # a cell may train this dial while its panel does
        self.stop, self.stopped = threading.Event(), False  # stopped: an interrupt ended the last chunk
        run = start()
        if not run.spec.codes:
            raise ValueError(f"{run.spec} was given; without a code there is no information for λ to weigh")
        self.drawing = RunPicture(draw, run.spec)
        three_step = run.recipe.lam_lc
        self.weights = dict(zip(("λ_l", "λ_c"), three_step, strict=True)) if three_step else {"λ": run.lam}
        if lam is not None:
            self.weights["λ"] = lam
        self._begin(run)

    def _begin(self, run: Trainer) -> None:
        self.run, self.marks = run, []
        self._apply()
        self.kept = Kept(run)

    def _apply(self) -> None:
        """Give the run the weights where the knobs stand."""
        if "λ" in self.weights:
            self.run.lam = self.weights["λ"]
        if "λ_l" in self.weights:
            self.run.recipe = replace(self.run.recipe, lam_lc=(self.weights["λ_l"], self.weights["λ_c"]))

    def turn(self, name: str, value: str | float) -> str:
        """Set a weight; the next step uses it. Returns a message: empty, or why it was refused or clamped."""
        try:
            given = check_lam(value, name)
        except ValueError as error:
            return str(error)
        weight = min(given, LARGEST)
        if weight != self.weights[name]:
            self.weights[name] = weight
            self._apply()
            self.marks.append((self.run.steps, f"{name} = {weight:.3g}"))
        return "" if given == weight else f"{name} = {given:g} is beyond the dial; it was set to its end, {weight:g}"

    def reset(self) -> None:
        """Start again from the same seed, at the weights where the knobs stand; a chunk that runs ends first."""
        self.stop.set()
        with self.busy:
            self.stop.clear()
            self._begin(self.start())

    def train(self, steps: float = math.inf, *, seconds: float = math.inf) -> bool:
        """Train so many steps, or so many seconds; False if the dial is busy: the call is dropped.

        Raises:
            TrainingDiverged: if a loss became NaN; names step and weights. After this and any other error the run is
                back at its last good state.
        """
        if not self.busy.acquire(blocking=False):
            return False
        run = self.run
        try:
            with self._threads():
                done = train(run, self.images, until=run.steps + steps, seconds=seconds, kept=self.kept, stop=self.stop)
            self.stopped = not done and not self.stop.is_set()
        except BaseException as error:
            self._apply()  # the weights stay where they were turned
            self.marks = [(min(step, run.steps), text) for step, text in self.marks]
            if isinstance(error, TrainingDiverged):
                raise TrainingDiverged(f"at {self.knobs()}: {error}") from None
            raise
        finally:
            self.busy.release()
        return True

    @property
    def model(self) -> Model:
        """The networks as they are now: their average would follow λ only some hundred steps later."""
        return Model(self.run.G, self.run.D, self.run.spec)

    def _threads(self) -> AbstractContextManager:
        """One thread for points; as many as there are for pictures."""
        return one_thread() if len(self.run.image_shape) == 1 else nullcontext()

    def knobs(self) -> str:
        """The weights in words, e.g. ``λ = 0.3``."""
        return ", ".join(f"{name} = {value:.3g}" for name, value in self.weights.items())

    def text(self) -> str:
        """Where the run stands, in words and numbers, for reading out, too: means over the last 50 steps."""
        run = self.run
        if not run.history:
            return f"step 0 · {self.knobs()} · nothing trained yet"
        with one_thread():
            numbers = self.numbers(self.model)
        more = "".join(f" · {name} {value:.3f}" for name, value in numbers.items())
        return f"step {run.steps} · {self.knobs()} · {in_words(run)}{more}"

    def changes(self) -> str:
        """The last changes of the weights, in words."""
        return "; ".join(f"step {step}: {text}" for step, text in self.marks[-SHOWN:]) or "none yet"

    def picture(self) -> bytes:
        """Samples and curves as PNG bytes."""
        with one_thread():  # a hundred pictures don't wait for a second thread
            return self.drawing(self.model, self.run, [step for step, _ in self.marks[-SHOWN:]])
