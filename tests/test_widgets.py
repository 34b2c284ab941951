"""The λ dial and the latent explorer, without a browser.

Reports from the field that are tested here: B33 (one picture after any number of changes), B35 (no ipywidgets),
B36 (constant height, nothing returned), B55 (no hidden error), B59 (every callback runs, a broken name is found),
B24 and B26 where they touch the explorer's file and an interrupted chunk.
"""

import io
import pickle
import signal
import subprocess
import sys
import threading
import xml.etree.ElementTree as xml
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from infogan_utils import dial_panel, drawing, explorer, explorer_panel, widgets
from infogan_utils.channel import Channel
from infogan_utils.checkpoint import CheckpointError
from infogan_utils.codes import Codes, Layout
from infogan_utils.dial import Dial, read_weight, smooth
from infogan_utils.loop import TrainingDiverged, keep_finite
from infogan_utils.models import Size
from infogan_utils.problems import digit_problem, toy_problem
from infogan_utils.toy import TOY, TOY_RECIPE, ToyTrainer, energy_distance, real_points
from infogan_utils.training import Trainer

PACKAGE = Path(widgets.__file__).parent
TINY = Size(g_fc=32, d_fc=32, narrow=8, wide=8, q_fc=16)


def toy_dial(**options) -> Dial:
    return Dial(toy_problem(), chunk=0.05, **options)


def broken_batches(dial: Dial, at: int, what) -> None:
    """Let the batch for step ``at`` (counted from 1) come from ``what(batch)``."""
    good = dial.problem.batch

    def batch(run):
        return what(good(run)) if run.steps + 1 == at else good(run)

    dial.problem = replace(dial.problem, batch=batch)


# what is typed


@pytest.mark.parametrize(
    ("typed", "weight", "says"),
    [
        ("0", 0.0, ""),
        ("0.37", 0.37, ""),
        (" 1e0 ", 1.0, ""),
        (10.0, 10.0, ""),
        ("much", None, "not a number"),
        ("0,5", None, "such as 0.3"),
        ("", None, "not a number"),
        ("-1", None, "negative"),
        ("nan", None, "not finite"),
        ("inf", None, "not finite"),
        ("1e9", 10.0, "beyond the dial"),
    ],
)
def test_a_typed_weight_is_taken_refused_or_clamped_with_a_message(typed, weight, says):
    got, message = read_weight(typed)
    assert got == weight
    assert says in message and bool(message) == bool(says)


def test_bad_input_is_answered_beside_the_dial_and_leaves_lam_alone():
    panel = dial_panel.DialPanel(toy_dial(lam=0.3))
    box, run = panel.boxes[0, "λ"], panel.dials[0].run
    for typed, lam in (("much", 0.3), ("-1", 0.3), ("nan", 0.3), ("1e9", 10.0)):
        box.value = typed
        assert run.lam == lam and f"λ = {typed.replace('1e9', '1e+09')}" in panel.message.value.replace("&#x27;", "")
        assert box.value == f"{lam:g}"
    box.value = "0.37"
    assert run.lam == 0.37 and panel.message.value == "" and panel.sliders[0, "λ"].value == 0.3
    assert panel.dials[0].marks[-1] == (0, "λ = 0.37")


# the run under the dial


def test_the_next_step_uses_the_weight_that_was_turned_and_the_change_is_marked():
    dial = toy_dial(lam=0.0)
    dial.train(5)
    dial.turn("λ", 3)
    dial.train(5)
    assert dial.run.history["lam"] == [0.0] * 5 + [3.0] * 5
    assert dial.marks == [(5, "λ = 3")]
    assert "step 5: λ = 3" in dial.changes() and "λ = 3" in dial.curves() and "…" not in dial.changes()
    for lam in range(7):
        dial.turn("λ", lam)
    assert dial.changes().startswith("Changes: … ") and "λ = 3" in dial.changes()


def test_lam_acts_when_summed_and_only_its_zero_acts_with_an_adam_of_its_own():
    def move(lam: float, **options) -> torch.Tensor:
        run = ToyTrainer(replace(TOY_RECIPE, lam=lam, **options))
        before = torch.cat([p.detach().flatten() for p in run.G.parameters()])
        for _ in range(20):
            run.step(run.batch())
        return torch.cat([p.detach().flatten() for p in run.G.parameters()]) - before

    def cosine(a, b):
        return torch.nn.functional.cosine_similarity(a, b, dim=0).item()

    assert cosine(move(0.1), move(10.0)) < 0.9
    assert cosine(move(0.1, own_adam=True), move(10.0, own_adam=True)) > 0.99
    assert cosine(move(0.0, own_adam=True), move(0.1, own_adam=True)) < 0.9


def test_reset_gives_the_same_first_picture_and_the_same_run():
    dial = toy_dial(lam=1.0)
    first = dial.picture()
    dial.train(30)
    trained, losses = dial.picture(), list(dial.run.history["G"])
    assert trained != first
    dial.reset()
    assert dial.picture() == first and dial.run.steps == 0 and dial.marks == [] and dial.run.history == {}
    dial.train(30)
    assert dial.picture() == trained and dial.run.history["G"] == losses


def test_two_dials_from_one_start_begin_with_one_picture_and_part_with_lam():
    panel = dial_panel.DialPanel(toy_dial(lam=0.0), toy_dial(lam=1.0), titles=("λ = 0", "λ = 1"))
    (a, _, _), (b, _, _) = panel.views
    assert a.value == b.value
    panel._train(40)
    assert a.value != b.value
    assert [d.run.steps for d in panel.dials] == [40, 40]
    panel._train(None)  # for a time, and yet both take as many steps
    assert panel.dials[0].run.steps == panel.dials[1].run.steps > 40


def test_two_dials_are_in_step_again_after_an_interrupt_in_the_second():
    panel = dial_panel.DialPanel(toy_dial(), toy_dial())

    def interrupt(batch):
        signal.raise_signal(signal.SIGINT)
        return batch

    broken_batches(panel.dials[1], 7, interrupt)
    panel._train(20)
    assert [d.run.steps for d in panel.dials] == [20, 7]
    panel._train(5)
    assert [d.run.steps for d in panel.dials] == [25, 25]
    panel.dials[1].train(10)
    panel._train(5)  # nor is one that is ahead trained further
    assert [d.run.steps for d in panel.dials] == [30, 35]


def test_a_chunk_takes_a_step_at_least_and_no_steps_are_none():
    dial = Dial(toy_problem(), chunk=0.0)
    dial.train()
    assert dial.run.steps == 1
    dial.train(0)
    assert dial.run.steps == 1


@pytest.mark.parametrize("lam", [None, 0.5])
def test_the_notes_form_has_two_knobs_that_reach_the_loss(lam):
    dial = Dial(toy_problem(replace(TOY_RECIPE, note=(1.0, 0.1), objective="least-squares")), lam=lam)
    assert list(dial.weights)[:2] == ["λ_l", "λ_c"] and dial.run.lam == (lam or TOY_RECIPE.lam)
    dial.turn("λ_c", 2)
    assert dial.run.recipe.note == (1.0, 2.0)
    dial.train(3)
    assert dial.run.steps == 3


def test_a_loss_that_turns_nan_stops_the_run_names_step_and_lam_and_goes_back():
    panel = dial_panel.DialPanel(toy_dial(lam=0.3))
    dial = panel.dials[0]
    dial.train(10)
    dial.kept_at = -1e9  # due for a copy of the good state
    dial.train(10)
    picture = dial.picture()
    broken_batches(dial, 27, lambda batch: batch * float("nan"))
    setattr(panel.play, dial_panel.PLAYING, True)
    with pytest.raises(TrainingDiverged, match=r"λ = 0\.3.*step 27.*back at step 20"):
        panel._train(30)
    assert not getattr(panel.play, dial_panel.PLAYING)
    assert "step 27" in panel.message.value and "last good state" in panel.message.value
    assert dial.run.steps == 20 and {len(v) for v in dial.run.history.values()} == {20}
    assert dial.picture() == picture
    dial.problem = toy_problem()
    setattr(panel.play, dial_panel.PLAYING, True)
    assert panel.message.value == ""
    panel._train(5)
    assert dial.run.steps == 25


def test_an_interrupt_ends_the_chunk_between_two_steps_and_the_dial_goes_on_B26():
    panel = dial_panel.DialPanel(toy_dial())
    dial, before = panel.dials[0], signal.getsignal(signal.SIGINT)

    def interrupt(batch):
        signal.raise_signal(signal.SIGINT)
        return batch

    broken_batches(dial, 7, interrupt)
    setattr(panel.play, dial_panel.PLAYING, True)
    panel._train(20)
    assert dial.run.steps == 7 and {len(v) for v in dial.run.history.values()} == {7}
    assert "interrupted" in panel.message.value and not getattr(panel.play, dial_panel.PLAYING)
    assert signal.getsignal(signal.SIGINT) is before
    panel._train(3)
    assert dial.run.steps == 10


def test_an_interrupt_while_the_figures_are_checked_loses_none_of_them_B26(monkeypatch):
    def interrupt(*args):
        signal.raise_signal(signal.SIGINT)
        keep_finite(*args)

    monkeypatch.setattr("infogan_utils.dial.keep_finite", interrupt)
    dial = toy_dial()
    assert dial.train(5) and dial.stopped and dial.run.steps == len(dial.run.history["D"]) == 5


def test_an_error_inside_a_step_puts_the_run_back_whole_and_frees_the_dial_B26():
    dial = toy_dial()

    def fail(batch):
        raise KeyboardInterrupt

    dial.train(5)
    dial.turn("λ", 3)
    broken_batches(dial, 7, fail)
    with pytest.raises(KeyboardInterrupt):
        dial.train(20)
    assert dial.run.steps == 0 and dial.run.history == {}
    assert dial.marks == [(0, "λ = 3")] and dial.run.lam == 3  # the weight stays where it was turned
    dial.problem = toy_problem()
    assert dial.train(5) and dial.run.steps == 5


def test_a_call_while_the_dial_is_busy_is_dropped():
    dial = toy_dial()
    with dial.lock:
        assert dial.train(5) is False
    assert dial.run.steps == 0
    assert dial.train(5) is True


def test_a_hundred_quick_clicks_run_once_and_leave_no_queue(monkeypatch):
    now, chunks = [0.0], []
    monkeypatch.setattr(dial_panel, "time", SimpleNamespace(monotonic=lambda: now[0]))

    def wait(seconds):
        now[0] += seconds

    panel = dial_panel.DialPanel(toy_dial())
    panel.dials[0].train = lambda steps: (chunks.append(steps), wait(0.4))
    panel.draw = lambda: wait(0.2)
    for _ in range(100):
        panel.click("Train ½ s")
        wait(0.001)
    assert chunks == [None]
    assert panel.calls["Train ½ s"] == 100
    wait(0.5)
    panel.click("Step")
    assert chunks == [None, 1]


def test_ticks_train_only_while_playing():
    panel = dial_panel.DialPanel(toy_dial())
    panel.play.value += 1  # a late tick after a pause
    assert panel.dials[0].run.steps == 0
    setattr(panel.play, dial_panel.PLAYING, True)
    panel.boxes[0, "λ"].value = "words"
    panel.play.value += 1
    assert panel.dials[0].run.steps > 0
    assert "not a number" in panel.message.value, "a tick wiped what was said to a value typed while it plays"
    panel.click("Pause")
    assert not getattr(panel.play, dial_panel.PLAYING)


def test_an_interrupt_outside_a_step_pauses_too_B26(monkeypatch):
    panel = dial_panel.DialPanel(toy_dial())
    setattr(panel.play, dial_panel.PLAYING, True)

    def stopped():  # what SIGINT does there; a shell's background job ignores the signal itself
        raise KeyboardInterrupt

    monkeypatch.setattr(panel, "draw", stopped)
    panel.play.value += 1
    assert "interrupted" in panel.message.value and not getattr(panel.play, dial_panel.PLAYING)


def test_digits_train_under_the_dial_too():
    images = torch.randint(256, (64, 28, 28), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    problem = digit_problem(images, Layout(8, (10,), 2), replace(TOY_RECIPE, batch=16))
    small = replace(problem, start=lambda: Trainer(Layout(8, (10,), 2), replace(TOY_RECIPE, batch=16), size=TINY))
    dial = Dial(small, lam=1.0)
    dial.train(3)
    assert dial.run.G.training  # the picture is drawn in eval mode, training goes on in training mode
    assert Image.open(io.BytesIO(dial.picture())).size[1] == 280
    with pytest.raises(ValueError, match="less than one batch"):
        Dial(digit_problem(images[:5], Layout(8, (10,), 2)))


# the panel


def leaves(widget) -> list:
    return [leaf for child in widget.children for leaf in leaves(child)] if hasattr(widget, "children") else [widget]


def test_three_changes_of_the_slider_leave_exactly_one_image_B33():
    panel = dial_panel.DialPanel(toy_dial())
    ipywidgets = dial_panel.ipywidgets
    images = [w for w in leaves(panel.box) if isinstance(w, ipywidgets.Image)]
    for value in (0.0, 1.0, 10.0):
        panel.sliders[0, "λ"].value = value
    assert [w for w in leaves(panel.box) if isinstance(w, ipywidgets.Image)] == images and len(images) == 1


def test_no_panel_holds_an_output_area_or_an_unlabelled_control():
    for panel in (dial_panel.DialPanel(toy_dial()), explorer_panel.ExplorerPanel(tiny_explorer(), some_digits())):
        ipywidgets = dial_panel.ipywidgets
        for widget in leaves(panel.box):
            assert not isinstance(widget, ipywidgets.Output)
            silent = ipywidgets.HTML | ipywidgets.Image | ipywidgets.Play  # Play has a text before it
            assert isinstance(widget, silent) or widget.description


def test_ten_quick_moves_keep_the_height_and_return_nothing_B36():
    panel = explorer_panel.ExplorerPanel(tiny_explorer(), some_digits())
    seen = []
    panel.picture.observe(lambda change: seen.append(change["new"]), "value")
    height = panel.picture.layout.height
    for i in range(1, 11):
        assert panel.callbacks["c1"]({"new": i / 10}) is None
    assert panel.picture.layout.height == height and height.endswith("px")
    assert len(seen) == 10 and all(seen) and len(set(seen)) == 10
    sizes = {Image.open(io.BytesIO(data)).size for data in seen}
    assert len(sizes) == 1


def test_an_error_in_a_callback_is_shown_and_raised_B55():
    panel = dial_panel.DialPanel(toy_dial())
    panel.dials[0].run.D.d = None
    with pytest.raises(TypeError):
        panel.click("Train ½ s")
    assert "NoneType" in panel.message.value


def test_callbacks_that_come_in_two_threads_take_turns():
    """From ipykernel 7 on a click may run in one thread of the kernel while a typed value runs in another."""
    panel = dial_panel.DialPanel(toy_dial())
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
    panel.click("Reset")
    other.join(20)
    assert typed.is_set() and "set to its end" in panel.message.value and panel.dials[0].marks


@pytest.mark.parametrize("name", ["turn", "train", "picture", "curves", "text", "reset"])
def test_a_broken_name_in_any_part_of_the_dial_fails_the_rehearsal_B59(name, monkeypatch):
    panel = dial_panel.DialPanel(toy_dial())

    def broken(*_, **__):
        raise NameError("name 'pciture' is not defined")

    monkeypatch.setattr(panel.dials[0], name, broken)
    with pytest.raises(NameError):
        panel.rehearse()


@pytest.mark.parametrize("name", ["images", "new_noise", "keep", "between", "answer"])
def test_a_broken_name_in_any_part_of_the_explorer_fails_the_rehearsal_B59(name, monkeypatch):
    panel = explorer_panel.ExplorerPanel(tiny_explorer(), some_digits())

    def broken(*_, **__):
        raise NameError("name 'pciture' is not defined")

    monkeypatch.setattr(panel.explorer, name, broken)
    with pytest.raises(NameError):
        panel.rehearse()


def test_the_rehearsal_runs_every_callback_and_leaves_the_dial_as_it_was_B59():
    panels = [
        dial_panel.DialPanel(toy_dial(lam=0.3)),
        dial_panel.DialPanel(toy_dial(lam=0.0), toy_dial(lam=1.0)),
        explorer_panel.ExplorerPanel(tiny_explorer(), some_digits()),
    ]
    for panel in panels:
        calls = panel.rehearse()
        assert set(calls) == set(panel.callbacks) and min(calls.values()) >= 1
    assert panels[0].dials[0].weights == {"λ": 0.3} and panels[0].dials[0].run.steps == 0
    panels[0].calls.clear()
    with pytest.raises(RuntimeError, match="never ran"):
        dial_panel.finished(panels[0])


def test_without_ipywidgets_the_same_pictures_stand_still_B35():
    program = """
import sys
sys.modules["ipywidgets"] = None
import IPython.display
shown = []
IPython.display.display = lambda *things, **_: shown.extend(things)
from infogan_utils import dial, problems, widgets
panel = widgets.dial_panel(dial.Dial(problems.toy_problem()))
print(panel, [type(t).__name__ for t in shown], widgets.rehearse(panel))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "None ['HTML', 'dict', 'HTML'] ipywidgets is not installed" in done.stdout


def test_no_module_of_the_widgets_touches_pyplot_or_starts_a_thread():
    for name in ("dial", "dial_panel", "explorer", "explorer_panel", "panels", "drawing", "problems", "toy"):
        source = (PACKAGE / f"{name}.py").read_text(encoding="utf-8")
        for word in ("pyplot", "Thread(", "Output(", "jslink", "print("):
            assert word not in source.replace("no pyplot", "").replace("No pyplot", ""), (name, word)


# the explorer


def tiny_trainer() -> Trainer:
    return Trainer(Layout(8, (10,), 2), replace(TOY_RECIPE, batch=16), size=TINY)


def tiny_explorer() -> explorer.Explorer:
    run = tiny_trainer()
    run.step(torch.rand(16, 1, 28, 28, generator=torch.Generator().manual_seed(0)))
    return explorer.Explorer(run.G, run.D, run.layout, about={})


def some_digits() -> torch.Tensor:
    return torch.randint(256, (6, 28, 28), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


def test_the_weights_file_gives_the_averaged_networks_back(tmp_path):
    run = tiny_trainer()
    run.step(torch.rand(16, 1, 28, 28, generator=torch.Generator().manual_seed(0)))
    path = explorer.save_weights(run, tmp_path / "w.safetensors", command="how it was made")
    back = explorer.Explorer.load(path)
    assert back.about["command"] == "how it was made" and back.layout == run.layout
    codes = run.layout.sample(9, torch.Generator().manual_seed(3))
    with torch.no_grad():
        torch.testing.assert_close(back.G(codes), run.averaged["G"](codes), atol=5e-3, rtol=0)
    assert path.stat().st_size < 0.7 * 4 * sum(p.numel() for n in (run.G, run.D) for p in n.parameters()) + 8_000


def test_a_file_that_is_no_weights_is_refused_with_its_name_B24(tmp_path):
    fired = tmp_path / "fired"

    class Bomb:
        def __reduce__(self):
            return (Path.touch, (fired,))

    path = tmp_path / "bad.safetensors"
    path.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(CheckpointError, match="bad.safetensors"):
        explorer.Explorer.load(path)
    assert not fired.exists()
    good = explorer.save_weights(tiny_trainer(), tmp_path / "good.safetensors", command="")
    path.write_bytes(good.read_bytes()[:-100])
    with pytest.raises(CheckpointError):
        explorer.Explorer.load(path)
    with pytest.raises(FileNotFoundError, match="save_weights"):
        explorer.Explorer.load(tmp_path / "none.safetensors")


def test_sliders_change_the_picture_and_held_noise_brings_it_back():
    panel = explorer_panel.ExplorerPanel(tiny_explorer(), some_digits())
    first = panel.picture.value
    panel.sliders[0].value = 1.5
    moved = panel.picture.value
    panel.sliders[0].value = 0.0
    assert moved != first and panel.picture.value == first
    panel.hold.value = False
    panel.sliders[0].value = 1.5
    assert panel.picture.value not in (first, moved)
    panel.hold.value = True
    before = panel.picture.value
    panel.click("New noise")
    assert panel.picture.value != before
    before = panel.picture.value
    panel.category.value = 3
    assert panel.picture.value != before and panel.explorer.category == 3


def test_the_strip_begins_at_a_ends_at_b_and_changes_the_category_in_the_middle():
    e = tiny_explorer()
    asked = []
    draw = e._draw
    e._draw = lambda z, first, cont: asked.append((z, first, cont)) or draw(z, first, cont)
    e.category, e.cont = 2, [-1.0, 0.5]
    e.keep("A")
    e.category, e.cont = 7, [1.0, 0.5]
    e.new_noise()
    e.keep("B")
    strip = e.between(11)
    z, first, cont = asked[-1]
    assert strip.shape == (1, 11, 28, 28)
    assert first.tolist() == [2] * 5 + [7] * 6
    np.testing.assert_allclose(cont[:, 0], np.linspace(-1, 1, 11), atol=1e-6)
    np.testing.assert_allclose(cont[:, 1], 0.5)
    np.testing.assert_allclose(z.norm(dim=1), np.sqrt(8), rtol=1e-5)


def test_points_refuse_a_channel_made_for_images():
    with pytest.raises(ValueError, match="made for images; for points start from toy.TOY_RECIPE"):
        ToyTrainer(replace(TOY_RECIPE, channel=Channel()))


def test_an_end_that_was_not_kept_is_where_the_sliders_stand(monkeypatch):
    e, asked = tiny_explorer(), []
    monkeypatch.setattr(e, "_draw", lambda *codes: asked.append(codes) or torch.zeros(len(codes[0]), 28, 28))
    e.between()
    e.keep("A")
    e.cont = [1.0, 1.0]
    e.between(3)
    np.testing.assert_allclose(asked[-1][2][:, 0], [0, 0.5, 1])


def test_the_explorer_asks_q_about_one_grey_image_and_draws_colours_as_grey():
    e = tiny_explorer()
    for wrong in (torch.zeros(32, 32), torch.zeros(1, 28, 28), torch.zeros(28, 28, dtype=torch.int64)):
        with pytest.raises(ValueError, match=r"Q is asked about one of shape \(28, 28\), uint8 or float"):
            e.answer(wrong)
    colour = Trainer(e.layout, size=Size(g_fc=8, d_fc=8, narrow=4, wide=4, q_fc=0), image_shape=(3, 32, 32))
    c = explorer.Explorer(colour.G, colour.D, e.layout, about={})
    with torch.no_grad():
        x = colour.G(Codes(c.z, torch.full((len(c.z), 1), 4), torch.zeros(len(c.z), 2)))  # (n, 3, 32, 32)
    c.category = 4
    torch.testing.assert_close(c.images().flatten(0, 1), x.mean(dim=1))
    p, _, _ = c.answer(torch.zeros(32, 32))
    assert p.sum() == pytest.approx(1)


def test_qs_answer_is_a_distribution_and_does_not_depend_on_other_images():
    e, digits = tiny_explorer(), some_digits()
    p, mu, sigma = e.answer(digits[0])
    e.answer(digits[1])
    again = e.answer(digits[0].float() / 255)
    assert p.sum() == pytest.approx(1) and p.shape == (10,) and (sigma > 0).all()
    np.testing.assert_array_equal(p, again[0])
    np.testing.assert_array_equal(mu, again[1])


def test_an_uploaded_picture_becomes_light_ink_on_black_whatever_its_shape():
    paper = Image.new("RGB", (60, 120), "white")
    paper.paste("black", (20, 40, 40, 80))
    buffer = io.BytesIO()
    paper.save(buffer, "PNG")
    x = explorer.read_image(buffer.getvalue())
    assert x.shape == (28, 28) and x.dtype == torch.uint8
    assert x[0, 0] < 10 and x[14, 14] > 245
    with pytest.raises(ValueError, match="no image"):
        explorer.read_image(b"words")


# the pictures


def test_curves_are_well_formed_whatever_the_numbers():
    for values in ([], [1.0], [1.0, float("nan"), 2.0], list(np.sin(np.arange(999.0)))):
        text = drawing.panel({"a < b": values}, title="x & y", marks=[(1, "λ < 1")], ceiling=1.6)
        root = xml.fromstring(text)
        assert root.get("aria-label") == "x & y"
    assert xml.fromstring(drawing.bars([0.25, 0.75], ["0", "1"], title="Q")) is not None


def test_ten_lines_the_codes_of_celeba_look_each_its_own_way():
    root = xml.fromstring(drawing.panel({f"cat {i}": [0.0, 1.0] for i in range(10)}, title="L_I", steps=2))
    lines = [e for e in root if e.tag.endswith("polyline")]
    assert len({(e.get("stroke"), e.get("stroke-dasharray")) for e in lines}) == len(lines) == 10


def test_a_picture_with_nan_in_it_is_drawn_all_the_same():
    points = np.array([[0.0, 1.0], [np.nan, 99.0]])
    data = drawing.scatter(points, np.array([0, 4]), points)
    assert Image.open(io.BytesIO(data)).size == (300, 300)


def test_the_running_mean_has_one_value_a_step_and_no_more_than_can_be_seen():
    np.testing.assert_allclose(smooth([1.0, 2.0, 3.0, 4.0], 2), [1.0, 1.5, 2.5, 3.5])
    np.testing.assert_allclose(smooth([1.0, 2.0, 3.0, 4.0, 5.0], 2, points=3), [1.0, 2.5, 4.5])
    assert len(smooth([])) == 0


def test_the_curves_of_a_long_run_are_as_short_and_reach_its_last_step():
    dial = toy_dial()
    for steps in (0, 1, 40, 10_000):
        dial.run.steps, dial.run.history = steps, {name: [0.5] * steps for name in ("cat 1", "cont 1", "D", "G")}
        drawn = xml.fromstring(f"<div>{dial.curves()}</div>")
        assert f"step {steps}" in "".join(drawn.itertext())
        for line in drawn.iter("{http://www.w3.org/2000/svg}polyline"):
            points = line.get("points").split()
            assert len(points) == min(steps, 150) and all(at.startswith("44.0,") for at in points[:1])
            assert steps < 2 or points[-1].startswith("338.0,")


# the toy


def test_the_energy_distance_is_zero_for_one_distribution_and_known_for_two_points():
    generator = torch.Generator().manual_seed(0)
    draws = [energy_distance(real_points(400, generator), real_points(400, generator)) for _ in range(20)]
    assert abs(np.mean(draws)) < 3 * np.std(draws) / np.sqrt(20) + 1e-4
    assert energy_distance(torch.zeros(5, 2), torch.full((5, 2), 3.0)) == pytest.approx(2 * np.sqrt(18), rel=1e-5)


def test_the_toy_takes_the_packages_step_and_starts_from_its_seed():
    a, b, c = ToyTrainer(seed=1), ToyTrainer(seed=1), ToyTrainer(seed=2)
    figures = [run.step(run.batch()) for run in (a, b, c)]
    assert figures[0] == figures[1] and figures[0]["D"] != figures[2]["D"]
    assert set(figures[0]) == {"D", "G", "cat 1", "cont 1"}
    assert ToyTrainer._two_steps is Trainer._two_steps and TOY.total == a.G.net[0].in_features
