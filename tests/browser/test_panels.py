"""Notebook 07's panels in a real JupyterLab under a real Chromium: what a reader does, and what must come of it."""

import io

from PIL import Image, ImageDraw

from . import lab


def slider_value(view, i=0):
    return view.root.locator(".widget-readout").nth(i).inner_text().strip()


def type_in(view, text):
    box = view.root.locator("input[type=text]").first
    box.fill(text)
    box.press("Enter")
    return box


def test_run_all_ends_without_a_click_and_without_an_error(notebook):
    assert notebook.page.locator(".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
    prompts = notebook.page.locator(".jp-CodeCell .jp-InputPrompt").all_inner_texts()
    assert len(prompts) >= 7 and all(any(c.isdigit() for c in p) for p in prompts)


def test_dragging_lam_and_training_change_picture_and_words_and_reset_brings_the_first_picture_back(dial):
    first = dial.picture()
    dial.drag(150)
    dial.until(lambda: "step 0: λ =" in dial.words(), what="λ among the changes")
    dial.button("Train ½ s").click()
    dial.until(lambda: dial.step() > 0 and dial.picture() != first, what="the first steps")
    assert "L_I in nats" in dial.words()
    dial.button("Reset").click()
    dial.until(lambda: dial.step() == 0 and dial.picture() == first, what="the first picture")


def test_the_keyboard_moves_lam_to_exactly_zero_and_starts_training_which_pause_ends(dial):
    assert dial.root.get_by_role("button", name="Train ½ s", exact=True).get_attribute("title")
    labels = dial.root.locator(".widget-label:visible").all_inner_texts()
    assert "λ" in labels and "or type λ" in labels
    dial.handle().focus()
    for _ in range(3):
        dial.page.keyboard.press("ArrowRight")
    dial.until(lambda: slider_value(dial) != "0", what="the slider")
    for _ in range(20):
        dial.page.keyboard.press("ArrowLeft")
    dial.until(lambda: slider_value(dial) == "0" and "λ = 0 ·" in dial.words(), what="λ = 0")
    dial.root.locator(".widget-play button").first.focus()
    dial.page.keyboard.press("Space")
    seen = set()
    dial.until(lambda: seen.add(dial.step()) or len(seen) >= 5, what="four refreshes")
    dial.button("Pause").click()
    dial.settled(dial.step, 3)


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


def test_a_bad_weight_is_refused_and_one_too_large_is_clamped_beside_the_dial(dial):
    box = dial.root.locator("input[type=text]").first
    before = box.input_value()
    type_in(dial, "much")
    alert = dial.root.get_by_role("alert")
    dial.until(lambda: alert.count() and "'much' was given" in alert.inner_text(), what="the message")
    dial.until(lambda: box.input_value() == before, what="the old value")
    type_in(dial, "1e9")
    dial.until(lambda: "was set to its end, 10" in dial.words(), what="the message")
    dial.until(lambda: slider_value(dial) == box.input_value() == "10", what="slider and box at their end")
    type_in(dial, "0")
    dial.until(lambda: slider_value(dial) == "0", what="the slider at 0")


def test_training_that_turns_nan_stops_and_says_where(notebook):
    view = lab.View(notebook.page, notebook.cell("broken_panel"))
    view.button("Train ½ s").click()
    view.until(lambda: "last good state" in view.words(), what="the message")
    assert "step 1 with" in view.words() and "λ = 0.3" in view.words() and "back at step 0" in view.words()


def test_an_interrupted_kernel_leaves_the_dial_usable(notebook, dial):
    dial.root.locator(".widget-play button").first.click()
    dial.until(lambda: dial.step() > 0, what="training")
    notebook.command("notebook:interrupt-kernel")
    dial.page.wait_for_timeout(1500)
    dial.button("Pause").click()
    rest = dial.settled(dial.step, 3)
    dial.button("Step").click()
    dial.until(lambda: dial.step() == rest + 1, what="one more step")


def test_two_runs_begin_alike_and_part(notebook):
    view = lab.View(notebook.page, notebook.cell("both = widgets.show_dial"))
    view.button("Reset").click()
    view.until(lambda: view.picture(0) == view.picture(1), what="the common start")
    view.button("Train ½ s").click()
    view.until(lambda: view.picture(0) != view.picture(1), what="two pictures")


def test_two_views_of_one_dial_agree(notebook, dial):
    notebook.cell(lab.DIAL).locator(".jp-InputArea").click()
    notebook.command("notebook:create-output-view")
    copy = notebook.page.locator(".jp-LinkedOutputView").last
    copy.locator("img").first.wait_for()
    other = lab.View(notebook.page, copy)
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
    view = lab.View(notebook.page, notebook.cell(lab.DIAL))
    view.until(lambda: view.step() == rest, what="the run where it was")
    view.button("Step").click()
    view.until(lambda: view.step() == rest + 1, what="one more step")


def test_the_explorers_controls_change_the_picture(notebook):
    view = lab.View(notebook.page, notebook.cell("explorer_panel = "))
    first = view.picture()
    view.drag(60)
    view.until(lambda: view.picture() != first, what="another picture")
    moved = view.settled(view.picture, 0.5)  # a drag is several changes
    view.root.get_by_role("button", name="3", exact=True).click()
    view.until(lambda: view.picture() != moved and "cat 1 = 3" in view.words(), what="one category")
    one = view.settled(view.picture, 0.5)
    view.button("New noise").click()
    view.until(lambda: view.picture() != one, what="new noise")


def test_a_digit_of_ones_own_is_shown_to_q_and_a_file_that_is_none_is_refused(notebook):
    view = lab.View(notebook.page, notebook.cell("explorer_panel = "))
    answered = view.words()
    picture = Image.new("RGB", (60, 90), "white")
    ImageDraw.Draw(picture).line((30, 15, 30, 75), fill="black", width=9)
    drawn = io.BytesIO()
    picture.save(drawn, "PNG")
    button = view.root.locator("button", has_text="Your own image")

    def give(name: str, content: bytes) -> None:
        with notebook.page.expect_file_chooser() as chooser:
            button.click()
        chooser.value.set_files({"name": name, "mimeType": "image/png", "buffer": content})

    give("one.png", drawn.getvalue())
    view.until(lambda: view.words() != answered and "Q says" in view.words(), what="Q's answer")
    give("words.png", b"words")
    view.until(lambda: "no image file" in view.words(), what="the refusal")
