"""The project around the notebooks: the fault table, the floors, the workflow for those who fork it."""

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from collections import Counter
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml
from faults import FAULTS
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from style import make
from test_devices import UNTESTED
from test_runs_survive import HARM, INTERRUPTS, KILLS
from test_style import BREACHES

TESTS = Path(__file__).parent
ROOT = TESTS.parent
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
COLAB = {"ipywidgets": "7.7.1", "ipykernel": "6.17", "ipython": "7.34", "numpy": "2.1", "matplotlib": "3.10"}
REPORTS = ["B24", "B26", "B28", "B30", "B31", "B33", "B35", "B36", "B38", "B47", "B49", "B54", "B55", "B59", "B63"]


def functions(module: str) -> dict[str, str]:
    """The decorators of every function of a test module, as one text, by its name."""
    tree = ast.parse((TESTS / f"{module}.py").read_text("utf-8"))
    found = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    return {node.name: " ".join(map(ast.unparse, node.decorator_list)) for node in found}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.fault)
def test_every_row_of_the_fault_table_names_a_test_that_exists_and_is_never_skipped(fault):
    module, name = fault.test.split("::")
    assert name.startswith("test_") and module.startswith("test_")
    assert name in functions(module) and fault.expected
    assert not re.search(r"skip|xfail", functions(module)[name])


def test_the_fault_table_has_each_fault_once_and_its_counts_are_true():
    assert max(Counter(f.fault for f in FAULTS).values()) == 1
    counts = {int(n) for f in FAULTS for n in re.findall(r"\b\d\d\b", f.fault)}
    assert counts == {len(HARM), len(BREACHES), INTERRUPTS, KILLS}


def test_50_interrupts_and_20_kills_are_tried():
    assert (sum("interrupts" in f.fault for f in FAULTS) * INTERRUPTS, KILLS) == (50, 20)


def test_the_readme_says_how_many_faults_of_each_part_are_tested_and_what_is_not():
    text = (ROOT / "README.md").read_text("utf-8")
    said = re.findall(r"^\| (\w+) \| (\d+) \|", text, re.MULTILINE)
    assert {part: int(n) for part, n in said} == Counter(f.part for f in FAULTS)
    assert all(name in text for name in UNTESTED)


def test_the_readmes_accuracies_are_those_of_the_measured_runs():
    runs = json.loads(make.MEASURED.read_text("utf-8"))
    table = "\n".join(make.accuracies(runs))
    assert table in (ROOT / "README.md").read_text("utf-8"), "run python notebooks/make.py --no-run"
    assert sum(line.count("`digits.py --recipe") for line in table.splitlines()) == len(table.splitlines()) - 2
    runs[0]["accuracy"] -= 0.1
    assert "\n".join(make.accuracies(runs)) != table


@pytest.mark.parametrize("report", REPORTS)
def test_every_report_of_this_part_has_a_test_that_names_it(report):
    found = [
        name
        for path in TESTS.glob("test_*.py")
        for name in functions(path.stem)
        if re.search(rf"_{report}\b|_{report}_", name)
    ]
    assert found, f"no test's name holds {report}"


def versions(lines: list[str], operator: str) -> dict[str, str]:
    """The version that follows ``operator`` in each requirement that has one, by the package's name."""
    found = {}
    for requirement in (Requirement(line) for line in lines if line and line[0] not in "#-"):
        for spec in requirement.specifier:
            if spec.operator == operator:
                found[canonicalize_name(requirement.name)] = spec.version.removesuffix(".*")
    return found


def test_the_floors_that_are_promised_are_the_ones_that_are_tested_and_the_rest_of_the_stack_is_colabs():
    dependencies = SETTINGS["project"]["dependencies"]
    assert not [line for line in dependencies if re.search(r"<|==|~=", line)], "floors only, no caps"
    promised = versions([*dependencies, *(ROOT / "requirements.txt").read_text("utf-8").splitlines()], ">=")
    tested = versions((ROOT / ".ci" / "floor.txt").read_text("utf-8").splitlines(), "==")
    assert len(promised) == len(dependencies) + 2
    assert promised | COLAB == tested


def test_every_file_of_the_package_is_installed_with_it():
    package, patterns = ROOT / "infogan_utils", SETTINGS["tool"]["setuptools"]["package-data"]["infogan_utils"]
    for path in (p.relative_to(package) for p in package.rglob("*") if p.is_file()):
        if path.suffix == ".py":
            assert (package / path.parent / "__init__.py").is_file(), path
        elif "__pycache__" not in path.parts:
            assert any(fnmatch(path.as_posix(), pattern) for pattern in patterns), path


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
    assert job["steps"][-1]["run"] == ".ci/run ${{ matrix.stack }}"
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


STUB = """#!/bin/bash
if [ "$1 $2" = "-m venv" ]; then mkdir -p "$3/bin"; touch "$3/bin/activate"; exit; fi
echo "${0##*/} $*${PIP_CONSTRAINT:+ with the floors}" >>"$LOG"
[ -z "$BREAK" ] || [[ "${0##*/} $*" != *"$BREAK"* ]]
"""


def ci(folder: Path, *arguments: str, broken: str = "") -> tuple[subprocess.CompletedProcess, list[str]]:
    """Run ``.ci/run`` with programs that only note how they were called; a call that has ``broken`` in it fails."""
    for name in ("python3", "python", "pip", "ruff", "chromium"):
        (folder / name).write_text(STUB)
        (folder / name).chmod(0o755)
    log, temporary = folder / "log", folder / "temporary"
    log.write_text("")
    temporary.mkdir(exist_ok=True)
    place = {"PATH": f"{folder}:/usr/bin:/bin", "TMPDIR": str(temporary), "LOG": str(log), "BREAK": broken}
    done = subprocess.run([ROOT / ".ci" / "run", *arguments], env=place, capture_output=True, text=True)
    assert list(temporary.iterdir()) == [], "it leaves nothing behind"
    return done, log.read_text().splitlines()


def taken(calls: list[str]) -> set[str]:
    """The paths that pytest was called with."""
    return {word for call in calls if " pytest " in call for word in call.split()[3:] if word[0] != "-"}


def test_ci_run_takes_every_test_on_the_newest_stack_the_notebooks_on_the_floors_and_prints_minutes(tmp_path):
    done, calls = ci(tmp_path)
    assert done.returncode == 0, done.stderr
    newest = [call for call in calls if not call.endswith(" with the floors")]
    floor = [call.removesuffix(" with the floors") for call in calls if call not in newest]
    install = "pip install -q -r requirements.txt -e ."
    assert newest[:3] == [f"{install}[test]", "ruff check .", "ruff format --check ."]
    assert floor[0] == f"{install}[floor-test]"
    ignored = set(re.findall(r"--ignore=(\S+)", " ".join(newest)))
    assert taken(newest) == ignored | set(SETTINGS["tool"]["pytest"]["ini_options"]["testpaths"])
    assert taken(floor) == {"tests", "tests/browser", "notebooks"}
    for name in ("install", "unit tests", "browser tests", "notebooks"):
        assert len(re.findall(rf"^(?:newest|floor), {name} +0\.0 minutes$", done.stdout, re.MULTILINE)) == 4
    assert ci(tmp_path, "newest")[1] == newest
    assert ci(tmp_path, "floor")[1] == [f"{call} with the floors" for call in floor]


@pytest.mark.parametrize(
    ("broken", "part"),
    [
        ("-e .[test]", "newest, install"),
        ("ruff format", "newest, style"),
        ("10 tests/browser", "newest, browser tests"),
        ("notebooks", "newest, notebooks"),
        ("-e .[floor-test]", "floor, install"),
    ],
)
def test_ci_run_stops_a_stack_at_the_first_part_that_fails_names_it_and_leaves_nothing(tmp_path, broken, part):
    done, calls = ci(tmp_path, broken=broken)
    stack = part.partition(",")[0]
    own = [call for call in calls if call.endswith(" with the floors") == (stack == "floor")]
    assert done.returncode != 0 and broken in own[-1]
    assert re.findall(f"== ({stack}.*)", done.stdout)[-1] == part


def test_ci_run_refuses_a_stack_that_it_does_not_know(tmp_path):
    done, calls = ci(tmp_path, "oldest")
    assert done.returncode == 2 and "newest|floor" in done.stderr and calls == []


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
