"""The benchmarks: parts side by side, runs over seeds with their restart, the port that they measure against."""

import dataclasses
import json
import math
import os
import statistics
import sys
from collections import Counter
from pathlib import Path

import helpers
import pytest
import torch
from style import make

sys.path.insert(0, str(Path(__file__).parent / "benchmarks"))

import digits
import figures
import gpu
import parts
import port
import scores
import side_by_side
import sprites
import step
import weights

from infogan_utils import Trainer, build, checkpoint, data, metrics, plots, recipes
from infogan_utils.looking import as_floats
from infogan_utils.loop import TrainingDiverged
from infogan_utils.objectives import three_step_loss


def pictures(n: int, side: int = 28) -> torch.Tensor:
    return torch.randint(0, 256, (n, side, side), dtype=torch.uint8, generator=torch.Generator().manual_seed(9))


@pytest.fixture(scope="module")
def noise() -> data.DataSet:
    mnist, images, labels = data.SETS["mnist"], pictures(200), torch.arange(200) % 10
    sets = {"train": images, "train_labels": labels, "test": images, "test_labels": labels}
    about = {"classes": tuple("0123456789"), "source": "noise", "name": "mnist", "spec": mnist.spec}
    return data.DataSet(**sets, **about, widths=mnist.widths[28], augment=mnist.augment)


# parts.py


def test_each_row_leaves_out_its_part_alone():
    fast = vars(recipes.FAST)
    changed = {name: {k for k, v in vars(part.recipe).items() if v != fast[k]} for name, part in parts.PARTS.items()}
    assert changed["fast"] == changed["long"] == changed["no start"] == set() and changed["no plain D"] == {"plain_d"}
    assert changed["no own T"] == {"views"} and changed["no agreement"] == {"agreement"}
    assert changed["no T"] == {"agreement", "views", "plain_d"}
    started = {name for name, part in parts.PARTS.items() if part.start}
    assert parts.PARTS.keys() - started == {"no start", "no agreement", "no T"}


def test_a_run_side_by_side_takes_the_trainers_own_step():
    run, spec = parts.Run("fast", 3, pictures(200)), data.SETS["mnist"].spec
    usual = Trainer(*build(spec, seed=3), spec, recipes.FAST, seed=3)
    rows = torch.randint(200, (64,), generator=usual.generator)
    theirs, ours = usual.step(as_floats(pictures(200)[rows])), run.step()
    assert ours.keys() == theirs.keys() and all(torch.allclose(ours[name], theirs[name]) for name in theirs)


def test_without_the_gan_only_trunk_and_q_learn():
    trainer = parts.Run("no GAN", 1, pictures(200)).trainer
    before = helpers.weights(trainer)
    trainer.step(torch.rand(64, 1, 28, 28, generator=trainer.generator))
    assert helpers.moved(before, helpers.weights(trainer)) == {"trunk", "Q"}


def test_many_runs_end_after_their_steps_and_are_measured(monkeypatch):
    monkeypatch.setattr(parts, "choose_start", lambda *_: None)
    runs, steps = [parts.Run(name, 1, pictures(200), 2) for name in ("no GAN", "no T", "no GAN")], []
    side_by_side.side_by_side(runs, lambda run: steps.append(run.trainer.steps), width=2)
    assert steps == [2, 2, 2]


# sprites.py


@pytest.fixture(scope="module")
def drawn() -> data.DataSet:
    return data.load("sprites", limit=5_200)


@pytest.mark.parametrize("name", ["infogan", "contrastive", "own T"])
def test_a_run_on_sprites_takes_the_trainers_own_steps_and_its_gap_closes(name, drawn):
    run = sprites.SpritesRun(name, 3, 4, (drawn.train[:64], None, None), scores.Now())
    recipe = dataclasses.replace(sprites.ROWS[name], gap_steps=2)
    usual = Trainer(*build(drawn.spec, drawn.widths, side=32, seed=3), drawn.spec, recipe, seed=3)
    gaps = []
    for _ in range(4):
        run.advance()
        gaps.append(run.gap.item())
        usual.step(as_floats(drawn.train[torch.randint(64, (64,), generator=usual.generator)]))
    assert helpers.same(run.trainer, usual)
    assert gaps == ([0.5, 0, 0, 0] if name == "contrastive" else [0] * 4)


def test_the_same_command_repeats_no_run_and_kept_runs_are_compared_without_labels(
    drawn, tmp_path, monkeypatch, capsys
):
    fixed, trained = metrics.factors.Score("x", 0.5, "", None), []
    for module in (metrics, metrics.factors):
        monkeypatch.setattr(module, "factor_vae_score", lambda *_: fixed)
    monkeypatch.setattr(metrics, "sap", lambda *_: fixed)
    monkeypatch.setattr(metrics, "held_out_information", lambda *_: {"cont 1": 0.12345})
    monkeypatch.setattr(sprites, "DRAWN", 50)
    monkeypatch.setattr(data, "load", lambda *_, **__: drawn)
    monkeypatch.setattr(sprites.SpritesRun, "prepare", lambda self: trained.append((self.name, self.seed)))
    rows, where = (
        ("untrained", "infogan", "own T"),
        ["--json", str(tmp_path / "found.json"), "--keep", str(tmp_path), "--steps", "2", "--dci", "0"],
    )
    for seeds in ("1", "123"):
        monkeypatch.setattr(sys, "argv", ["sprites.py", *where, "--only", *rows, "--seeds", *seeds])
        sprites.main()
    assert trained == [(name, seed) for seed in (1, 2, 3) for name in rows[1:]]
    assert (tmp_path / "sprites.png").stat().st_size < 100_000
    runs = json.loads((tmp_path / "found.json").read_text())["runs"]
    assert len(runs) == 9 and {run.get("ModelCentrality") for run in runs} == {None, 0.5}
    assert [look["steps"] for look in runs[1]["trend"]] == [2] and runs[1]["L_I"] == {"cont 1": 0.1235}
    said = capsys.readouterr().out
    assert "infogan   | 3" in said and "| infogan | 2     | 0.500 ± 0.000 " in said


# digits.py and figures.py


def test_figures_have_all_that_the_tables_show(noise, monkeypatch):
    monkeypatch.setattr(figures, "SAMPLES", 100)
    monkeypatch.setattr(figures.metrics, "held_out_information", lambda *_: {"cat 1": 0.12345})
    monkeypatch.setattr(figures.metrics, "property_table", lambda *_: {"slant": {"cont 1": 0.5, "cont 2": 0.1}})
    monkeypatch.setattr(figures.metrics, "variance_shares", lambda *_: {"noise alone": 0.1, "codes alone": 0.1})
    found = digits.trained("port", 1, noise.train, figures.yardstick(noise), until=2)
    assert {*plots.results.FIGURES} - {"slant", "aspect"} <= found.keys() and found["steps"] == 2
    assert found["properties"]["slant"].keys() == {"cont 1", "cont 2"} and found["L_I"] == {"cat 1": 0.1235}
    json.dumps(found, allow_nan=False)


def test_a_start_that_diverges_is_a_run_of_accuracy_0_that_says_why(monkeypatch):
    def diverges(*_):
        raise TrainingDiverged("after 500 steps of the start, bounds are [nan]")

    monkeypatch.setattr(digits, "choose_start", diverges)
    found = digits.trained("fast", 1, pictures(200), None, seconds=1)
    assert found["accuracy"] == 0 and "bounds are [nan]" in found["diverged"]


def test_an_interrupt_loses_the_run_in_progress_alone_and_the_same_command_goes_on(tmp_path):
    path, asked = tmp_path / "runs.json", []
    jobs = [{"name": name, "seed": seed, "seconds": 1} for seed in (1, 2) for name in ("fast", "port")]

    def measure(job: dict) -> dict:
        if len(asked) == 3:
            asked.append("stopped")
            raise KeyboardInterrupt
        asked.append((job["name"], job["seed"]))
        return {"accuracy": job["seed"] / 10}

    with pytest.raises(KeyboardInterrupt):
        digits.collect(jobs, path, measure)
    digits.collect(jobs, path, measure)
    assert asked == [("fast", 1), ("port", 1), ("fast", 2), "stopped", ("port", 2)]
    assert [run["accuracy"] for run in digits.held(jobs, digits.read(path)["runs"])] == [0.1, 0.1, 0.2, 0.2]
    assert [file.name for file in tmp_path.iterdir()] == ["runs.json"]


def test_runs_side_by_side_are_written_by_the_parent_and_go_on_after_a_stop(tmp_path):
    path, stop = tmp_path / "runs.json", tmp_path / "stop"
    jobs = [{"name": "fast", "seed": seed} for seed in range(5)]
    stop.touch()

    def measure(job: dict) -> dict:
        if job["seed"] == 4 and stop.exists():
            raise KeyboardInterrupt
        return {"accuracy": 0.5, "process": os.getpid()}

    with pytest.raises(KeyboardInterrupt):
        digits.collect(jobs, path, measure, side_by_side=2)
    first = digits.read(path)["runs"] if path.exists() else []
    stop.unlink()
    digits.collect(jobs, path, measure, side_by_side=2)
    runs = digits.read(path)["runs"]
    assert sorted(run["seed"] for run in runs) == [0, 1, 2, 3, 4] and runs[: len(first)] == first
    assert os.getpid() not in {run["process"] for run in runs}


@pytest.mark.parametrize("text", ["[{", "{}", "[1]", '{"runs": [{"name": "fast"}]}'])
def test_a_file_of_something_else_is_named_and_kept(text, tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(text)
    with pytest.raises(ValueError, match="mine.json holds no measured runs; name another file"):
        digits.collect([{"name": "fast", "seed": 1}], path, lambda job: {})
    assert path.read_text() == text


def test_a_recipe_that_changed_has_other_settings():
    assert len({digits.settings(name) for name in ("fast", "no plain D", "no start", "paper", "three-step")}) == 5
    assert "Uniform(sigma=1.0)" in digits.settings("paper") and "uniform_noise=True" in digits.settings("paper")


# step.py and gpu.py


def test_the_plain_loop_computes_what_the_packages_step_does():
    plain, trainer = step.PlainLoop(pictures(200)), Trainer(*build(step.SPEC, seed=0), step.SPEC, recipes.FAST)
    real, trainer.bfloat16 = next(plain.batches)[0], False
    plain.batches, plain.generator = iter([[real]]), trainer.generator.clone_state()
    plain.step(), trainer.step(real)
    # a rounding that moves one unit over the rectifier's kink shows; D's first step of Adam makes G's gradient differ
    sides = ((trainer.D, plain.D, plain.adam_d, 0.01), (trainer.G, plain.G, plain.adam_g, 0.1))
    for ours, theirs, adam, tolerance in sides:
        moments = {key: value for adam in trainer.optimisers.values() for key, value in adam.state.items()}
        for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
            one, other = moments[p]["exp_avg"], adam.state[q]["exp_avg"]
            assert (one - other).norm() <= tolerance * other.norm()


def test_a_device_is_measured_in_every_format(capsys):
    gpu.on_device("cpu", {"tiny": (helpers.TINY, 1, 28)}, (8,), steps=1, n=64)
    rows = [line.split(" | ") for line in capsys.readouterr().out.splitlines() if line.startswith("| tiny")]
    assert [row[2:4] for row in rows] == [
        [dtype, layout] for dtype in ("float32", "bfloat16") for layout in ("contiguous_format", "channels_last")
    ]


# the runs that come with the package


@pytest.mark.parametrize("name", ["parts", "digits", "sprites"])
def test_measured_runs_are_whole_and_the_tables_count_the_factors_that_seeds_missed(name):
    found = plots.measured(name)
    assert found.keys() >= {"command", "machine", "data", "remark"}
    assert len({(run["name"], run["seed"]) for run in found["runs"]}) == len(found["runs"])
    if name == "parts":
        assert {run["name"] for run in found["runs"]} == {*parts.PARTS, "fast, one core"}
        assert min(Counter(run["name"] for run in found["runs"]).values()) >= 5
        rows = [line.split("|") for line in plots.parts_table(["fast", "no own T"], ["slant"]).splitlines()]
        assert rows[2][3].strip().endswith("in 10 of 10") and rows[3][3].strip().endswith("in 3 of 5")
        ten = [run["accuracy"] for run in found["runs"] if run["name"] == "fast"]
        shown = f"{statistics.mean(ten):.3f} ± {statistics.stdev(ten):.3f} (worst {min(ten):.3f})"
        assert shown in plots.parts_table(["fast"], ["accuracy"])  # B71
        lines = plots.runs_figure(["fast", "no own T"], ["recall", "aspect"]).axes[1].lines
        shown = [(line.get_marker(), len(line.get_xdata())) for line in lines if line.get_marker() in ("o", "x")]
        assert shown == [("o", 10), ("x", 0), ("o", 0), ("x", 5)]
    assert len(make.accuracies(plots.measured("parts"), plots.measured("digits"))) == 2 + len(make.RECIPES) + 4
    with pytest.raises(ValueError, match="no run is called 'x'"):
        plots.parts_table(["x"])


def test_a_factor_is_found_where_one_code_has_most_of_it_and_the_other_little():
    for shares, name in (((0.9, 0.1), "one"), ((0.1, 0.6), "other"), ((0.4, 0.0), None), ((0.9, 0.3), None)):
        run = {"properties": {"slant": dict(zip(("one", "other"), shares, strict=True))}}
        assert plots.found(run, "slant") == name
    assert plots.found({}, "slant") is None


@pytest.mark.parametrize("stopped", ["start", "train", "neither"])
def test_weights_of_a_stopped_run_are_not_written(stopped, noise, tmp_path, monkeypatch):
    out = tmp_path / "mine.safetensors"
    out.write_text("good")
    monkeypatch.setattr(weights.data, "load", lambda _: noise)
    monkeypatch.setattr(weights, "choose_start", lambda *_, **__: None if stopped == "start" else torch.zeros(1))
    monkeypatch.setattr(weights, "train", lambda *_, **__: stopped != "train")
    monkeypatch.setattr(weights.metrics, "property_table", lambda *_: {})
    monkeypatch.setattr(sys, "argv", ["weights.py", "--out", str(out)])
    if stopped == "neither":
        weights.main()
        assert checkpoint.load_model(out).spec == noise.spec
        return
    with pytest.raises(SystemExit, match="stopped at step 0 of 2400: nothing was written, .*mine"):
        weights.main()
    assert out.read_text() == "good"


# port.py


def test_the_ports_categorical_loss_cannot_leave_1_461_to_2_461_nats():
    _, D = port.networks(0, narrow=8, wide=16)
    latents = port.SPEC.by_hand(torch.zeros(16, 62), {})
    h, losses = D.trunk(torch.rand(16, 1, 32, 32)).detach(), []
    for push in (0.0, 3.0, 1e4, -3.0, -1e4):  # towards category 0, and away from it
        with torch.no_grad():
            D.q_head.bias[:2] = torch.tensor([push, -push])
        losses.append(three_step_loss(port.SPEC, D.q_head(h), latents, lam_l=1.0, lam_c=0.0).item())
    floor, ceiling = math.log(math.e + 9) - 1, math.log(math.e + 9)
    assert (round(floor, 3), round(ceiling, 3)) == (1.461, 2.461)
    assert math.isclose(min(losses), floor, abs_tol=1e-5) and math.isclose(max(losses), ceiling, abs_tol=1e-5)


def test_the_ports_networks_and_adams_are_as_it_has_them():
    trainer = port.port(0)
    layers = [*trainer.G.modules(), *trainer.D.modules()]
    assert [m.eps for m in layers if isinstance(m, torch.nn.BatchNorm2d)] == [1e-5, 0.8, 0.8, 0.8, 0.8, 0.8]
    kernels = [m.weight for m in layers if isinstance(m, torch.nn.Conv2d)]
    assert all(abs(w.std() - 0.02) < 0.003 for w in kernels) and len(kernels) == 7
    assert {group["lr"] for adam in trainer.optimisers.values() for group in adam.param_groups} == {2e-4}
    assert list(trainer.optimisers) == ["D step", "G step", "information step"] and trainer.recipe.batch == 64
    seen, drawn = [], []
    trainer.D.trunk[0].register_forward_hook(lambda _, inputs, output: seen.append(output))
    trainer.G[-3].register_forward_hook(lambda _, inputs, output: drawn.append(output))
    trainer.D.trunk(trainer.G(port.SPEC.encode(port.SPEC.sample(4, torch.Generator()))))
    assert torch.allclose(seen[0], drawn[0].tanh(), atol=1e-6)
