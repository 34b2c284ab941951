"""The project around the notebooks: the fault table, the floors, the workflow for those who fork it."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

import pytest
import yaml
from faults import FAULTS
from packaging.requirements import Requirement
from packaging.version import Version
from test_runs_survive import HARM
from test_style import BREACHES

TESTS = Path(__file__).parent
ROOT = TESTS.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
REPORTS = ["B24", "B26", "B28", "B30", "B31", "B33", "B35", "B36", "B38", "B47", "B49", "B54", "B55", "B59", "B63"]


def functions(module: str) -> set[str]:
    tree = ast.parse((TESTS / f"{module}.py").read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.fault)
def test_every_row_of_the_fault_table_names_a_test_that_exists_and_is_collected(fault):
    module, name = fault.test.split("::")
    assert name.startswith("test_") and module.startswith("test_")
    assert name in functions(module) and fault.expected


def test_the_fault_table_has_each_fault_once_and_its_counts_are_true():
    assert max(Counter(f.fault for f in FAULTS).values()) == 1
    counts = {
        int(n) for f in FAULTS for n in re.findall(r"(\d+) (?:ways|breaches)|, (\d+) ways", f.fault) for n in n if n
    }
    assert counts == {len(HARM), len(BREACHES)}


@pytest.mark.parametrize("report", REPORTS)
def test_every_report_of_this_part_has_a_test_that_names_it(report):
    found = [
        name
        for path in TESTS.glob("test_*.py")
        for name in functions(path.stem)
        if re.search(rf"_{report}\b|_{report}_", name)
    ]
    assert found, f"no test's name holds {report}"


def floors() -> dict[str, Version]:
    """The lowest version of each of the package's dependencies."""
    found = {}
    for line in PROJECT["dependencies"]:
        requirement = Requirement(line)
        (spec,) = requirement.specifier
        assert spec.operator == ">=", f"{line}: floors only, no caps"
        found[requirement.name.lower()] = Version(spec.version)
    return found


def test_the_floors_that_are_promised_are_the_ones_that_are_tested():
    lines = [x.split("#")[0].strip() for x in (ROOT / ".ci" / "floor.txt").read_text("utf-8").splitlines()]
    pins = {r.name.lower(): r.specifier for r in map(Requirement, filter(None, lines))}
    low = floors()
    for name in ("torch", "torchvision", "numpy", "matplotlib", "ipywidgets", "ipython"):
        assert pins[name].contains(low[name]), f"{name}: {low[name]} is promised, {pins[name]} tested"


def test_nbval_alone_has_a_cap():
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    capped = [x for x in lines if re.search(r"<|==|~=", x) and not x.startswith("#")]
    assert [Requirement(x).name for x in capped] == ["nbval"]


def workflow() -> dict:
    return yaml.safe_load((ROOT / ".github" / "workflows" / "tests.yml").read_text("utf-8"))


def test_the_workflow_runs_ci_on_three_pythons_with_the_newest_and_once_with_the_floors():
    (job,) = workflow()["jobs"].values()
    matrix = job["strategy"]["matrix"]
    assert matrix["python"] == ["3.11", "3.12", "3.13"] and matrix["stack"] == ["newest"]
    assert [row["stack"] for row in matrix["include"]] == ["floor"]
    steps = [step.get("run", "") for step in job["steps"]]
    assert steps[-1] == ".ci/run" and any(".ci/floor.txt" in step for step in steps)
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def lint(path: Path) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(path)]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.fixture
def linter():
    try:
        import check_jsonschema  # noqa: F401
    except ImportError:
        if os.environ.get("CI"):
            raise
        pytest.skip('the workflow linter is missing: pip install -e ".[test]"')


def test_the_workflow_passes_a_linter_and_a_wrong_one_does_not(linter, tmp_path):
    path = ROOT / ".github" / "workflows" / "tests.yml"
    good = lint(path)
    assert good.returncode == 0, good.stdout + good.stderr
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(path.read_text("utf-8").replace("runs-on:", "run-on:"))
    assert lint(wrong).returncode != 0


def test_the_contributors_page_names_files_that_exist():
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    for name in re.findall(r"`((?:tests|notebooks|infogan_utils|\.ci|\.github)/[\w./]+|[\w]+\.(?:py|toml|txt))`", text):
        if "NN" not in name:
            assert (ROOT / name).exists(), name
