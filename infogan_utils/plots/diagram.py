"""The one drawing of the series: z, c → G → x → trunk → D, Q, with the parts in question lit and the rest grey.

Every notebook shows it near its top; 05 and 06 add which loss moves which networks.
"""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from infogan_utils.plots.figures import COLOURS, show

BLUE, ORANGE, GREEN, PINK, SKY, RED = COLOURS[:6]
GREY = "#b5b5b5"

# part: (centre x, centre y, width, height, what the box says, colour); inches
PARTS = {
    "z": (0.70, 1.55, 1.15, 0.62, "z\nnoise", PINK),
    "c": (0.70, 0.65, 1.15, 0.62, "c\ncodes", PINK),
    "G": (2.30, 1.10, 1.10, 1.00, "G\ngenerator", ORANGE),
    "x": (3.95, 1.10, 1.15, 0.62, "x\ngenerated", SKY),
    "data": (3.95, 2.00, 1.15, 0.62, "x\nreal", SKY),
    "trunk": (5.55, 1.10, 1.10, 1.00, "trunk\nshared", BLUE),
    "D": (7.20, 1.55, 1.25, 0.62, "D\nD's head", BLUE),
    "Q": (7.20, 0.65, 1.25, 0.62, "Q\nQ's head", GREEN),
}
ARROWS = ("z G", "c G", "G x", "x trunk", "data trunk", "trunk D", "trunk Q")
SAYS = {"D": "D(x): real?", "Q": "Q(c|x): which c?"}

# loss: (the head where it starts, the networks that it moves, its formula, colour, height of its line)
LOSSES = {
    "D": ("D", ("D", "trunk"), "D's loss, −V", BLUE, 2.25),
    "G": ("D", ("G",), "G's loss", RED, 2.65),
    "information": ("Q", ("Q", "trunk", "G"), "−λ L_I", GREEN, 0.02),
}


def draw(lit: Sequence[str] = tuple(PARTS), losses: Sequence[str] = ()) -> None:
    """Show the drawing, with an alternative text that says what is lit and what each loss moves.

    ``lit`` are the parts to colour, of ``PARTS``; the others are grey. ``losses``, of ``LOSSES``, are coloured lines
    that run back from the head where a loss is computed, with an arrow into every network that it moves.
    """
    for name, known in [*((part, PARTS) for part in lit), *((loss, LOSSES) for loss in losses)]:
        if name not in known:
            raise ValueError(f"the drawing has no {name!r}; there are {', '.join(known)}")
    show(figure(lit, losses), words(lit, losses))


def figure(lit: Sequence[str], losses: Sequence[str]) -> Figure:
    """The drawing as a figure; ``draw`` says what the arguments are."""
    top = max([2.4, *(LOSSES[loss][4] + 0.2 for loss in losses)])
    bottom = min([0.22, *(LOSSES[loss][4] - 0.2 for loss in losses)])
    drawing = Figure(figsize=(9.6, top - bottom), layout="none")
    axes = drawing.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, 9.6), ylim=(bottom, top))
    axes.set_axis_off()
    for pair in ARROWS:
        arrow(axes, *pair.split(), all(part in lit for part in pair.split()))
    for name, (x, y, width, height, text, colour) in PARTS.items():
        ink, edge = ("black", colour) if name in lit else ("#767676", GREY)
        fill = [0.75 + 0.25 * part for part in to_rgb(colour)] if name in lit else "white"  # opaque, hides the lines
        corner = (x - width / 2, y - height / 2)
        style = "round,pad=0,rounding_size=0.1"
        axes.add_patch(FancyBboxPatch(corner, width, height, boxstyle=style, ec=edge, fc=fill, lw=2))
        title, below = text.split("\n")
        axes.text(x, y + 0.1, title, ha="center", va="center", color=ink, fontsize=13, fontweight="bold")
        axes.text(x, y - 0.15, below, ha="center", va="center", color=ink, fontsize=9)
        if name in SAYS:
            axes.text(x + width / 2 + 0.12, y, SAYS[name], va="center", color=ink, fontsize=10)
    for loss in losses:
        lane(axes, loss)
    return drawing


def arrow(axes: Axes, start: str, end: str, lit: bool) -> None:
    """An arrow from the right edge of one box to the left edge of another."""
    x, y, width = PARTS[start][:3]
    to_x, to_y, to_width, to_height = PARTS[end][:4]
    reach = max(-0.3 * to_height, min(0.3 * to_height, y - to_y))  # where it meets a higher box
    style = {"arrowstyle": "-|>", "color": "black" if lit else GREY, "lw": 1.6, "shrinkA": 1, "shrinkB": 1}
    axes.annotate("", (to_x - to_width / 2, to_y + reach), (x + width / 2, y), arrowprops=style)


def lane(axes: Axes, loss: str) -> None:
    """A loss's line, from its head back to the last network that it moves, and an arrow into each of these."""
    head, moves, formula, colour, y = LOSSES[loss]
    shift = {"D": -0.16, "G": 0.16, "information": 0}[loss]  # so that two lines at D's head stand side by side
    ends = [PARTS[part][0] + shift for part in (*moves, head)]
    axes.plot([min(ends), 8.0], [y, y], color=colour, lw=2, solid_capstyle="round")
    axes.text(8.1, y, formula, va="center", color=colour, fontsize=10, fontweight="bold")
    for part in dict.fromkeys((head, *moves)):
        x, centre, _, height = PARTS[part][:4]
        edge = centre + height / 2 if y > centre else centre - height / 2
        style = {"arrowstyle": "-|>" if part in moves else "-", "color": colour, "lw": 2, "shrinkA": 0, "shrinkB": 1}
        axes.annotate("", (x + shift, edge), (x + shift, y), arrowprops=style, zorder=0)


def words(lit: Sequence[str], losses: Sequence[str]) -> str:
    """The drawing in words."""
    said = "z and c go into G, which makes x; real and generated x go through a trunk to D's head and Q's head. "
    said += "All parts lit." if set(lit) == set(PARTS) else f"Lit: {', '.join(lit)}."
    for loss in losses:
        _, moves, formula, *_ = LOSSES[loss]
        said += f" {formula} moves {' and '.join(moves)}."
    return said
