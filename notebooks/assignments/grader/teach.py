"""For the lectures: a private repository for the solutions, a question bank, slides."""

import inspect
import re
import shutil
import subprocess
from pathlib import Path

import nbformat
from nbformat import NotebookNode

PRIVATE = ("grader", "source", "release", "manage.py", "nbgrader_config.py", "marking_a4.md", ".gitignore")
CHECK = re.compile(r"^## Check (?:your|of) understanding\n(.*?)(?=^## |\Z)", re.DOTALL | re.MULTILINE)
QUESTION = re.compile(
    r"^(?:\*\*)?(\d+)\.(?:\*\*)? +(.+?)\n\s*<details><summary>.*?</summary>(.*?)</details>", re.DOTALL | re.MULTILINE
)
STYLE = (
    "<style>.reveal h1 {font-size: 2.4em} .reveal table {font-size: 0.85em} .reveal section img {max-height: 620px} "
    ".reveal .slides section {max-height: 700px; overflow-y: auto}</style>"
)


def split(course: Path, folder: Path) -> str:
    """Copy the course into a new git repository; returns what is left to do."""
    if folder.exists() and any(folder.iterdir()):
        raise SystemExit(f"{folder} is not empty; name a folder that is new")
    folder.mkdir(parents=True, exist_ok=True)
    for name in PRIVATE:
        if (course / name).is_dir():
            shutil.copytree(course / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif (course / name).exists():
            shutil.copy(course / name, folder / name)
    name = ["-c", "user.name=course", "-c", "user.email=course@localhost"]
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], [*name, "commit", "-qm", "The course as it begins"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return (
        f"{folder} is a repository of its own: make it private where you push it, and run the commands there.\n"
        f"In the public one: git rm -r {course}/source tests/assignments. What was published stays in its history, so "
        "change numbers and names before a course counts on secret solutions."
    )


def gift(text: str) -> str:
    """Text with GIFT's own signs escaped, and its lines, those of code too, in one."""
    return re.sub(r"([~=#{}:\\])", r"\\\1", inspect.cleandoc(text)).replace("\n", "\\n")


def numbered(notebooks: Path) -> list[Path]:
    """The notebooks of the series, in order."""
    found = sorted(notebooks.glob("[0-9]*.ipynb"))
    if not found:
        raise SystemExit(f"{notebooks} has none of the series' notebooks; run this in a clone of the series")
    return found


def questions(path: Path) -> list[tuple[str, str, str]]:
    """(number, question, answer) of a notebook's check of understanding."""
    text = "\n".join(c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "markdown")
    return [found for part in CHECK.findall(text) for found in QUESTION.findall(part)]


def quiz(notebooks: Path, folder: Path) -> str:
    """Write questions.gift: every check of understanding as an essay question, its answer as the feedback."""
    folder.mkdir(parents=True, exist_ok=True)
    lines, count = [], 0
    for path in numbered(notebooks):
        lines.append(f"$CATEGORY: InfoGAN/{path.stem}\n")
        for number, question, answer in questions(path):
            lines.append(f"::{path.stem[:2]}.{number}::[markdown]{gift(question)} {{####{gift(answer)}}}\n")
            count += 1
    (folder / "questions.gift").write_text("\n".join(lines), encoding="utf-8")
    return f"{count} questions in {folder / 'questions.gift'}; Moodle: Question bank, Import, GIFT format"


def slide_show(nb: NotebookNode) -> NotebookNode:
    """Sections as slides, their text and figures below: arrows to the right skip them; no code, no exercises."""
    out = nbformat.v4.new_notebook()
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            for part in re.split(r"^(?=#{1,3} )", cell.source, flags=re.MULTILINE):
                if re.match(r"## (Exercises|Check|References|Further|Set-up)", part):
                    return out
                if (title := re.match(r"#{1,3} .*", part)) is None:
                    continue
                text = re.sub(r"<details>.*?</details>", "", part[title.end() :], flags=re.DOTALL).strip()
                for k, page in enumerate(pages(text)):
                    head = f"{title.group()}\n\n" if k == 0 else ""
                    add(out, nbformat.v4.new_markdown_cell(head + page), "subslide" if k else "slide")
        else:
            for output in cell.outputs:
                pictures = {k: v for k, v in output.get("data", {}).items() if k.startswith("image/")}
                if pictures and out.cells:
                    shown = nbformat.v4.new_output("display_data", pictures, metadata=output.metadata)
                    add(out, nbformat.v4.new_code_cell("", outputs=[shown]), "subslide")
    return out


def pages(text: str, most: int = 650) -> list[str]:
    """A text's paragraphs, some `most` characters together; what is short, a formula or a list ends a slide."""
    out = [""]
    for part in re.split(r"\n\s*\n", text):
        stays = len(part) < 120 or part.startswith(("$$", "|", "- ", "1. "))
        if out[-1] and len(out[-1]) + len(part) > most and not stays:
            out.append("")
        out[-1] += f"{part}\n\n"
    return out


def add(nb: NotebookNode, cell: NotebookNode, kind: str) -> None:
    cell.metadata["slideshow"] = {"slide_type": kind}
    nb.cells.append(cell)


def slides(notebooks: Path, folder: Path) -> str:
    """Write NUMBER_NAME.slides.html for each notebook, by nbconvert; a browser shows them."""
    from nbconvert import SlidesExporter

    folder.mkdir(parents=True, exist_ok=True)
    exporter = SlidesExporter(exclude_input=True, exclude_input_prompt=True, exclude_output_prompt=True)
    made = []
    for path in numbered(notebooks):
        html, _ = exporter.from_notebook_node(slide_show(nbformat.read(path, as_version=4)))
        made.append(folder / f"{path.stem}.slides.html")
        made[-1].write_text(html.replace("</head>", f"{STYLE}</head>", 1), encoding="utf-8")
    return f"{len(made)} files in {folder}: open them in a browser; it loads reveal.js from the network"
