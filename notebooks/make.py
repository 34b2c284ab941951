"""Prepare the notebooks for a commit: write what is the same in each, execute, clean, check the result.

    python notebooks/make.py                # all notebooks
    python notebooks/make.py 04 06          # those whose names begin with 04 or 06
    python notebooks/make.py --no-run 04    # navigation and set-up cell only; outputs stay as they are

Written by this script, never by hand: the line of links at the top and the bottom, the set-up cell down to the
notebook's own imports, the Colab badge (where the clone's ``origin`` is on GitHub), the measured computing time, cell
ids, and the README's tables of notebooks and of accuracies and its pictures. The metadata keeps the seconds measured;
widget state and run times are dropped.
"""

import argparse
import base64
import hashlib
import json
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

GITHUB = re.compile(r"(?:https://(?:[^/@]+@)?|ssh://git@|git@)github\.com[:/]([\w.-]+/[\w.-]+?)(?:\.git)?/?")
FOLDER = Path(__file__).resolve().parent
README = FOLDER.parent / "README.md"
PICTURES = {"readme": FOLDER / "readme.png", "readme-results": FOLDER / "results.png"}  # by the tag of the cell
ASSETS = FOLDER.parent / "infogan_utils" / "assets"
RECIPES = {  # the rows of the README's table: name of the runs, what it stands for
    "fast": "notebook 06's recipe, L_I of a continuous code capped at 1 nat, five minutes",
    "long": "the same, twenty minutes",
    "fast, one core": "notebook 06's recipe as it is, five minutes",
    "fast, shipped": "notebook 06's recipe on the 5,000 digits that come along, five minutes",
    "three-step": "the losses of [PyTorch-GAN](https://github.com/eriklindernoren/PyTorch-GAN) summed, five minutes",
    "port": "that code as it stands, five minutes",
    "paper": "the paper's InfoGAN with its authors' codes, rates and 5,000 steps (leak 0.1, averaged weights)",
}

SETUP = """\
# @title Set-up: finds infogan_utils, or installs it
import importlib.util
import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # before torch: threads that wait leave the core to your browser
REPOSITORY = "{repository}"  # "OWNER/REPO", used on Colab only
if importlib.util.find_spec("infogan_utils") is None:
    if (Path.cwd().parent / "infogan_utils").is_dir():
        sys.path.insert(0, str(Path.cwd().parent))
    elif REPOSITORY:
        %pip install -q git+https://github.com/{{REPOSITORY}}
    else:
        raise ModuleNotFoundError(
            "infogan_utils was not found: run `pip install -r requirements.txt` in the project's folder, "
            "or open this notebook from inside that folder"
        )"""

OWN = "\n\n# What this notebook uses\n"  # in the set-up cell: above it this script's lines, below it the notebook's
FOLDED = {"cellView": "form", "jupyter": {"source_hidden": True}}  # for Colab, where "# @title" is seen; for JupyterLab
NAV_TOP, NAV_BOTTOM, SETUP_ID = "nav-top", "nav-bottom", "setup"


def notebooks() -> list[Path]:
    """The numbered notebooks, in order."""
    return sorted(FOLDER.glob("[0-9][0-9]_*.ipynb"))


def named(notebook: nbformat.NotebookNode) -> str:
    """The repository that the notebook's set-up cell names, or an empty text."""
    found = re.search(r'^REPOSITORY = "([^"]*)"', "\n".join(c.source for c in notebook.cells), re.MULTILINE)
    return found[1] if found else ""


def repository() -> str:
    """OWNER/REPO of the clone's ``origin`` where that is on GitHub; otherwise the one that notebook 01 names."""
    asked = subprocess.run(["git", "config", "remote.origin.url"], cwd=FOLDER, capture_output=True, text=True)
    found = GITHUB.fullmatch(asked.stdout.strip())
    return found[1] if found else named(nbformat.read(notebooks()[0], as_version=4))


def title(notebook: nbformat.NotebookNode) -> str:
    """The first heading, without its #, e.g. ``4 · The bound that makes I(c; x) trainable``."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and (found := re.search(r"^# +(.+)$", cell.source, re.MULTILINE)):
            return found.group(1).strip()
    raise ValueError("a notebook needs a first heading `# number · title` in a text cell; none was found")


def minutes(notebook: nbformat.NotebookNode) -> str:
    """The measured computing time in words, from the metadata that the last execution left."""
    seconds = notebook.metadata.get("measured_seconds")
    if seconds is None:
        return "computing time not measured yet"
    if seconds < 90:
        return f"about {max(5, 5 * round(seconds / 5))} seconds"
    return f"about {round(seconds / 60, 1):g} minutes"


def write_frame(path: Path, notebook: nbformat.NotebookNode, everything: list[Path], repository: str) -> None:
    """Write navigation, badge, set-up cell and cell ids into ``notebook``; no badge where ``repository`` is empty."""
    place = everything.index(path)
    links = []
    if place > 0:
        links.append(f"[← previous]({everything[place - 1].name})")
    links.append("[contents](../README.md)")
    if place + 1 < len(everything):
        links.append(f"[next →]({everything[place + 1].name})")
    line = " · ".join(links)
    top = f"{line} · computing: {minutes(notebook)}, measured on two CPU cores"
    if repository:
        colab = f"https://colab.research.google.com/github/{repository}/blob/main/notebooks/{path.name}"
        top += f"\n\n[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]({colab})"

    markdown, code = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell
    body = [c for c in notebook.cells if c.id not in (NAV_TOP, NAV_BOTTOM) and c.source.strip()]
    setup = next((c for c in body if c.id == SETUP_ID), None)
    if setup is None:
        setup = code(id=SETUP_ID)
        body.insert(1, setup)
    setup.source = "".join([SETUP.format(repository=repository), *setup.source.partition(OWN)[1:]])
    setup.metadata.update(FOLDED)

    seen: dict[str, int] = {}
    for cell in body:
        if cell.id != SETUP_ID:
            digest = hashlib.sha256(cell.source.encode()).hexdigest()[:8]
            seen[digest] = seen.get(digest, 0) + 1
            cell.id = digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"
    notebook.cells = [markdown(top, id=NAV_TOP), *body, markdown(line, id=NAV_BOTTOM)]


def execute(path: Path, notebook: nbformat.NotebookNode) -> None:
    """Run every cell from a fresh kernel, in the notebook's own folder, and keep the seconds it took."""
    began = time.monotonic()
    client = NotebookClient(notebook, timeout=1800, kernel_name="python3", resources={"metadata": {"path": FOLDER}})
    client.execute()
    notebook.metadata["measured_seconds"] = round(time.monotonic() - began, 1)


def join_streams(outputs: list) -> list:
    """Neighbouring pieces of one stream as one output: where a print is cut differs from run to run."""
    joined: list = []
    for output in outputs:
        last = joined[-1] if joined else None
        if last and output.output_type == last.output_type == "stream" and output.name == last.name:
            last.text += output.text
        else:
            joined.append(output)
    return joined


def clean(notebook: nbformat.NotebookNode) -> None:
    """Drop what differs from run to run or breaks a rendering: widget state, run times, kernel details."""
    kept = {"measured_seconds": notebook.metadata.get("measured_seconds")}
    notebook.metadata.clear()
    notebook.metadata.update({k: v for k, v in kept.items() if v is not None})
    notebook.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook.metadata["language_info"] = {"name": "python"}
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for cell in notebook.cells:
        cell.metadata = {k: v for k, v in cell.metadata.items() if k in ("tags", *FOLDED)}
        for output in cell.get("outputs", []):
            for mime in [m for m in output.get("data", {}) if "widget" in m]:
                del output["data"][mime]
                output["data"]["text/plain"] = "A live widget: run the notebook to use it."
        if "outputs" in cell:
            cell.outputs = join_streams(cell.outputs)
    nbformat.validate(notebook)


def write_pictures(everything: list[Path]) -> None:
    """Write the README's pictures: the figures of the cells with the tags of ``PICTURES``."""
    for path in everything:
        for cell in nbformat.read(path, as_version=4).cells:
            for tag in PICTURES.keys() & set(cell.metadata.get("tags", [])):
                for output in cell.outputs:
                    if "image/png" in output.get("data", {}):
                        PICTURES[tag].write_bytes(base64.b64decode(output.data["image/png"]))


def write_contents(everything: list[Path]) -> None:
    """Write the README's table of notebooks between its two markers."""
    rows = ["| notebook | reading | computing, two cores |", "|---|---|---|"]
    for path in everything:
        notebook = nbformat.read(path, as_version=4)
        reading = re.search(r"[Aa]bout (\d+ minutes)", "\n".join(c.source for c in notebook.cells[1:3]))
        link = f"[{re.sub(r'^[0-9]+', path.name[:2], title(notebook))}](notebooks/{path.name})"
        rows.append(f"| {link} | {reading[1] if reading else ''} | {minutes(notebook)} |")
    write_table("contents", rows)


def accuracies(parts: dict, digits: dict) -> list[str]:
    """The README's table of accuracies, a row for the runs of one recipe, and below it how they were measured."""
    rows = ["| recipe | runs | steps, fewest | mean accuracy | deviation | worst | recognised, mean | recall, mean |"]
    rows.append("|---" * 8 + "|")
    for name, words in RECIPES.items():
        own = [run for run in parts["runs"] + digits["runs"] if run["name"] == name]
        scores = [run["accuracy"] for run in own]
        cells = [f"{words}", f"{len(own)}", f"{min(run['steps'] for run in own):,}", f"{statistics.mean(scores):.3f}"]
        cells += [f"{statistics.stdev(scores):.3f}" if len(scores) > 1 else "", f"{min(scores):.3f}"]
        for figure in ("recognised", "recall"):
            found = [run[figure] for run in own if run.get(figure) is not None]
            cells.append(f"{statistics.mean(found):.3f}" if found else "")
        rows.append("| " + " | ".join(cells) + " |")
    for first, found in (
        ("The first two rows, as many steps as two laptop cores take in that time", parts),
        ("The last four rows", digits),
    ):
        how = f"{first}: `{found['command']}` on {found['machine']}. {found['remark']} {found.get('more', '')}"
        rows += ["", how.rstrip()]
    return rows


def write_table(name: str, rows: list[str]) -> None:
    """Write ``rows`` into the README between its two markers of that name."""
    text = README.read_text(encoding="utf-8")
    begin, end = f"<!-- {name}: written by notebooks/make.py -->\n", f"<!-- end of {name} -->"
    if begin not in text or end not in text:
        raise ValueError(f"{README.name} lacks the line {begin.strip()!r} or {end.strip()!r} around its table")
    head, rest = text.split(begin, 1)
    README.write_text(head + begin + "\n".join(rows) + "\n" + end + rest.split(end, 1)[1], encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("which", nargs="*", help="beginnings of names, e.g. 04; all notebooks when none is given")
    parser.add_argument("--no-run", action="store_true", help="leave the outputs as they are")
    options = parser.parse_args(arguments)
    everything = notebooks()
    chosen = [p for p in everything if not options.which or p.name.startswith(tuple(options.which))]
    if not chosen:
        parser.error(f"no notebook begins with {options.which}; there are {[p.name for p in everything]}")
    origin = repository()
    for path in chosen:
        notebook = nbformat.read(path, as_version=4)
        write_frame(path, notebook, everything, origin)
        if not options.no_run:
            print(f"{path.name}: running …", flush=True)
            execute(path, notebook)
            write_frame(path, notebook, everything, origin)  # the measured time goes into the first line
        clean(notebook)
        nbformat.write(notebook, path)
        print(f"{path.name}: {minutes(notebook)}")
    for path in FOLDER.glob("assignments/*/*/*.ipynb"):
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r'(REPOSITORY = \\")[^"\\]*', rf"\g<1>{origin}", text), encoding="utf-8")
    write_contents(everything)
    measured = [json.loads((ASSETS / f"{name}.json").read_text("utf-8")) for name in ("parts", "digits")]
    write_table("accuracies", accuracies(*measured))
    write_pictures(everything)
    return 0


if __name__ == "__main__":
    sys.exit(main())
