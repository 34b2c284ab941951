"""What an answer earns, in this process: every wrong function loses its cells, a right one loses nothing.

The inputs are drawn as in grading, by fixed seeds; that nbgrader makes the same of it is tested in test_grading.
"""

import importlib

import pytest
import torch
from classroom import ASSIGNMENTS, checks_after, known, lost, reference, room


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def answers(assignment):
    """RIGHT and WRONG of an assignment: modules answers_a1, answers_a2, ..."""
    return importlib.import_module(f"answers_{assignment}")


STEPS = [(assignment, answer) for assignment in ASSIGNMENTS for answer in checks_after(assignment)]


@pytest.mark.parametrize("assignment, answer", STEPS)
def test_each_wrong_answer_loses_the_tests_of_what_it_gets_wrong(assignment, answer):
    found = {}
    for kind, (source, cells) in answers(assignment).WRONG[answer].items():
        gone = lost(assignment, {answer: source}, answer)
        assert gone, f"full marks for: {kind}"
        if set(gone) != cells:
            found[kind] = (sorted(gone.items()), "expected", sorted(cells))
    assert not found


# what a student might return without an idea, made of the right result so that its form is right
EMPTY = {
    "nothing": "return None",
    "zeros": "return _each(right, lambda x: x * 0)",
    "ones": "return _each(right, lambda x: x * 0 + 1)",
    "not a number": "return _each(right, lambda x: x * 0 + math.nan)",
}
EACH = (
    "def _each(x, f):\n    if isinstance(x, dict):\n        return {k: _each(v, f) for k, v in x.items()}\n"
    "    if hasattr(x, '_asdict'):\n        return type(x)(*(_each(v, f) for v in x))\n"
    "    return [_each(v, f) for v in x] if isinstance(x, (tuple, list)) else f(x)\n"
)


def ending(assignment: str, answer: str, end: str) -> str:
    """The solution's function, its result `right` at hand, with another end."""
    source = reference(assignment)[answer]
    name = source.split("def ")[1].split("(")[0]
    wrapper = f"_right = {name}\ndef {name}(*args):\n    right = _right(*args)\n    {end}\n"
    return f"import numpy as np\n{source}\n{EACH}\n{wrapper}"


@pytest.mark.parametrize("assignment, answer", STEPS)
def test_zeros_ones_and_nothing_earn_nothing(assignment, answer):
    for kind, end in EMPTY.items():
        gone = lost(assignment, {answer: ending(assignment, answer, end)}, answer)
        assert set(gone) == set(checks_after(assignment)[answer]), kind


# three_step's and sample_codes' inputs are there to be changed; a4's D is looked at by the test of its modes
UNTOUCHED = [step for step in STEPS if step[1] not in ("three-step", "sample-codes", "traversal", "name-categories")]


@pytest.mark.parametrize("assignment, answer", UNTOUCHED)
def test_a_right_result_that_changes_what_it_was_given_loses_points(assignment, answer):
    change = (
        "for x in args:\n        for t in x if isinstance(x, tuple) else x.parameters() if hasattr(x, 'parameters')"
        " else [x]:\n            if torch.is_tensor(t) and t.numel() and t.grad_fn is None:\n"
        "                t.data.add_(1)\n"
    )
    change += "        for m in x.values() if isinstance(x, dict) else []:\n            m.requires_grad_(False)\n"
    assert lost(assignment, {answer: ending(assignment, answer, f"{change}    return right")}, answer)


# what an answer might leave changed for all of PyTorch
SETTINGS = {
    "gradients off": "torch.set_grad_enabled(False)",
    "gradients on": "torch.set_grad_enabled(True)",
    "anomaly detection": "torch.autograd.set_detect_anomaly(True)",
    "the default type": "torch.set_default_dtype(torch.float64)",
    "the seed": "torch.manual_seed(1)",
    "threads": "torch.set_num_threads(2)",
    "print options": "torch.set_printoptions(precision=2)",
    "matrix products": "torch.set_float32_matmul_precision('medium')",
    "deterministic algorithms": "torch.use_deterministic_algorithms(True)",
    "the smallest numbers": "torch.set_flush_denormal(True)",
    "cuDNN": "torch.backends.cudnn.deterministic = True",
}


@pytest.mark.parametrize("assignment, answer", STEPS)
def test_a_right_answer_that_leaves_a_setting_changed_loses_points(assignment, answer):
    for kind, change in SETTINGS.items():
        if answer == "three-step" and kind == "gradients on":  # a step needs them
            continue
        source = ending(assignment, answer, f"{change}\n    return right")
        assert lost(assignment, {answer: source}, answer, draws=1), kind


@pytest.mark.parametrize("assignment, answer", STEPS)
def test_right_answers_in_several_styles_lose_nothing_on_twenty_inputs(assignment, answer):
    for source in answers(assignment).RIGHT[answer]:
        assert lost(assignment, {answer: source}, answer, seed=7000, draws=20) == {}, source


# names that a reader may use for a variable in a cell of their own, before and after any cell
NAMES = """
math = torch = latent = latents = K = G = D = z = l = c = x = p = q = s = n = 3
check = agree = pair = follows = keep = look = gradients = parts = networks = ring = moved = 4
list = len = zip = int = float = range = sum = max = str = dict = tuple = isinstance = abs = all = any = 5
os = warnings = contextlib = builtins = types = generator = seed = draw = data = plots = values = spread = 6
"""


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_a_students_own_names_cost_nothing(assignment):
    assert lost(assignment, {}, own=NAMES) == {}


# what a function might do so that it isn't seen what it leaves changed
TAMPERING = {
    "the tests' tools in its caller's namespace": "import sys\nframe = sys._getframe()\nwhile frame:\n"
    "    if 'pieces' in frame.f_globals:\n        frame.f_globals['pieces'] = lambda *a: []\n    frame = frame.f_back",
    "the code of the tests' tools": "import gc\nfor tool in gc.get_objects():\n"
    "    if getattr(tool, '__name__', '') == 'pieces':\n        tool.__code__ = (lambda *a: []).__code__",
    "PyTorch's functions": "torch.equal = torch.Tensor.equal = lambda *a: True\ntorch.Tensor.clone = lambda x: x",
    "PyTorch's properties": "torch.Tensor.grad = property(lambda x: None, torch._C.TensorBase.grad.__set__)",
    "how PyTorch looks them up": "torch.Tensor.__getattribute__ = lambda x, name: (\n"
    "    None if name == 'grad' else object.__getattribute__(x, name))",
}


@pytest.mark.parametrize("how", TAMPERING)
def test_a_function_that_hides_what_it_leaves_changed_earns_nothing(how):
    head, _, rest = reference("a4")["name-categories"].partition("):\n")
    leaves = f"{head}):\n    for p in D.parameters():\n        p.grad = torch.zeros_like(p)\n"
    hides = "".join(f"    {line}\n" for line in TAMPERING[how].splitlines())
    untouched = room()
    try:
        for source, own in ((leaves + hides + rest, ""), (leaves + rest, f"import torch\n{TAMPERING[how]}")):
            assert "names-mode" in lost("a4", {"name-categories": source}, "name-categories", own=own)
    finally:
        untouched.put_back()


def test_a_module_in_the_place_of_pytorch_hides_nothing():
    right = reference("a1")["value"].replace("def value(", "def right(")
    changes = f"{right}\ndef value(a, b):\n    result = right(a, b)\n    a.data.mul_(2)\n    return result\n"
    fake = "import sys, types\nfake = types.ModuleType('torch')\nvars(fake).update(vars(sys.modules['torch']))\n"
    fake += "fake.equal = lambda *a: True\nsys.modules['torch'] = fake"
    untouched = room()
    try:
        assert set(lost("a1", {"value": changes}, "value", own=fake)) == {"value-mean", "value-extreme"}
    finally:
        untouched.put_back()


def test_what_a_student_switched_on_for_all_cells_costs_nothing():
    switched = "import torch, warnings\n_mode = torch.inference_mode()\n_mode.__enter__()\n"
    switched += "torch.set_default_dtype(torch.float64)\nwarnings.simplefilter('error')"
    with torch.inference_mode(False):  # puts back what the cells leave behind
        assert lost("a1", {}, own=switched) == {}


def test_a_name_that_a_function_uses_may_be_the_students_own():
    """One uses its own K, another the locked one, which a cell of theirs has overwritten: both are right."""
    right = reference("a3")["generator-loss"]
    assert lost("a3", {"generator-loss": right}, "generator-loss", own="K = 3") == {}
    mine = right.replace("math.log(K)", "math.log(2 * K)")
    assert lost("a3", {"generator-loss": mine}, "generator-loss", own="K = 4") == {}


def test_a_step_may_use_an_own_earlier_one_that_takes_more_arguments():
    """The solution stands in for the earlier step; where only the student's own fits, that one does."""
    both = {
        "generator-losses": "def generator_losses(s, mean=True):\n    f = torch.nn.functional.softplus\n"
        "    return (-f(s).mean(), f(-s).mean()) if mean else (-f(s), f(-s))",
        "generator-gradients": "def generator_gradients(s):\n    s = s.clone().requires_grad_()\n"
        "    return tuple(torch.autograd.grad(loss.sum(), s)[0] for loss in generator_losses(s, mean=False))",
    }
    assert lost("a1", both) == {}
    assert set(lost("a1", {"generator-gradients": both["generator-gradients"]})) == {
        "gradients-middle",
        "gradients-lost",
    }


# results as NumPy arrays or plain numbers, where the text does not ask for a tensor
ARRAYS = {
    "a1": ["optimal-discriminator", "jensen-shannon", "generator-gradients"],
    "a2": ["entropy", "information", "bound-and-gap"],
    "a3": ["gradient-norms"],
    "a4": ["best-match", "answer-information"],
}


@pytest.mark.parametrize("assignment, answer", [(a, name) for a, names in ARRAYS.items() for name in names])
def test_numpy_arrays_count_where_the_text_does_not_say_tensor(assignment, answer):
    source = ending(assignment, answer, "return _each(right, lambda x: np.asarray(x))")
    assert lost(assignment, {answer: source}, answer) == {}


def test_a_failed_test_names_the_property_and_the_seed():
    source = reference("a1")["value"].replace("log_sigmoid(s_real).mean()", "log_sigmoid(s_real).median()")
    gone = lost("a1", {"value": source}, "value")  # right on the public check's equal logits
    assert "is not right" in gone["value-mean"] and "[seed 100]" in gone["value-mean"]
    assert known("a1").tests["value-mean"].truth


def test_an_error_of_the_students_is_said_in_their_words():
    gone = lost("a1", {"value": "def value(s_real, s_fake):\n    return s_real.men()"}, "value")
    assert "your code raised AttributeError" in gone["value-mean"] and "'men'" in gone["value-mean"]


@pytest.mark.parametrize("assignment, answer", [("a1", "least-squares"), ("a3", "three-step")])
def test_with_variants_a_students_own_numbers_pass_and_anothers_lose(assignment, answer):
    own = {kind: source for kind, name, source in known(assignment, student="ada").order if name == answer}["answer"]
    assert own != reference(assignment)[answer]
    assert lost(assignment, {answer: own}, answer, student="ada") == {}
    assert lost(assignment, {answer: reference(assignment)[answer]}, answer, student="ada")
