"""A trained model to look at: its weights in a small file, the pictures a code gives, Q's answer to a real digit.

``explorer_panel`` puts sliders on it, notebook 07 uses both. The file is safetensors: the averaged G and D in
half precision, and in its header the layout, the sizes and the command that made it.
"""

import io
import json
import math
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from infogan_utils import drawing
from infogan_utils.checkpoint import CheckpointError
from infogan_utils.codes import Codes, Layout
from infogan_utils.models import Size
from infogan_utils.pictures import upright
from infogan_utils.recipes import Recipe
from infogan_utils.toy import one_thread
from infogan_utils.training import Trainer

WEIGHTS = Path(__file__).parent / "weights" / "mnist.safetensors"  # comes with the package
FORMAT = "infogan-weights-1"
ROWS, COLUMNS = 8, 10


def save_weights(trainer: Trainer, path: str | Path, *, command: str) -> Path:
    """Write the averaged networks in float16, a quarter of a run's size or less; ``command`` says how they came."""
    tensors = {}
    for name, net in trainer.averaged.items():
        for key, value in net.module.state_dict().items():
            half = value.is_floating_point() and "running" not in key  # a variance can exceed float16's range
            tensors[f"{name}.{key}"] = (value.half() if half else value).detach().cpu().contiguous()
    about = {
        "format": FORMAT,
        "layout": asdict(trainer.layout),
        "size": asdict(trainer.size),
        "image_shape": trainer.image_shape,
        "learn_sigma": trainer.recipe.learn_sigma,
        "steps": trainer.steps,
        "seed": trainer.seed,
        "command": command,
    }
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, path, metadata={"infogan": json.dumps(about)})
    return Path(path)


class Explorer:
    """G and Q of a trained model, in eval mode, and the codes under the sliders.

    Args:
        G, D: the networks. layout: their latent variables, with a categorical code.
        about: where they come from, for showing.
        seed: of the noise.
    """

    def __init__(self, G: torch.nn.Module, D: torch.nn.Module, layout: Layout, *, about: dict, seed: int = 0) -> None:
        if not layout.categorical:
            raise ValueError(f"the explorer has buttons for a category, but {layout} has no categorical code")
        self.G, self.D, self.layout, self.about = G.eval(), D.eval(), layout, about
        self.generator = torch.Generator().manual_seed(seed)
        self.category: int | None = None  # None: a row for each
        self.cont = [0.0] * layout.continuous
        self.hold = True
        self.kept: dict[str, tuple[int, list[float], Tensor]] = {}
        self.new_noise()

    @classmethod
    def load(cls, path: str | Path = WEIGHTS) -> "Explorer":
        """Read a file that ``save_weights`` wrote.

        Raises:
            FileNotFoundError: if there is none.
            CheckpointError: if it is damaged, or something else (a pickle, another kind of safetensors file).
        """
        path = Path(path)
        if not path.is_file():
            raise FileNotFoundError(
                f"there are no weights {path.name} in {path.parent.name}; reinstall the package, or train a model "
                "(notebook 06) and call explorer.save_weights(trainer, path, command=…)"
            )
        try:
            with safe_open(path, "pt") as file:
                about = json.loads((file.metadata() or {})["infogan"])
                tensors = {key: file.get_tensor(key).float() for key in file.keys()}
            if not isinstance(about, dict):
                raise ValueError(f"its header holds a {type(about).__name__}, no object")
            if about.get("format") != FORMAT:
                raise CheckpointError(f"{path} has the format {about.get('format')!r}; this version reads {FORMAT!r}")
            layout, recipe = Layout(**about["layout"]), Recipe(learn_sigma=about["learn_sigma"])
            shape = tuple(about["image_shape"])
            run = Trainer(layout, recipe, size=Size(**about["size"]), image_shape=shape, seed=about["seed"])
            for name, net in (("G", run.G), ("D", run.D)):
                own = {key[2:]: value for key, value in tensors.items() if key.startswith(f"{name}.")}
                net.load_state_dict(own)
        except (SafetensorError, LookupError, ValueError, TypeError, RuntimeError) as error:
            raise CheckpointError(
                f"{path} can't be used ({type(error).__name__}: {error}); name a file that explorer.save_weights wrote"
            ) from error
        return cls(run.G, run.D, layout, about=about)

    def new_noise(self) -> None:
        """Draw the noise of every place of the grid anew."""
        self.z = torch.randn(ROWS * COLUMNS, self.layout.noise, generator=self.generator)

    def images(self) -> Tensor:
        """(rows, columns, height, width): one category in every place, or a column for each; a row shares its noise.

        With one category each place has its own noise. Draws new noise first unless ``hold``.
        """
        if not self.hold:
            self.new_noise()
        k = self.layout.categorical[0]
        if self.category is None:
            z = self.z[:ROWS].repeat_interleave(k, dim=0)
            first = torch.arange(k).repeat(ROWS)
        else:
            z, first = self.z, torch.full((ROWS * COLUMNS,), self.category)
        return self._draw(z, first, torch.tensor([self.cont]).repeat(len(z), 1)).view(ROWS, -1, *self._side())

    def _side(self) -> tuple[int, int]:
        return self.G.image_shape[-2:]

    @torch.no_grad()
    def _draw(self, z: Tensor, first: Tensor, cont: Tensor) -> Tensor:
        c_cat = torch.zeros(len(z), len(self.layout.categorical), dtype=torch.int64)
        c_cat[:, 0] = first
        with one_thread():  # a slider wants its answer at once: eighty pictures don't wait for a second thread
            return self.G(Codes(z, c_cat, cont)).mean(dim=1)  # grey

    def picture(self) -> bytes:
        """The grid as PNG bytes."""
        return drawing.grid(self.images().numpy())

    def keep(self, name: str) -> None:
        """Remember the codes and the first noise as "A" or "B", the ends of the interpolation."""
        self.kept[name] = self._now()

    def _now(self) -> tuple[int, list[float], Tensor]:
        return self.category or 0, list(self.cont), self.z[0].clone()

    def between(self, steps: int = 11) -> Tensor:
        """(1, steps, height, width) from A to B: noise and continuous codes in even steps; the category, which has
        no half-way, changes in the middle. An end not kept is taken from the codes as they stand."""
        (k_a, c_a, z_a), (k_b, c_b, z_b) = (self.kept.get(name, self._now()) for name in ("A", "B"))
        t = torch.linspace(0, 1, steps)[:, None]
        first = torch.where(t[:, 0] < 0.5, k_a, k_b)
        z = z_a * (1 - t) + z_b * t
        z = z * z.new_tensor(math.sqrt(self.layout.noise)) / z.norm(dim=1, keepdim=True)  # a draw's usual length
        cont = torch.tensor(c_a) * (1 - t) + torch.tensor(c_b) * t
        return self._draw(z, first, cont.view(steps, self.layout.continuous))[None]

    @torch.no_grad()
    def answer(self, image: Tensor) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Q's posterior for one grey image (side, side), uint8 or float in [0, 1]: P of each category, mu, sigma.

        Raises:
            ValueError: if it has another shape or type.
        """
        if image.shape != self._side() or not (image.dtype == torch.uint8 or image.is_floating_point()):
            raise ValueError(
                f"an image of shape {tuple(image.shape)} and type {image.dtype} was given; Q is asked about one of "
                f"shape {tuple(self._side())}, uint8 or float in [0, 1]"
            )
        x = image.float() / 255 if image.dtype == torch.uint8 else image.float()
        q = self.D(x.expand(1, *self.G.image_shape))[1]
        return q.logits[0][0].softmax(0).numpy(), q.mu[0].numpy(), (q.log_var[0] / 2).exp().numpy()

    def answer_text(self, image: Tensor) -> str:
        """Q's answer in words."""
        p, mu, sigma = self.answer(image)
        entropy = -(p * np.log(np.maximum(p, 1e-12))).sum()
        codes = ", ".join(f"c{j + 1} = {m:.2f} ± {s:.2f}" for j, (m, s) in enumerate(zip(mu, sigma, strict=True)))
        return f"Q says category {p.argmax()} with {p.max():.1%}, entropy {entropy:.2f} nats; {codes}"


def read_image(content: bytes, side: int = 28) -> Tensor:
    """An image file as (side, side) uint8, light ink on black as in MNIST.

    Raises:
        ValueError: if it is no image that Pillow reads, or one of too many pixels.
    """
    try:
        drawn = upright(io.BytesIO(content))
    except Image.DecompressionBombError as error:
        raise ValueError(f"the image given is too large ({error}); shrink it first") from error
    except Exception as error:  # Pillow raises many kinds for a damaged file
        raise ValueError(f"the {len(content):,} bytes given are no image file; give a PNG or JPEG") from error
    grounds = [Image.alpha_composite(Image.new("RGBA", drawn.size, c), drawn).convert("L") for c in ("white", "black")]
    picture = max(grounds, key=lambda one: np.ptp(np.asarray(one)))  # black ink on clear shows on white, white on black
    square = max(picture.size)
    pixels = np.asarray(picture)
    if np.median(np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])) > 127:
        picture = Image.fromarray(255 - pixels)  # dark ink on a light ground
    canvas = Image.new("L", (square, square))
    canvas.paste(picture, ((square - picture.width) // 2, (square - picture.height) // 2))
    return torch.from_numpy(np.array(canvas.resize((side, side), Image.Resampling.LANCZOS)))
