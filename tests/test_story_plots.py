"""The drawing of the series, and the moving pictures and sliders of notebooks 01 and 02."""

import io

import pytest
import torch
from PIL import Image

from infogan_utils.plots import diagram, figures, players


def test_the_moving_picture_is_small_and_its_still_is_the_end(monkeypatch):
    shown = []
    monkeypatch.setattr(players, "show_png", lambda png, alt: shown.append(png))
    players.moving(lambda ax, k: ax.bar([0], [k]), range(1, 6), (3, 2), "a bar grows")
    picture = Image.open(io.BytesIO(shown[0]))
    assert picture.n_frames == 6 and len(shown[0]) < 1e5  # the still, then five frames
    still = picture.convert("RGB")
    picture.seek(5)
    assert still.tobytes() == picture.convert("RGB").tobytes()


def test_the_slider_redraws_says_the_number_and_leaves_a_still_picture(monkeypatch):
    box = players.slider(lambda ax, m: ax.plot([0, m]) and f"m = {m:.1f}", 1.0, -6.0, 6.0, "mean m")
    dial, picture, said = box.children
    before = bytes(picture.value)
    dial.value = 2.5
    assert "m = 2.5" in said.value and bytes(picture.value) != before
    shown = []
    monkeypatch.setattr(figures, "display", lambda data, **rest: shown.append((data, rest["metadata"])))
    box._ipython_display_()
    assert shown[0][0]["image/png"] == picture.value and shown[0][1]["image/png"]["alt"] == "m = 2.5"


def test_the_drawing_lights_what_is_asked_and_refuses_other_names(monkeypatch):
    shown = []
    monkeypatch.setattr(diagram, "show", lambda figure, alt: shown.append(alt))
    diagram.draw(lit=("z", "G"), losses=("information",))
    assert shown[0].endswith("Lit: z, G. −λ L_I moves Q and trunk and G.")
    lit, grey = (figures.to_png(diagram.figure(parts, ())) for parts in (("z", "G"), ()))
    assert lit != grey
    for wrong in ({"lit": ("T",)}, {"losses": ("Q",)}):
        with pytest.raises(ValueError, match="the drawing has no"):
            diagram.draw(**wrong)


def test_pictures_are_laid_out_row_by_row_in_grey_and_in_colour():
    grey = torch.arange(2 * 3 * 4 * 5).view(6, 1, 4, 5)  # 2 rows, 3 columns of 4 × 5 pixels
    laid = figures.tiles(grey / 255, 3)
    assert laid.shape == (8, 15) and (laid[4:, 10:] == grey[5, 0].numpy()).all()
    assert (figures.tiles(grey.byte(), 3) == laid).all()  # as a data set has them
    with pytest.raises(ValueError, match=r"\(6, 4, 5\) were given; a grid takes \(rows, columns, height, width\)"):
        figures.image_grid(grey[:, 0].byte(), title="")
    colour = figures.tiles(torch.cat([grey, grey + 20, grey + 40], dim=1) / 255, 3)
    assert colour.shape == (8, 15, 3) and (colour - laid[..., None] == [0, 20, 40]).all()
