"""The benchmark on digits: its order, its restart, its figures; the port that it measures against; stopped runs."""

import dataclasses
import json
import math
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from style import make

sys.path.insert(0, str(Path(__file__).parent / "benchmarks"))

import digits
import port
import sweep
import weights

from infogan_utils.codes import LAYOUTS
from infogan_utils.data import Digits
from infogan_utils.loop import TrainingDiverged
from infogan_utils.models import PAPER
from infogan_utils.note_models import NOTE_SIZE
from infogan_utils.objectives import note_loss
from infogan_utils.recipes import FAST

MNIST = LAYOUTS["mnist"]
TINY = dataclasses.replace(NOTE_SIZE, narrow=8, wide=16)


def pictures(n: int, side: int = 28) -> torch.Tensor:
    return torch.randint(0, 256, (n, side, side), dtype=torch.uint8, generator=torch.Generator().manual_seed(9))


def noise() -> Digits:
    images, labels = pictures(64), torch.arange(64) % 10
    return Digits(images, labels, images, labels, "noise")


class Runner:
    """In place of training: remembers what it was asked for, and stops at the given run as Ctrl-C does."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.asked: list[tuple] = []
        self.stop_at = stop_at

    def __call__(self, job: dict) -> dict:
        if len(self.asked) == self.stop_at:
            raise KeyboardInterrupt
        self.asked.append((job["recipe"], job["seed"]))
        return {"accuracy": job["seed"] / 10}


def plan(*names: str, seeds=(1, 2), seconds=300, data="a") -> list[dict]:
    return digits.plan(list(names), list(seeds), seconds, data)


def asked(jobs: list[dict], path: Path) -> list[tuple]:
    runner = Runner()
    digits.collect(jobs, path, runner)
    return runner.asked


def test_recipes_take_turns_seed_by_seed(tmp_path):
    turns = [("fast", 3), ("port", 3), ("fast", 1), ("port", 1)]
    assert asked(plan("fast", "port", "fast", seeds=(3, 1, 3)), tmp_path / "runs.json") == turns


def test_an_interrupt_loses_the_run_in_progress_alone_and_the_same_command_goes_on(tmp_path):
    path, jobs = tmp_path / "new" / "runs.json", plan("fast", "port")
    with pytest.raises(KeyboardInterrupt):
        digits.collect(jobs, path, Runner(stop_at=3))
    assert [run["accuracy"] for run in json.loads(path.read_text("utf-8"))] == [0.1, 0.1, 0.2]
    assert asked(jobs, path) == [("port", 2)] and asked(jobs, path) == []
    assert digits.held(jobs, path) == [job | {"accuracy": job["seed"] / 10} for job in jobs]
    assert [file.name for file in path.parent.iterdir()] == ["runs.json"]


def test_another_seed_time_or_data_is_another_run_and_the_old_ones_stay(tmp_path):
    path = tmp_path / "runs.json"
    for jobs in (plan("fast"), plan("fast", seconds=60), plan("fast", data="b"), plan("fast", seeds=(3,))):
        assert len(asked(jobs, path)) == len(jobs)
    assert len(digits.read(path)) == 7 and asked(plan("fast"), path) == []


def test_a_recipe_that_was_changed_is_measured_anew_in_its_old_place(tmp_path, monkeypatch):
    path = tmp_path / "runs.json"
    asked(plan("fast", "port"), path)
    fast = digits.RECIPES["fast"]
    changed = fast._replace(recipe=dataclasses.replace(fast.recipe, lam=2.0))
    monkeypatch.setitem(digits.RECIPES, "fast", changed)
    assert asked(plan("fast", "port"), path) == [("fast", 1), ("fast", 2)]
    assert len(digits.read(path)) == 4


def test_a_failed_write_leaves_the_old_file_whole(tmp_path, monkeypatch):
    path = tmp_path / "runs.json"
    asked(plan("fast"), path)
    before = path.read_bytes()

    def full(part, text, **_):
        part.write_bytes(text.encode()[:20])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(path), "write_text", full)
    with pytest.raises(OSError, match="No space"):
        asked(plan("port"), path)
    assert path.read_bytes() == before and [file.name for file in tmp_path.iterdir()] == ["runs.json"]


@pytest.mark.parametrize("text", ["[{", "{}", "[1]", '[{"recipe": "fast"}]'])
def test_a_file_of_something_else_is_named_and_kept(text, tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(text)
    with pytest.raises(ValueError, match="mine.json .*name another file"):
        asked(plan("fast"), path)
    assert path.read_text() == text


def test_a_run_is_scored_every_so_many_seconds_and_at_the_tables_times():
    assert digits.looks(10, 20) == [10]
    assert digits.looks(90, 40) == [40, 60, 80, 90]
    assert digits.looks(120, 20) == [20, 40, 60, 80, 100, 120]


CURVES = {
    ("fast", 1): [[20.1, 90, 0.50], [60.3, 270, 0.82], [100.2, 450, 0.91], [120.1, 540, 0.96]],
    ("fast", 2): [[20.2, 80, 0.40], [60.1, 240, 0.70], [100.4, 400, 0.81], [120.2, 480, 0.86]],
    ("fast", 3): [[20.2, 80, 0.60], [60.1, 240, 0.80], [100.4, 400, 0.96], [120.2, 480, 0.94]],
    ("port", 1): [[20.9, 20, 0.10], [61.0, 60, 0.20], [100.9, 100, 0.25], [120.8, 120, 0.30]],
}


def finished(name: str, seed: int) -> dict:
    curve = CURVES[name, seed]
    return {
        "recipe": name,
        "seed": seed,
        "seconds": 120,
        "accuracy": curve[-1][2],
        "time_to": {f"{mark:.2f}": digits.time_to(curve, mark) for mark in digits.MARKS},
        "L_I": {"cat 1": 2.0 + seed / 10, "cont 1": 1.0, "cont 2": None if name == "port" else 0.5},
        "images_a_second": 500.0 + seed,
        **({"recognised": 0.9 + seed / 100, "diversity": 0.7} if name == "fast" else {}),  # not in older files
        "merged": [[4, [3, 5]], [7, [4, 9]]] if seed == 2 else [],
        "curve": curve,
    }


def test_times_and_figures_come_from_the_looks():
    assert finished("fast", 1)["time_to"] == {"0.80": 60.3, "0.90": 100.2, "0.95": 120.1}
    assert finished("fast", 2)["time_to"] == {"0.80": 100.4, "0.90": None, "0.95": None}
    assert finished("fast", 3)["time_to"]["0.95"] == 100.4  # reached, though lost again
    curve = CURVES["fast", 1]
    assert [digits.at(curve, t) for t in (60, 61, 120, 180)] == [0.82, 0.91, 0.96, None]


def test_the_summary_has_mean_deviation_and_worst_and_medians_of_the_times():
    over = digits.summary([finished("fast", seed) for seed in (1, 2, 3)])
    assert math.isclose(over["mean"], 0.92) and over["worst"] == 0.86
    assert math.isclose(over["deviation"], math.sqrt((0.04**2 + 0.06**2 + 0.02**2) / 2))
    assert over["time_to"] == {"0.80": 60.3, "0.90": 100.4, "0.95": 120.1}
    assert math.isclose(over["at"][60], (0.82 + 0.70 + 0.80) / 3) and over["at"][180] is None
    assert math.isclose(over["L_I"]["cat 1"], 2.2) and over["images_a_second"] == 502
    assert math.isclose(over["recognised"], 0.92) and math.isclose(over["diversity"], 0.7)
    # one run of two that never got there: no median
    assert digits.summary([finished("fast", seed) for seed in (1, 2)])["time_to"]["0.90"] is None
    alone = digits.summary([finished("port", 1)])
    assert alone["deviation"] is None and alone["L_I"]["cont 2"] is None and alone["recognised"] is None


def test_the_table_shows_the_figures_of_each_run_and_of_each_recipe():
    shown = digits.table([finished("fast", 1), finished("port", 1), finished("fast", 2), finished("fast", 3)])
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in shown.splitlines() if "|" in line]
    times = ["at 60 s", "at 120 s", "s to 0.80", "s to 0.90", "s to 0.95"]
    codes = ["L_I cat 1", "L_I cont 1", "L_I cont 2", "images/s", "recognised", "diversity"]
    assert rows[0] == ["recipe", "seed", "accuracy", *times, *codes, "merged"]
    assert rows[3] == "port 1 0.3000 0.200 0.300 – – – 2.10 1.00 – 501 – – none".split()
    assert rows[4] == [*"fast 2 0.8600 0.700 0.860 100 – – 2.20 1.00 0.50 502 0.920 0.70".split(), "3+5; 4+9"]
    assert rows[6] == ["recipe", "seeds", "mean", "deviation", "worst", *times, *codes]
    assert rows[8] == "fast 3 0.9200 0.0529 0.8600 0.773 0.920 60 100 120 2.20 1.00 0.50 502 0.920 0.70".split()
    assert rows[9] == "port 1 0.3000 – 0.3000 0.200 0.300 – – – 2.10 1.00 – 501 – –".split() and len(rows) == 10


class Clock:
    """In place of the module ``time``: each look at it takes 0.3 s."""

    now = 0.0

    def monotonic(self) -> float:
        self.now += 0.3
        return self.now

    process_time = monotonic


def test_a_run_gives_all_that_its_object_promises_and_scoring_takes_none_of_its_time(monkeypatch):
    def slow(*args):
        clock.now += 100
        return accuracy(*args)

    clock, accuracy = Clock(), digits.metrics.accuracy
    monkeypatch.setattr(digits, "time", clock)
    monkeypatch.setattr(digits.metrics, "accuracy", slow)
    entry = digits.RECIPES["port"]._replace(recipe=dataclasses.replace(port.PORT, batch=16), size=TINY)
    judge = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(28 * 28, 10))
    found = digits.trained(entry, 1, noise().train, noise(), judge, seconds=6, every=3)
    (first, last), (steps, all_steps) = ([row[i] for row in found["curve"]] for i in (0, 1))
    assert 3 < first < 4 and 6 < last < 7 and 0 < steps < all_steps
    assert found["accuracy"] == found["curve"][-1][2] and found["steps"] == all_steps
    assert 0 <= found["without_average"] <= 1 and 0 <= found["recognised"] <= 1 and found["diversity"] >= 0
    assert math.isclose(found["images_a_second"], all_steps * 16 / last, rel_tol=0.02)
    assert set(found["L_I"]) == {"cat 1", "cont 1", "cont 2"} and set(found["time_to"]) == {"0.80", "0.90", "0.95"}
    assert found["data"] == "noise; trained on 64, scored on 64" and found["bfloat16"] is False
    assert found["processor"] and found["torch"] == torch.__version__ and found["threads"] >= 1
    json.dumps(found, allow_nan=False)


def test_the_same_data_have_the_same_fingerprint():
    one = pictures(3)
    assert digits.fingerprint(one) == digits.fingerprint(one.clone()) != digits.fingerprint(one.flip(0))
    assert plan("fast")[0]["data_sha256"] == "a"


def test_the_recipes_are_what_their_names_say():
    runs = {name: entry.start(0) for name, entry in digits.RECIPES.items()}
    assert runs.keys() == make.RECIPES.keys()  # each has its words in the README's table
    assert runs["paper"].size == PAPER and runs["paper"].recipe.channel is None
    assert not runs["note"].recipe.own_adam and runs["note"].recipe.note == (1.0, 0.1)
    assert type(runs["port"]) is port.PortTrainer and runs["port"].image_shape == (1, 32, 32)
    assert runs["fast"].recipe == runs["wide"].recipe == FAST and digits.RECIPES["fast"].chosen_start
    assert runs["long"].recipe == dataclasses.replace(FAST, batch=256) and runs["long"].size == runs["fast"].size
    assert runs["wide"].size == dataclasses.replace(PAPER, q_fc=0) != runs["fast"].size


def test_each_ablation_leaves_out_its_part_alone():
    channel = FAST.channel
    left_out = {
        "no start": {},
        "no agreement": {"agreement": 0.0},
        "no channel": {"agreement": 0.0, "channel": None},
        "nothing spared": {"channel": dataclasses.replace(channel, spared=0.0)},
    }
    settings = {entry.settings() for entry in digits.RECIPES.values()}
    assert len(settings) == len(digits.RECIPES)  # no result of one stands for another
    for name, parts in left_out.items():
        entry = digits.RECIPES[name]
        assert entry.recipe == dataclasses.replace(FAST, **parts) and entry.size == digits.RECIPES["fast"].size
        assert entry.chosen_start == (name != "no start")


def test_the_judge_is_asked_for_the_digit_that_the_category_is_matched_to():
    """Samples whose every pixel says their category: renumbered by the match, all are recognised; unmatched, few."""
    run = digits.RECIPES["fast"]._replace(size=TINY).start(0)
    label_of = (torch.arange(10) + 3) % 10

    def G(codes):
        return (codes.c_cat[:, :1, None, None].float() / 10).expand(-1, 1, 28, 28)

    run.averaged["G"].module.forward = G
    labels = torch.arange(100) % 10
    images = (torch.rand(100, 28, 28, generator=run.generator) * 255).to(torch.uint8)
    known = Digits(images, labels, images, labels, "noise")

    class Reader(torch.nn.Module):
        def forward(self, x):
            category = (x.mean((1, 2, 3)) * 10).round().long()
            return torch.nn.functional.one_hot(label_of[category], 10)

    match = digits.metrics.Match(1.0, label_of.numpy(), None)
    found = digits.looked_at(run, match, known, Reader())
    assert found == {"recognised": 1.0, "diversity": 0.0}
    match = digits.metrics.Match(1.0, label_of.flip(0).numpy(), None)
    assert digits.looked_at(run, match, known, Reader())["recognised"] < 0.5


def test_samples_that_are_no_numbers_have_no_figures_and_the_run_is_kept_all_the_same(tmp_path):
    run = digits.RECIPES["fast"]._replace(size=TINY).start(0)
    run.averaged["G"].module.forward = lambda codes: torch.full((len(codes.z), 1, 28, 28), math.nan)
    match = digits.metrics.Match(1.0, np.arange(10), None)
    found = digits.looked_at(run, match, noise(), torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10)))
    assert found == {"recognised": None, "diversity": None}
    [job] = plan("fast", seeds=(1,))
    digits.keep(job | finished("fast", 1) | found, tmp_path / "runs.json")
    assert "| –" in digits.table(digits.read(tmp_path / "runs.json"))


def test_a_start_that_diverges_is_a_run_of_accuracy_0_that_says_why_and_the_next_goes_on(tmp_path, monkeypatch):
    def diverges(*_):
        raise TrainingDiverged("after 500 steps of the start, bounds are [nan]")

    monkeypatch.setattr(digits, "choose_start", diverges)
    known = noise()
    entry = digits.RECIPES["fast"]._replace(recipe=dataclasses.replace(FAST, batch=16))

    def measure(job: dict) -> dict:
        if job["seed"] == 1:
            return digits.trained(entry, 1, known.train, known, None, seconds=120, every=20)
        return finished("fast", job["seed"])

    path, jobs = tmp_path / "runs.json", plan("fast", seconds=120)
    digits.collect(jobs, path, measure)
    runs = digits.held(jobs, path)
    assert "bounds are [nan]" in runs[0]["diverged"] and [run["accuracy"] for run in runs] == [0.0, 0.86]
    assert digits.summary(runs)["worst"] == 0.0
    assert "| fast   | 1    | 0.0000" in digits.table(runs)


@pytest.mark.parametrize("stopped", ["start", "train", "neither"])
def test_weights_of_a_stopped_run_are_not_written(stopped, tmp_path, monkeypatch):
    out = tmp_path / "mine.safetensors"
    out.write_text("good")
    monkeypatch.setattr(weights.data, "load_mnist", noise)
    monkeypatch.setattr(weights, "choose_start", lambda *_, **__: None if stopped == "start" else torch.zeros(1))
    monkeypatch.setattr(weights, "train", lambda *_, **__: stopped != "train")
    monkeypatch.setattr(sys, "argv", ["weights.py", "--out", str(out)])
    if stopped == "neither":
        weights.main()
        assert out.stat().st_size > 1000
    else:
        with pytest.raises(SystemExit, match="stopped at step 0 of 3000: nothing was written, .*mine"):
            weights.main()
        assert out.read_text() == "good"


@pytest.mark.parametrize("stop_at", [0, 3, None])
def test_a_stopped_sweep_measures_nothing_more_and_writes_nothing(stop_at, tmp_path, monkeypatch):
    out, lams, measured = tmp_path / "sweep.json", [], []
    monkeypatch.setattr(sweep.data, "load_mnist", noise)
    monkeypatch.setattr(sweep, "Trainer", lambda _, recipe, **__: SimpleNamespace(lam=recipe.lam, steps=0))
    monkeypatch.setattr(sweep, "train", lambda run, *_, **__: (lams.append(run.lam), len(lams) - 1 != stop_at)[1])
    monkeypatch.setattr(sweep, "measure", lambda run, _: (measured.append(run.lam), {"lam": run.lam})[1])
    monkeypatch.setattr(sys, "argv", ["sweep.py", "--out", str(out)])
    if stop_at is None:
        sweep.main()
        assert [row["lam"] for row in json.loads(out.read_text("utf-8"))["runs"]["own Adam"]] == list(sweep.LAMS)
    else:
        with pytest.raises(SystemExit, match=f"stopped at step 0 of 600 with λ = {sweep.LAMS[stop_at]:g}, summed"):
            sweep.main()
        assert len(lams) == stop_at + 1 and len(measured) == stop_at and not out.exists()


def test_a_failed_write_leaves_the_old_sweep_whole(tmp_path, monkeypatch):
    out = tmp_path / "sweep.json"
    out.write_text("old")
    monkeypatch.setattr(sweep.data, "load_mnist", noise)
    monkeypatch.setattr(sweep, "Trainer", lambda *_, **__: None)
    monkeypatch.setattr(sweep, "train", lambda *_, **__: True)
    monkeypatch.setattr(sweep, "measure", lambda *_: {})
    monkeypatch.setattr(sys, "argv", ["sweep.py", "--out", str(out)])

    def full(part, text, **_):
        part.write_bytes(text.encode()[:20])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(out), "write_text", full)
    with pytest.raises(OSError, match="No space"):
        sweep.main()
    assert out.read_text() == "old" and [file.name for file in tmp_path.iterdir()] == ["sweep.json"]


def small_port(seed: int = 0) -> port.PortTrainer:
    return port.PortTrainer(MNIST, dataclasses.replace(port.PORT, batch=16), size=TINY, seed=seed)


def test_the_ports_categorical_loss_cannot_leave_1_461_to_2_461_nats():
    run = small_port()
    codes = MNIST.sample(16, torch.Generator().manual_seed(0))._replace(c_cat=torch.zeros(16, 1, dtype=torch.int64))
    features = run.D.features(torch.rand(16, 1, 32, 32, generator=run.generator)).detach()
    losses = []
    for push in (0.0, 3.0, 1e4):  # towards the right category, and away from it
        for sign in (1, -1):
            with torch.no_grad():
                run.D.q_head[-1].bias[:2] = torch.tensor([push, -push]) * sign
            losses.append(note_loss(run.D.q(features), codes, lam_l=1.0, lam_c=0.0).item())
    floor, ceiling = math.log(math.e + 9) - 1, math.log(math.e + 9)
    assert (round(floor, 3), round(ceiling, 3)) == (1.461, 2.461)
    assert all(floor - 1e-5 <= loss <= ceiling + 1e-5 for loss in losses)
    assert math.isclose(min(losses), floor, abs_tol=1e-5) and math.isclose(max(losses), ceiling, abs_tol=1e-5)
    answer = run.D.eval().q(features).logits[0].softmax(dim=1)  # a Q that is as sure as it says
    assert answer.max() > 0.999


def test_a_step_of_the_port_takes_the_loss_whose_softmax_is_applied_twice():
    run = small_port()
    figures = [run.step(torch.rand(16, 1, 32, 32, generator=run.generator)) for _ in range(2)]
    assert all(math.log(10) - 2.4613 <= f["cat 1"] <= math.log(10) - 1.4611 for f in figures)


def parts(run: port.PortTrainer) -> dict[str, torch.Tensor]:
    nets = {"G": run.G, "trunk": run.D.trunk, "D": run.D.d_head, "Q": run.D.q_head}
    return {name: torch.cat([p.detach().flatten() for p in net.parameters()]).clone() for name, net in nets.items()}


def test_a_few_steps_of_the_port_train_all_parts_and_repeat_by_their_seed():
    def after(seed: int, steps: int) -> dict[str, torch.Tensor]:
        run = small_port(seed)
        torch.rand(3)  # the global state plays no part
        for _ in range(steps):
            run.step(digits.next_batch(run, pictures(64, 32).unsqueeze(1)))
        return parts(run)

    start, one, again, other = after(1, 0), after(1, 3), after(1, 3), after(2, 3)
    for name in start:
        assert not torch.equal(start[name], one[name]), f"{name} stood still"
        assert torch.equal(one[name], again[name]) and not torch.equal(one[name], other[name])


def test_the_port_has_three_adams_at_2e_4_of_which_one_owns_G_and_D():
    run = small_port()
    assert {group["lr"] for o in run.optimisers.values() for group in o.param_groups} == {2e-4}
    assert {group["betas"] for o in run.optimisers.values() for group in o.param_groups} == {(0.5, 0.999)}
    owned = {name: {p for group in o.param_groups for p in group["params"]} for name, o in run.optimisers.items()}
    every = {*run.G.parameters(), *run.D.parameters()}
    assert owned["G"] == set(run.G.parameters())
    assert owned["D"] == every - set(run.G.parameters()) - set(run.D.q_head.parameters())
    assert owned["information"] == every - set(run.D.d_head.parameters())  # no information gradient reaches D's head
    assert port.PORT.batch == 64 and port.PORT.note == (1.0, 0.1) and port.PORT.objective == "least-squares"


def test_the_ports_networks_start_as_it_starts_them(monkeypatch):
    monkeypatch.setattr("infogan_utils.training.has_bfloat16", lambda device: True)
    run = port.PortTrainer(MNIST)
    layers = [*run.G.modules(), *run.D.modules()]
    norms = [layer for layer in layers if isinstance(layer, torch.nn.BatchNorm2d)]
    assert [norm.eps for norm in norms] == [1e-5, 0.8, 0.8, 0.8, 0.8, 0.8]
    convolutions = [layer.weight for layer in layers if isinstance(layer, torch.nn.Conv2d)]
    assert all(abs(w.std() - 0.02) < 0.003 and abs(w.mean()) < 0.003 for w in convolutions) and len(convolutions) == 7
    scales = torch.cat([norm.weight for norm in norms])
    assert abs(scales.std() - 0.02) < 0.003 and abs(scales.mean() - 1) < 0.003
    assert not run.bfloat16


def test_the_port_draws_by_a_tanh_and_sees_images_from_minus_1_to_1():
    run = small_port()
    G, D = run.G.eval(), run.D.eval()
    codes, seen, drawn = MNIST.sample(4, run.generator), [], []
    D.trunk.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    G.up[-2].register_forward_hook(lambda _, inputs, output: drawn.append(output))
    D(G(codes))
    assert torch.allclose(seen[0], drawn[0].tanh(), atol=1e-6)


def test_images_are_enlarged_as_pillow_does_it():
    images = pictures(5)
    ours = port.resized(images)
    theirs = [Image.fromarray(x.numpy()).resize((32, 32), Image.Resampling.BILINEAR) for x in images]
    for one, other in zip(ours, theirs, strict=True):
        assert one.shape == (32, 32) and one.dtype == torch.uint8
        apart = one.float() - torch.from_numpy(np.array(other))  # Pillow rounds after each direction
        assert apart.abs().max() <= 1 and apart.mean().abs() < 0.15
    assert port.resized(images, 28) is images
