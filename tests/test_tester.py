"""Reports B38, B55 and B59: faults planted in notebooks, each of which has to turn the run red.

The planted notebooks are run by pytest and nbval in a process of their own, with this project's ``conftest.py``
beside them. The committed notebooks are looked at for traces of a run that didn't happen.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from series import NOTEBOOKS

ROOT = NOTEBOOKS.parent

FAULTS = """
x = 1  # a cell that is right
---
%%nonsense
raise ValueError("never seen")
---
%nonsense
raise ValueError("never seen")
---
raise ValueError("seen")
---
assert x == 2
---
%%writefile never.txt
raise ValueError("never seen")
---
import ipywidgets
out = ipywidgets.Output()
with out:
    1 / 0
---
ipywidgets.interact(lambda x: 1 / (x - 1), x=(0, 2))
---
# nothing but a remark
---
y = 1
%nonsense
---
x = 2  # and one more that is right
"""
FAULTY_CELLS = {
    "Cell 1": "an unknown cell magic before a raise (B38)",
    "Cell 2": "an unknown line magic before a raise (B38)",
    "Cell 3": "a raise (B38)",
    "Cell 4": "a wrong assert (B38)",
    "Cell 5": "a magic that takes the cell's lines and doesn't run them",
    "Cell 6": "an exception swallowed by Output (B55)",
    "Cell 7": "an exception swallowed by interact (B55)",
    "Cell 8": "a cell that runs nothing",
    "Cell 9": "an unknown line magic at the end (B38)",
}
BUTTON = """
import ipywidgets
b = ipywidgets.Button(description="go")
out = ipywidgets.Output()
---
"""
WIDGETS = {
    "a name that breaks inside interact (B59)": """
import ipywidgets

def view(x):
    if x > 1:
        print(no_such_name)

ipywidgets.interact(view, x=(0, 2))
""",
    "a callback that raises at a click (B59)": BUTTON
    + """
b.on_click(lambda _: no_such_name)
""",
    "a callback whose exception Output swallows (B55)": BUTTON
    + """
@out.capture()
def go(_):
    1 / 0

b.on_click(go)
""",
    "a callback that reads a global which a later cell overwrites": """
import ipywidgets
weight = 1.0
s = ipywidgets.FloatSlider(description="w")
words = ipywidgets.HTML()

def draw():
    words.value = str(weight * s.value)

s.observe(lambda change: draw(), "value")
---
weight = 2.0  # for another purpose
""",
    "a callback that never runs (B59)": """
import ipywidgets
s = ipywidgets.FloatSlider(disabled=True)
s.observe(lambda change: None, "value")
""",
}
GOOD = (
    BUTTON
    + """
seen = []

def view(x, kind, loud):
    seen.append((x, kind, loud))

ipywidgets.interact(view, x=(0, 2), kind=["a", "b"], loud=False)

class Count:
    def __init__(self):
        self.clicks = 0

    def __call__(self, _):
        self.clicks += 1

count = Count()
b.on_click(count)
s = ipywidgets.FloatLogSlider(description="w", min=-2, max=2)
s.observe(lambda change: seen.append(change["new"]), "value")
ipywidgets.link((s, "value"), (ipywidgets.FloatText(), "value"))
u = ipywidgets.FileUpload()
u.observe(lambda change: seen.append(change["new"]), "value")
b
---
for x in range(3):
    other = x
"""
)


def write(path: Path, cells: str) -> None:
    """A notebook with a code cell for each part of ``cells`` between lines of three dashes."""
    code = [nbformat.v4.new_code_cell(part.strip("\n")) for part in cells.split("\n---\n")]
    nbformat.write(nbformat.v4.new_notebook(cells=code), path)


def run(folder: Path) -> dict[str, str]:
    """Outcome of every item by "notebook::item", from a pytest of its own."""
    (folder / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-q", "-rA", "--tb=short", "--nbval-lax", "--nbval-current-env"]
    command += ["-p", "no:cacheprovider", "--color=no", "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    found = re.findall(r"^(PASSED|FAILED|ERROR) (\S+?)\.ipynb::(Cell \d+|Widgets)", done.stdout, re.MULTILINE)
    assert found, done.stdout + done.stderr
    return {f"{name}::{item}": outcome for outcome, name, item in found} | {"text": done.stdout}


@pytest.fixture(scope="module")
def planted(tmp_path_factory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("planted")
    shutil.copy(ROOT / "conftest.py", folder)
    (folder / "tests").mkdir()
    shutil.copy(ROOT / "tests" / "use_widgets.py", folder / "tests")
    write(folder / "faults.ipynb", FAULTS)
    write(folder / "good.ipynb", GOOD)
    for i, cells in enumerate(WIDGETS.values()):
        write(folder / f"widget{i}.ipynb", cells)
    return run(folder)


@pytest.mark.parametrize("cell", FAULTY_CELLS)
def test_a_cell_with_a_planted_fault_turns_the_run_red(planted, cell):
    assert planted[f"faults::{cell}"] == "FAILED", FAULTY_CELLS[cell]


def test_the_cells_beside_the_planted_faults_pass(planted):
    assert planted["faults::Cell 0"] == planted["faults::Cell 10"] == "PASSED"


@pytest.mark.parametrize("fault", WIDGETS)
def test_a_widget_with_a_planted_fault_turns_the_run_red_after_the_last_cell(planted, fault):
    name = f"widget{list(WIDGETS).index(fault)}"
    assert planted[f"{name}::Widgets"] == "FAILED"
    assert all(outcome == "PASSED" for item, outcome in planted.items() if item.startswith(f"{name}::Cell"))


def test_a_good_notebook_with_widgets_passes_and_every_callback_ran(planted):
    outcomes = {item: outcome for item, outcome in planted.items() if item.startswith("good::")}
    assert len(outcomes) == 4 and set(outcomes.values()) == {"PASSED"}, planted["text"]


def committed() -> list[Path]:
    return sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))


@pytest.mark.parametrize("path", committed(), ids=lambda p: p.name[:2])
def test_each_code_cell_of_the_committed_notebook_ran_once_in_order(path):
    notebook = nbformat.read(path, as_version=4)
    cells = [c for c in notebook.cells if c.cell_type == "code"]
    assert [c.execution_count for c in cells] == list(range(1, len(cells) + 1)), "run python notebooks/make.py"
    for cell in cells:
        for output in cell.outputs:
            assert output.output_type != "error", cell.source
            assert not (output.get("name") == "stderr" and "UsageError" in output.text), cell.source


@pytest.mark.parametrize("path", committed(), ids=lambda p: p.name[:2])
def test_no_cell_is_kept_from_the_tests_by_a_mark_or_a_magic(path):
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            assert not re.search(r"NBVAL_(SKIP|IGNORE)|^%%", cell.source, re.MULTILINE), cell.source
            assert not {"nbval-skip", "skip-execution", "raises-exception"} & set(cell.metadata.get("tags", []))


def test_no_debugger_is_called_anywhere():
    for path in [*ROOT.glob("infogan_utils/**/*.py"), *ROOT.glob("notebooks/*.py"), *committed()]:  # B47
        assert not re.search(r"\bbreakpoint\(\)|\bset_trace\(|import i?pdb\b", path.read_text("utf-8")), path.name
