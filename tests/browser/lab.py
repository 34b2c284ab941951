"""A real JupyterLab with a real Chromium on it, for the tests in this folder and for the benchmark of latencies.

The lab is that of the Python that runs the tests, so the same tests run on the newest JupyterLab with ipywidgets 8
and on an environment with Colab's ipywidgets 7.7.1.
"""

import ast
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[2]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = """--no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-component-update
    --disable-sync --disable-background-timer-throttling""".split()
DIAL = "panel = widgets.show_dial(dial)"  # the cell of the first dial
SETTINGS = {
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
}
# A dial whose first batch is not a number, beside the notebook's own cells.
BROKEN = """
def broken(n, generator):
    return plane.real_points(n, generator) * (float("nan") if broken_dial.run.steps == 0 else 1.0)


broken_dial = widgets.Dial(lambda: start(0.3), broken, draw=draw_samples)
broken_panel = widgets.show_dial(broken_dial)
"""


def chromium() -> str | None:
    """Where Chromium is, or Chrome."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def missing() -> str:
    """Why these tests can't run here; empty when they can."""
    try:
        import playwright  # noqa: F401
    except ImportError:
        return "playwright is not installed (pip install playwright)"
    if chromium() is None:
        return f"none of {', '.join(BROWSERS)} is on the path (Debian: apt-get install chromium)"
    return ""


def write_notebook(folder: Path) -> Path:
    """Notebook 07 without its long runs: set-up, constants, functions, every panel, and a dial that breaks."""
    source = nbformat.read(next((ROOT / "notebooks").glob("07_*.ipynb")), as_version=4)
    code = [c.source for c in source.cells if c.cell_type == "code"]
    kept = code[:2]
    for cell in code[2:]:
        whole = "widgets.show_" in cell or cell.startswith("spec = ")
        functions = [ast.unparse(node) for node in ast.parse(cell).body if isinstance(node, ast.FunctionDef)]
        kept += [cell] if whole else ["\n\n".join(functions)] if functions else []
    assert sum("widgets.show_" in cell for cell in kept) == 5, "notebook 07 should show five panels"
    cells = [nbformat.v4.new_code_cell(s) for s in [*kept, BROKEN.strip()]]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    path = folder / "panels.ipynb"
    nbformat.write(notebook, path)
    return path


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """Start JupyterLab on ``folder/work``; yield its address.

    Its pages lie under a path of their own, so that no other server is taken for it.
    """
    work, config = folder / "work", folder / "config"
    for place in (work, config / "labconfig"):
        place.mkdir(parents=True)
    (config / "labconfig" / "default_setting_overrides.json").write_text(json.dumps(SETTINGS), encoding="utf-8")
    names = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTERLAB_WORKSPACES_DIR")
    environment = os.environ | {name: str(folder / name.lower()) for name in names}
    environment |= {"JUPYTER_CONFIG_DIR": str(config), "PYTHONPATH": str(ROOT), "IPYTHONDIR": str(folder / "ipython")}
    options = """--no-browser --allow-root --ServerApp.token= --ServerApp.password= --ip=127.0.0.1
        --ServerApp.port_retries=0 --LabApp.expose_app_in_browser=True --ServerApp.disable_check_xsrf=True"""
    command = [sys.executable, "-m", "jupyterlab", *options.split(), f"--ServerApp.root_dir={work}"]
    command += [f"--LabApp.user_settings_dir={folder / 'settings'}"]
    with open(folder / "lab.log", "w", encoding="utf-8") as log:
        try:
            for left in (2, 1, 0):
                port, path = free_port(), secrets.token_hex(4)
                here = [f"--port={port}", f"--ServerApp.base_url=/{path}/"]
                process = subprocess.Popen([*command, *here], env=environment, stdout=log, stderr=log, cwd=work)
                try:
                    wait_for(f"http://127.0.0.1:{port}/{path}/api", process, folder / "lab.log")
                    break
                except RuntimeError:  # it ends where another program has taken the port since
                    if not left or process.poll() is None:
                        raise
            yield f"http://127.0.0.1:{port}/{path}"
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(address: str, process: subprocess.Popen, log: Path, seconds: float = 180) -> None:
    """Wait until the server answers, or say what its log ends with."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=2).read()
            return
        except (OSError, HTTPException):
            time.sleep(0.3)
    raise RuntimeError(f"JupyterLab did not start: {log.read_text(encoding='utf-8')[-2000:]}")


@contextmanager
def browser() -> Iterator:
    """Chromium, headless."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=chromium(), args=FLAGS, headless=True)
        try:
            yield opened
        finally:
            opened.close()


class Notebook:
    """A notebook open in the lab."""

    def __init__(self, page, address: str, name: str) -> None:
        self.page, self.name = page, name
        page.set_default_timeout(30_000)
        page.goto(f"{address}/lab/tree/{name}", timeout=90_000)
        self.ready()

    def ready(self) -> None:
        """Wait for the notebook and its kernel."""
        self.page.wait_for_selector(".jp-NotebookPanel .jp-CodeCell", timeout=90_000)
        self.page.wait_for_function("() => window.jupyterapp?.shell?.currentWidget?.sessionContext", timeout=60_000)
        self.page.evaluate("async () => { await window.jupyterapp.shell.currentWidget.sessionContext.ready }")

    def command(self, name: str, **arguments) -> None:
        """Run one of JupyterLab's commands."""
        self.page.evaluate("([n, a]) => window.jupyterapp.commands.execute(n, a)", [name, arguments])

    def run_all(self) -> None:
        """Run every cell; return when the kernel has done all."""
        self.command("notebook:run-all-cells")
        self.idle(240)

    def idle(self, seconds: float = 60) -> None:
        """Wait until every cell has run and the kernel rests."""
        done = """() => { const w = window.jupyterapp.shell.currentWidget;
            const prompts = [...w.node.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].map(p => p.textContent);
            return w.sessionContext.session?.kernel?.status === 'idle' && !prompts.some(p => /\\*/.test(p)) }"""
        self.page.wait_for_timeout(300)
        self.page.wait_for_function(done, timeout=1000 * seconds)

    def close_others(self) -> None:
        """Close every tab of the main area but the notebook's."""
        code = """name => { for (const w of [...window.jupyterapp.shell.widgets('main')])
            if (w.title.label !== name) w.close() }"""
        self.page.evaluate(code, self.name)

    def cell(self, text: str):
        """The cell whose source contains ``text``."""
        cells = self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden):not(.p-mod-hidden) .jp-CodeCell")
        return cells.filter(has=self.page.locator(".jp-InputArea", has_text=text)).first


class View:
    """One panel's output: its buttons, sliders, pictures and words."""

    def __init__(self, page, root) -> None:
        self.page, self.root = page, root
        root.locator("img").first.wait_for(timeout=60_000)

    def button(self, name: str):
        return self.root.get_by_role("button", name=name, exact=True)

    def picture(self, i: int = 0) -> str:
        """A hash of the picture's bytes."""
        code = """async (img) => { const d = await (await fetch(img.src)).arrayBuffer();
            const h = new Uint8Array(await crypto.subtle.digest('SHA-256', d));
            return d.byteLength + ':' + [...h.slice(0, 12)].map(b => b.toString(16)).join('') }"""
        for _ in range(20):  # the address of a picture is given up when a new one comes in
            try:
                return self.root.locator("img").nth(i).evaluate(code)
            except Exception:
                self.page.wait_for_timeout(50)
        return self.root.locator("img").nth(i).evaluate(code)

    def settled(self, read: Callable, quiet: float, seconds: float = 60):
        """What ``read()`` gives once it has been the same for ``quiet`` seconds."""
        seen = read()
        began = since = time.monotonic()
        while time.monotonic() - since < quiet:
            self.page.wait_for_timeout(50)
            if (now := read()) != seen:
                seen, since = now, time.monotonic()
            if since - began > seconds:
                raise AssertionError(f"no rest within {seconds} s; the panel says: {self.words()[:600]}")
        return seen

    def words(self) -> str:
        return self.root.inner_text()

    def step(self) -> int:
        """The step that the panel's line of numbers says: the last one, after what the cell printed."""
        return int(re.findall(r"step (\d+) ·", self.words())[-1])

    def handle(self, i: int = 0):
        """The knob of the i-th slider: ipywidgets 8's, or 7's."""
        return self.root.locator(".noUi-handle, .ui-slider-handle").nth(i)

    def drag(self, by: int, i: int = 0) -> None:
        """Drag a slider's knob by some pixels."""
        self.handle(i).scroll_into_view_if_needed()
        box = self.handle(i).bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + by, y, steps=5)
        self.page.mouse.up()

    def until(self, condition: Callable[[], bool], seconds: float = 60, what: str = "the change") -> float:
        """Wait for ``condition()``; return the seconds it took."""
        began = time.monotonic()
        while not condition():
            if time.monotonic() - began > seconds:
                raise AssertionError(f"waited {seconds} s for {what}; the panel says: {self.words()[:600]}")
            self.page.wait_for_timeout(20)
        return time.monotonic() - began
