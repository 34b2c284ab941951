"""The explorer without a browser: models of every shape, the walk, Q's answers, files that a reader gives it."""

import io

import numpy as np
import pytest
import torch
from panels import IPYWIDGETS, click, leaves
from PIL import Image

from infogan_utils import Categorical, LatentSpec, Model, Uniform, build, checkpoint
from infogan_utils.latents import Latents
from infogan_utils.models import Widths
from infogan_utils.widgets import explorer
from infogan_utils.widgets.explorer import ExplorerPanel

TINY = Widths(g_fc=(32,), g_map=8, g_up=(8,), d_conv=(8, 8), d_fc=32, q_fc=0)
SPEC = LatentSpec(8, (Categorical(10), Uniform(), Uniform()))


def tiny(spec: LatentSpec = SPEC, channels: int = 1) -> Model:
    return Model(*build(spec, TINY, channels=channels), spec)


def images(channels: int = 1, n: int = 6) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(256, (n, channels, 28, 28), generator=generator, dtype=torch.uint8).squeeze(1)


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)))


@pytest.mark.parametrize(
    ("spec", "channels", "columns"),
    [
        (SPEC, 1, 10),
        (LatentSpec(8, (Categorical(4), Categorical(3))), 3, 4),
        (LatentSpec(8, (Uniform(), Uniform())), 3, 10),
        (LatentSpec(0, (Categorical(5), Uniform(sigma=1.0)), uniform_noise=True), 1, 5),
        (LatentSpec(8, (Categorical(2), Categorical(12))), 1, 2),
        (LatentSpec(0, (Uniform(),)), 1, 10),
    ],
)
def test_a_model_grey_or_in_colour_with_any_codes_is_drawn_with_a_control_for_each_code(spec, channels, columns):
    panel = ExplorerPanel(tiny(spec, channels), images(channels))
    assert list(panel.controls) == list(spec.names)
    grid = pixels(panel.picture.value)
    assert grid.shape == (8 * 28, columns * 28, *[3] * (channels == 3))
    assert all(name in panel.words() and name in panel.answer.value for name in spec.names)
    for name, control in panel.controls.items():
        before = panel.picture.value
        control.value = 1 if spec[name].discrete else 1.5
        assert panel.picture.value != before, name
    click(panel, "Keep as B")
    assert pixels(panel.strip.value).shape[:2] == (56, 11 * 56)


def test_what_cant_be_explored_is_refused_with_a_sentence():
    points = Model(torch.nn.Linear(SPEC.total, 2), tiny().D, SPEC)
    for model, real in (
        (tiny(LatentSpec(8)), images()),
        (tiny(), images(channels=3)),
        (tiny(), images().float()),
        (tiny(), images()[:0].numpy()),
        (points, images()),
    ):
        with pytest.raises(
            ValueError, match="the explorer needs a code, pictures .* real images of that shape in uint8"
        ):
            ExplorerPanel(model, real)


def test_a_column_shares_its_category_a_row_its_noise_and_one_category_fills_all_places():
    z = torch.randn(80, 8, generator=torch.Generator().manual_seed(0))
    latents, columns = explorer.grid_latents(SPEC, z, {"cat 1": None, "cont 1": 0.5, "cont 2": 0.0})
    assert columns == 10 and latents.c["cat 1"].view(8, 10)[3].tolist() == list(range(10))
    assert torch.equal(latents.z.view(8, 10, 8)[3], z[3].expand(10, 8)) and set(latents.c["cont 1"].tolist()) == {0.5}
    latents, _ = explorer.grid_latents(SPEC, z, {"cat 1": 3, "cont 1": 0.0, "cont 2": 0.0})
    assert torch.equal(latents.z, z) and set(latents.c["cat 1"].tolist()) == {3}


def test_a_slider_that_comes_back_brings_the_picture_back_and_new_noise_changes_it():
    panel = ExplorerPanel(tiny(), images())
    first, slider = panel.picture.value, panel.controls["cont 1"]
    slider.value = 1.5
    moved = panel.picture.value
    slider.value = 0.0
    assert panel.picture.value == first != moved
    click(panel, "New noise")
    assert panel.picture.value != first
    controls = [w for w in leaves(panel.box) if not isinstance(w, IPYWIDGETS.HTML | IPYWIDGETS.Image)]
    assert all(widget.description for widget in controls)


def test_the_walk_goes_from_a_to_b_in_even_steps_at_a_draws_length_and_the_category_changes_in_the_middle():
    a, b = (SPEC.sample(1, torch.Generator().manual_seed(seed)) for seed in (0, 1))
    a = Latents(a.z, a.c | {"cat 1": torch.tensor([2])})
    b = Latents(b.z, b.c | {"cat 1": torch.tensor([7])})
    walk = explorer.walk(SPEC, a, b, 11)
    assert walk.c["cat 1"].tolist() == [2] * 5 + [7] * 6
    ends = a.c["cont 1"].item(), b.c["cont 1"].item()
    np.testing.assert_allclose(walk.c["cont 1"], np.linspace(*ends, 11), atol=1e-6)
    np.testing.assert_allclose(walk.z.norm(dim=1), np.linspace(a.z.norm().item(), b.z.norm().item(), 11), rtol=1e-5)
    torch.testing.assert_close(walk.z[[0, -1]], torch.cat([a.z, b.z]))


def test_the_ends_of_the_walk_are_what_was_kept():
    panel = ExplorerPanel(tiny(), images())
    panel.controls["cont 1"].value = -1.0
    click(panel, "Keep as A")
    panel.controls["cont 1"].value = 1.0
    panel.controls["cat 1"].value = 4
    click(panel, "Keep as B")
    values = [[panel.kept[end].c[name].item() for name in ("cat 1", "cont 1")] for end in "AB"]
    assert values == [[0, -1.0], [4, 1.0]]


def test_the_shipped_model_says_what_it_reads_in_a_generated_digit():
    model = checkpoint.load_model()
    codes = {"cat 1": 3, "cont 1": 0.5}
    z = model.spec.sample(1, torch.Generator().manual_seed(0)).z
    said = explorer.answer(model, model.draw(model.spec.by_hand(z, codes))[0])
    assert said.startswith("Q says: cat 1 = 3 (") and "cont 1 = " in said


# files


def as_file(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize(("ink", "ground"), [("black", "white"), ("white", "black"), ("black", None), ("white", None)])
@pytest.mark.parametrize("size", [(60, 60), (60, 120)])
def test_ink_on_any_ground_becomes_light_on_black(ink, ground, size):
    picture = Image.new("RGBA", size, ground or (0, 0, 0, 0))
    picture.paste(ink, (20, size[1] // 2 - 10, 40, size[1] // 2 + 10))
    x = explorer.read_image(as_file(picture), 1, 28)
    assert x.shape == (1, 28, 28) and x.dtype == torch.uint8
    assert x[0, 0, 0] < 10 and x[0, 14, 14] > 245


def test_a_colour_keeps_its_colours_and_a_photograph_is_turned_as_its_camera_noted():
    pixels = np.zeros((40, 40, 3), np.uint8)
    pixels[4:12, 10:30, 0] = 255  # red, above
    exif, buffer = Image.Exif(), io.BytesIO()
    exif[0x0112] = 3  # upside down
    Image.fromarray(pixels).save(buffer, "PNG", exif=exif)
    x = explorer.read_image(buffer.getvalue(), 3, 28).float()
    assert x.shape == (3, 28, 28) and x[0, 14:].sum() > 100 * (x[0, :14].sum() + x[1:].sum())


def test_16_bits_a_pixel_are_read_as_8():
    ramp = np.tile(np.linspace(0, 65535, 64).astype(np.uint16), (64, 1))
    x = explorer.read_image(as_file(Image.fromarray(ramp)), 1, 28)
    assert x.float().std() > 50


def test_what_is_no_image_is_refused_and_the_panel_goes_on(monkeypatch):
    panel = ExplorerPanel(tiny(), images())
    for content, says in ((b"words", "no image file"), (as_file(Image.new("L", (60, 60))), "too large")):
        with monkeypatch.context() as patch:
            patch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
            panel._upload(({"name": "x.png", "content": memoryview(content)},))
        assert says in panel.message.value
    panel._upload({"x.png": {"content": as_file(Image.new("L", (60, 60), "white"))}})  # as ipywidgets 7 gives it
    assert panel.message.value == "" and "Q says" in panel.answer.value
    before = panel.answer.value
    panel.which.value = 2
    assert panel.answer.value != before
