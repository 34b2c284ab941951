"""The rules that a notebook of this series keeps, each a function (path, notebook) -> complaints. For test_style."""

import ast
import importlib.util
import re
from pathlib import Path

import nbformat
from series import NOTEBOOKS

spec = importlib.util.spec_from_file_location("make", NOTEBOOKS / "make.py")
make = importlib.util.module_from_spec(spec)
spec.loader.exec_module(make)

LONGEST_CELL, LONGEST_LINE, IN_A_ROW = 40, 120, 2
EARLY = 6  # cells until the first result; the title and the imports are two of them
NAMES = {  # one notation: the other spellings of it that the field has
    "lam": "lambda_ lambd lmbda lamb lam_ LAMBDA lambda_info info_weight",
    "log_var": "logvar log_variance logsigma2 log_sigma2",
    "spec": "layout latent_layout",
    "G and D": "netG netD G_net D_net gen_net disc_net",
    "L_I": "LI l_i mi_loss mi_bound info_loss",
}
WORDS = {  # what the text avoids: filler, and spellings other than British ones
    "filler": r"\bdelv\w+|\bsimply\b|\bobviously\b|\btrivially\b|as we all know|in this section,? we will",
    "spelling": r"\bcolou?rize\w*|\bcolors?\b|\bbehaviors?\b|\bneighbors?\b|\bcenter(s|ed)?\b|\boptimiz\w+"
    r"|\bnormaliz\w+|\banalyz\w+|\bvisualiz\w+|\bminimiz\w+|\bmaximiz\w+|\bgray\b|\bmodeling\b",
}
MACHINE = r"(?<![\w.])/(work|tmp|root|home|Users|private|var|opt|mnt)/|\b[A-Z]:\\\\?Users|ipykernel_\d+|site-packages"


def code(notebook) -> list:
    return [c for c in notebook.cells if c.cell_type == "code"]


def text(notebook) -> list:
    return [c for c in notebook.cells if c.cell_type == "markdown"]


def own(notebook) -> list:
    """The cells that make.py doesn't write."""
    return [c for c in notebook.cells if c.get("id") not in (make.NAV_TOP, make.NAV_BOTTOM, make.SETUP_ID)]


def number(path: Path) -> str:
    return str(int(path.name[:2]))


def head(cell) -> str:
    return repr(cell.source.strip().split("\n")[0][:60])


def parsed(cell) -> ast.Module:
    return ast.parse(re.sub(r"^(\s*)[%!].*$", r"\1pass", cell.source, flags=re.MULTILINE))


def prose(cell) -> str:
    """A text cell's words, without code, formulas, links' addresses and tags."""
    return re.sub(r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$]*\$|\]\([^)]*\)|<[^>]+>", " ", cell.source, flags=re.DOTALL)


def code_cells_are_short(path, notebook):
    for cell in code(notebook):
        lines = cell.source.split("\n")
        if len(lines) > LONGEST_CELL:
            yield f"a code cell of {len(lines)} lines, more than {LONGEST_CELL}: {head(cell)}"
        yield from (
            f"a line of {len(x)} characters, more than {LONGEST_LINE}: {x}" for x in lines if len(x) > LONGEST_LINE
        )


def prose_stands_between_code(path, notebook):
    run = 0
    for cell in notebook.cells:
        run = run + 1 if cell.cell_type == "code" else 0
        if run > IN_A_ROW:
            yield f"{run} code cells in a row without prose, at {head(cell)}"


def headings_are_in_order(path, notebook):
    found = []
    for cell in text(notebook):
        bare = re.sub(r"```.*?```", "", cell.source, flags=re.DOTALL)
        found += [(len(m[1]), m[2]) for m in re.finditer(r"^(#+) +(.+)$", bare, re.MULTILINE)]
    titles = [t for level, t in found if level == 1]
    if len(titles) != 1 or not titles[0].startswith(f"{number(path)} · "):
        yield f"one heading `# {number(path)} · title` was expected, found {titles}"
    if sum(level == 2 for level, _ in found) < 3:
        yield "fewer than three sections (##)"
    for (before, _), (level, t) in zip(found, found[1:], strict=False):
        if level > before + 1:
            yield f"a heading of level {level} follows one of level {before}: {t!r}"


def every_random_number_has_a_seed(path, notebook):
    whole = "\n".join(c.source for c in code(notebook))
    draws = re.search(
        r"torch\.(rand|randn|randint|randperm|normal|bernoulli|multinomial)\(|default_rng|nn\.|Trainer\(", whole
    )
    if draws and not re.search(r"manual_seed\(|default_rng\([^)]|seed=", whole):
        yield "random numbers are drawn and no seed is set"
    for found in re.finditer(
        r"np\.random\.(?!default_rng|Generator|SeedSequence)\w+|default_rng\(\)|\brandom\.seed\(", whole
    ):
        yield f"a random number without a seed of its own: {found[0]}"


def outputs_are_there(path, notebook):
    for cell in code(notebook):
        calls = [n.value for n in parsed(cell).body if isinstance(n, ast.Expr) and isinstance(n.value, ast.Call)]
        names = {ast.unparse(call.func) for call in calls}
        if names & {"print", "display", "plots.show", "show"} and not cell.outputs:
            yield f"a cell that shows something has no output; run make.py: {head(cell)}"
        for output in cell.outputs:
            if output.output_type == "error" or output.get("name") == "stderr":
                yield f"an error or a warning in the output of {head(cell)}"


def no_widget_state_is_stored(path, notebook):
    if "widgets" in notebook.metadata:
        yield "metadata.widgets breaks the rendering on GitHub"
    for cell in code(notebook):
        if any("widget" in mime for output in cell.outputs for mime in output.get("data", {})):
            yield f"a widget's view in the output of {head(cell)}"


def figures_have_words(path, notebook):
    for cell in code(notebook):
        said = any(o.get("name") == "stdout" for o in cell.outputs)
        for output in cell.outputs:
            for mime in (m for m in output.get("data", {}) if m.startswith("image/")):
                alt = output.metadata.get(mime, {}).get("alt", "") or output.metadata.get("alt", "")
                if len(alt.split()) < 4 and not said:
                    yield f"a figure without an alternative text or a printed message: {head(cell)}"
    for cell in text(notebook):
        if re.search(r"!\[\s*\]\(|<img(?![^>]*alt=\"\w)", cell.source):
            yield f"a picture in the text without an alternative text: {head(cell)}"


def links_resolve(path, notebook):
    for cell in text(notebook):
        for target in re.findall(r"\]\(([^)\s]+)\)", cell.source):
            if (
                not re.match(r"https?://|mailto:|#|attachment:", target)
                and not (path.parent / target.split("#")[0]).exists()
            ):
                yield f"a link to nothing: {target}"


def frame_is_makes(path, notebook):
    fresh = nbformat.from_dict(notebook)
    everything = make.notebooks() if path in make.notebooks() else [path]
    make.write_frame(path, fresh, everything, make.named(notebook))
    ours = {c.get("id"): c.source for c in notebook.cells}
    for cell in fresh.cells:
        if cell.id in (make.NAV_TOP, make.NAV_BOTTOM, make.SETUP_ID) and ours.get(cell.id) != cell.source:
            yield f"the cell {cell.id!r} is not what make.py writes; run python notebooks/make.py --no-run"
        if cell.id == make.SETUP_ID and dict(cell.metadata) != make.FOLDED:
            yield "the set-up cell is not folded; run python notebooks/make.py --no-run"
    order = [c.get("id") for c in notebook.cells]
    if not order or order[0] != make.NAV_TOP or order[-1] != make.NAV_BOTTOM or order.count(make.SETUP_ID) != 1:
        yield "navigation at both ends and one set-up cell were expected"


def badges_are_alive(path, notebook):
    badges = re.findall(r"colab\.research\.google\.com/github/([^)\s]*)", "\n".join(c.source for c in text(notebook)))
    expected = [f"{make.named(notebook)}/blob/main/notebooks/{path.name}"] if make.named(notebook) else []
    if badges != expected:
        yield f"Colab badges {badges}, expected {expected}"


def one_notation(path, notebook):
    wrong = {other: ours for ours, others in NAMES.items() for other in others.split()}
    for cell in code(notebook):
        for node in ast.walk(parsed(cell)):
            name = getattr(node, "id", None) or getattr(node, "arg", None) or getattr(node, "attr", None)
            if isinstance(name, str) and name in wrong:
                yield f"{name!r} in {head(cell)}; the series writes {wrong[name]}"
    for cell in text(notebook):
        if re.search(r"\bbits\b", prose(cell)) and "nat" not in prose(cell):
            yield f"bits where the series measures in nats: {head(cell)}"


def no_machine_paths(path, notebook):
    for cell in notebook.cells:
        shown = [
            o.get("text", "") + "".join(str(v) for m, v in o.get("data", {}).items() if "image" not in m)
            for o in cell.get("outputs", [])
        ]
        for found in re.finditer(MACHINE, "\n".join([cell.source, *shown])):
            yield f"a path of one machine, {found[0]!r}, in {head(cell)}"


def plain_british_words(path, notebook):
    for cell in (c for c in text(notebook) if not re.match(r"#+ .*references", c.source, re.IGNORECASE)):  # own titles
        for kind, pattern in WORDS.items():
            for found in re.finditer(pattern, prose(cell), re.IGNORECASE):
                yield f"{kind}: {found[0]!r} in {head(cell)}"


def notebooks_are_named_by_two_digits(path, notebook):
    for cell in text(notebook):
        for found in re.finditer(r"\bnotebooks? \d\b", cell.source, re.IGNORECASE):
            yield f"{found[0]!r} in {head(cell)}; the series writes 'notebook 04'"


def the_closing_parts_are_there(path, notebook):
    whole = "\n".join(c.source for c in text(notebook))
    for name, pattern in {
        "a summary": r"^#+ .*(summary|in short|what you have)",
        "a check of understanding": r"^#+ .*(check|understanding)",
        "a 'Break it' experiment": r"^#+ .*break it",
        "references": r"^#+ .*references",
        "an arXiv number": r"\b\d{4}\.\d{4,5}\b",
        "an exercise's header": rf"^\*\*Exercise {number(path)}\.\d+ · \d+ minutes · \w+",
    }.items():
        if not re.search(pattern, whole, re.MULTILINE | re.IGNORECASE):
            yield f"{name} is missing"
    if whole.count("<details>") < 4 or whole.count("<details>") != whole.count("</details>"):
        yield f"{whole.count('<details>')} folded answers and hints, {whole.count('</details>')} of them closed"
    if "raise NotImplementedError" not in "\n".join(c.source for c in code(notebook)):
        yield "no exercise has a stub that raises NotImplementedError"


def the_first_result_comes_early(path, notebook):
    if not any(c.get("outputs") for c in own(notebook)[:EARLY]):
        yield f"no picture or number in the first {EARLY} cells"


def nothing_is_noisy(path, notebook):
    for cell in code(notebook):
        if re.search(r";\s*$", cell.source) or "tqdm" in cell.source:
            yield f"a trailing semicolon or a progress bar on standard error: {head(cell)}"


def the_source_of_the_data_is_printed(path, notebook):
    whole = "\n".join(c.source for c in code(notebook))
    if "data.load(" in whole and not re.search(r"print\(.*\.source", whole):
        yield "digits are loaded and the cell doesn't print where they come from"


def nothing_is_read_from_beside_it(path, notebook):
    for cell in code(notebook):
        for node in ast.walk(parsed(cell)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                name = node.value  # runs/ holds what a notebook itself wrote
                if re.fullmatch(r"(?!runs/)[\w./-]{1,100}", name) and (NOTEBOOKS / name).is_file():
                    yield f"on Colab a notebook is alone: put {name!r} into the package (and pyproject.toml)"


RULES = [
    code_cells_are_short,
    prose_stands_between_code,
    headings_are_in_order,
    every_random_number_has_a_seed,
    outputs_are_there,
    no_widget_state_is_stored,
    figures_have_words,
    links_resolve,
    frame_is_makes,
    badges_are_alive,
    one_notation,
    no_machine_paths,
    plain_british_words,
    notebooks_are_named_by_two_digits,
    the_closing_parts_are_there,
    the_first_result_comes_early,
    nothing_is_noisy,
    the_source_of_the_data_is_printed,
    nothing_is_read_from_beside_it,
]
