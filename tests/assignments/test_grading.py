"""The real nbgrader, end to end: generate, submit, autograde, read the gradebook, compare with an exact table.

Damage and cheating are handed in for assignment 1; of the others the solution, a blank notebook and one wrong answer.
What each wrong answer loses is tested in test_answers, without nbgrader and many times as fast.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import types
from pathlib import Path

import IPython
import nbformat
import pytest
from classroom import (
    ASSIGNMENTS,
    COURSE,
    Classroom,
    about,
    checks_after,
    checks_of,
    filled,
    find,
    known,
    notebook,
    reference,
)
from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell

try:
    import nbgrader  # noqa: F401
except ImportError:
    if os.environ.get("CI") and IPython.version_info >= (8, 10):
        raise
    pytest.skip('nbgrader is missing: pip install -e ".[test]"', allow_module_level=True)

SETTINGS = "c.GradeCells.test_limit = 10\nc.GradeCells.notebook_limit = 90\nc.GradeCells.memory_limit = 700\n"
HEAD = "def value(s_real, s_fake):\n"
STUBBORN = (
    "    while True:\n        try:\n            while True:\n                pass\n"
    "        except BaseException:\n            pass\n"
)
SLIDERS = (
    "import ipywidgets as widgets\nslider = widgets.FloatSlider(value=0.5, description='λ')\n"
    "box = widgets.interactive(lambda lam: None, lam=slider)\ndisplay(box)\n"
    "for k in range(20):\n    slider.value = k / 20\n"
)
MAGICS = "%matplotlib inline\n%pylab agg\n%gui qt\n%pip --version\n!ls\n"
SCRIPT = "<details>1 <2</details> <script>alert(1)</script><img src=x onerror=alert(1)>"


def copied(cell):
    return nbformat.from_dict(json.loads(json.dumps(cell)))


def damaged():
    """Assignment 1, damaged in the ways that hand-ins are: student -> (notebook, lost, a note's words)."""
    right, after, rows = reference("a1"), checks_after("a1"), {}
    value = set(after["value"])

    def row(name, answers=None, lost=(), note=None):
        rows[name] = (nb := filled("a1", right | (answers or {})), set(lost), note)
        return nb

    row("loops-for-ever", {"value": HEAD + STUBBORN}, value, "no answer within")  # nbgrader#1044
    row("kills-its-process", {"value": "import os\n" + HEAD + "    os._exit(1)"}, value, "its process ended")
    row(
        "fills-the-memory", {"value": "x = [0]\nwhile True:\n    x = x * 2"}, value, "out of memory"
    )  # B86, nbgrader#1429
    nb = row("fills-the-memory-beside")
    nb.cells.insert(
        3, new_code_cell("'<img src=x onerror=alert(1)>'\nhoard = []\nwhile True:\n    hoard.append(bytearray(10**7))")
    )
    rows["fills-the-memory-beside"] = (nb, set(), "out of memory")
    row("prints-a-megabyte", {"value": right["value"].replace("    ###", '    print("x" * 1_000_000)\n    ###', 1)})
    row("raises", {"value": "raise RuntimeError('before the function')"}, value)
    nb = row("deleted-test", note="check cell 'value-mean' was missing")  # nbgrader#1682
    nb.cells.remove(find(nb, "value-mean"))
    nb = row("deleted-answer-and-helpers", lost=value, note="answer cell 'value' was missing")
    nb.cells.remove(find(nb, "value"))
    nb.cells.remove(find(nb, "helpers"))
    nb = row("copied-cells", note="cell 'value' exists more than once")  # nbgrader#1083
    for name in ("value", "value-mean"):
        nb.cells.insert(nb.cells.index(find(nb, name)), copied(find(nb, name)))
    nb = row("answer-without-id", note="answer cell 'value' had lost its id")
    del find(nb, "value").metadata["nbgrader"]
    nb = row("foreign-cell", note="cell 'from-elsewhere' is not part")
    nb.cells.append(new_code_cell("pass", metadata=copied(find(nb, "value-mean").metadata)))
    nb.cells[-1].metadata.nbgrader.grade_id = "from-elsewhere"
    nb = row("rewritten")
    find(nb, "value-mean").source = "pass"
    find(nb, "value-extreme").metadata.nbgrader.update(grade=False, points=100)
    find(nb, "helpers").source = "import math, torch\ncheck = keep = None"
    nb = row("colab")
    nb.metadata = {"colab": {"provenance": []}, "kernelspec": {"name": "python3-colab", "display_name": "Colab"}}
    nb.cells += [new_markdown_cell(SCRIPT), new_raw_cell(SCRIPT)]
    nb.cells.insert(2, new_code_cell(f"{MAGICS}x = await __import__('asyncio').sleep(0)\n{SLIDERS}went_on = True"))
    nb.cells.insert(3, new_code_cell("import os, torch\n'went_on' in globals() or os._exit(3)"))
    nb.cells.insert(4, new_code_cell("torch.use_deterministic_algorithms(True)"))
    return rows


CHEATS = {
    "says that all agree, and swallows errors": "for name in ('agree', 'check', 'pair', 'keep', 'look', 'compare', "
    "'judge'):\n    globals()[name] = lambda *a, **k: None\n"
    "get_ipython().run_cell = get_ipython().showtraceback = lambda *a, **k: None",
    "patches PyTorch, and who says so": "torch.Tensor.any = lambda *a: torch.tensor(False)\n"
    "torch.Tensor.all = lambda *a: True\ntorch.as_tensor = lambda *a, **k: torch.zeros(())\n"
    "import json\nusual = json.JSONEncoder.encode\n"
    "json.JSONEncoder.encode = lambda self, answer: usual(self, answer | {'touched': []})\n"
    "json.dumps = lambda answer, *a, **k: json.JSONEncoder().encode(answer)",
    "answers in the sandbox's name": "import os, json\nfor fd in range(3, 40):\n    try:\n"
    "        os.write(fd, b'{\"draws\": []}\\n' * 3)\n    except OSError:\n        pass",
    "answers what can't be read or stored": "import os, json\n"
    "lines = ['[' * 50_000, json.dumps({'error': ['\\ud800']})]\n"
    "lines += [json.dumps({'draws': [1, 2, 3, 4, 5]}), json.dumps({'touched': 5})]\nfor fd in range(3, 40):\n"
    "    try:\n        os.write(fd, '\\n'.join(lines).encode() + b'\\n')\n    except OSError:\n        pass",
    "stops, so that nothing more is read": "import os, signal, threading\nthreading.Timer(0.3, os.kill, (os.getpid(), "
    "signal.SIGSTOP)).start()",
    # a test brings the solutions of the steps before it, for its time: too late for them, wherever their tests stand
    "takes the solutions from a later test": "import sys\nfound = {'torch': torch, 'math': math}\n\n\n"
    "def answer(name):\n    def take(*given):\n        frame = sys._getframe()\n        while frame:\n"
    "            for value in list(frame.f_locals.values()):\n                if isinstance(value, list):\n"
    "                    for text in value:\n                        if isinstance(text, str) and 'def ' in text:\n"
    "                            exec(text, found)\n            frame = frame.f_back\n"
    "        return found[name](*given) if name in found else 0.0\n    return take\n\n\n"
    "for name in ('value', 'optimal_discriminator', 'jensen_shannon', 'generator_losses', 'generator_gradients', "
    "'least_squares'):\n    globals()[name] = answer(name)",
    "returns what equals everything": "class Meta(type):\n    __eq__ = __instancecheck__ = lambda *a: True\n"
    "    __hash__ = lambda c: 1\n\n\nclass Same(float, metaclass=Meta):\n    shape, __class__ = (), dict\n"
    "    __eq__ = __lt__ = __gt__ = __le__ = __ge__ = __contains__ = lambda *a: True\n    __hash__ = lambda s: 1\n"
    "    __sub__ = __rsub__ = __abs__ = __getattr__ = __array__ = lambda *a, **k: Same(0)",
    "goes on in threads and hooks": "import atexit, gc, json, sys, threading, time\n\n\ndef forge(*a, **k):\n"
    "    for o in gc.get_objects():\n        if type(o).__name__ == 'Room':\n"
    "            o.probe = lambda *a, **k: {'draws': [{'seen': 0.0}] * 5}\n\n\ndef go():\n    while True:\n"
    "        for o in gc.get_objects():\n            if getattr(o, '__name__', '') == 'encode':\n"
    "                o.__code__ = forge.__code__\n        time.sleep(0.01)\n\n\n"
    "threading.Thread(target=go, daemon=True).start()\natexit.register(lambda: time.sleep(60))\n"
    "gc.callbacks.append(forge)\nforge()\nsys.meta_path.insert(0, None)\n"
    "json.dumps = lambda *a, **k: '{\"draws\": [{\"seen\": 0.0}]}'\nsys.modules['torch'] = sys.modules['json'] = None",
    "changes limits, signals, warnings, defaults": "import os, pathlib, resource, signal, warnings\nimport torch\n"
    "resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))\nresource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
    "signal.signal(signal.SIGALRM, lambda *a: 1 / 0)\nsignal.setitimer(signal.ITIMER_REAL, 0.005, 0.005)\n"
    "warnings.simplefilter('error')\nwarnings.warn = None\ntorch.set_default_dtype(torch.float64)\n"
    "torch.set_grad_enabled(False)\ntorch.set_num_threads(64)\ntorch.set_default_device('meta')",
}
# for files and processes, where the machine can enclose a submission; elsewhere nothing keeps these from working
REACHING = {
    "reads the solutions": "import glob, json\n"
    "for path in glob.glob(COURSE + '/source/**/*.ipynb', recursive=True):\n"
    "    for cell in json.load(open(path))['cells']:\n        text = ''.join(cell['source'])\n"
    "        if 'BEGIN SOLUTION' in text:\n            exec(text, globals())",
    "writes its own score": "import sqlite3\nfor path in (COURSE + '/gradebook.db',):\n"
    "    db = sqlite3.connect(path)\n    db.execute('update grade set auto_score = 3, manual_score = 9')\n"
    "    db.commit()",
    "leaves files for the next one and looks for the network": "import os, pathlib, socket\n"
    "for folder in ('.', os.environ['HOME'], COURSE):\n    for name in ('sitecustomize', 'usercustomize', 'json'):\n"
    "        try:\n            pathlib.Path(folder, f'{name}.py').write_text('import os; os._exit(7)')\n"
    "        except OSError:\n            pass\ntry:\n    socket.create_connection(('127.0.0.1', PORT), 2)\n"
    "except OSError:\n    pass\nos._exit(1)",
    "leaves a child behind": "import os, time, sqlite3\nif os.fork() == 0:\n    os.setsid()\n    if os.fork():\n"
    "        os._exit(0)\n    time.sleep(5)\n    db = sqlite3.connect(COURSE + '/gradebook.db')\n"
    "    db.execute('update grade set auto_score = 3')\n    db.commit()\n    os._exit(0)",
}


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """A graded class of assignment 1: what was handed in is in `rows`."""
    import isolate

    room = Classroom(tmp_path_factory.mktemp("a1"), "a1", SETTINGS)
    rows = {"reference": (filled("a1", reference("a1")), set(), None), **damaged()}
    wrong = {name: re_defined(source) for name, source in reference("a1").items()}
    cheats = CHEATS | (REACHING if isolate.enclosure()[0] else {})
    server = socket.create_server(("127.0.0.1", 0))
    port = server.getsockname()[1]
    for k, code in enumerate(cheats.values()):
        same = {name: source.replace("0.0", "Same(0)") for name, source in wrong.items()}
        nb = filled("a1", same if "class Same" in code else wrong)
        at = 3 if code in CHEATS.values() else nb.cells.index(find(nb, "value-mean"))  # after the wrong answer
        if "answer(name)" in code:
            at, tests = len(nb.cells), [cell for cell in nb.cells if about(cell).get("grade")]
            nb.cells = [cell for cell in nb.cells if cell not in tests] + tests[::-1]
            at -= len(tests)
        nb.cells.insert(at, new_code_cell(f"COURSE, PORT = {str(room.folder)!r}, {port}\n{code}"))
        if "SIGSTOP" in code:
            nb.cells.insert(at + 1, new_code_cell("# " + "long" * 100_000))
        rows[f"cheat-{k}"] = (nb, set(checks_of("a1")), ...)
    os.environ["SECRET_TOKEN"] = "of the grader"
    spy = rows["rewritten"][0]
    limited = "resource.getrlimit(resource.RLIMIT_NPROC)[0] == 256" if isolate.enclosure()[0] else "True"
    look = f"import os, resource\nassert 'SECRET_TOKEN' not in os.environ and {limited}, os._exit(3)"
    spy.cells.insert(3, new_code_cell(look))
    for student, (nb, _, _) in rows.items():
        room.submit(student, nb)
    room.result, room.rows = room.grade(), rows
    del os.environ["SECRET_TOKEN"]
    server.setblocking(False)
    with server, pytest.raises(BlockingIOError):  # nobody has called
        server.accept()
    return room


def re_defined(source):
    """A function of the same name that returns 0."""
    name = source.split("def ")[1].split("(")[0]
    return f"def {name}(*given):\n    return 0.0"


def expected(assignment, lost):
    """The exact scores of a submission that fails the cells `lost`."""
    return {name: 0.0 if name in lost else float(points) for name, points in checks_of(assignment).items()}


def test_the_score_table_is_exact_whatever_is_damaged_and_no_cheat_pays(room):
    scores, wrong = room.scores(), []
    assert not room.result["failed"] and set(scores) == set(room.rows)
    for student, (_, lost, _) in room.rows.items():
        got, want = scores[student], expected("a1", lost)
        wrong += [f"{student}: {name} got {got[name]}, not {want[name]}" for name in want if got[name] != want[name]]
    assert not wrong, "\n".join([*wrong, room.said])


def test_every_repair_and_every_stop_is_named_in_the_graded_notebook(room):
    for student, (_, _, note) in room.rows.items():
        notes = room.notes(student)
        if note is None:
            assert notes == [], student
        elif note is not ...:
            assert any(note in line for line in notes), (student, notes)
            assert note in room.graded(student).cells[0].source and note in room.said


def test_replaced_functions_are_named(room):
    patched = f"cheat-{list(CHEATS).index('patches PyTorch, and who says so')}"
    assert any("Tensor.any" in note and "as_tensor" in note for note in room.notes(patched))


def test_a_script_in_a_students_text_is_only_text_to_whoever_marks_it(room):
    for cell in room.graded("colab").cells[-2:]:
        assert cell.source == "<details>1 <2</details> < script>alert(1)< /script>< img src=x onerror=alert(1)>"
    assert "< img src=x onerror" in room.graded("fills-the-memory-beside").cells[0].source  # the note names the cell


def test_nothing_waits_for_a_grader_and_no_process_is_left(room):
    import results

    with contextlib.chdir(room.folder):
        assert {row["status"] for row in results.rows(room.folder, "a1")} == {"graded"}
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout
    assert str(room.folder) not in listed


def test_a_failed_test_says_which_property_failed_on_which_input(room):
    for cell in room.graded("cheat-0").cells:
        if about(cell).get("grade"):
            (error,) = [o for o in cell.outputs if o.output_type == "error"]
            assert "[seed " in error.evalue


def test_scores_that_something_else_has_changed_are_not_given_out(room):
    import results
    import run

    with contextlib.chdir(room.folder):
        with run.open_gradebook(room.folder) as gradebook:
            for student, field in (("reference", "manual_score"), ("raises", "auto_score")):
                grade = gradebook.find_grade("value-mean", "a1_gan_objective", "a1", student)
                setattr(grade, field, 36)
            gradebook.db.commit()
        status = {row["student"]: row["status"] for row in results.rows(room.folder, "a1")}
        room.grade(students="r*")  # the changed automatic score is graded anew
        again = {row["student"]: row["status"] for row in results.rows(room.folder, "a1")}
    assert "more points than there are" in status["reference"]
    assert "are not those of the grading run" in status["raises"] and again["raises"] == "graded"


def test_hand_ins_that_are_alike_are_listed(room):
    import results

    with contextlib.chdir(room.folder):
        groups = results.alike(room.folder, "a1")
    honest, *others = sorted((students for students, _ in groups), key=lambda students: "reference" not in students)
    assert {"reference", "colab"} <= set(honest) and not {"cheat-0", "raises"} & set(honest)
    assert not any("colab" in students for students in others)  # each student in one group only


@pytest.mark.parametrize("assignment", [name for name in ASSIGNMENTS if name != "a1"])
def test_the_solution_gets_every_point_and_a_blank_notebook_none(tmp_path, assignment):
    room, right = Classroom(tmp_path, assignment, SETTINGS), reference(assignment)
    first = next(iter(right))  # a2's is `entropy`, which later answers call
    room.submit("reference", filled(assignment, right))
    room.submit("blank", notebook("release", assignment))
    endless = re_defined(right[first]).replace("    return 0.0", STUBBORN)
    room.submit("endless", filled(assignment, right | {first: endless}))
    room.grade()
    scores = room.scores()
    for student, lost in (
        ("reference", ()),
        ("blank", checks_of(assignment)),
        ("endless", checks_after(assignment)[first]),
    ):
        got = {name: scores[student][name] for name in checks_of(assignment)}
        assert got == expected(assignment, lost), (student, room.said)


def test_an_interrupted_run_goes_on_where_it_stopped_and_leaves_no_process(tmp_path):
    room, right = Classroom(tmp_path, "a1", SETTINGS), reference("a1")
    students = ["ada", "bob", "cid", "dan"]
    for student in students:
        room.submit(student, filled("a1", right))
    command = [sys.executable, str(COURSE / "manage.py"), "--course", str(tmp_path), "grade", "a1", "--jobs", "1"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    records, until = tmp_path / "grading" / "a1", time.monotonic() + 120
    while len(list(records.glob("*.json"))) < 2 and time.monotonic() < until and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)  # in the middle of a submission, without a chance to tidy up
    process.wait()
    until = time.monotonic() + 20
    while running_in(process.pid) and time.monotonic() < until:
        time.sleep(0.2)
    assert not running_in(process.pid)
    before = {path.name: path.stat().st_mtime_ns for path in records.glob("*.json")}
    assert 2 <= len(before) < len(students)
    result = room.grade()
    assert result["skipped"] == len(before) and result["graded"] == len(students) - len(before)
    assert all((records / name).stat().st_mtime_ns == stamp for name, stamp in before.items())
    assert all(room.scores()[student] == expected("a1", ()) for student in students)


def running_in(session: int) -> list[str]:
    """Processes of the session that a killed run had."""
    listed = subprocess.run(["ps", "-eo", "sess=,args="], capture_output=True, text=True).stdout
    return [line for line in listed.splitlines() if line.split()[0] == str(session)]


STAYS = """\
import ctypes, os, time
ctypes.CDLL(None).prctl(1, 0)  # not to die with the parent
try:
    os.setsid()
except OSError:
    pass
os._exit = lambda *given: time.sleep(600)
"""


@pytest.mark.parametrize("end", ["closed", "killed"])
def test_a_process_that_means_to_stay_ends_with_its_grading(end):
    import isolate

    if not isolate.enclosure()[0]:
        pytest.skip("nothing encloses a submission here")
    with contextlib.closing(isolate.Sandbox()) as sandbox:
        assert sandbox.ask({"do": "cell", "source": STAYS}, 60) == {}
        pid = sandbox.process.pid
        inner = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        assert inner
        if end == "killed":  # as the kernel does when the grader itself was killed
            sandbox.process.kill()
            until = time.monotonic() + 10
            while any(Path(f"/proc/{child}").exists() for child in inner) and time.monotonic() < until:
                time.sleep(0.05)
        else:
            sandbox.close()
        assert not any(Path(f"/proc/{child}").exists() for child in inner)


def test_a_clone_below_tmp_is_read_and_root_can_write_to_no_setting_of_the_machine(monkeypatch):
    import isolate

    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder, "library").write_text("to read")
        usual = isolate.readable()
        monkeypatch.setattr(isolate, "readable", lambda: [*usual, folder])
        name, command = isolate.enclosure.__wrapped__()
        if not name:
            pytest.skip("nothing encloses a submission here")
        look = (
            f"cat {folder}/library; touch here {folder}/there; test -w /proc/sys/kernel/core_pattern && echo open; ls"
        )
        said = subprocess.run([*command, "sh", "-c", look], capture_output=True, text=True, timeout=20).stdout
        assert said.split("\n")[0].startswith("to read") and "open" not in said and "here" in said
        assert os.listdir(folder) == ["library"]


def test_cells_that_run_again_have_no_more_time_than_the_notebook(monkeypatch):
    import execute

    asked = []

    class Room:
        def __init__(self, *given):
            pass

        def cell(self, source, locked, seconds):
            asked.append(seconds)

    monkeypatch.setattr(execute, "Sandbox", Room)
    monkeypatch.setattr(execute, "Process", Room)
    grader = execute.GradeCells()
    grader.known, grader.ran = types.SimpleNamespace(names=[]), [("x = 1", False), ("K = 8", True)]
    for left, most in ((1000, [20, 60]), (5, [5, 5]), (-1, [0, 0])):
        grader.room, grader.deadline = None, time.monotonic() + left
        grader.alive()
        assert asked == pytest.approx(most, abs=0.5)
        asked.clear()


def killed_on_the_way(job):
    """In the place of `grade_one`: the second hand-in takes its process with it."""
    if job[2] == "bob":
        os.kill(os.getpid(), signal.SIGKILL)
    return {"success": True, "notes": []}


def test_a_killed_grading_process_ends_the_run_and_says_so(monkeypatch):
    import run

    monkeypatch.setattr(run, "grade_one", killed_on_the_way)
    jobs = [(None, "a1", student) for student in ("ada", "bob", "cid")]
    assert [student for student, _ in run.each_in_a_worker(jobs[::2], 2)] in (["ada", "cid"], ["cid", "ada"])
    with pytest.raises(SystemExit, match="killed, most likely for want of memory, .* in hand: bob. What is graded"):
        list(run.each_in_a_worker(jobs, 1))


def test_hand_ins_as_they_come_are_graded_and_what_cannot_be_is_named(tmp_path):  # B84
    room, right = Classroom(tmp_path, "a1", SETTINGS), filled("a1", reference("a1"))
    room.submit("browser", right, "a1_gan_objective (1).ipynb")
    path = room.submit("bom", right)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    room.submit("broken", right).write_text("{ not a notebook")
    room.submit("renamed", right, "My homework.ipynb")
    room.submit("two", right)
    room.submit("two", filled("a1", {}), "a1_gan_objective-final.ipynb")
    room.submit("packed", right, "hw.zip")
    room.submit("other", filled("a2", {}), "homework.ipynb")
    room.submit("disguised", filled("a2", {}))
    room.submit("link", right).rename(tmp_path / "elsewhere.ipynb")
    (tmp_path / "submitted" / "link" / "a1" / room.name).symlink_to(tmp_path / "elsewhere.ipynb")
    result, full = room.grade(), expected("a1", ())
    assert room.scores() == dict.fromkeys(("browser", "bom", "renamed", "two"), full)
    assert set(result["failed"]) == {"broken", "link", "packed", "other", "disguised"}
    assert "each submission runs in" in room.said or "WARNING: this machine has neither" in room.said
    for said in (
        "NOT GRADED other: expected 'a1_gan_objective.ipynb', found 'homework.ipynb'",
        "NOT GRADED packed: expected 'a1_gan_objective.ipynb', found 'hw.zip'; put the notebook beside it",
        "NOT GRADED disguised: 'a1_gan_objective.ipynb' holds none of this assignment's cells, but bound-and-gap",
        "'My homework.ipynb' was taken for 'a1_gan_objective.ipynb'",
        "'a1_gan_objective.ipynb' is graded; beside it lies 'a1_gan_objective-final.ipynb'",
    ):
        assert said in room.said


def test_a_text_without_its_id_is_found_by_its_place():
    import repairs

    nb = notebook("release", "a4")
    cell = find(nb, "text-codes")
    cell.source = "The first code leans the digits."
    del cell.metadata["nbgrader"]
    notes = repairs.restore(nb, notebook("source", "a4"))
    assert find(nb, "text-codes").source == "The first code leans the digits."
    assert notes == ["answer cell 'text-codes' had lost its id: found by its place."]


def test_a_text_in_a_cell_of_its_own_waits_for_somebody_who_reads_it():
    import repairs

    nb, source = notebook("release", "a4"), notebook("source", "a4")
    assert not repairs.restore(nb, source)  # nothing written at all: nothing to wait for
    assert find(nb, "text-codes").source == "YOUR ANSWER HERE"
    nb.cells.append(new_markdown_cell("The first code leans the digits."))
    notes = repairs.restore(nb, source)
    assert len(notes) == 3 and all("text stands in other cells" in note for note in notes)
    assert find(nb, "text-codes").source == repairs.ELSEWHERE


def test_a_figure_that_a_marker_does_not_get_is_named():
    import execute

    svg = nbformat.v4.new_output("display_data", {"image/svg+xml": "<svg/>", "text/plain": "<Figure>"})
    cell = new_code_cell("draw()", outputs=[svg])
    assert execute.keep_safe(cell) and cell.outputs[0].data == {"text/plain": "<Figure>"}
    assert not execute.keep_safe(cell)


def test_an_answer_in_a_cell_of_another_kind_is_named():
    import repairs

    nb = filled("a1", reference("a1"))
    find(nb, "value").cell_type = "markdown"
    notes = repairs.restore(nb, notebook("source", "a1"))
    assert "cell 'value' is a markdown cell: expected a code cell." in notes


def test_with_variants_a_hand_in_answers_for_its_students_numbers_whatever_number_moodle_gives(tmp_path):
    room = Classroom(tmp_path, "a1", f"{SETTINGS}c.GradeCells.variants = True\n")
    (tmp_path / "students.txt").write_text("ada\n")
    own, other = (
        {name: source for kind, name, source in known("a1", student=student).order if kind == "answer"}
        for student in ("ada", "ada_5")
    )
    assert own != other != reference("a1")
    room.submit("ada_5", filled("a1", own))
    room.grade()
    assert room.scores()["ada_5"] == expected("a1", ())


def test_submissions_run_in_the_container_that_inside_names(tmp_path):
    room = Classroom(tmp_path, "a1", SETTINGS)
    room.submit("ada", filled("a1", reference("a1")))
    mark = tmp_path / "started"
    room.grade(inside=f"sh -c 'echo >> {mark}; exec \"$@\"' sh {sys.executable}")
    assert room.scores()["ada"] == expected("a1", ()) and "the container of --inside" in room.said
    assert len(mark.read_text().splitlines()) == 2  # the solution's process, and Ada's
