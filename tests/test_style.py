"""The style of the series, as far as a machine can see it, on every notebook; and each rule on a planted breach."""

import copy

import nbformat
import pytest
import style
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from style import RULES, make

NOTEBOOKS = make.notebooks()


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.__name__)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name[:2])
def test_the_notebook_keeps_the_rule(path, rule):
    assert list(rule(path, nbformat.read(path, as_version=4))) == []


def printed(text: str = "1.386"):
    return [new_output("stream", name="stdout", text=text)]


def picture(alt: str):
    return [new_output("display_data", data={"image/png": "AAAA"}, metadata={"image/png": {"alt": alt}})]


@pytest.fixture
def good(tmp_path):
    """A path and a small notebook that keep every rule."""
    path = tmp_path / "04_small.ipynb"
    (tmp_path.parent / "README.md").touch()
    details = "<details><summary>Answer</summary>One nat.</details>\n"
    cells = [
        new_markdown_cell("# 4 · A small notebook\n\nAfter it you can **count**."),
        new_code_cell("import numpy as np\n\nrng = np.random.default_rng(0)"),
        new_markdown_cell("Is it above 1?"),
        new_code_cell("print(rng.normal())", outputs=printed()),
        new_markdown_cell("## Digits\n\nPredict first."),
        new_code_cell("digits = load_mnist()\nprint(digits.source)", outputs=printed("the 5,000 digits")),
        new_markdown_cell("## A figure"),
        new_code_cell("plots.show(fig, alt='...')", outputs=picture("a curve that falls to zero")),
        new_markdown_cell("## Summary\n\nDone.\n\n## Check of understanding\n\n" + details * 3),
        new_markdown_cell(
            "## Break it\n\nTry.\n\n## Exercises\n\n**Exercise 4.1 · 5 minutes · easy.** Count.\n" + details
        ),
        new_code_cell("def count():\n    raise NotImplementedError"),
        new_markdown_cell("## References\n\nChen et al., arXiv 1606.03657."),
    ]
    notebook = nbformat.v4.new_notebook(cells=cells)
    make.write_frame(path, notebook, [path])
    path.touch()
    return path, notebook


def complaints(path, notebook) -> dict[str, list[str]]:
    return {rule.__name__: found for rule in RULES if (found := list(rule(path, notebook)))}


def test_a_good_notebook_gets_no_complaint(good):
    assert complaints(*good) == {}


def cell_with(notebook, part: str):
    return next(c for c in notebook.cells if part in c.source)


def swap(old: str, new: str):
    def change(notebook):
        cell = cell_with(notebook, old)
        cell.source = cell.source.replace(old, new)

    return change


def add(*cells):
    return lambda notebook: notebook.cells.__setitem__(slice(-1, -1), copy.deepcopy(list(cells)))


BREACHES = {
    "a cell of 41 lines": ("code_cells_are_short", add(new_code_cell("\n".join(["x = 1"] * 41)))),
    "a line of 121 characters": ("code_cells_are_short", add(new_code_cell("x = " + "1" * 117))),
    "three code cells in a row": ("prose_stands_between_code", add(*[new_code_cell("x = 1")] * 3)),
    "another number": ("headings_are_in_order", swap("# 4 ·", "# 5 ·")),
    "a second title": ("headings_are_in_order", swap("## Digits", "# Digits")),
    "a level left out": ("headings_are_in_order", swap("## A figure", "#### A figure")),
    "no seed": ("every_random_number_has_a_seed", swap("default_rng(0)", "default_rng()")),
    "NumPy's global state": ("every_random_number_has_a_seed", swap("rng.normal()", "np.random.randn()")),
    "torch without a seed": (
        "every_random_number_has_a_seed",
        swap("np.random.default_rng(0)", "torch.rand(3)"),
    ),
    "no output": ("outputs_are_there", lambda nb: cell_with(nb, "plots.show").update(outputs=[])),
    "a warning in the output": (
        "outputs_are_there",
        lambda nb: cell_with(nb, "plots.show").outputs.append(new_output("stream", name="stderr", text="careful")),
    ),
    "an error in the output": (
        "outputs_are_there",
        lambda nb: cell_with(nb, "plots.show").outputs.append(new_output("error", ename="E", evalue="", traceback=[])),
    ),
    "widget state": ("no_widget_state_is_stored", lambda nb: nb.metadata.update(widgets={})),
    "a widget's view": (
        "no_widget_state_is_stored",
        add(new_code_cell("w", outputs=[new_output("display_data", {"application/vnd.jupyter.widget-view+json": {}})])),
    ),
    "no alternative text": ("figures_have_words", lambda nb: cell_with(nb, "plots.show").update(outputs=picture(""))),
    "a picture in the text without words": ("figures_have_words", add(new_markdown_cell("![](../README.md)"))),
    "a dead link": ("links_resolve", add(new_markdown_cell("See [there](99_nowhere.ipynb)."))),
    "navigation by hand": ("frame_is_makes", swap("[contents]", "[all]")),
    "a set-up cell by hand": ("frame_is_makes", swap("import importlib.util", "import importlib.util  # changed")),
    "no set-up cell": ("frame_is_makes", lambda nb: nb.cells.remove(cell_with(nb, "find_spec"))),
    "a dead badge": ("badges_are_alive", add(new_markdown_cell("[x](https://colab.research.google.com/github/A/B)"))),
    "lambda_": ("one_notation", add(new_code_cell("lambda_ = 1.0"))),
    "logvar as an argument": ("one_notation", add(new_code_cell("q(logvar=1)"))),
    "bits": ("one_notation", add(new_markdown_cell("It has 3 bits."))),
    "a machine's path": ("no_machine_paths", add(new_code_cell("root = '/home/me/data'"))),
    "a machine's path in an output": (
        "no_machine_paths",
        lambda nb: cell_with(nb, "print(rng").update(outputs=printed("/tmp/x")),
    ),
    "filler": ("plain_british_words", add(new_markdown_cell("We simply add them."))),
    "another spelling": ("plain_british_words", add(new_markdown_cell("The optimizer moves."))),
    "no summary": ("the_closing_parts_are_there", swap("## Summary", "## Else")),
    "no break it": ("the_closing_parts_are_there", swap("## Break it", "## Else")),
    "no references": ("the_closing_parts_are_there", swap("## References", "## Else")),
    "an exercise without minutes": ("the_closing_parts_are_there", swap("· 5 minutes", "")),
    "an answer that stays open": ("the_closing_parts_are_there", swap("</details>", "")),
    "no stub": ("the_closing_parts_are_there", swap("raise NotImplementedError", "return 1")),
    "a late first result": (
        "the_first_result_comes_early",
        lambda nb: [c.update(outputs=[]) for c in nb.cells[:9] if c.cell_type == "code"],
    ),
    "a semicolon": ("nothing_is_noisy", add(new_code_cell("ax.plot(x);"))),
    "a progress bar": ("nothing_is_noisy", add(new_code_cell("from tqdm import tqdm"))),
    "a file beside the notebook": ("nothing_is_read_from_beside_it", add(new_code_cell("open('make.py')"))),
    "a source kept quiet": ("the_source_of_the_data_is_printed", swap("print(digits.source)", "print(1)")),
}


@pytest.mark.parametrize("breach", BREACHES)
def test_a_planted_breach_is_seen_by_its_rule(good, breach):
    path, notebook = good
    rule, change = BREACHES[breach]
    change(notebook)
    assert rule in complaints(path, notebook)


def test_every_rule_has_a_planted_breach():
    assert {rule.__name__ for rule in RULES} == {rule for rule, _ in BREACHES.values()}


def test_badges_follow_from_the_constant_and_vanish_with_it(good, monkeypatch):
    path, notebook = good
    assert "colab" not in notebook.cells[0].source
    monkeypatch.setattr(make, "REPOSITORY", "someone/infogan")
    assert set(complaints(path, notebook)) == {"badges_are_alive", "frame_is_makes"}
    make.write_frame(path, notebook, [path])
    badge = "https://colab.research.google.com/github/someone/infogan/blob/main/notebooks/04_small.ipynb"
    assert badge in notebook.cells[0].source and complaints(path, notebook) == {}
    assert 'REPOSITORY = "someone/infogan"' in cell_with(notebook, "find_spec").source
    monkeypatch.setattr(make, "REPOSITORY", "")
    make.write_frame(path, notebook, [path])
    assert complaints(path, notebook) == {} and "colab" not in notebook.cells[0].source


def test_the_style_module_looks_at_every_notebook():
    assert len(NOTEBOOKS) >= 5 and style.make.notebooks() == sorted(style.NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
