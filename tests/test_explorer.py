"""Files that a reader gives the explorer: pictures of every kind, and weights that are none."""

import io

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from infogan_utils.checkpoint import CheckpointError
from infogan_utils.explorer import Explorer, read_image
from infogan_utils.four_files import DataError
from infogan_utils.pictures import read_picture


def as_file(picture: Image.Image, **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", **options)
    return buffer.getvalue()


@pytest.mark.parametrize("ink", ["black", "white"])
@pytest.mark.parametrize("hidden", [(0, 0, 0, 0), (255, 255, 255, 0)])
def test_ink_on_a_transparent_ground_is_light_on_black_whatever_the_colour_under_the_ground(ink, hidden):
    picture = Image.new("RGBA", (60, 60), hidden)
    picture.paste(ink, (20, 20, 40, 40))
    x = read_image(as_file(picture))
    assert x[0, 0] < 10 and x[14, 14] > 245


def test_a_photograph_is_turned_as_the_camera_noted():
    pixels = np.zeros((40, 40), np.uint8)
    pixels[4:12, 10:30] = 255  # above
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    x = read_image(as_file(Image.fromarray(pixels), exif=exif)).float()
    assert x[14:].sum() > 100 * x[:14].sum()


def test_an_image_of_too_many_pixels_is_refused_with_a_sentence(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(ValueError, match="the image given is too large .*; shrink it first"):
        read_image(as_file(Image.new("L", (60, 60))))


@pytest.mark.parametrize("header", ["[1]", "3", "null"])
def test_weights_whose_header_is_no_object_are_refused_with_the_way_out(tmp_path, header):
    path = tmp_path / "bad.safetensors"
    save_file({"a": torch.zeros(1)}, path, metadata={"infogan": header})
    with pytest.raises(
        CheckpointError, match=r"bad.safetensors can't be used .*no object\); name a file that explorer.sav"
    ):
        Explorer.load(path)


def test_16_bits_a_pixel_are_read_as_8_and_pixels_of_no_known_range_are_refused(tmp_path):
    ramp = np.tile(np.linspace(0, 255, 64).astype(np.uint16), (64, 1))
    Image.fromarray(ramp.astype(np.uint8)).save(tmp_path / "8.png")
    Image.fromarray(ramp * 256 + 255).save(tmp_path / "16.png")
    eight, sixteen = (read_picture(tmp_path / name, side=8, colour=False) for name in ("8.png", "16.png"))
    assert torch.equal(eight, sixteen) and eight.float().std() > 50
    Image.fromarray((ramp / 255).astype(np.float32)).save(tmp_path / "float.tiff")
    with pytest.raises(DataError, match=r"float\.tiff can't be read .*mode 'F'.*save it with 8 bits"):
        read_picture(tmp_path / "float.tiff", side=8, colour=False)
