"""What a picture looks like, as numbers, and which code moves which of them. Notebook 08 reads the tables.

Properties come from the moments of a grey picture whose ink is bright on a dark ground, such as a digit.
"""

import math
from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn.functional import pad

from infogan_utils.latents import Latents
from infogan_utils.looking import Model, as_floats
from infogan_utils.metrics.judge import diversity

DRAWS = 300  # samples of a category


def picture_properties(images: Tensor) -> dict[str, Tensor]:
    """Slant, width, height, aspect, stroke and ink of each picture, (n,) float64 each; lengths in pixels.

    With moments μ about the centre of ink: slant −μ₁₁/μ₀₂, positive where it leans to the right; width
    √(μ₂₀ − μ₁₁²/μ₀₂), so with the slant taken out; height √μ₀₂; aspect ln(width/height). Ink is the sum of all pixels;
    stroke is ink over the length of the edge (the total variation), half a line's thickness. Without ink all are NaN.
    ``images`` are uint8 or floats in [0, 1], (n, side, side) or (n, 1, side, side).
    """
    x = as_floats(images).double()
    if x.ndim != 4 or x.shape[1] != 1:
        raise ValueError(f"images {tuple(images.shape)} were given; (n, side, side) or (n, 1, side, side) are measured")
    x = x.squeeze(1)
    rows, columns, ink = x.sum(dim=2), x.sum(dim=1), x.sum(dim=(1, 2))
    down, right = (torch.arange(size, dtype=x.dtype, device=x.device) for size in x.shape[1:])
    v, h = down - (rows @ down / ink)[:, None], right - (columns @ right / ink)[:, None]  # from the centre of ink
    mu_20, mu_02 = (columns * h**2).sum(dim=1) / ink, (rows * v**2).sum(dim=1) / ink
    mu_11 = torch.einsum("nij,ni,nj->n", x, v, h) / ink
    width, height = (mu_20 - mu_11**2 / mu_02).clamp_min(0).sqrt(), mu_02.sqrt()
    framed = pad(x, (1, 1, 1, 1))
    across, along = framed[:, :-1, 1:] - framed[:, :-1, :-1], framed[:, 1:, :-1] - framed[:, :-1, :-1]
    edge = (across**2 + along**2).sqrt().sum(dim=(1, 2))
    shape = {"slant": -mu_11 / mu_02, "width": width, "height": height, "aspect": (width / height).log()}
    return shape | {"stroke": ink / edge, "ink": ink}


def explained(code: Tensor, values: Tensor, bins: int = 8) -> float:
    """Share of the variance of ``values`` (n,) that ``code`` (n,) explains: that of the means in its quantile bins.

    A code that says nothing gets (bins − 1)/(n − 1) on average: 0.02 for 300 draws. NaN and infinities are left out.
    """
    code, values = torch.as_tensor(code), torch.as_tensor(values)
    finite = values.isfinite()
    code, values = code[finite], values[finite].double()
    if len(values) < 10 * bins:
        raise ValueError(f"{len(values)} finite values were given; {bins} bins need {10 * bins} or more")
    parts = values[code.argsort(stable=True)].tensor_split(bins)
    between = sum(len(part) * (part.mean() - values.mean()) ** 2 for part in parts) / len(values)
    return float(between / values.var(correction=0).clamp_min(1e-30))


def property_table(model: Model, generator: torch.Generator) -> dict[str, dict[str, float]]:
    """What each continuous code moves: ``table["slant"]["cont 1"]`` is the share of the slant's variance it explains.

    Measured within each value of the first discrete code, 300 samples each with all else drawn, then averaged.
    """
    names = [name for name in model.spec.names if not model.spec[name].discrete]
    groups = list(_within(model, generator))
    tables = [picture_properties(model.draw(latents)) for latents in groups]

    def share(kind: str, name: str) -> float:
        pairs = zip(groups, tables, strict=True)
        return sum(explained(latents.c[name], table[kind]) for latents, table in pairs) / len(groups)

    return {kind: {name: share(kind, name) for name in names} for kind in tables[0]}


def variance_shares(model: Model, images: Tensor, labels: Tensor, generator: torch.Generator) -> dict[str, float]:
    """Variance of a pixel within a category, as a share of that of the real ``images`` (n, …) within a class.

    "noise alone": all codes but the first discrete one at 0; "codes alone": one z a category; "both": all drawn.
    """
    real, shares = diversity(images, labels) ** 2, {"noise alone": 0.0, "codes alone": 0.0, "both": 0.0}
    groups = list(_within(model, generator))
    for z, c in groups:
        still = {name: code if name in model.spec.discrete[:1] else torch.zeros_like(code) for name, code in c.items()}
        kinds = {"noise alone": Latents(z, still), "codes alone": Latents(z[:1].expand_as(z), c), "both": Latents(z, c)}
        for kind, latents in kinds.items():
            shares[kind] += diversity(model.draw(latents), torch.zeros(DRAWS)) ** 2 / real / len(groups)
    return shares


def _within(model: Model, generator: torch.Generator) -> Iterator[Latents]:
    """For each value of the first discrete code, ``DRAWS`` latent variables that share it; one group without it."""
    name = next(iter(model.spec.discrete), None)
    for value in range(round(math.exp(model.spec[name].entropy)) if name else 1):  # equally likely, so e^H values
        z, c = model.spec.sample(DRAWS, generator).to("cpu")
        yield Latents(z, c | {name: torch.full_like(c[name], value)} if name else c)
