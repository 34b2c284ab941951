"""Small pictures drawn fast: PNG bytes by Pillow, curves as SVG. No pyplot, so a widget's callback may call them.

Notebook 07's dial and explorer draw with it. Colours are Okabe and Ito's, and no message is in colour alone:
groups of points carry their number, lines their dashes and names.
"""

import html
import io
import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000")
DASHES = ("", "6 3", "2 2", "8 3 2 3")


def png(picture: Image.Image) -> bytes:
    """The picture as PNG bytes, compressed little, for speed."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def scatter(points: np.ndarray, group: np.ndarray, behind: np.ndarray, *, side: int = 300, reach: float = 3.5) -> bytes:
    """Points (n, 2) coloured and numbered by ``group`` (n,), over the grey points ``behind``; PNG bytes.

    The picture is square, from -``reach`` to ``reach`` both ways; points outside are drawn at its edge.
    """
    scale = 2 * side  # drawn twice as large and halved, for smooth edges
    picture = Image.new("RGB", (scale, scale), "white")
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(34)

    def place(xy: np.ndarray) -> np.ndarray:
        clipped = np.nan_to_num(np.clip(xy / reach, -1, 1)) * [1, -1]
        return (clipped + 1) / 2 * (scale - 1)

    for x, y in place(behind):
        draw.rectangle((x - 1, y - 1, x + 2, y + 2), fill="#c8c8c8")
    spots = place(points)
    for (x, y), k in zip(spots, group, strict=True):
        draw.rectangle((x - 2, y - 2, x + 3, y + 3), fill=COLOURS[k % 6])
    for k in np.unique(group):  # the number stands at the median of its points
        x, y = np.median(spots[group == k], axis=0)
        draw.text((x, y), str(k), fill="black", font=font, anchor="mm", stroke_width=5, stroke_fill="white")
    draw.rectangle((0, 0, scale - 1, scale - 1), outline="#888888", width=2)
    return png(picture.resize((side, side), Image.Resampling.BOX))


def grid(images: np.ndarray, *, scale: int = 1, labels: Sequence[str] = ()) -> bytes:
    """Images (rows, columns, height, width) in [0, 1], black ink on white, a label before each row; PNG bytes."""
    rows, columns, height, width = images.shape
    flat = images.transpose(0, 2, 1, 3).reshape(rows * height, columns * width)
    grey = ((1 - np.clip(np.nan_to_num(flat), 0, 1)) * 255).astype(np.uint8)
    tiles = Image.fromarray(grey).resize((columns * width * scale, rows * height * scale), Image.Resampling.NEAREST)
    margin = 9 * max((len(label) for label in labels), default=0) + (6 if labels else 0)
    picture = Image.new("L", (tiles.width + margin, tiles.height), 255)
    picture.paste(tiles, (margin, 0))
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(15)
    for i, label in enumerate(labels):
        draw.text((2, (i + 0.5) * height * scale), label, fill=0, font=font, anchor="lm")
    return png(picture)


def panel(
    lines: dict[str, Sequence[float]],
    *,
    title: str,
    steps: int = 0,
    marks: Sequence[tuple[int, str]] = (),
    ceiling: float | None = None,
    size: tuple[int, int] = (430, 105),
) -> str:
    """One small diagram over the steps as SVG: a line for each name, a vertical mark where a weight changed.

    The values of a line are spread evenly from step 1 to ``steps``, or are one a step.
    """
    width, height = size
    left, right, top, bottom = 44, width - 92, 18, height - 16
    known = [v for values in lines.values() for v in values if math.isfinite(v)] or [0.0]
    low, high = min([*known, 0.0]), max([*known, ceiling if ceiling is not None else -math.inf])
    high = high if high > low else low + 1.0
    taken = max(steps, *(len(values) for values in lines.values()))
    steps = max(2, taken)  # two ends, for the scale

    def x(step: float) -> float:
        return left + (right - left) * step / (steps - 1)

    def y(value: float) -> float:
        return bottom - (bottom - top) * (value - low) / (high - low)

    parts = [f'<text x="{left}" y="12" font-weight="bold">{html.escape(title)}</text>']
    for value in (low, high):
        parts.append(f'<text x="{left - 4}" y="{y(value) + 4:.1f}" text-anchor="end">{value:.2f}</text>')
    parts.append(f'<path d="M{left} {top}V{bottom}H{right}" fill="none" stroke="#888"/>')
    parts.append(f'<text x="{right}" y="{height - 3}" text-anchor="end">step {taken}</text>')
    if ceiling is not None:
        parts.append(f'<path d="M{left} {y(ceiling):.1f}H{right}" stroke="#000" stroke-dasharray="1 3"/>')
    for step, text in marks:
        at = x(min(step, steps - 1))
        parts.append(f'<path d="M{at:.1f} {top}V{bottom}" stroke="#555" stroke-dasharray="3 2"/>')
        parts.append(f'<text x="{at + 2:.1f}" y="{bottom - 3}" font-size="9">{html.escape(text)}</text>')
    for i, (name, values) in enumerate(lines.items()):
        spread = zip(np.linspace(0, steps - 1, len(values)), values, strict=True)
        path = " ".join(f"{x(at):.1f},{y(v):.1f}" for at, v in spread if math.isfinite(v))
        look = f'stroke="{COLOURS[i % 8]}" stroke-dasharray="{DASHES[(i + i // 8) % 4]}"'
        parts.append(f'<polyline points="{path}" fill="none" stroke-width="1.6" {look}/>')
        parts.append(f'<path d="M{right + 6} {26 + 15 * i}h18" stroke-width="2" {look}/>')
        parts.append(f'<text x="{right + 28}" y="{30 + 15 * i}">{html.escape(name)}</text>')
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-size="11"'
    return f'{head} font-family="sans-serif" role="img" aria-label="{html.escape(title)}">' + "".join(parts) + "</svg>"


def bars(values: Sequence[float], labels: Sequence[str], *, title: str, size: tuple[int, int] = (330, 150)) -> str:
    """Probabilities as bars with their labels and percentages, as SVG."""
    width, height = size
    step, top, bottom = width / len(values), 34, height - 18
    parts = [f'<text x="2" y="12" font-weight="bold">{html.escape(title)}</text>']
    for i, (value, label) in enumerate(zip(values, labels, strict=True)):
        tall, at = (bottom - top) * value, i * step
        box = f'x="{at + 3:.1f}" y="{bottom - tall:.1f}" width="{step - 6:.1f}" height="{tall:.1f}"'
        parts.append(f'<rect {box} fill="{COLOURS[0]}"/>')
        middle = f'x="{at + step / 2:.1f}" text-anchor="middle"'
        parts.append(f'<text {middle} y="{height - 5}">{html.escape(label)}</text>')
        if value >= 0.005:
            parts.append(f'<text {middle} y="{bottom - tall - 3:.1f}" font-size="10">{100 * value:.0f} %</text>')
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-size="11"'
    return f'{head} font-family="sans-serif" role="img" aria-label="{html.escape(title)}">' + "".join(parts) + "</svg>"
