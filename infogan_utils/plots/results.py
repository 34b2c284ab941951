"""Measured runs as tables: ``plots.measured()`` reads them, ``plots.parts_table()`` shows them. Notebooks 06 and 08.

``assets/parts.json`` has the recipe and the recipe without each of its parts, over seeds, by
``tests/benchmarks/parts.py`` and ``digits.py``. Last in a cell: ``plots.parts_table(["no T"], ["accuracy"])``.
"""

import json
import statistics
from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot
from matplotlib.figure import Figure

from infogan_utils.plots.figures import COLOURS

ASSETS = Path(__file__).parents[1] / "assets"
LEAST, MOST = 0.5, 0.15  # a factor is found if one code explains this share of it or more, and no other more than MOST
FACTORS = ("slant", "aspect")  # aspect: width against height
WORST = ("accuracy", "FactorVAE score", "MIG")  # the worst seed stands beside the mean
FIGURES = ("accuracy", "recall", "coverage", "frechet", "noise alone", *FACTORS)


class Table(str):
    """Text of a Markdown table: a notebook renders it, ``print`` shows it aligned."""

    def _repr_markdown_(self) -> str:
        return str(self)

    __repr__ = str.__str__


def measured(name: str = "parts") -> dict:
    """The measured runs that come with the package: "runs", a list, and how they were made."""
    return json.loads((ASSETS / f"{name}.json").read_text("utf-8"))


def found(run: dict, factor: str) -> str | None:
    """The name of the code that stands for ``factor``, e.g. "slant", in this run; None where it wasn't found."""
    shares = run.get("properties", {}).get(factor, {})
    best = max(shares, key=shares.get, default=None)
    others = [share for name, share in shares.items() if name != best]
    return best if best and shares[best] >= LEAST and max(others, default=0) <= MOST else None


def parts_table(names: Sequence[str] = (), figures: Sequence[str] = FIGURES, runs: Sequence[dict] = ()) -> Table:
    """A row a recipe: mean ± deviation over its seeds, and the worst seed where it matters most.

    A factor's cell is the share of its variance that its code explains, where a seed found it, and how many did.
    ``names`` are the recipes in their order, by default all; ``figures`` keys of a run, or factors; ``runs`` others
    than those of ``assets/parts.json``.
    """
    runs = runs or measured()["runs"]
    names = names or list(dict.fromkeys(run["name"] for run in runs))
    rows = [["recipe", "seeds", *figures]]
    for name in names:
        own = [run for run in runs if run["name"] == name]
        if not own:
            raise ValueError(f"no run is called {name!r}; there are {list(dict.fromkeys(r['name'] for r in runs))}")
        rows.append([name, str(len(own)), *(cell(own, figure) for figure in figures)])
    return table(rows)


def runs_figure(names: Sequence[str] | dict[str, str], figures: Sequence[str]) -> Figure:
    """A row for each recipe: a point a run, a line at their mean; × is a run that didn't find the factor.

    A dictionary has the recipes' names and what to call them here.
    """
    runs = measured()["runs"] + measured("digits")["runs"]
    size = (10, 0.36 * len(names) + 0.8)
    figure, panels = matplotlib.pyplot.subplots(1, len(figures), figsize=size, sharey=True, squeeze=False)
    for axes, key in zip(panels[0], figures, strict=True):
        for row, name in enumerate(names):
            own = [run for run in runs if run["name"] == name and (key in run or "properties" in run)]
            values = [run["properties"][key].get(found(run, key)) if key in FACTORS else run[key] for run in own]
            seen = [value for value in values if value is not None]
            axes.plot(seen, [row] * len(seen), "o", color=COLOURS[row % 6], alpha=0.6)
            axes.plot([0] * (len(own) - len(seen)), [row] * (len(own) - len(seen)), "x", color="black")
            if seen:
                axes.plot([statistics.mean(seen)] * 2, [row - 0.35, row + 0.35], color="black")
        axes.set(xlabel=key, xlim=(-0.05, 1.05))
    panels[0, 0].set_yticks(range(len(names)), names.values() if isinstance(names, dict) else names)
    panels[0, 0].invert_yaxis()
    missing = "; × is a run that didn't find the property" if set(figures) & set(FACTORS) else ""
    figure.suptitle(f"A point is a run, a line is a mean{missing}", fontsize=11)
    return figure


def cell(runs: Sequence[dict], figure: str) -> str:
    """What a table says of one figure over the seeds; "–" where it wasn't measured."""
    if figure in FACTORS:
        measured_in = [run for run in runs if run.get("properties")]
        shares = [run["properties"][figure][code] for run in measured_in if (code := found(run, figure))]
        if not measured_in:
            return "–"
        return f"{over_seeds(shares)} in {len(shares)} of {len(measured_in)}" if shares else "missing"
    values = [run[figure] for run in runs if run.get(figure) is not None]
    if not values:
        return "–"
    return over_seeds(values) + (f" (worst {min(values):.3f})" if figure in WORST else "")


def over_seeds(values: Sequence[float]) -> str:
    """Mean ± deviation, with three digits."""
    digits = 1 if max(values) >= 10 else 3 if max(values) < 1.5 else 2
    mean = f"{statistics.mean(values):.{digits}f}"
    return f"{mean} ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else mean


def table(rows: Sequence[Sequence[str]]) -> Table:
    """Rows of cells, the heads first, as an aligned Markdown table."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["| " + " | ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) + " |" for row in rows]
    lines.insert(1, "|" + "|".join("-" * (w + 2) for w in widths) + "|")
    return Table("\n".join(lines))
