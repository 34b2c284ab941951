"""How fast the λ dial and the explorer answer: in the kernel alone, and in a real browser.

    python tests/benchmarks/widgets.py [--seconds 10] [--no-browser]

Prints, for the Python that runs it: the toy's steps in a chunk and pictures a second; the speed of digits under the
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

from infogan_utils import data
from infogan_utils.codes import layout
from infogan_utils.dial import Dial
from infogan_utils.dial_panel import DialPanel
from infogan_utils.explorer import Explorer
from infogan_utils.explorer_panel import ExplorerPanel
from infogan_utils.loop import train
from infogan_utils.problems import digit_problem, toy_problem
from infogan_utils.training import Trainer

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


def spread(seconds: list[float]) -> str:
    """Median and the slowest of ten, in milliseconds."""
    ordered = sorted(seconds)
    return (
        f"median {1000 * statistics.median(ordered):.0f} ms, 90 % under {1000 * ordered[int(0.9 * len(ordered))]:.0f}"
    )


def toy(seconds: float) -> None:
    panel = DialPanel(Dial(toy_problem(), lam=1.0))
    run, chunks, began = panel.dials[0].run, [], time.monotonic()
    while time.monotonic() - began < seconds:
        before = run.steps
        panel._train(None)
        chunks.append(run.steps - before)
    rate = len(chunks) / (time.monotonic() - began)
    print(f"toy, kernel: {min(chunks)} to {max(chunks)} steps a chunk, {rate:.2f} pictures a second")


def digits(seconds: float, images: torch.Tensor) -> None:
    problem = digit_problem(images, layout("mnist"))
    panel, bare = DialPanel(Dial(problem)), problem.start()
    panel._train(2)
    train(bare, images, until=2)
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
            panel._train(None)

    for _ in range(3):  # in turns: other programs disturb both alike
        taken = measured("dial", panel.dials[0].run, play)
        measured("bare", bare, lambda: train(bare, images, until=bare.steps + taken))  # noqa: B023
    for i, unit in enumerate(("second", "processor-second")):
        dial, alone = (statistics.median(rate[i] for rate in rates[name]) for name in ("dial", "bare"))
        print(f"digits, kernel: {dial:.2f} steps a {unit} under the dial, {alone:.2f} bare: {dial / alone:.0%}")


def explorer(images: torch.Tensor) -> None:
    panel, took = ExplorerPanel(Explorer.load(), images), []
    for i in range(40):
        began = time.monotonic()
        panel.sliders[0].value = (i % 21 - 10) / 10 + 0.05
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
        for name, text in (("toy", "panel = widgets.dial_panel(dial)"), ("digits", "digit_panel")):
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
    images = data.load_mnist()
    toy(options.seconds)
    digits(options.seconds, images.train)
    explorer(images.test)
    if not options.no_browser:
        in_the_browser(options.seconds)


if __name__ == "__main__":
    main()
