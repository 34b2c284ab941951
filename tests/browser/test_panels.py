"""Notebook 07's panels in a real JupyterLab under a real Chromium: what a reader does, and what must come of it.

Reports tested here in the browser: B33 (one picture after three changes), B36 (constant height).
"""

import io

import pytest
from PIL import Image, ImageDraw

from . import lab


def slider_value(view, i=0):
    return view.root.locator(".widget-readout").nth(i).inner_text().strip()


def test_run_all_ends_without_a_click_and_without_an_error(notebook):
    assert notebook.page.locator(".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
    prompts = notebook.page.locator(".jp-CodeCell .jp-InputPrompt").all_inner_texts()
    assert len(prompts) >= 7 and all(any(c.isdigit() for c in p) for p in prompts)


def test_dragging_lam_and_training_change_picture_words_and_history(dial):
    first = dial.picture()
    dial.drag(150)
    dial.until(lambda: "step 0: λ =" in dial.words(), what="λ in the history")
    dial.button("Train ½ s").click()
    dial.until(lambda: dial.step() > 0, what="the first steps")
    assert dial.picture() != first
    assert dial.root.locator("svg[aria-label]").count() == 2 and "L_I in nats" in dial.words()


def test_lam_moves_with_the_keyboard_and_reaches_exactly_zero(dial):
    handle = dial.handle()
    handle.focus()
    for _ in range(3):
        dial.page.keyboard.press("ArrowRight")
    dial.until(lambda: slider_value(dial) != "0", what="the slider")
    for _ in range(20):
        dial.page.keyboard.press("ArrowLeft")
    dial.until(lambda: slider_value(dial) == "0" and "λ = 0 ·" in dial.words(), what="λ = 0")


def test_play_trains_and_draws_again_and_again_until_pause(dial):
    play = dial.root.locator(".widget-play button").first
    play.focus()
    dial.page.keyboard.press("Space")
    dial.until(lambda: dial.step() > 0, what="training")
    seen = set()
    dial.until(lambda: seen.add(dial.step()) or len(seen) >= 4, what="four refreshes")
    dial.button("Pause").click()
    dial.settled(dial.step, 3)


def test_reset_brings_the_same_first_picture(dial):
    first = dial.picture()
    dial.button("Train ½ s").click()
    dial.until(lambda: dial.step() > 0 and dial.picture() != first, what="training")
    dial.button("Reset").click()
    dial.until(lambda: dial.step() == 0, what="the reset")
    dial.until(lambda: dial.picture() == first, what="the first picture")


def test_a_hundred_quick_clicks_neither_queue_nor_crash(dial):
    dial.button("Train ½ s").evaluate("b => { for (let i = 0; i < 100; i++) b.click() }")
    dial.until(lambda: dial.step() > 0, what="training")
    seen = set()

    def step() -> int:
        seen.add(now := dial.step())
        assert len(seen) <= 30, "the clicks are queued: a busy machine may let some through, not thirty of a hundred"
        return now

    rest = dial.settled(step, 3)
    dial.button("Step").click()
    dial.until(lambda: dial.step() == rest + 1, what="one more step")


@pytest.mark.parametrize(("typed", "says"), [("much", "not a number"), ("-1", "negative"), ("nan", "not finite")])
def test_a_bad_weight_is_refused_beside_the_dial(dial, typed, says):
    box = dial.root.locator("input[type=text]").first
    before = box.input_value()
    box.fill(typed)
    box.press("Enter")
    alert = dial.root.get_by_role("alert")
    dial.until(lambda: alert.count() and says in alert.inner_text(), what="the message")
    dial.until(lambda: box.input_value() == before, what="the old value")


def test_a_weight_beyond_the_dial_is_clamped_with_a_message(dial):
    box = dial.root.locator("input[type=text]").first
    box.fill("1e9")
    box.press("Enter")
    dial.until(lambda: "was set to its end, 10" in dial.words(), what="the message")
    dial.until(lambda: slider_value(dial) == box.input_value() == "10", what="slider and box at their end")
    box.fill("0")
    box.press("Enter")
    dial.until(lambda: slider_value(dial) == "0", what="the slider at 0")


def test_three_changes_leave_one_picture_of_the_same_height_B33_B36(dial):
    height = dial.root.locator("img").first.bounding_box()["height"]
    for by in (60, 60, -120):
        dial.drag(by)
        dial.button("Step").click()
        dial.page.wait_for_timeout(200)
    assert dial.root.locator("img").count() == 1
    assert dial.root.locator("img").first.bounding_box()["height"] == height


def test_training_that_turns_nan_stops_and_says_where(notebook):
    view = lab.View(notebook.page, notebook.cell("broken_panel"))
    view.button("Train ½ s").click()
    view.until(lambda: "last good state" in view.words(), what="the message")
    assert "step 6" in view.words() and "λ = 0.3" in view.words() and "back at step 0" in view.words()


def test_an_interrupted_kernel_leaves_the_dial_usable(notebook, dial):
    dial.root.locator(".widget-play button").first.click()
    dial.until(lambda: dial.step() > 0, what="training")
    notebook.command("notebook:interrupt-kernel")
    dial.page.wait_for_timeout(1500)
    dial.button("Pause").click()
    rest = dial.settled(dial.step, 3)
    dial.button("Step").click()
    dial.until(lambda: dial.step() == rest + 1, what="one more step")


def test_two_runs_side_by_side_begin_alike_and_part(notebook):
    view = lab.View(notebook.page, notebook.cell("side_by_side"))
    assert view.picture(0) == view.picture(1)
    left, right = (view.root.locator("img").nth(i).bounding_box() for i in range(2))
    assert left["y"] == right["y"] and left["x"] + left["width"] < right["x"]
    view.button("Train ½ s").click()
    view.until(lambda: view.picture(0) != view.picture(1), what="two pictures")
    view.button("Reset").click()
    view.until(lambda: view.picture(0) == view.picture(1), what="the common start")


def test_the_explorers_sliders_and_buttons_change_the_picture(notebook):
    view = lab.View(notebook.page, notebook.cell("explorer_panel = "))
    first = view.picture()
    view.drag(60)
    view.until(lambda: view.picture() != first, what="another picture")
    moved = view.settled(view.picture, 0.5)  # a drag is several changes
    view.root.get_by_role("button", name="3", exact=True).click()
    view.until(lambda: view.picture() != moved and "category 3 everywhere" in view.words(), what="one category")
    one = view.settled(view.picture, 0.5)
    view.button("New noise").click()
    view.until(lambda: view.picture() != one, what="new noise")
    assert "Q says category" in view.words()


def test_the_digits_train_under_the_dial(notebook):
    view = lab.View(notebook.page, notebook.cell("digit_panel"))
    first = view.picture()
    view.button("Train ½ s").click()
    view.until(lambda: view.step() > 0 and view.picture() != first, what="the digits")


def test_two_views_of_one_dial_agree(notebook, dial):
    notebook.cell("panel = widgets.dial_panel(dial)").locator(".jp-InputArea").click()
    notebook.command("notebook:create-output-view")
    page = notebook.page
    copy = page.locator(".jp-LinkedOutputView").last
    copy.locator("img").first.wait_for()
    other = lab.View(page, copy)
    assert other.picture() == dial.picture()
    before = dial.picture()
    other.button("Train ½ s").click()
    dial.until(lambda: dial.picture() != before, what="the first view")
    other.until(lambda: other.picture() == dial.picture() and other.step() == dial.step(), what="both to agree")
    notebook.close_others()


def test_a_notebook_closed_and_reopened_goes_on(notebook, dial):
    dial.button("Train ½ s").click()
    dial.until(lambda: dial.step() > 0, what="training")
    notebook.idle()
    rest = dial.step()
    notebook.command("docmanager:save")
    notebook.page.wait_for_timeout(1500)
    notebook.page.evaluate("() => window.jupyterapp.shell.currentWidget.close()")
    notebook.page.wait_for_selector(".jp-NotebookPanel", state="detached")
    notebook.command("docmanager:open", path=notebook.name)
    notebook.ready()
    view = lab.View(notebook.page, notebook.cell("panel = widgets.dial_panel(dial)"))
    view.until(lambda: view.step() == rest, what="the run where it was")
    view.button("Step").click()
    view.until(lambda: view.step() == rest + 1, what="one more step")


def test_a_digit_of_ones_own_is_shown_to_q_and_a_file_that_is_none_is_refused(notebook):
    view = lab.View(notebook.page, notebook.cell("explorer_panel = "))
    answered = view.words()
    picture = Image.new("RGB", (60, 90), "white")
    ImageDraw.Draw(picture).line((30, 15, 30, 75), fill="black", width=9)
    drawn = io.BytesIO()
    picture.save(drawn, "PNG")
    button = view.root.locator("button", has_text="Your own digit")

    def give(name: str, content: bytes) -> None:
        with notebook.page.expect_file_chooser() as chooser:
            button.click()
        chooser.value.set_files({"name": name, "mimeType": "image/png", "buffer": content})

    give("one.png", drawn.getvalue())
    view.until(lambda: view.words() != answered and "Q says category" in view.words(), what="Q's answer")
    give("words.png", b"words")
    view.until(lambda: "no image" in view.words(), what="the refusal")


def test_what_a_screen_reader_needs_is_there(dial):
    assert dial.root.get_by_role("button", name="Train ½ s", exact=True).get_attribute("title")
    curves = dial.root.locator("svg[role=img]")
    assert curves.count() == 2 and all(curves.nth(i).get_attribute("aria-label") for i in range(2))
    assert "step 0" in dial.words() and "λ = 0" in dial.words()
    labels = dial.root.locator(".widget-label:visible").all_inner_texts()
    assert "λ" in labels and "or type λ" in labels
