"""Runs in a notebook's kernel after its last cell: uses every widget, and complains about what that shows.

Each callback is counted and has to run. A callback must not read a notebook-global that a later cell binds anew:
running top to bottom never shows it, the reader's first click does. Works under ipywidgets 7.7.1 and 8.
"""

import ast
import base64
import dis
import linecache
import sys
import types

import traitlets

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTj2FAAAAABJRU5ErkJggg=="  # one white pixel
OURS = ("ipywidgets", "traitlets", "jupyter", "ipykernel", "comm")


def use_every_widget(cells, space):
    """Use every live widget; ``AssertionError`` with all that went wrong. ``cells``: the notebook's code, in order."""
    if "ipywidgets" not in sys.modules:
        print("no widgets")
        return
    widgets = live_widgets()
    counts, problems = {}, []
    for widget in widgets:
        for place, i, callback in callbacks_of(widget):
            name = f"{describe(callback)} of {type(widget).__name__} {getattr(widget, 'description', '')!r}"
            problems += overwritten(callback, cells, space, name)
            place[i] = counted(callback, name, counts)
    for widget in sorted(widgets, key=lambda w: type(w).__name__ == "Button"):  # buttons last
        use(widget)
    problems += [f"{name} never ran" for name, count in counts.items() if not count]
    assert not problems, "; ".join(problems)
    print(f"{len(counts)} callbacks ran {sum(counts.values())} times")


def live_widgets():
    import ipywidgets
    from ipywidgets.widgets import widget

    found = getattr(widget, "_instances", None)  # 8
    return list((ipywidgets.Widget.widgets if found is None else found).values())  # 7


def callbacks_of(widget):
    """(list, position, callback) of each callback that is not a library's own."""
    import ipywidgets

    lists = [handlers for kinds in widget._trait_notifiers.values() for handlers in kinds.values()]
    for name in ("_click_handlers", "_submission_callbacks"):
        if hasattr(widget, name):
            lists.append(getattr(widget, name).callbacks)
    for place in lists:
        for i, callback in enumerate(place):
            module = getattr(callback, "__module__", None) or ""
            owner = getattr(callback, "__self__", None)
            if callable(callback) and (not module.startswith(OURS) or isinstance(owner, ipywidgets.interactive)):
                yield place, i, callback


def counted(callback, name, counts):
    counts.setdefault(name, 0)

    def count(*args, **kwargs):
        counts[name] += 1
        return callback(*args, **kwargs)

    return count


def use(widget):
    """Use one widget as a reader might: its ends, all its choices, a click."""
    kind = type(widget).__name__
    if getattr(widget, "disabled", False):
        return
    if hasattr(widget, "_click_handlers"):
        for callback in list(widget._click_handlers.callbacks):  # not click(), which hides what they raise
            callback(widget)
    elif kind == "Play":
        before = widget.value
        widget.value = widget.min if before != widget.min else widget.min + widget.step
        widget.value = before
    elif hasattr(widget, "options") and hasattr(widget, "index") and not isinstance(widget.index, tuple):
        before = widget.index
        for i in [*range(min(len(widget.options), 12)), before]:
            widget.index = i
    elif hasattr(widget, "min") and hasattr(widget, "max") and isinstance(getattr(widget, "value", None), (int, float)):
        before, base = widget.value, getattr(widget, "base", None)
        for end in (widget.min, widget.max):
            widget.value = base**end if base else end
        widget.value = before
    elif isinstance(getattr(widget, "value", None), bool):
        widget.value = not widget.value
        widget.value = not widget.value
    elif kind in ("Text", "Textarea", "Combobox"):
        before = widget.value
        for text in ("0.5", before + " ", before):
            widget.value = text
    elif kind == "FileUpload":  # a dictionary in 7, a tuple in 8
        before, content = widget.value, base64.b64decode(PNG)
        after = (
            {"one.png": {"content": content}}
            if isinstance(before, dict)
            else ({"name": "one.png", "content": content},)
        )
        change = {"name": "value", "old": before, "new": after, "owner": widget, "type": "change"}
        widget.notify_change(traitlets.Bunch(change))
    elif kind in ("Tab", "Accordion") and len(widget.children) > 1:
        widget.selected_index = 1
        widget.selected_index = 0


def describe(callback):
    owner = getattr(callback, "__self__", None)
    if hasattr(owner, "f"):  # interactive: name what it calls
        callback = owner.f
    return getattr(callback, "__qualname__", type(callback).__name__)


def functions_behind(callback, space, seen):
    """The callback and every function of the notebook that it can reach, with the names each reads globally."""
    function = getattr(callback, "__func__", callback)
    owner = getattr(callback, "__self__", None)
    inner = [owner.f] if hasattr(owner, "f") else []
    if not isinstance(function, types.FunctionType) or function in seen:
        return [] if not inner else [x for f in inner for x in functions_behind(f, space, seen)]
    seen.add(function)
    names = global_names(function.__code__) if function.__globals__ is space else set()
    for cell in function.__closure__ or ():
        try:
            inner.append(cell.cell_contents)
        except ValueError:  # not bound yet
            continue
    inner += [space[name] for name in names if name in space]
    found = [(function, names)]
    for value in inner:
        if isinstance(value, (types.FunctionType, types.MethodType)):
            found += functions_behind(value, space, seen)
    return found


def global_names(code):
    names = {i.argval for i in dis.get_instructions(code) if i.opname in ("LOAD_GLOBAL", "LOAD_NAME")}
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= global_names(constant)
    return names


def bound_in(source):
    """The names that a cell binds at its top level other than by import."""
    names = set()

    def walk(node):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
            names.add(node.id)
        elif not isinstance(node, (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            for child in ast.iter_child_nodes(node):
                walk(child)

    lines = ["pass" if line.lstrip().startswith(("%", "!")) else line for line in source.splitlines()]
    try:
        walk(ast.parse("\n".join(lines)))
    except SyntaxError:
        return set()
    return names


def overwritten(callback, cells, space, name):
    """A complaint for each global that the callback reads and a later cell than its own binds."""
    problems = []
    bound = [bound_in(source) for source in cells]
    for function, names in functions_behind(callback, space, set()):
        source = "".join(linecache.getlines(function.__code__.co_filename)).strip()
        home = next((i for i, cell in enumerate(cells) if cell.strip() == source), 0)
        for read in sorted(names):
            later = [i for i in range(home + 1, len(cells)) if read in bound[i]]
            if later and any(read in bound[i] for i in range(home + 1)):
                problems.append(f"{name} reads the global {read!r}, which code cell {later[0]} overwrites")
    return problems
