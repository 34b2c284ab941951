"""The explorer's panel: a control for each code, a walk from A to B, a real image for Q. Notebook 07 shows it."""

import html

import torch
from torch import Tensor

from infogan_utils.latents import Latents
from infogan_utils.looking import Model, as_floats
from infogan_utils.widgets import explorer
from infogan_utils.widgets.panel import Panel, ipywidgets
from infogan_utils.widgets.pictures import ROWS, bars, grid
from infogan_utils.widgets.threads import one_thread

BEYOND = 2.0  # where a continuous code's slider ends; training goes to 1


class ExplorerPanel(Panel):
    """Controls on a trained model.

    Args:
        model: what to look at. images: real ones for Q, uint8 (n, side, side) or (n, channels, side, side).
        seed: of the noise.
    """

    def __init__(self, model: Model, images: Tensor, *, seed: int = 0) -> None:
        super().__init__()
        self.model, self.spec, self.generator = model, model.spec, torch.Generator().manual_seed(seed)
        self.real = check(model, images)
        self.values = {name: 0 if code.discrete else 0.0 for name, code in self.spec.items()}
        self.values |= dict.fromkeys(self.spec.discrete[:1])  # None: a column for each value
        layout, wrap = ipywidgets.Layout, ipywidgets.Layout(flex_flow="row wrap")
        self.picture, self.strip, self.shown, self.posterior = self.images = [
            ipywidgets.Image(format="png", layout=layout(max_width="100%", flex="0 0 auto")) for _ in range(4)
        ]
        self.said, self.answer = ipywidgets.HTML(), ipywidgets.HTML()
        continuous = [name for name in self.spec.names if name not in self.spec.discrete]
        self.controls = {name: self._control(name) for name in self.spec.names}
        self.which = ipywidgets.IntSlider(0, min=0, max=len(images) - 1, description="real image")
        self.upload = ipywidgets.FileUpload(accept="image/*", multiple=False, description="Your own image")
        self.on(self.which, lambda new: self._ask(self.real[new]))
        self.on(self.upload, self._upload)
        buttons = [self.button("New noise", "draw the noise of every place anew", self.new_noise)]
        buttons += [self.button(f"Keep as {x}", f"an end of the walk: {x}", lambda x=x: self._keep(x)) for x in "AB"]
        ask = ipywidgets.VBox([self.which, self.upload, self.answer])
        self.box = ipywidgets.VBox(
            [
                *(self.controls[name] for name in self.spec.discrete),
                *(self.controls[name] for name in continuous),
                ipywidgets.HBox(buttons, layout=wrap),
                self.said,
                self.picture,
                ipywidgets.HTML("<b>From A to B</b>"),
                self.strip,
                ipywidgets.HTML("<b>What Q says of a real image</b>"),
                ipywidgets.HBox([self.shown, self.posterior, ask], layout=wrap),
                self.message,
            ]
        )
        self.new_noise()
        self.kept = {
            end: self.spec.by_hand(self.z[:1], dict.fromkeys(continuous, value)) for end, value in (("A", -1), ("B", 1))
        }
        self._walk()
        self._ask(self.real[0])

    def _control(self, name: str) -> "ipywidgets.Widget":
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
        self.z = self.spec.sample(ROWS * explorer.COLUMNS, self.generator).z
        self.draw()

    def draw(self) -> None:
        """Draw the grid from the codes as they stand."""
        latents, columns = explorer.grid_latents(self.spec, self.z, self.values)
        with one_thread():  # a slider wants its answer at once: eighty pictures don't wait for a second thread
            self.picture.value = grid(self.model.draw(latents), columns)
        self.said.value = html.escape(self.words())

    def words(self) -> str:
        codes = (f"{name} {'each in a column' if v is None else f'= {v:g}'}" for name, v in self.values.items())
        return f"Generated pictures: {', '.join(codes)}"

    def _here(self) -> Latents:
        return self.spec.by_hand(self.z[:1], {name: value or 0 for name, value in self.values.items()})

    def _keep(self, end: str) -> None:
        self.kept[end] = self._here()
        self._walk()

    def _walk(self) -> None:
        self.strip.value = grid(self.model.draw(explorer.walk(self.spec, *self.kept.values())), 11, scale=2)

    def _ask(self, image: Tensor) -> None:
        self.shown.value = grid(as_floats(image[None]), 1, scale=4)
        said, p = explorer.answer(self.model, image)
        self.answer.value = html.escape(said)
        if p:
            self.posterior.value = bars(p[0], f"Q({self.spec.discrete[0]} | x)")

    def _upload(self, new: dict | tuple) -> None:
        files = list(new.values() if isinstance(new, dict) else new)  # a dictionary in ipywidgets 7, a tuple in 8
        try:
            for file in files[-1:]:
                self._ask(explorer.read_image(bytes(file["content"]), *self.real.shape[1:3]))
            self.say("")
        except ValueError as error:
            self.say(str(error))


def check(model: Model, images: Tensor) -> Tensor:
    """The images as (n, channels, side, side); ``ValueError`` if the model can't be explored with them."""
    images = images.unsqueeze(1) if images.ndim == 3 else images
    shape = model.draw(model.spec.sample(1, torch.Generator().manual_seed(0))).shape[1:]
    if not model.spec.codes or len(shape) != 3 or images.shape[1:] != shape or images.dtype != torch.uint8:
        raise ValueError(
            f"a model with the codes {list(model.spec.names)} that draws {tuple(shape)}, and images of shape "
            f"{tuple(images.shape[1:])} in {images.dtype} were given; the explorer needs a code, pictures (channels, "
            "side, side), and real images of that shape in uint8"
        )
    return images
