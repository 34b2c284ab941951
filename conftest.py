"""What nbval alone would let pass, for the notebooks: a cell that never ran, and a widget that nobody moved.

nbval listens for error messages. A cell that starts with an unknown magic sends none and counts as passed; what a
callback does is not run at all. So each cell has to leave a mark in the kernel and to be answered with "ok", and
after the last cell of a notebook one more item, "Widgets", uses every widget (``tests/use_widgets.py``).
"""

import json
import os
from collections import defaultdict
from pathlib import Path

import nbformat
import pytest

# Tests run side by side, a process for each core: in each of them two threads would wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")
USE_WIDGETS = Path(__file__).parent / "tests" / "use_widgets.py"

# In the kernel: put a mark before the last statement of each cell, unless a cell magic took the cell's lines away.
PREPARE = """
def _prepare():
    import ast

    class Mark(ast.NodeTransformer):
        def visit_Module(self, node):
            taken = [n for n in ast.walk(node) if isinstance(n, ast.Attribute) and n.attr == "run_cell_magic"]
            if node.body and not taken:
                mark = ast.parse("get_ipython().__dict__['cell_ran'] = True").body[0]
                node.body.insert(-1, ast.copy_location(mark, node.body[-1]))
                ast.fix_missing_locations(node)
            return node

    get_ipython().ast_transformers.append(Mark())

_prepare()
del _prepare
"""


def is_cell(item: pytest.Item) -> bool:
    return type(item).__name__ == "IPyNbCell"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Add an item to each notebook that uses its widgets after the last cell."""
    last: dict[pytest.Collector, pytest.Item] = {item.parent: item for item in items if is_cell(item)}
    for parent, item in last.items():
        sources = json.dumps([c.source for c in parent.nb.cells if c.cell_type == "code"])
        code = f"{USE_WIDGETS.read_text('utf-8')}\n\nuse_every_widget(__import__('json').loads({sources!r}), globals())"
        cell = nbformat.v4.new_code_cell(code)
        options = defaultdict(bool, check=False)
        extra = type(item).from_parent(parent, name="Widgets", cell_num=item.cell_num + 1, cell=cell, options=options)
        items.insert(items.index(item) + 1, extra)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item):
    """After a cell that nbval passes: was it answered with "ok", and did it leave its mark?"""
    if not is_cell(item) or item.options["skip"]:
        return (yield)
    kernel = item.parent.kernel
    if not hasattr(kernel, "replies"):
        listen(kernel)
        run_silently(kernel, PREPARE, "None")
    run_silently(kernel, "", "get_ipython().__dict__.pop('cell_ran', None)")
    kernel.replies.clear()
    result = yield
    status = kernel.replies[-1]["status"]
    if status != "ok" and not item.options["check_exception"]:
        item.raise_cell_error(f"The kernel answered {status!r}, not 'ok': the cell, or a part of it, did not run")
    if run_silently(kernel, "", "get_ipython().__dict__.get('cell_ran')") != "True":
        item.raise_cell_error("The cell left no execution mark: it is empty, or a magic took its lines")
    return result


def listen(kernel) -> None:
    """Keep what the kernel answers, which nbval reads and forgets."""
    kernel.replies, original = [], kernel.get_message

    def get_message(stream, timeout=None):
        message = original(stream, timeout=timeout)
        if stream == "shell":
            kernel.replies.append(message["content"])
        return message

    kernel.get_message = get_message


def run_silently(kernel, code: str, expression: str) -> str:
    """Run ``code`` outside the history; return the text of ``expression`` after it."""
    asked = kernel.kc.execute(code, silent=True, store_history=False, user_expressions={"it": expression})
    kernel.await_reply(asked, timeout=60)
    kernel.await_idle(asked, 60)
    answer = kernel.replies[-1]
    if answer["status"] != "ok":
        raise RuntimeError(f"the kernel could not run the tests' own code: {answer}")
    return answer["user_expressions"]["it"].get("data", {}).get("text/plain", "")
