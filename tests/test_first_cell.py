"""The set-up cell that every notebook begins with, in the places where a notebook is opened.

Executed as IPython does it, magics and all, in a shell of its own: when the package is installed, in a checkout
that isn't installed, and on a machine such as Colab's that has neither (the pip line is recorded, not run).
"""

import atexit
import importlib.util
import os
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from style import make
from traitlets.config import Config

from infogan_utils.runs import versions


class Situation:
    """A shell, the lines that %pip received in it, and what happened to sys.path."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell, self.pip = shell, []
        shell.register_magic_function(lambda line: self.pip.append(line), "line", "pip")

    def run(self, repository: str = ""):
        return self.shell.run_cell(make.SETUP.format(repository=repository))


@pytest.fixture
def situation(tmp_path, monkeypatch):
    """An empty folder ``notebooks`` as the working folder, and a shell."""
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    monkeypatch.setattr(sys, "path", list(sys.path))
    shell = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
    yield Situation(shell)
    atexit.unregister(shell.atexit_operations)


@pytest.fixture
def not_installed(monkeypatch):
    """``import infogan_utils`` finds what lies on sys.path by a folder added since, and nothing else."""
    before, find = list(sys.path), importlib.util.find_spec
    hidden = {name for name in sys.modules if name.split(".")[0] == "infogan_utils"}
    for name in hidden:
        monkeypatch.delitem(sys.modules, name)

    def find_spec(name, *rest):
        return None if name == "infogan_utils" and sys.path == before else find(name, *rest)

    monkeypatch.setattr(importlib.util, "find_spec", find_spec)


def test_nothing_happens_where_the_package_is_installed(situation):
    before = list(sys.path)
    for repository in ("", "someone/infogan"):
        assert situation.run(repository).success
    assert sys.path == before and situation.pip == []


def test_in_a_checkout_that_is_not_installed_the_folder_above_is_used(situation, not_installed, tmp_path):
    (tmp_path / "infogan_utils").mkdir()
    (tmp_path / "infogan_utils" / "__init__.py").write_text("WHERE = 'the folder above'\n")
    assert situation.run("someone/infogan").success and situation.pip == []
    assert sys.path[0] == str(tmp_path)
    assert situation.shell.run_cell("import infogan_utils; w = infogan_utils.WHERE").success
    assert situation.shell.user_ns["w"] == "the folder above"
    assert situation.run("someone/infogan").success and sys.path.count(str(tmp_path)) == 1  # twice is as good as once
    sys.modules.pop("infogan_utils")


def test_elsewhere_pip_gets_the_repository_of_the_one_constant(situation, not_installed):
    assert situation.run("someone/infogan").success
    assert situation.pip == ["install -q git+https://github.com/someone/infogan"]


def test_elsewhere_without_a_repository_the_error_says_what_to_do(situation, not_installed, capsys):
    result = situation.run("")
    assert isinstance(result.error_in_exec, ModuleNotFoundError) and situation.pip == []
    assert "pip install -r requirements.txt" in str(result.error_in_exec)


def test_threads_that_wait_are_passive_unless_the_reader_chose_otherwise(situation, monkeypatch):
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    assert situation.run().success and os.environ["OMP_WAIT_POLICY"] == "passive"
    monkeypatch.setenv("OMP_WAIT_POLICY", "active")
    assert situation.run().success and os.environ["OMP_WAIT_POLICY"] == "active"


def test_an_older_package_is_named_with_what_is_needed_before_anything_is_computed(monkeypatch):
    found = metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: "2.4.0" if name == "torch" else found(name))
    with pytest.raises(ImportError, match=r"torch >=2\.9 \(found: 2\.4\.0\); run: pip install -U torch"):
        versions.check()
    project = tomllib.loads((Path(versions.__file__).parents[2] / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["requires-python"] == f">={'.'.join(map(str, versions.OLDEST))}"
    monkeypatch.setattr(versions, "OLDEST", (99, 1))
    with pytest.raises(ImportError, match=r"infogan_utils needs Python 99\.1 or newer, this is 3\.\d+$"):
        versions.check()
