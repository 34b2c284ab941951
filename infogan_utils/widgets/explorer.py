"""The explorer of a trained model: a control for each code, a walk from A to B, an image for Q. For notebook 07."""

import html
import io

import ipywidgets
import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from infogan_utils.latents import Latents, LatentSpec
from infogan_utils.looking import Model, as_floats
from infogan_utils.plots.figures import rgba
from infogan_utils.widgets.panel import Panel
from infogan_utils.widgets.pictures import ROWS, grid
from infogan_utils.widgets.threads import one_thread

BEYOND = 2.0  # where a continuous code's slider ends; training goes to 1
COLUMNS = 10  # of the grid, where none of them is a category


class ExplorerPanel(Panel):
    """Controls on a model, and real images for its Q, uint8 (n, side, side) or (n, channels, side, side)."""

    def __init__(self, model: Model, images: Tensor) -> None:
        super().__init__()
        self.model, self.spec, self.generator = model, model.spec, torch.Generator().manual_seed(0)
        self.real = check(model, images)
        self.values = {name: 0 if code.discrete else 0.0 for name, code in self.spec.items()}
        self.values |= dict.fromkeys(self.spec.discrete[:1])  # None: a column for each value
        layout, wrap = ipywidgets.Layout, ipywidgets.Layout(flex_flow="row wrap")
        self.picture, self.strip, self.shown = self.images = [
            ipywidgets.Image(format="png", layout=layout(max_width="100%", flex="0 0 auto")) for _ in range(3)
        ]
        self.said, self.answer = ipywidgets.HTML(), ipywidgets.HTML()
        self.controls = {name: self._control(name) for name in self.spec.names}
        self.which = ipywidgets.IntSlider(0, min=0, max=len(images) - 1, description="real image")
        self.upload = ipywidgets.FileUpload(accept="image/*", multiple=False, description="Your own image")
        self.on(self.which, lambda new: self._ask(self.real[new]))
        self.on(self.upload, self._upload)
        buttons = [self.button("New noise", "draw the noise of every place anew", self.new_noise)]
        buttons += [self.button(f"Keep as {x}", f"an end of the walk: {x}", lambda x=x: self._keep(x)) for x in "AB"]
        self.box = ipywidgets.VBox(
            [
                *self.controls.values(),
                ipywidgets.HBox(buttons, layout=wrap),
                self.said,
                self.picture,
                ipywidgets.HTML("<b>From A to B</b>"),
                self.strip,
                ipywidgets.HTML("<b>What Q says of a real image</b>"),
                ipywidgets.HBox([self.shown, ipywidgets.VBox([self.which, self.upload, self.answer])], layout=wrap),
                self.message,
            ]
        )
        self.new_noise()
        continuous = self.values.keys() - set(self.spec.discrete)
        a, b = (self.spec.by_hand(self.z[:1], dict.fromkeys(continuous, value)) for value in (-1, 1))
        self.kept = {"A": a, "B": b}
        self._walk()
        self._ask(self.real[0])

    def _control(self, name: str) -> ipywidgets.Widget:
        code = self.spec[name]
        if code.discrete:
            options = [("all", None)] * (self.values[name] is None) + [(str(k), k) for k in range(code.width)]
            control = ipywidgets.ToggleButtons(options=options, value=self.values[name], description=name)
            control.style.button_width = "3.4em"
        else:
            control = ipywidgets.FloatSlider(0.0, min=-BEYOND, max=BEYOND, step=0.05, description=name)
        self.on(control, lambda new: self._set(name, new))
        return control

    def _set(self, name: str, new: float | None) -> None:
        self.values[name] = new
        self.draw()

    def new_noise(self) -> None:
        """Draw the noise of every place anew, and the grid."""
        self.z = self.spec.sample(ROWS * COLUMNS, self.generator).z
        self.draw()

    def draw(self) -> None:
        """Draw the grid from the codes as they stand."""
        latents, columns = grid_latents(self.spec, self.z, self.values)
        with one_thread():  # a slider wants its answer at once: eighty pictures don't wait for a second thread
            self.picture.value = grid(self.model.draw(latents), columns)
        self.said.value = html.escape(self.words())

    def words(self) -> str:
        codes = (f"{name} {'each in a column' if v is None else f'= {v:g}'}" for name, v in self.values.items())
        return f"Generated pictures: {', '.join(codes)}"

    def _keep(self, end: str) -> None:
        self.kept[end] = self.spec.by_hand(self.z[:1], {name: value or 0 for name, value in self.values.items()})
        self._walk()

    def _walk(self) -> None:
        self.strip.value = grid(self.model.draw(walk(self.spec, *self.kept.values())), 11, scale=2)

    def _ask(self, image: Tensor) -> None:
        self.shown.value = grid(as_floats(image[None]), 1, scale=4)
        self.answer.value = html.escape(answer(self.model, image))

    def _upload(self, new: dict | tuple) -> None:
        files = list(new.values() if isinstance(new, dict) else new)  # a dictionary in ipywidgets 7, a tuple in 8
        try:
            for file in files[-1:]:
                self._ask(read_image(bytes(file["content"]), *self.real.shape[1:3]))
            self.say("")
        except ValueError as error:
            self.say(str(error))


def check(model: Model, images: Tensor) -> Tensor:
    """The images as (n, channels, side, side); ``ValueError`` if the model can't be explored with them."""
    images = torch.as_tensor(images)
    images = images.unsqueeze(1) if images.ndim == 3 else images
    shape = model.draw(model.spec.sample(1, torch.Generator().manual_seed(0))).shape[1:]
    fit = len(images) and images.shape[1:] == shape and images.dtype == torch.uint8
    if not model.spec.codes or len(shape) != 3 or not fit:
        raise ValueError(
            f"a model with the codes {list(model.spec.names)} that draws {tuple(shape)}, and {len(images)} images "
            f"of shape {tuple(images.shape[1:])} in {images.dtype} were given; the explorer needs a code, pictures "
            "(channels, side, side), and real images of that shape in uint8"
        )
    return images


def grid_latents(spec: LatentSpec, z: Tensor, values: dict[str, float | None]) -> tuple[Latents, int]:
    """The latent variables of a grid and its columns, from noise (ROWS · COLUMNS, noise) and the codes' values.

    A discrete code with the value None gets a column for each of its values, and a row shares its noise. Without one,
    each place has its own noise.
    """
    free = [name for name, value in values.items() if value is None]
    if not free:
        return spec.by_hand(z, values), COLUMNS
    k = spec[free[0]].width
    columns = torch.arange(k).repeat(ROWS)
    return spec.by_hand(z[:ROWS].repeat_interleave(k, dim=0), values | {free[0]: columns}), k


def walk(spec: LatentSpec, a: Latents, b: Latents, steps: int = 11) -> Latents:
    """From one latent vector to another: noise and continuous codes in even steps, the noise kept at a draw's length.

    A discrete code has nothing between two values: it changes in the middle.
    """
    t = torch.linspace(0, 1, steps, dtype=torch.float32)[:, None]
    z, length = (x * (1 - t) + y * t for x, y in ((a.z, b.z), (a.z.norm(dim=1), b.z.norm(dim=1))))
    c = {
        name: torch.where(t[:, 0] < 0.5, a.c[name], b.c[name])
        if code.discrete
        else torch.lerp(a.c[name], b.c[name], t[:, 0])
        for name, code in spec.items()
    }
    return Latents(z * length / z.norm(dim=1, keepdim=True), c)


def answer(model: Model, image: Tensor) -> str:
    """Q's answer to one image (channels, side, side), in words; of a discrete code the values from 1 % on."""
    said = []
    for name, q in model.read(image[None]).items():
        if model.spec[name].discrete:
            p = sorted(((p, k) for k, p in enumerate(q.probs[0].tolist()) if p >= 0.01), reverse=True)
            said.append(f"{name} = " + " or ".join(f"{k} ({share:.0%})" for share, k in p))
        else:
            said.append(f"{name} = {q.mean.item():.2f} ± {q.stddev.item():.2f}")
    return "Q says: " + "; ".join(said)


def read_image(content: bytes, channels: int, side: int) -> Tensor:
    """An image file as uint8 (channels, side, side), padded to a square; grey ones light ink on black, as in MNIST.

    Raises:
        ValueError: if it is no image that Pillow reads, or one of too many pixels.
    """
    try:
        drawn = rgba(io.BytesIO(content))
    except Image.DecompressionBombError as error:
        raise ValueError(f"the image given is too large ({error}); shrink it first") from error
    except Exception as error:  # Pillow raises many kinds for a damaged file
        raise ValueError(f"the {len(content):,} bytes given are no image file; give a PNG or JPEG") from error
    grounds = [Image.alpha_composite(Image.new("RGBA", drawn.size, c), drawn).convert("L") for c in ("white", "black")]
    picture = max(grounds, key=lambda one: np.ptp(np.asarray(one)))  # black ink on clear shows on white, white on black
    edge = np.asarray(picture)
    if channels > 1:
        picture = drawn.convert("RGB")
    elif np.median(np.concatenate([edge[0], edge[-1], edge[:, 0], edge[:, -1]])) > 127:
        picture = ImageOps.invert(picture)  # dark ink on a light ground
    square = ImageOps.pad(picture, (side, side), Image.Resampling.LANCZOS)
    return torch.from_numpy(np.array(square)).view(side, side, channels).permute(2, 0, 1)
