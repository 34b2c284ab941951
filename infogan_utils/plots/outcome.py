"""Figures of notebook 06: what a model draws as its codes are set, starts by their bound, what each code moves."""

import matplotlib.pyplot
import numpy as np
import torch
from torch import Tensor

from infogan_utils.looking import Model
from infogan_utils.plots.figures import COLOURS, place, show, smooth
from infogan_utils.plots.tables import heat

NOISES, VALUES = 6, 9  # rows of noise; values of a continuous code in a sweep, from -1 to 1


def draws(model: Model, *, order: Tensor | None = None, names: tuple[str, ...] = (), seed: int = 0) -> None:
    """Show what the model draws: category × noise, then each continuous code from −1 to 1 in every category.

    ``order`` (K,) has the categories as they are drawn, ``names`` what to call them. ``seed`` is that of the rows of
    noise; the sweeps are drawn with the first one.
    """
    spec = model.spec
    if not spec.discrete:
        raise ValueError(f"{spec} has no category to make columns of; plots.image_grid shows any pictures")
    category, sweeps = spec.discrete[0], [name for name in spec.names if not spec[name].discrete]
    k = spec[category].width
    order = torch.arange(k) if order is None else torch.as_tensor(order)
    along = "category, named by its class" if names else "category"
    names = names or tuple(str(int(c)) for c in order)
    z = spec.sample(NOISES, torch.Generator().manual_seed(seed)).z
    latents = spec.by_hand(z.repeat_interleave(k, dim=0), {category: order.repeat(NOISES)})
    panels = [(NOISES, names, [], {"ylabel": "noise", "xlabel": along}, latents)]
    values, blanks = torch.linspace(-1, 1, VALUES), [""] * (VALUES // 2 - 1)
    for name in sweeps:
        latents = spec.by_hand(z[:1], {category: order.repeat_interleave(VALUES), name: values.repeat(k)})
        labels = {"ylabel": along, "xlabel": f"{name}, the other codes at 0"}
        panels.append((k, ["−1", *blanks, "0", *blanks, "1"], names, labels, latents))
    widths = [len(latents.z) / down**2 for down, *_, latents in panels]
    figure, axes = matplotlib.pyplot.subplots(1, len(panels), figsize=(12, 3.8), width_ratios=widths, squeeze=False)
    for ax, (down, columns, rows, labels, latents) in zip(axes[0], panels, strict=True):
        place(ax, model.draw(latents).unflatten(0, (down, -1)), rows, columns, **labels)
    said = "A column for each category, a row for each draw of noise. "
    if sweeps:
        said += f"Beside it, a row for each category; a continuous code goes from -1 to 1: {', '.join(sweeps)}."
    show(figure, said)


def starts(bounds: Tensor, accuracies: list[float]) -> None:
    """Show every start's bound A, in nats, against its accuracy, the one with the highest bound marked."""
    best = int(bounds.argmax())
    figure, ax = matplotlib.pyplot.subplots(figsize=(6, 3.4))
    ax.scatter(bounds, accuracies, color=COLOURS[0], label="a start")
    ax.scatter(
        bounds[best], accuracies[best], s=160, facecolor="none", edgecolor=COLOURS[5], linewidth=2, label="chosen"
    )
    r = float(np.corrcoef(bounds, accuracies)[0, 1]) if len(accuracies) > 1 else float("nan")
    title = f"{len(accuracies)} starts: correlation {r:.2f}, the chosen one {accuracies[best]:.1%} right"
    ax.set(xlabel="agreement bound A, nats (no labels)", ylabel="accuracy (with labels)", title=title)
    ax.legend(frameon=False)
    show(figure, f"A point for each start. {title}.")


def curves(runs: dict[str, list[float]], ceiling: float, title: str) -> None:
    """Show L_I of the category over the steps for each run, below 0 cut off, with its ceiling H(c)."""
    figure, ax = matplotlib.pyplot.subplots(figsize=(7, 3))
    for name, values in runs.items():
        means = smooth(values, min(25, max(1, len(values) // 4)))
        ax.plot(np.arange(len(values) - len(means), len(values)) + 1, means, label=name)
    ax.axhline(ceiling, color="black", linestyle="--", linewidth=1, label=f"H(c) = {ceiling:.3f} nats")
    ax.set(xlabel="step", ylabel="L_I of the category, nats", title=title, ylim=(-1, ceiling + 0.2))
    ax.legend(frameon=False)
    ends = ", ".join(f"{name} ends at {np.mean(values[-50:]):.2f}" for name, values in runs.items())
    show(figure, f"L_I of the category over the steps, in nats; {ends}.")


def properties(tables: dict[str, dict[str, dict[str, float]]]) -> None:
    """Show, for each run, which continuous code moves which property, as shares of that property's variance."""
    figure, axes = matplotlib.pyplot.subplots(1, len(tables), figsize=(4.2 * len(tables), 3.1), squeeze=False)
    for ax, (run, table) in zip(axes[0], tables.items(), strict=True):
        shares = np.array([list(row.values()) for row in table.values()])  # (properties, codes)
        heat(ax, shares, 1.0, xticklabels=list(next(iter(table.values()))), yticklabels=list(table), title=run)
    figure.suptitle("Share of a property's variance that a code explains", fontsize=11)
    digits = {run: {kind: [round(v, 2) for v in row.values()] for kind, row in t.items()} for run, t in tables.items()}
    said = "; ".join(f"{run}: slant {table['slant']}, aspect {table['aspect']}" for run, table in digits.items())
    show(figure, f"Share of each property's variance that each continuous code explains, code by code. {said}.")
