"""The λ dial without a browser: what is typed, the run under it, its pictures, its panel."""

import io
import signal
import threading
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from panels import IPYWIDGETS, click, leaves
from PIL import Image

from infogan_utils import Categorical, LatentSpec, Trainer, Uniform, build
from infogan_utils.data import plane
from infogan_utils.loop import TrainingDiverged
from infogan_utils.models import Widths
from infogan_utils.plots import live
from infogan_utils.recipes import Recipe
from infogan_utils.widgets import dial as dial_module
from infogan_utils.widgets import dial_panel, pictures, threads
from infogan_utils.widgets.dial import Dial
from infogan_utils.widgets.dial_panel import PLAYING, DialPanel

TINY = Widths(g_fc=(32,), g_map=8, g_up=(8,), d_conv=(8, 8), d_fc=32, q_fc=0)
LATENTS = plane.SPEC.sample(100, torch.Generator().manual_seed(1))


def start(recipe: Recipe = plane.RECIPE) -> Trainer:
    return Trainer(*plane.networks(0), plane.SPEC, recipe, seed=0)


def draw(axes, model) -> None:
    axes.plot(*model.draw(LATENTS).T, ".")


def plane_dial(recipe: Recipe = plane.RECIPE, **options) -> Dial:
    return Dial(lambda: start(recipe), plane.real_points, **{"draw": draw} | options)


def digits_dial(spec: LatentSpec, channels: int = 1, n: int = 64) -> Dial:
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(256, (n, channels, 28, 28), generator=generator, dtype=torch.uint8)
    return Dial(
        lambda: Trainer(*build(spec, TINY, channels=channels), spec, Recipe(batch=16)), images.squeeze(1), lam=1.0
    )


def break_batch(dial: Dial, at: int, what) -> None:
    """Let ``what(batch)`` be the batch of step ``at``, counted from 1."""

    def sampler(n, generator):
        batch = plane.real_points(n, generator)
        return what(batch) if dial.run.steps + 1 == at else batch

    dial.images = sampler


def interrupt(batch):
    signal.raise_signal(signal.SIGINT)
    return batch


def play(panel: DialPanel) -> None:
    setattr(panel.play, PLAYING, True)


# what is typed


@pytest.mark.parametrize(
    ("typed", "lam", "says"),
    [
        ("0.37", 0.37, ""),
        ("0", 0.0, ""),
        (" 1e0 ", 1.0, ""),
        ("much", 0.3, "'much' was given; a weight is a finite number"),
        ("", 0.3, "a weight is a finite number"),
        ("0,5", 0.3, "a weight is a finite number"),
        ("-1", 0.3, "0 or more"),
        ("nan", 0.3, "a weight is a finite number"),
        ("1e9", 10.0, "beyond the dial; it was set to its end, 10"),
    ],
)
def test_a_typed_weight_is_taken_refused_or_clamped_and_slider_and_box_follow(typed, lam, says):
    panel = DialPanel(plane_dial(lam=0.3))
    box = panel.boxes[0, "λ"]
    box.value = typed
    assert panel.dials[0].run.lam == lam and float(box.value) == lam
    assert panel.sliders[0, "λ"].value == dial_panel.nearest(lam)
    assert says in panel.message.value.replace("&#x27;", "'") and bool(panel.message.value) == bool(says)


# the run


def test_the_next_step_uses_the_weight_that_was_turned_and_the_change_is_marked():
    dial = plane_dial(lam=0.0)
    dial.train(5)
    dial.turn("λ", 3)
    dial.train(5)
    assert dial.run.history["lam"] == [0.0] * 5 + [3.0] * 5
    assert dial.changes() == "step 5: λ = 3"
    assert "step 10 · λ = 3 · L_I in nats: cat 1" in dial.text() and "of 1.61, cont 1" in dial.text()
    for lam in range(8):
        dial.turn("λ", lam)
    assert dial.changes().count("λ") == dial_module.SHOWN


def test_reset_gives_the_same_first_picture_and_the_same_run():
    dial = plane_dial(lam=1.0)
    first = dial.picture()
    dial.train(30)
    trained, losses = dial.picture(), dial.run.history["G"]
    dial.reset()
    assert dial.picture() == first != trained
    assert dial.run.steps == 0 and dial.changes() == "none yet"
    dial.train(30)
    assert dial.picture() == trained and dial.run.history["G"] == losses


def test_a_chunk_lasts_so_many_seconds_and_no_steps_are_none():
    dial = plane_dial()
    dial.train(seconds=0.1)
    steps = dial.run.steps
    assert steps > 0
    dial.train(0)
    assert dial.run.steps == steps


@pytest.mark.parametrize("lam", [None, 0.5])
def test_the_three_step_form_has_two_knobs_that_reach_the_loss(lam):
    dial = plane_dial(replace(plane.RECIPE, lam_lc=(1.0, 0.1), gan="least-squares"), lam=lam)
    assert list(dial.weights) == ["λ_l", "λ_c"] + ["λ"] * (lam is not None)
    dial.turn("λ_c", 2)
    assert dial.run.recipe.lam_lc == (1.0, 2.0) and dial.run.lam == (lam or 1.0)
    dial.train(3)
    assert dial.run.steps == 3


def test_two_dials_begin_alike_part_with_lam_and_take_the_same_steps():
    panel = DialPanel(plane_dial(lam=0.0), plane_dial(lam=1.0))
    a, b = panel.images
    assert a.value == b.value
    panel.train(40)
    assert a.value != b.value and [d.run.steps for d in panel.dials] == [40, 40]
    panel.train(None)
    assert panel.dials[0].run.steps == panel.dials[1].run.steps > 40
    last = panel.dials[0].run.steps
    break_batch(panel.dials[1], last + 3, interrupt)
    panel.train(20)
    assert [d.run.steps for d in panel.dials] == [last + 20, last + 3] and "interrupted" in panel.message.value
    panel.train(5)
    assert [d.run.steps for d in panel.dials] == [last + 25, last + 25]


# errors


def test_a_loss_that_turns_nan_stops_the_run_names_step_and_lam_and_goes_back(monkeypatch):
    panel = DialPanel(plane_dial(lam=0.3))
    dial = panel.dials[0]
    dial.train(10)
    dial.kept.at = -1e9  # due for a copy of the good state
    dial.train(10)
    picture = dial.picture()
    break_batch(dial, 27, lambda batch: batch * float("nan"))
    play(panel)
    with pytest.raises(TrainingDiverged, match=r"λ = 0\.3.*step 27.*back at step 20"):
        panel.train(30)
    assert not getattr(panel.play, PLAYING)
    assert "step 27" in panel.message.value and "last good state" in panel.message.value
    assert dial.run.steps == 20 and {len(v) for v in dial.run.history.values()} == {20}
    assert dial.picture() == picture
    dial.images = plane.real_points
    play(panel)
    assert panel.message.value == ""
    panel.train(5)
    assert dial.run.steps == 25


def test_an_interrupt_ends_the_chunk_between_two_steps_and_the_dial_goes_on():
    panel, before = DialPanel(plane_dial()), signal.getsignal(signal.SIGINT)
    dial = panel.dials[0]
    break_batch(dial, 7, interrupt)
    play(panel)
    panel.train(20)
    assert dial.run.steps == 7 and {len(v) for v in dial.run.history.values()} == {7}
    assert "interrupted" in panel.message.value and not getattr(panel.play, PLAYING)
    assert signal.getsignal(signal.SIGINT) is before
    panel.train(3)
    assert dial.run.steps == 10


def test_an_error_inside_a_step_puts_the_run_back_but_not_the_weight_and_frees_the_dial():
    dial = plane_dial()

    def fail(batch):
        raise MemoryError

    dial.train(5)
    dial.turn("λ", 3)
    break_batch(dial, 7, fail)
    with pytest.raises(MemoryError):
        dial.train(20)
    assert dial.run.steps == 0 and dial.run.lam == 3 and dial.changes() == "step 0: λ = 3"
    dial.images = plane.real_points
    assert dial.train(5) and dial.run.history["lam"] == [3.0] * 5


def test_an_error_in_a_callback_is_shown_and_raised_and_an_interrupt_pauses(monkeypatch):
    panel = DialPanel(plane_dial())
    monkeypatch.setattr(panel.dials[0].run, "step", None)
    with pytest.raises(TypeError):
        click(panel, "Step")
    assert "NoneType" in panel.message.value

    def stopped():
        raise KeyboardInterrupt

    monkeypatch.setattr(panel, "reset", stopped)
    play(panel)
    monkeypatch.setattr(panel, "draw", stopped)
    panel.dials[0].reset()
    panel.play.value += 1
    assert "interrupted" in panel.message.value and not getattr(panel.play, PLAYING)


# several callers


def test_a_call_while_the_dial_is_busy_is_dropped_and_a_reset_ends_it():
    dial, begun, answers = plane_dial(), threading.Event(), []

    def slow(n, generator):
        begun.set()
        return plane.real_points(n, generator)

    dial.images = slow
    other = threading.Thread(target=lambda: answers.append(dial.train(10**6)))
    other.start()
    begun.wait(20)
    assert dial.train(5) is False
    dial.reset()
    other.join(20)
    assert answers == [True] and dial.run.steps == 0 and not dial.stopped


def test_callbacks_that_come_in_two_threads_take_turns():
    """From ipykernel 7 on a click may run in one thread of the kernel while a typed value runs in another."""
    panel = DialPanel(plane_dial())
    begun, typed, real = threading.Event(), threading.Event(), panel.dials[0].reset

    def slow_reset() -> None:
        begun.set()
        assert not typed.wait(0.5), "the typed value was taken in the middle of the reset"
        real()

    def type_one() -> None:
        begun.wait()
        panel.boxes[0, "λ"].value = "1e9"
        typed.set()

    panel.dials[0].reset = slow_reset
    other = threading.Thread(target=type_one)
    other.start()
    click(panel, "Reset")
    other.join(20)
    assert typed.is_set() and "set to its end" in panel.message.value


def test_two_callers_may_compute_on_one_thread_at_once_and_both_have_all_threads_afterwards():
    before, first, second, seen = torch.get_num_threads(), threading.Event(), threading.Event(), {}

    def inside() -> None:  # a thread that is new to PyTorch begins with the number that was set last
        with threads.one_thread():
            first.set()
            second.wait(20)
            seen["inside"] = torch.get_num_threads()
        seen["after"] = torch.get_num_threads()

    torch.set_num_threads(2)
    try:
        other = threading.Thread(target=inside)
        with threads.one_thread():
            other.start()
            first.wait(20)
            with threads.one_thread():
                pass
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 2
        second.set()
        other.join(20)
        assert seen == {"inside": 1, "after": 2}
    finally:
        torch.set_num_threads(before)


def test_a_hundred_quick_clicks_run_once_and_leave_no_queue(monkeypatch):
    now, chunks = [0.0], []
    monkeypatch.setattr(dial_panel, "time", SimpleNamespace(monotonic=lambda: now[0]))

    def wait(seconds):
        now[0] += seconds

    panel = DialPanel(plane_dial())
    panel.dials[0].train = lambda *steps, seconds=0: (chunks.append(steps), wait(0.4))
    panel.draw = lambda: wait(0.2)
    for _ in range(100):
        click(panel, "Train ½ s")
        wait(0.001)
    assert chunks == [()]
    wait(0.5)
    click(panel, "Step")
    assert chunks == [(), (1,)]


def test_a_chunk_and_its_drawing_answer_within_half_a_second(monkeypatch):
    panel, asked = DialPanel(plane_dial()), []
    monkeypatch.setattr(panel.dials[0], "train", lambda *_, seconds: asked.append(seconds))
    for panel._drawing in (0.05, 0.3, 2.0):
        panel.train(None)
    assert asked == pytest.approx([0.45, 0.2, 0.1])


def test_ticks_train_only_while_playing_and_leave_messages_alone():
    panel = DialPanel(plane_dial())
    panel.play.value += 1  # a late tick after a pause
    assert panel.dials[0].run.steps == 0
    play(panel)
    panel.boxes[0, "λ"].value = "words"
    panel.play.value += 1
    assert panel.dials[0].run.steps > 0 and "a finite number" in panel.message.value
    click(panel, "Pause")
    assert not getattr(panel.play, PLAYING)


# pictures


@pytest.mark.parametrize(
    ("spec", "channels"),
    [
        (LatentSpec(8, (Categorical(10), Uniform(), Uniform())), 1),
        (LatentSpec(8, (Categorical(4), Categorical(3))), 3),
        (LatentSpec(8, (Uniform(),)), 3),
        (LatentSpec(2, (Categorical(10),) * 10), 1),
        (LatentSpec(8, (Categorical(2), Categorical(12))), 1),
        (LatentSpec(0, (Uniform(),)), 1),
    ],
)
def test_pictures_train_under_the_dial_grey_or_in_colour_with_any_codes(spec, channels):
    dial = digits_dial(spec, channels)
    panel = DialPanel(dial)
    panel.train(3)
    assert dial.run.steps == 3 and all(name in dial.text() for name in spec.names)
    assert Image.open(io.BytesIO(panel.images[0].value)).size == (680, 280)
    image = dial.drawing.samples.images[0].get_array()
    assert image.shape[:2] == (28 * pictures.ROWS, 28 * (spec[spec.discrete[0]].width if spec.discrete else 10))
    assert image.ndim == (3 if channels == 3 else 2)


def test_what_the_dial_cant_show_is_refused_with_a_sentence():
    with pytest.raises(ValueError, match="without a code there is no information for λ to weigh"):
        digits_dial(LatentSpec(8))
    with pytest.raises(ValueError, match=r"\(2,\) from a latent vector, which is no picture; .* draw="):
        DialPanel(plane_dial(draw=pictures.samples))
    with pytest.raises(ValueError, match="at least the 16 of a step"):
        digits_dial(LatentSpec(8, Categorical(4)), n=5).train(1)


def test_the_curves_follow_the_run_smoothed_and_thinned_and_marked():
    dial = plane_dial()
    dial.picture()
    assert len(dial.drawing.lines["D"].get_xdata()) == 0
    dial.run.steps, dial.run.history = 10_000, {"D": [0.5] * 10_000, "cat 1": [-50.0] + [1.0] * 9_999}
    dial.marks = [(10, "λ = 1"), (5000, "λ = 2")]
    dial.picture()
    x, y = dial.drawing.lines["D"].get_data()
    assert max(x) == 10_000 and len(x) <= 2 * live.POINTS and set(np.round(y, 6)) == {0.5}
    low, high = dial.drawing.bounds.get_ylim()
    assert low >= -1 and high > np.log(5), "one early value far below 0 would hide the rest"
    assert {float(mark.get_xdata()[0]) for mark in dial.drawing.marks} == {10.0, 5000.0}
    dial.reset()
    dial.picture()
    assert dial.drawing.marks == []


# the panel


def test_any_number_of_changes_leaves_one_picture_of_one_size_and_every_control_has_a_name():
    panel = DialPanel(plane_dial())
    before = [w for w in leaves(panel.box) if isinstance(w, IPYWIDGETS.Image)]
    for value in (0.0, 1.0, 10.0):
        panel.sliders[0, "λ"].value = value
        click(panel, "Step")
    after = [w for w in leaves(panel.box) if isinstance(w, IPYWIDGETS.Image)]
    assert before == after == panel.images and after[0].layout.height == "280px"
    for widget in leaves(panel.box):
        assert not isinstance(widget, IPYWIDGETS.Output)
        silent = IPYWIDGETS.HTML | IPYWIDGETS.Image | IPYWIDGETS.Play  # Play has a text before it
        assert isinstance(widget, silent) or widget.description


def test_the_output_holds_the_live_panel_and_a_still_picture_with_its_words(monkeypatch):
    shown = []
    monkeypatch.setattr("infogan_utils.plots.figures.display", lambda data, **more: shown.append((data, more)))
    panel = DialPanel(plane_dial(), plane_dial())
    panel._ipython_display_()
    ((data, more),) = shown
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == panel.box.model_id
    assert Image.open(io.BytesIO(data["image/png"])).size[1] > 2 * 280
    assert "step 0" in data["text/plain"] and more["metadata"]["image/png"]["alt"] == data["text/plain"]
