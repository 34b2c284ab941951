"""The project around the notebooks: the README's commands, the floors, the files of the package, the workflow."""

import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
COLAB = {"ipywidgets": "7.7.1", "ipykernel": "6.17", "ipython": "7.34", "numpy": "2.1", "matplotlib": "3.10"}


def test_the_readme_has_two_commands_of_which_one_opens_the_main_notebook_and_one_tests():
    commands = re.findall(r"```bash\n(python3 -m venv .*?)\n```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    assert len(commands) == 2 and all(command.startswith("python3 -m venv .venv && ") for command in commands)
    assert commands[0].endswith("jupyter lab notebooks/06_the_full_training_loop.ipynb")
    assert commands[1].endswith("python -m pytest -q")


def versions(lines: list[str], operator: str) -> dict[str, str]:
    """The version that follows ``operator`` in each requirement that has one, by the package's name."""
    found = {}
    for requirement in (Requirement(line) for line in lines if line and line[0] not in "#-"):
        for spec in requirement.specifier:
            if spec.operator == operator:
                found[canonicalize_name(requirement.name)] = spec.version.removesuffix(".*")
    return found


def test_the_floors_that_are_promised_are_the_ones_that_are_tested_and_the_rest_of_the_stack_is_colabs():
    dependencies = SETTINGS["project"]["dependencies"] + SETTINGS["project"]["optional-dependencies"]["processes"]
    assert not [line for line in dependencies if re.search(r"<|==|~=", line)], "floors only, no caps"
    requirements = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    capped = [x for x in requirements if re.search(r"<|==|~=", x) and not x.startswith("#")]
    assert [Requirement(x).name for x in capped] == ["nbval"]
    promised = versions([*dependencies, *requirements], ">=")
    tested = versions((ROOT / ".ci" / "floor.txt").read_text("utf-8").splitlines(), "==")
    assert promised | COLAB == tested


def test_every_file_of_the_package_is_installed_with_it():
    package, patterns = ROOT / "infogan_utils", SETTINGS["tool"]["setuptools"]["package-data"]["infogan_utils"]
    for path in (p.relative_to(package) for p in package.rglob("*") if p.is_file()):
        if path.suffix == ".py":
            assert (package / path.parent / "__init__.py").is_file(), path
        elif "__pycache__" not in path.parts:
            assert any(fnmatch(path.as_posix(), pattern) for pattern in patterns), path


def test_the_package_is_the_folder_that_its_map_shows():
    package = ROOT / "infogan_utils"
    said = importlib.util.find_spec("infogan_utils").loader.get_source("infogan_utils").split('"""')[1]
    for path in package.iterdir():
        if path.name[0] not in "_.":
            assert re.search(rf"\b{path.stem}\b", said), f"{path.name} is not in the map of __init__.py"


def test_modules_import_from_those_above_them_alone():
    """The core in the order of the map; rooms from the core."""
    package = ROOT / "infogan_utils"
    said = (package / "__init__.py").read_text("utf-8").split('"""')[1]
    core = re.findall(r"^    (\w+)  +\S", said, re.MULTILINE)
    assert {f"{name}.py" for name in core} | {"__init__.py"} == {path.name for path in package.glob("*.py")}
    for path in package.rglob("*.py"):
        place = path.relative_to(package)
        if place.name == "__init__.py" and len(place.parts) == 1:
            continue
        for name in re.findall(r"^(?:from|import) infogan_utils\.(\w+)", path.read_text("utf-8"), re.MULTILINE):
            if len(place.parts) == 1:
                assert core.index(name) < core.index(place.stem), f"{place} imports {name}"
            else:
                assert name in core or name == place.parts[0] or name == "plots", f"{place} imports from {name}"


@pytest.fixture
def linter():
    if importlib.util.find_spec("check_jsonschema") is None and not os.environ.get("CI"):
        pytest.skip('the workflow linter is missing: pip install -e ".[test]"')


def test_the_workflows_pass_a_linter_and_one_runs_ci(linter):
    path = ROOT / ".github" / "workflows" / "tests.yml"
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
    command += map(str, path.parent.glob("*.yml"))
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (job,) = yaml.safe_load(path.read_text("utf-8"))["jobs"].values()
    assert job["steps"][-1]["run"] == ".ci/run ${{ matrix.stack }}" and os.access(ROOT / ".ci" / "run", os.X_OK)


def test_the_guides_name_files_that_exist():
    for guide in ("CONTRIBUTING.md", "README.md", "INSTRUCTORS.md"):
        text = (ROOT / guide).read_text("utf-8")
        for name in re.findall(r"`((?:tests|notebooks|infogan_utils|\.ci|\.github)/[\w./]+)`", text):
            if "NN" not in name:
                assert (ROOT / name).exists(), f"{guide}: {name}"
