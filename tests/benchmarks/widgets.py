"""How fast the λ dial and the explorer answer: in the kernel alone, and in a real browser.

    python tests/benchmarks/widgets.py [--seconds 10] [--no-browser]

Prints, for the Python that runs it: how long a chunk on points and its drawing take; the speed of digits under the
dial against the bare loop, in turns in one process; what a change of the explorer costs; and, through JupyterLab and
Chromium, the time from a key or a click to the new picture, as a reader feels it.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import ipykernel
import ipywidgets
import jupyterlab
import torch

from infogan_utils import Trainer, build, checkpoint, data, train
from infogan_utils.data import plane
from infogan_utils.recipes import FAST
from infogan_utils.widgets import Dial
from infogan_utils.widgets.dial_panel import DialPanel
from infogan_utils.widgets.explorer import ExplorerPanel

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


def spread(seconds: list[float]) -> str:
    """Median and the slowest of ten, in milliseconds."""
    ordered = sorted(seconds)
    return (
        f"median {1000 * statistics.median(ordered):.0f} ms, 90 % under {1000 * ordered[int(0.9 * len(ordered))]:.0f}"
    )


def points(seconds: float) -> None:
    latents = plane.SPEC.sample(1000, torch.Generator().manual_seed(1))
    dial = Dial(
        lambda: Trainer(*plane.networks(0), plane.SPEC, plane.RECIPE),
        plane.real_points,
        draw=lambda axes, model: axes.scatter(*model.draw(latents).T, c=latents.c["cat 1"], s=3),
    )
    panel, answers, drawings, steps = DialPanel(dial), [], [], []
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        before, at = dial.run.steps, time.monotonic()
        panel.train(None)
        answers.append(time.monotonic() - at)
        steps.append(dial.run.steps - before)
        at = time.process_time()
        dial.picture()
        drawings.append(time.process_time() - at)
    print(f"points, kernel: a chunk and its drawing {spread(answers)}; {min(steps)} to {max(steps)} steps a chunk")
    print(f"points, kernel: drawing alone, processor time {spread(drawings)}")


def digits(seconds: float, images: data.DataSet) -> None:
    def start() -> Trainer:
        return Trainer(*build(images.spec, images.widths), images.spec, FAST)

    panel, bare = DialPanel(Dial(start, images.train)), start()
    panel.train(2)
    train(bare, images.train, until=2)
    rates: dict[str, list[tuple[float, float]]] = {"dial": [], "bare": []}

    def measured(name: str, run: Trainer, work: Callable[[], object]) -> int:
        steps, wall, cpu = run.steps, time.monotonic(), time.process_time()
        work()
        taken = run.steps - steps
        rates[name].append((taken / (time.monotonic() - wall), taken / (time.process_time() - cpu)))
        return taken

    def play() -> None:
        began = time.monotonic()
        while time.monotonic() - began < seconds / 2:
            panel.train(None)

    for _ in range(3):  # in turns: other programs disturb both alike
        taken = measured("dial", panel.dials[0].run, play)
        measured("bare", bare, lambda: train(bare, images.train, until=bare.steps + taken))  # noqa: B023
    for i, unit in enumerate(("second", "processor-second")):
        dial, alone = (statistics.median(rate[i] for rate in rates[name]) for name in ("dial", "bare"))
        print(f"digits, kernel: {dial:.2f} steps a {unit} under the dial, {alone:.2f} bare: {dial / alone:.0%}")


def explorer(images: torch.Tensor) -> None:
    panel, took = ExplorerPanel(checkpoint.load_model(), images), []
    for i in range(40):
        began = time.monotonic()
        panel.controls["cont 1"].value = (i % 21 - 10) / 10 + 0.05
        took.append(time.monotonic() - began)
    print(f"explorer, kernel: {spread(took)} a change of 80 pictures")


def in_the_browser(seconds: float) -> None:
    from browser import lab

    if why := lab.missing():
        print(f"browser: left out, {why}")
        return
    folder = Path(tempfile.mkdtemp())
    with lab.server(folder) as address, lab.browser() as chromium:
        lab.write_notebook(folder / "work")
        notebook = lab.Notebook(chromium.new_page(viewport={"width": 1500, "height": 1400}), address, "panels.ipynb")
        notebook.run_all()
        for name, text in (("points", lab.DIAL), ("digits", "digit_panel")):
            view = lab.View(notebook.page, notebook.cell(text))
            clicks = []
            for _ in range(5):
                before = view.step()
                view.button("Train ½ s").click()
                clicks.append(view.until(lambda: view.step() > before, what="steps"))  # noqa: B023
                view.page.wait_for_timeout(300)
            view.root.locator(".widget-play button").first.click()
            seen, first, began = set(), view.step(), time.monotonic()
            while time.monotonic() - began < seconds:
                seen.add(view.step())
                view.page.wait_for_timeout(15)
            rate, steps = len(seen) / (time.monotonic() - began), (max(seen) - first) / max(1, len(seen) - 1)
            view.button("Pause").click()
            view.page.wait_for_timeout(1000)
            print(
                f"{name}, browser: a click on Train {spread(clicks)}; playing, {rate:.2f} pictures a second, ", end=""
            )
            print(f"{steps:.0f} steps each")
        view = lab.View(notebook.page, notebook.cell("explorer_panel = "))
        handle, took = view.handle(), []
        handle.focus()
        for i in range(20):
            before = view.picture()
            began = time.monotonic()
            view.page.keyboard.press("ArrowRight" if i < 10 else "ArrowLeft")
            view.until(lambda: view.picture() != before, what="a picture")  # noqa: B023
            took.append(time.monotonic() - began)
            view.page.wait_for_timeout(150)
        print(f"explorer, browser: {spread(took)} from a key to the new picture")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=10, help="of each measurement")
    parser.add_argument("--no-browser", action="store_true")
    options = parser.parse_args()
    versions = (("jupyterlab", jupyterlab), ("ipywidgets", ipywidgets), ("ipykernel", ipykernel), ("torch", torch))
    print(", ".join(f"{name} {module.__version__}" for name, module in versions))
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}, {torch.get_num_threads()} threads")
    images = data.load("mnist")
    points(options.seconds)
    digits(options.seconds, images)
    explorer(images.test)
    if not options.no_browser:
        in_the_browser(options.seconds)


if __name__ == "__main__":
    main()
