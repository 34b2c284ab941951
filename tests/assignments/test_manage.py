"""The instructor's commands: every planted fault is named with its file and cell, and the release is what source gives.

| claim | test |
|---|---|
| the committed course has no fault, and its release is what nbgrader makes of source | committed |
| repeated or missing ids, unlocked cells, markers in the release, tests without points are named | planted |
| a changed, a missing and a left-over release are told apart | drift |
| scores are written as a table, and with the columns of Moodle and Canvas | csv |
| a file in a student's zip is that student's; what a zip may hold is bounded | zip |
| what a student wrote is shown without control characters, tags and links that run something | chose, link |
| hand-ins of 12,000 lines are compared in seconds; an import has only students with a number | many, carry |
| what cannot be done is said with the way out | way_out |
| a private repository, a question bank and slides come out of one command each | split, quiz, slides |
| the instructor's page gives the notebooks' own points, minutes and headings | page |
"""

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile

import IPython
import nbformat
import pytest
from classroom import ASSIGNMENTS, COURSE, Classroom, checks_of, filled, find, notebook, reference
from nbformat.v4 import new_code_cell

import manage  # isort: skip
import preflight  # isort: skip

NAME = "a1_gan_objective.ipynb"
ROOT = COURSE.parents[1]


@pytest.fixture
def nbgrader():
    try:
        import nbgrader  # noqa: F401
    except ImportError:
        if os.environ.get("CI") and IPython.version_info >= (8, 10):
            raise
        pytest.skip('nbgrader is missing: pip install -e ".[test]"')


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch, tmp_path):
    """`manage.main` changes the folder; put it back after each test."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def course(tmp_path):
    """Assignment 1 alone, source and release, to spoil."""
    for kind in ("source", "release"):
        shutil.copytree(COURSE / kind / "a1", tmp_path / kind / "a1")
    shutil.copytree(COURSE / "grader", tmp_path / "grader")
    shutil.copy(COURSE / preflight.CONFIG, tmp_path)
    return tmp_path


def about(nb, name):
    return find(nb, name).metadata.nbgrader


def repeat(nb):
    nb.cells.append(nbformat.from_dict(json.loads(json.dumps(find(nb, "value-mean")))))


def forget_id(nb):
    del about(nb, "value-mean")["grade_id"]


def forget_answer(nb):
    del find(nb, "value").metadata["nbgrader"]


def forget_test(nb):
    del find(nb, "value-mean").metadata["nbgrader"]


def replace(name, old, new):
    def change(nb):
        cell = find(nb, name)
        assert old in cell.source
        cell.source = cell.source.replace(old, new)

    return change


def set_about(name, **values):
    return lambda nb: about(nb, name).update(values)


def set_cell(name, **values):
    return lambda nb: find(nb, name).metadata.update(values)


def leave(text):
    return lambda nb: nb.cells.insert(3, new_code_cell(text))


# kind, what is planted, the cell that must be named, words of the message
PLANTED = {
    "a repeated id": ("source", repeat, "value-mean", "the grade id is that of cell"),
    "an empty id": ("source", set_about("value-mean", grade_id=""), None, "without a grade id"),
    "a missing id": ("source", forget_id, None, "without a grade id"),
    "an answer without id": ("source", forget_answer, None, "holds a solution, but is no answer cell"),
    "a test without id": ("source", forget_test, None, "holds hidden tests, but is not a test cell"),
    "an unlocked test": ("source", set_about("value-mean", locked=False), "value-mean", "not locked"),
    "an unlocked helper": ("source", set_about("helpers", locked=False), "helpers", "nor locked"),
    "a test without points": ("source", set_about("value-mean", points=0), "value-mean", "a test without points"),
    "a test whose points are lost": (
        "source",
        lambda nb: about(nb, "value-mean").pop("points"),
        "value-mean",
        "a test without points",
    ),
    "half a solution marker": ("source", replace("value", "### END SOLUTION", ""), "value", "do not pair up"),
    "a misspelt marker": (
        "source",
        replace("value-mean", "### BEGIN HIDDEN TESTS", "### BEGIN HIDDEN TEST"),
        "value-mean",
        "is no marker that nbgrader knows",
    ),
    "a misspelt marker, small": (
        "source",
        replace("value", "### BEGIN SOLUTION", "# begin solution"),
        "value",
        "is no marker that nbgrader knows",
    ),
    "a test without hidden tests": (
        "source",
        lambda nb: find(nb, "value-mean").update(source="assert True"),
        "value-mean",
        "without a probe",
    ),
    "a solution in the release": ("release", leave("### BEGIN SOLUTION\n1\n### END SOLUTION"), None, "marker of a sol"),
    "hidden tests in the release": ("release", leave("### BEGIN HIDDEN TESTS"), None, "marker of a hidden tests"),
    "an editable test": ("release", set_cell("value-mean", editable=True), "value-mean", "editable in the release"),
    "a deletable answer": ("release", set_cell("value", deletable=True), "value", "can be deleted in the release"),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_named_with_its_file_and_cell(course, fault):
    assert preflight.faults(course) == []
    kind, change, name, words = PLANTED[fault]
    path = course / kind / "a1" / NAME
    nb = nbformat.read(path, as_version=4)
    change(nb)
    path.write_text(json.dumps(nb), encoding="utf-8")
    said = [line for line in preflight.faults(course) if words in line]
    assert said, preflight.faults(course)
    for line in said:
        assert line.startswith(f"{kind}/a1/{NAME}, cell ")
        assert name is None or f"'{name}'" in line
        number = int(line.split(", cell ")[1].split()[0].rstrip(":"))
        touched = nb.cells[number - 1]
        assert name is None or touched.metadata.nbgrader.grade_id == name


def test_the_commands_answer_with_a_code_that_scripts_can_use(course):
    command = [sys.executable, str(COURSE / "manage.py"), "--course", str(course), "check"]
    good = subprocess.run(command, capture_output=True, text=True)
    assert (good.returncode, good.stdout.strip()) == (0, "no faults found")
    (course / "release" / "a1" / NAME).unlink()
    bad = subprocess.run(command, capture_output=True, text=True)
    assert bad.returncode == 1 and f"release/a1/{NAME}: missing" in bad.stdout


def test_the_committed_course_has_no_fault():
    assert preflight.faults(COURSE) == []
    assert sorted(p.name for p in (COURSE / "release").iterdir() if p.is_dir()) == ASSIGNMENTS


def test_the_committed_release_is_what_nbgrader_makes_of_source(nbgrader):
    assert preflight.drift(COURSE) == []


def test_drift_tells_changed_missing_and_left_over_apart(nbgrader, course):
    path = course / "release" / "a1" / NAME
    text = path.read_text("utf-8")
    path.write_text(text.replace("%%check 1.1", "%%check 1.0"), encoding="utf-8")
    (course / "release" / "a9").mkdir()
    (course / "release" / "a9" / "old.ipynb").write_text("{}")
    assert preflight.drift(course) == [
        "release/a9/old.ipynb: left over, no source gives it",
        f"release/a1/{NAME}: not what source/ gives now",
    ]
    path.unlink()
    assert f"release/a1/{NAME}: missing" in preflight.drift(course)
    assert manage.main(["--course", str(course), "release"]) == 0
    assert path.read_text("utf-8") == text and preflight.drift(course) == []


def test_scores_are_written_as_a_table_with_a_column_for_each_step_and_for_moodle_and_canvas(nbgrader, tmp_path):
    room, right = Classroom(tmp_path, "a1"), reference("a1")
    room.submit("Ada Lovelace_12345", filled("a1", right))
    room.submit("bob_77", filled("a2", {}), "homework.ipynb")
    (tmp_path / "students.txt").write_text("Ada Lovelace\nbob_77\ncid\n")  # Moodle's numbers are others each time
    room.grade(jobs=1)
    path = tmp_path / "scores.csv"
    command = ["--course", str(tmp_path), "scores", "a1", "--csv", str(path)]
    assert manage.main(command) == 0
    ada, bob, cid = csv.DictReader(path.open())
    assert ada["student"] == "Ada Lovelace_12345" and ada["status"] == "graded" and ada["late days"] == "0"
    assert float(ada["total"]) == float(ada["maximum"]) == sum(checks_of("a1").values())
    assert {name: float(ada[name]) for name in right} == {
        "value": 3,
        "optimal-discriminator": 3,
        "jensen-shannon": 3,
        "generator-losses": 2,
        "generator-gradients": 3,
        "least-squares": 2,
    }
    assert cid["status"] == "missing" and cid["total"] == ""
    assert bob["total"] == "" and "not graded: expected 'a1_gan_objective.ipynb'" in bob["status"]
    manage.main([*command, "--for", "moodle"])
    (row,) = csv.DictReader(path.open())
    assert row == {
        "Identifier": "Participant 12345",
        "Full name": "Ada Lovelace",
        "Grade": "16.0",
        "Maximum grade": "16.0",
        "Last modified (grade)": "-",
    }
    manage.main([*command, "--for", "canvas"])
    possible, row = csv.DictReader(path.open())
    assert (row["Student"], row["ID"], row["a1"]) == ("Ada Lovelace", "12345", "16.0") and possible["a1"] == "16.0"


def packed(name: str, text: str) -> bytes:
    """A zip with one file, as a student makes it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"my work/{name}", text)
    return out.getvalue()


def test_zips_of_moodle_and_canvas_are_sorted_by_zip_collect(nbgrader, tmp_path):
    room = Classroom(tmp_path, "a1")
    inbox = tmp_path / "downloaded" / "a1" / "archive"
    inbox.mkdir(parents=True)
    text = json.dumps(filled("a1", {}))
    with zipfile.ZipFile(inbox / "class.zip", "w") as archive:
        for name, day in (("a1_gan_objective (1)", 9), ("a1_gan_objective", 8)):
            entry = zipfile.ZipInfo(f"Ada Lovelace_12345_assignsubmission_file/{name}.ipynb", (2025, 3, day, 12, 0, 0))
            archive.writestr(entry, text + "\n" * (day == 9))
        archive.writestr("[Cid]_77_assignsubmission_file_a1_gan_objective.ipynb", text)
        archive.writestr("dan/a1_gan_objective.ipynb", text)
        inner = "Eve_14_assignsubmission_file/hw/downloaded/a1/extracted/x/Cid_77_assignsubmission_file"  # as if Cid's
        archive.writestr(f"{inner}/a1_gan_objective.ipynb", text + "\n")
        archive.writestr("__MACOSX/x.txt", "")
        for name, date, content in (("Fay_15", (2025, 3, 7), packed(room.name, text)), ("Gus_16", (2025, 3, 6), b"PK")):
            entry = zipfile.ZipInfo(f"{name}_assignsubmission_file/hw.zip", (*date, 8, 0, 0))
            archive.writestr(entry, content)
        archive.writestr("Hal_17_assignsubmission_onlinetext/onlinetext.html", "")
        archive.writestr("Hal_17_assignsubmission_file/timestamp.txt", "2000-01-01")
    with zipfile.ZipFile(inbox / "canvas.zip", "w") as archive:  # as Canvas writes it: all dates are of the download
        for name in ("lovelace_ada_LATE_987_4321", "lovelace_ada_LATE_987_4322", "anon_x3Ys1_4323"):
            archive.writestr(f"{name}_a1_gan_objective.ipynb", text)
        archive.writestr("hopper_988_text.html", "")
        archive.writestr("lovelace_ada_987_4324_timestamp.txt", "2000-01-01")
    shutil.copytree(COURSE / "release" / "a1", tmp_path / "release" / "a1")
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", "zip_collect", "a1", "--force"], cwd=tmp_path, capture_output=True, text=True
    )
    found = {path.parent.parent.name for path in tmp_path.glob(f"submitted/*/a1/{room.name}")}
    canvas = {"lovelace_ada_987", "anon_x3Ys1"}
    assert found == {"Ada Lovelace_12345", "Cid_77", "dan", "Eve_14", "Fay_15"} | canvas, done.stderr
    files = {path.name for path in tmp_path.glob("submitted/*_ada_987/a1/*")}
    assert files == {room.name, "a1_gan_objective (2).ipynb"}  # no date, and both, for `grade` to say which it took
    assert (tmp_path / "submitted" / "hopper_988" / "a1" / "text.html").exists()
    fay, gus, hal = (tmp_path / "submitted" / name / "a1" for name in ("Fay_15", "Gus_16", "Hal_17"))
    assert (fay / "timestamp.txt").read_text().startswith("2025-03-07 08:00")  # the date of the zip in the class's zip
    assert (gus / "hw.zip").exists() and "Gus_16_assignsubmission_file/hw.zip can't be unpacked" in done.stderr
    assert (hal / "onlinetext.html").exists() and "2000" not in (hal / "timestamp.txt").read_text()
    ada = tmp_path / "submitted" / "Ada Lovelace_12345" / "a1"  # of two, the later by the zip's dates, which it keeps
    assert (ada / "timestamp.txt").read_text().startswith("2025-03-09 12:00")
    assert (ada / room.name).read_text().endswith("\n")
    assert (tmp_path / "submitted" / "Cid_77" / "a1" / room.name).read_text() == text


def unpacked(folder, files: dict[str, bytes]) -> dict[str, str]:
    """The class's zip with these files, unpacked and told apart as in zip_collect: file -> student."""
    import collect

    (folder / "downloaded" / "a1" / "archive").mkdir(parents=True)
    with zipfile.ZipFile(folder / "downloaded" / "a1" / "archive" / "class.zip", "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    extracted = folder / "downloaded" / "a1" / "extracted"
    collect.Extractor().extract(str(extracted.with_name("archive")), str(extracted))
    paths = sorted(path for path in extracted.rglob("*") if path.is_file())
    whose = collect.Collector()
    return {"/".join(p.relative_to(extracted).parts[1:]): whose.collect(str(p))["student_id"] for p in paths}


def test_a_file_in_a_students_zip_is_that_students_whatever_its_folders_are_called(nbgrader, tmp_path):
    moodle, canvas = "bob_77_assignsubmission_file", "bob_77_4321_a1"
    folders = ("bob", "", moodle, f"deep/{moodle}", canvas, "hw.zip")
    files = {f"adam{k}/hw.zip": packed(f"{folder}/{NAME}", "{}") for k, folder in enumerate(folders)}
    files |= {f"week 1/bob/{NAME}": b"{}", "eve_5_assignsubmission_file_hw.ZIP": packed(f"{moodle}/{NAME}", "{}")}
    files["gus_6_4321_hw.zip"] = packed("hw.zip", "no zip")
    found = unpacked(tmp_path, files)
    assert len(found) == len(files)
    assert {path.split("/")[0].removesuffix("_4321_hw.zip"): student for path, student in found.items()} == {
        **{f"adam{k}": f"adam{k}" for k in range(len(folders))},
        **{"week 1": "bob", "eve_5_assignsubmission_file_hw.ZIP": "eve_5", "gus_6": "gus_6"},
    }


def test_what_a_students_zip_or_tar_may_hold_is_bounded_with_what_lies_in_it(nbgrader, tmp_path, monkeypatch):
    import collect

    monkeypatch.setattr(collect, "MOST", 50_000)
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w:gz") as archive:
        for name in ("first", "second"):
            entry = tarfile.TarInfo(name)
            entry.size = 30_000
            archive.addfile(entry, io.BytesIO(bytes(entry.size)))
    small, large = packed(NAME, "{}"), packed(NAME, " " * 60_000)
    nest = io.BytesIO()
    with zipfile.ZipFile(nest, "w") as archive:
        for k in range(3):
            archive.writestr(f"{k}.zip", packed(NAME, " " * 20_000))
    sent = {"a/hw.tar.gz": tar.getvalue(), "b/hw.tgz": tar.getvalue(), "c/hw.zip": large, "d/hw.zip": small}
    found = unpacked(tmp_path, sent | {"e/hw.zip": nest.getvalue()})
    own = f"hw.zip/my work/{NAME}"
    kept = {f"d/{own}", *(f"e/hw.zip/{k}.zip/my work/{NAME}" for k in (0, 1)), "e/hw.zip/2.zip"}
    assert set(found) == {"a/hw.tar.gz", "b/hw.tgz", "c/hw.zip"} | kept


def test_a_name_that_a_student_chose_stays_in_its_line_and_has_no_terminal_codes(nbgrader, tmp_path):
    import handins
    import repairs

    forged = "x\x1b[1A\x1b[2K\n- bob: graded, 16 of 16\u2028\u202e\x9b\ud800"
    nb = notebook("release", "a1")
    find(nb, "value-mean").metadata.nbgrader.grade_id = forged
    repairs.note_down(nb, repairs.restore(nb, notebook("source", "a1")))
    lines = nb.cells[0].source.removeprefix(repairs.HEAD).splitlines()
    safe = "x?[1A?[2K?- bob: graded, 16 of 16????"
    assert [line for line in lines if "bob" in line] == [
        f"- cell '{safe}' is not part of this assignment: executed, not graded."
    ]
    alien = filled("a2", {})
    for name in ("entropy", *checks_of("a2")):
        find(alien, name).metadata.nbgrader.grade_id = forged + name
    (tmp_path / NAME).write_text(json.dumps(alien))
    _, fault = handins.tidy(tmp_path, [COURSE / "source" / "a1" / NAME])
    assert fault and repairs.plain(fault) == fault and repairs.plain("é λ 文 'x'") == "é λ 文 'x'"


@pytest.mark.parametrize(
    "text",
    [
        "[f](javascript:1)",
        "[f]( <JavaScript:1>)",
        "[f](java&#115;cript:1)",
        "[f](javascript&colon;1)",
        "[f][x]\n\n[x]:\n javascript:1",
        "[![i](https://a.b)](vbscript:1)",
        "[f](data:text/html,x)",
        "<javascript:1>",
    ],
)
def test_a_link_in_a_text_leads_to_a_page_or_nowhere(text):
    import repairs
    from nbconvert.filters import markdown2html

    def links(text):
        return re.findall(r'href="([^"]*)"', markdown2html(text))

    assert links(text) and not links(text)[0].startswith(("#", "http"))
    assert all(re.match(r"(%20)?#", link) for link in links(repairs.harmless(text)))


def test_other_links_pictures_and_sentences_stay_as_they_are():
    import repairs

    kept = "[a](https://a.b/c:d) [b](mailto:a@b.c) [c](#part) [d](e/f.png?x=1&y=2:3) ![g](attachment:g.png)\n\n[h]: http://i.j"
    assert repairs.harmless(kept) == kept and repairs.harmless("in x[0]: the loss: 3") == "in x[0]: the loss: 3"
    assert repairs.harmless(r"$\href{javascript:1}{x}$") == "$href{javascript:1}{x}$"


def test_hand_ins_of_many_lines_are_compared_line_by_line_in_whatever_order(nbgrader, tmp_path):
    import results

    shutil.copytree(COURSE / "source" / "a1", tmp_path / "source" / "a1")
    lines = [f"x = {k % 7}" for k in range(12_000)]
    for student, own in {
        "ada": lines,
        "bob": lines[:-600][::-1] + [f"y = {k}" for k in range(600)],  # 95 % are the same
        "cid": lines[:-601] + [f"z = {k}" for k in range(601)],
        "dan": lines[:5],
    }.items():
        for kind in ("submitted", "autograded"):
            path = tmp_path / kind / student / "a1" / NAME
            path.parent.mkdir(parents=True)
            path.write_text(json.dumps(filled("a1", {"value": "\n".join(own)})))
    began = time.process_time()
    (group,) = results.alike(tmp_path, "a1")
    assert time.process_time() - began < 5  # comparing in order took half a minute a pair
    students, share = group
    assert students == ["ada", "bob"] and 0.95 <= share < 0.951


def test_an_import_has_only_students_whose_names_carry_a_number(tmp_path):
    import results

    names = ("Ada Lovelace_12345", "ada", "bob_x", "_7", "cid_8")
    rows = [{"student": name, "status": "graded", "total": 1.0, "maximum": 2.0} for name in names]
    rows[-1]["status"] = "waits for marking"
    for system in ("moodle", "canvas", ""):
        left = results.write_csv(tmp_path / "scores.csv", rows, system, "a1")
        assert left == (["ada", "bob_x", "_7"] if system else [])
        written = (tmp_path / "scores.csv").read_text()
        assert "12345" in written and all((name in written) == (not system) for name in ("ada", "bob_x", "cid"))


def test_what_cannot_be_done_is_said_with_the_way_out(nbgrader, course, capsys):
    import handins

    for name in ("Ada_1", "bob"):
        (course / "submitted" / name / "a1").mkdir(parents=True)
    for command, words in (
        (["scores", "a9"], r"source/a9 has no notebook; expected one of \['a1'\]"),
        (["grade", "a9"], r"source/a9 has no notebook; expected one of \['a1'\]"),
        (["scores", "a1", "--for", "moodle"], "--for moodle chooses the columns of a file; add --csv FILE"),
        (["grade", "a1", "--student", "cid"], "no hand-in at submitted/cid/a1; there are those of Ada_1, bob"),
    ):
        with pytest.raises(SystemExit, match=words):
            manage.main(["--course", str(course), *command])
    source, folder = COURSE / "source" / "a1" / NAME, course / "submitted" / "bob" / "a1"
    (folder / "homework.ipynb").write_text(json.dumps(filled("a2", {})))
    said = handins.tidy(folder, [source])[1]
    assert said == f"expected '{NAME}', found 'homework.ipynb'; it holds cells of a2; ask for this assignment's file"
    (folder / "homework.ipynb").rename(folder / NAME)
    said = handins.tidy(folder, [source])[1]
    assert said == f"'{NAME}' holds none of this assignment's cells, but those of a2; ask for this assignment's file"
    (folder / NAME).write_bytes(b"")
    assert handins.tidy(folder, [source])[1] == f"'{NAME}' is no notebook: it has 0 bytes; ask for the file again"


def test_variants_hand_out_other_numbers_to_each_student_by_one_switch(nbgrader, course, capsys):
    with (course / preflight.CONFIG).open("a") as config:
        config.write("\nc.GradeCells.variants = True\n")
    with pytest.raises(SystemExit, match="students.txt is missing"):
        manage.main(["--course", str(course), "release"])
    (course / "students.txt").write_text("ada\nbob\n")
    manage.main(["--course", str(course), "release"])
    texts = [(course / "handout" / name / "a1" / NAME).read_text("utf-8") for name in ("ada", "bob")]
    usual = (course / "release" / "a1" / NAME).read_text("utf-8")
    assert len({usual, *texts}) == 3 and usual == (COURSE / "release" / "a1" / NAME).read_text("utf-8")
    assert "T_REAL" not in "".join(texts) and "variants" not in "".join(texts)


def test_split_makes_a_repository_that_holds_the_course_and_no_hand_in(tmp_path, capsys):
    assert manage.main(["split", str(tmp_path / "private")]) == 0
    listed = subprocess.run(
        ["git", "ls-files"], cwd=tmp_path / "private", capture_output=True, text=True
    ).stdout.split()
    assert "source/a1/a1_gan_objective.ipynb" in listed and "grader/run.py" in listed and "manage.py" in listed
    assert not [name for name in listed if name.startswith(("submitted", "autograded", "gradebook", "grading"))]
    assert preflight.faults(tmp_path / "private") == []
    with pytest.raises(SystemExit, match="is not empty"):
        manage.main(["split", str(tmp_path / "private")])


def test_the_question_bank_has_every_question_with_its_answer_in_gift(tmp_path):
    assert manage.main(["quiz", str(tmp_path)]) == 0
    text = (tmp_path / "questions.gift").read_text("utf-8")
    questions = re.findall(r"^::(\d\d\.\d+)::\[markdown\](.+?)(?<!\\)\{####(.+)(?<!\\)\}$", text, flags=re.MULTILINE)
    assert len(questions) == len(re.findall("^::", text, flags=re.MULTILINE)) > 20
    for _, *parts in questions:
        for part in parts:
            assert part.strip() and not re.search(r"(?<!\\)[~=#{}]", part)
    assert "```python\\nfor seed in (2, 3, 4)\\:\\n    fresh" in text  # the lines of code stay lines
    for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")):
        assert f"$CATEGORY: InfoGAN/{path.stem}\n\n::{path.stem[:2]}.1::" in text, path.stem


def test_slides_show_each_sections_heading_and_figures_and_no_code(tmp_path):
    import teach

    path = ROOT / "notebooks" / "03_mutual_information.ipynb"
    nb = nbformat.read(path, as_version=4)
    show = teach.slide_show(nb)
    titles = [cell.source.splitlines()[0] for cell in show.cells if cell.cell_type == "markdown"]
    wanted = re.findall(
        r"^## \d.*", "\n".join(c.source for c in nb.cells if c.cell_type == "markdown"), flags=re.MULTILINE
    )
    assert [title for title in titles if title in wanted] == wanted
    assert all(cell.source == "" for cell in show.cells if cell.cell_type == "code")
    assert sum(len(cell.outputs) for cell in show.cells if cell.cell_type == "code") > 3
    derivation = teach.slide_show(
        nbformat.read(ROOT / "notebooks" / "04_the_variational_lower_bound.ipynb", as_version=4)
    )
    texts = [cell.source for cell in derivation.cells]
    assert [sum(f"**Step {k}." in text for text in texts) for k in (1, 2, 3, 4)] == [1, 1, 1, 1]
    assert max(map(len, texts)) < 1500 and not any(text.startswith("$$") for text in texts)
    (tmp_path / "one").mkdir()
    shutil.copy(path, tmp_path / "one")
    teach.slides(tmp_path / "one", tmp_path / "out")
    (made,) = (tmp_path / "out").glob("*.slides.html")
    assert "reveal" in made.read_text("utf-8")
    with pytest.raises(SystemExit, match="clone of the series"):
        teach.slides(tmp_path / "out", tmp_path)


PAGE = (ROOT / "INSTRUCTORS.md").read_text("utf-8")


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_the_instructors_page_gives_the_minutes_and_points_of_the_notebook(assignment):
    (row,) = re.findall(rf"^\| {assignment} .*$", PAGE, flags=re.MULTILINE)
    _, _, minutes, points, _ = (part.strip() for part in row.strip("|").split("|"))
    cells = notebook("source", assignment).cells
    assert int(points) == sum(cell.metadata.get("nbgrader", {}).get("points", 0) for cell in cells)
    assert re.search(rf"About\s{minutes}\sminutes", cells[0].source)
    table = re.findall(r"^\| \d \|.*?\| (\d+) \|", cells[0].source, flags=re.MULTILINE)
    assert sum(map(int, table)) == int(points), "the first cell's table"


def test_each_misconception_points_to_a_heading_that_exists():
    cured = re.findall(r'(\d\d), "([^"]+)"', PAGE)
    assert len(cured) >= 9
    for number, heading in cured:
        (path,) = (ROOT / "notebooks").glob(f"{number}_*.ipynb")
        cells = nbformat.read(path, as_version=4).cells
        lines = [line for cell in cells if cell.cell_type == "markdown" for line in cell.source.splitlines()]
        numbered = rf"#+ ([\w.]+ )?{re.escape(heading)}"
        assert any(re.fullmatch(numbered, line) for line in lines), f"{number}: {heading}"
