"""The style of the series, as far as a machine can see it, on every notebook."""

import subprocess

import nbformat
import pytest
import yaml
from style import RULES, make

ROOT = make.FOLDER.parent


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.__name__)
@pytest.mark.parametrize("path", make.notebooks(), ids=lambda p: p.name[:2])
def test_the_notebook_keeps_the_rule(path, rule):
    assert list(rule(path, nbformat.read(path, as_version=4))) == []


def test_badges_and_the_set_up_cell_follow_from_the_repository():
    path = make.notebooks()[0]
    notebook = nbformat.read(path, as_version=4)
    for name in ("someone/infogan", ""):
        make.write_frame(path, notebook, [path], name)
        badge = f"https://colab.research.google.com/github/someone/infogan/blob/main/notebooks/{path.name}"
        assert (badge in notebook.cells[0].source) == bool(name) and make.named(notebook) == name


def test_every_notebook_and_assignment_names_the_same_repository():
    paths = [*make.notebooks(), *make.FOLDER.glob("assignments/*/a4/*.ipynb")]
    assert len(paths) > 8 and len({make.named(nbformat.read(path, as_version=4)) for path in paths}) == 1


@pytest.mark.parametrize("rest", ["://github.com/a-b/c.d.git", "://token@github.com/a-b/c.d/", "://gitlab.com/a-b/c.d"])
def test_an_origin_on_github_is_read_in_each_spelling(rest):
    found = make.GITHUB.fullmatch("https" + rest)
    assert (found and found[1]) == ("a-b/c.d" if "github" in rest else None)


def test_a_fork_gets_its_own_name_on_its_first_push(tmp_path, monkeypatch):
    """The workflow's step in a clone whose origin is on GitHub by name, and by a rewrite a bare repository here."""
    origin = "git@github.com:some-one/info.gan"
    settings = f'[url "{tmp_path}/bare"]\n\tinsteadOf = {origin}\n[user]\n\tname = Me\n\temail = me\n'
    (tmp_path / "gitconfig").write_text(settings)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))

    def run(*command, folder=tmp_path):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run("git", "init", "-q", "--bare", "-b", "main", "bare")
    run("git", "clone", "-q", origin, "clone")
    run("bash", "-c", f"git archive HEAD | tar -x -C {tmp_path}/clone", folder=ROOT)
    run("git", "add", "-A", folder=tmp_path / "clone")
    run("git", "commit", "-qm", "Begin", folder=tmp_path / "clone")
    run("git", "push", "-q", "origin", "HEAD:main", folder=tmp_path / "clone")
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "badges.yml").read_text("utf-8"))
    step = workflow["jobs"]["badges"]["steps"][-1]["run"]
    for _ in range(2):  # the second time nothing is left to do
        run("bash", "-e", "-c", step, folder=tmp_path / "clone")
    assert run("git", "log", "-3", "--format=%an", "main", folder=tmp_path / "bare").count("github-actions[bot]") == 1
    pushed = run("git", "show", f"main:notebooks/{make.notebooks()[3].name}", folder=tmp_path / "bare")
    assert make.named(nbformat.reads(pushed, as_version=4)) == "some-one/info.gan"
