"""Starts one JupyterLab and one Chromium for the panels' tests, or skips them with a reason.

Where the environment variable CI is set, a missing browser is a failure.
"""

import os

import pytest

from . import lab


@pytest.fixture(scope="module")  # closed before others run: Playwright keeps an event loop running
def notebook(tmp_path_factory):
    """The panels of notebook 07 in a real JupyterLab, every cell run."""
    if why := lab.missing():
        if os.environ.get("CI"):
            pytest.fail(f"the browser tests must run here, but {why}")
        pytest.skip(why)
    folder = tmp_path_factory.mktemp("lab")
    with lab.server(folder) as address, lab.browser() as chromium:
        lab.write_notebook(folder / "work")
        page = chromium.new_page(viewport={"width": 1500, "height": 1400})
        opened = lab.Notebook(page, address, "panels.ipynb")
        opened.run_all()
        yield opened


@pytest.fixture
def dial(notebook):
    """The first dial, reset: from a later step, so that the reset can be seen to be done."""
    view = lab.View(notebook.page, notebook.cell(lab.DIAL))
    if view.step() == 0:
        view.button("Step").click()
        view.until(lambda: view.step() > 0, what="a step")
    view.button("Reset").click()
    view.until(lambda: view.step() == 0 and "Changes: none yet" in view.words(), what="the reset")
    return view
