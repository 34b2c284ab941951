"""The latent explorer's panel: sliders, category buttons, an interpolation, and a real digit for Q. Notebook 07."""

import html

import torch
from torch import Tensor

from infogan_utils import drawing
from infogan_utils.explorer import Explorer, read_image
from infogan_utils.panels import Panel, button, finished, ipywidgets


class ExplorerPanel(Panel):
    """Controls on an ``Explorer``.

    Args:
        explorer: the model and its codes.
        digits: real images for Q, uint8 (n, side, side).
    """

    def __init__(self, explorer: Explorer, digits: Tensor) -> None:
        super().__init__()
        self.explorer, self.digits = explorer, digits
        layout, codes = ipywidgets.Layout, explorer.layout
        self.picture = ipywidgets.Image(format="png", layout=layout(width="336px", height="269px", flex="0 0 auto"))
        self.strip = ipywidgets.Image(format="png", layout=layout(width="616px", height="56px"))
        self.words = ipywidgets.HTML(layout=layout(min_height="1.6em"))
        options = [("all", None), *((str(k), k) for k in range(codes.categorical[0]))]
        self.category = ipywidgets.ToggleButtons(
            options=options, value=None, description="category", style={"button_width": "3.4em"}
        )
        self.sliders = [
            ipywidgets.FloatSlider(0.0, min=-2, max=2, step=0.05, description=f"c{j + 1}", readout_format=".2f")
            for j in range(codes.continuous)
        ]
        self.hold = ipywidgets.Checkbox(value=True, description="hold the noise", indent=False)
        self.noise = button("New noise", "draw the noise anew")
        self.keep = {name: button(f"Keep as {name}", f"an end of the strip from A to B: {name}") for name in "AB"}
        self.which = ipywidgets.IntSlider(0, min=0, max=len(digits) - 1, description="real digit")
        self.upload = ipywidgets.FileUpload(accept="image/*", multiple=False, description="Your own digit")
        self.real = ipywidgets.Image(format="png", layout=layout(width="112px", height="112px", flex="0 0 auto"))
        self.posterior = ipywidgets.HTML(layout=layout(width="340px", height="156px", flex="0 0 auto"))
        self.answer = ipywidgets.HTML(layout=layout(min_height="1.6em"))
        self.on("category", self.category, self._category)
        for j, slider in enumerate(self.sliders):
            self.on(f"c{j + 1}", slider, lambda new, j=j: self._slide(j, new))
        self.on("hold", self.hold, self._hold)
        self.on("New noise", self.noise, lambda _: self._new_noise(), None)
        for name, widget in self.keep.items():
            self.on(f"Keep as {name}", widget, lambda _, name=name: self._keep(name), None)
        self.on("real digit", self.which, lambda new: self._ask(self.digits[new]))
        self.on("upload", self.upload, self._upload)
        wrap = layout(flex_flow="row wrap")
        row = ipywidgets.HBox([self.hold, self.noise, *self.keep.values()], layout=wrap)
        left = ipywidgets.VBox([*self.sliders, row, self.words])
        ask = ipywidgets.VBox([self.which, self.upload, self.answer])
        self.box = ipywidgets.VBox(
            [
                self.category,
                ipywidgets.HBox([self.picture, left], layout=wrap),
                ipywidgets.HTML("<b>From A to B</b>"),
                self.strip,
                ipywidgets.HTML("<b>What Q says of a real digit</b>"),
                ipywidgets.HBox([self.real, self.posterior, ask], layout=wrap),
                self.message,
            ]
        )
        self.draw()
        self._strip()
        self._ask(digits[0])

    def draw(self) -> None:
        """The grid and its words, from the codes as they stand."""
        e = self.explorer
        self.picture.value = e.picture()
        codes = ", ".join(f"c{j + 1} = {value:.2f}" for j, value in enumerate(e.cont))
        what = "a column for each category" if e.category is None else f"category {e.category} everywhere"
        self.words.value = f"{what}; {codes}; noise {'held' if e.hold else 'drawn anew at each change'}"

    def _category(self, new: int | None) -> None:
        self.explorer.category = new
        self.draw()

    def _slide(self, j: int, new: float) -> None:
        self.explorer.cont[j] = new
        self.draw()

    def _hold(self, new: bool) -> None:
        self.explorer.hold = new
        self.draw()

    def _new_noise(self) -> None:
        self.explorer.new_noise()
        self.draw()

    def _keep(self, name: str) -> None:
        self.explorer.keep(name)
        self._strip()
        self.say("")

    def _strip(self) -> None:
        self.strip.value = drawing.grid(self.explorer.between().numpy(), scale=2)

    def _ask(self, image: Tensor) -> None:
        self.real.value = drawing.grid((image[None, None].float() / 255).numpy(), scale=4)
        p, _, _ = self.explorer.answer(image)
        self.posterior.value = drawing.bars(p, [str(k) for k in range(len(p))], title="Q(category | x)")
        self.answer.value = html.escape(self.explorer.answer_text(image))

    def _upload(self, new: dict | tuple) -> None:
        files = list(new.values() if isinstance(new, dict) else new)  # a dictionary in ipywidgets 7, a tuple in 8
        if not files:
            return
        try:
            self._ask(read_image(bytes(files[-1]["content"]), self.digits.shape[-1]))
        except ValueError as error:
            self.say(str(error))
        else:
            self.say("")

    def rehearse(self) -> dict[str, int]:
        """Use every control once; how often each callback ran. The sliders end where they began."""
        for value in (3, None):
            self.category.value = value
        for slider in self.sliders:
            for value in (1.0, 0.0):
                slider.value = value
        for value in (False, True):
            self.hold.value = value
        for name in ("Keep as A", "New noise", "Keep as B"):
            self.click(name)
        content = drawing.grid(torch.rand(1, 1, 28, 28, generator=torch.Generator().manual_seed(0)).numpy())
        for data in (b"no image", content):
            self.callbacks["upload"]({"new": ({"content": memoryview(data)},)})
        for value in (1, 0):
            self.which.value = value
        return finished(self)
