"""Notebook 09: what it writes out, its code on the circle, its folder's cell as a reader uses it, the exercises."""

import dataclasses
import json
import math
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest
import series
import torch
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent / "benchmarks"))

import folder

from infogan_utils import Latents, LatentSpec, Model, Recipe, Trainer, Uniform, data, objectives, plots, train
from infogan_utils.augment import Augment, View
from infogan_utils.checks import nb09 as check

TAUGHT = (
    "Recoloured",
    "moved",
    "shrunk",
    "judged",
    "contrast_loss",
    "Circle",
    "Upsampler",
    "Reader",
    "demo",
    "groups_of",
)


@pytest.fixture(scope="module")
def nb() -> dict:
    space = series.namespace("09", *TAUGHT)
    orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
    space.update(ORDERS=torch.tensor(orders), SEED=0)
    return space


# T and the measures


def test_the_recolouring_T_exchanges_channels_picture_by_picture_and_nothing_else(nb):
    x = torch.rand(600, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    T = nb["Recoloured"]((View(Augment()),))
    y = T(x, torch.Generator().manual_seed(1))
    plain = x[:, nb["ORDERS"]]  # (600, 6, 3, 4, 4): all orders of the channels
    hits = (plain - y[:, None]).abs().amax((2, 3, 4)) < 1e-5
    assert hits.any(1).all() and hits.sum(0).min() > 60  # each order about 100 times
    assert torch.equal(T(x, torch.Generator().manual_seed(1)), y)
    Recipe(views=T)  # taken in the place of Views


def test_a_total_effect_is_1_for_what_makes_the_picture_and_0_for_what_does_nothing(nb):
    spec = LatentSpec(1, (Uniform(), Uniform()))

    def draw(latents: Latents) -> torch.Tensor:
        return (latents.c["cont 1"][:, None, None, None] + 1).expand(-1, 1, 4, 4) / 2

    stub = SimpleNamespace(spec=spec, draw=draw)
    effects = nb["moved"](stub, n=2_000)
    assert effects == pytest.approx({"noise": 0, "cont 1": 1, "cont 2": 0}, abs=0.06)
    stub.draw = lambda latents: draw(latents) * latents.c["cont 2"][:, None, None, None]  # both act together
    effects = nb["moved"](stub, n=2_000)
    assert effects["cont 1"] + effects["cont 2"] > 1.1


def test_copies_are_nearer_to_the_training_pictures_than_real_ones(nb, capsys):
    x = torch.randint(0, 256, (60, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    copier = SimpleNamespace(spec=LatentSpec(1), draw=lambda latents: x[: len(latents.z)] / 255)
    nb["judged"](copier, x[:40], x[40:], n=20)
    said = capsys.readouterr().out
    assert "0.00 away from a sample" in said and "0.00 from a real" not in said


def test_the_loss_written_out_is_the_packages(nb):
    answers = torch.randn(30, 3, generator=torch.Generator().manual_seed(0))
    shared = torch.arange(30) % 3
    assert torch.equal(nb["contrast_loss"](answers, shared), objectives.contrast_loss(answers, shared))


# parts of one's own


def test_the_code_on_the_circle_is_a_code_whose_information_is_right(nb):
    circle, generator = nb["Circle"](), torch.Generator().manual_seed(0)
    c = circle.sample(20_000, generator)
    assert c.min() >= -math.pi and c.max() < math.pi and abs(c.mean()) < 0.05
    arrow = circle.encode(c)
    assert arrow.shape == (20_000, 2) and torch.allclose(arrow.square().sum(1), torch.ones(20_000))
    blind = circle.log_q(torch.zeros(20_000, 2), c).mean() + circle.entropy
    assert abs(blind) < 1e-3  # nothing known: 0 nats
    sure = circle.log_q(400 * arrow, c).mean() + circle.entropy  # nearly Gaussian with σ = 1/20, at its mean
    assert sure.item() == pytest.approx(math.log(2 * math.pi) + math.log(20 / math.sqrt(2 * math.pi)), abs=0.01)
    ends = circle.log_q(400 * circle.encode(torch.tensor([3.14])), torch.tensor([-3.14]))
    assert ends > 2  # 3.14 and −3.14 lie side by side
    grid = torch.linspace(-math.pi, math.pi, 2_001)[:-1]
    q = circle.posterior(torch.tensor([[1.0, 2.0]]).expand(2_000, 2)).log_prob(grid).exp()
    assert q.mean().item() * 2 * math.pi == pytest.approx(1, abs=1e-3)  # a density


def test_own_networks_and_the_own_code_train(nb):
    spec = LatentSpec(4, (nb["Circle"](), Uniform()))
    sprites = data.load("sprites", colour=True, limit=40)
    torch.manual_seed(0)
    trainer = Trainer(nb["Upsampler"](spec.total), nb["Reader"](spec.answers), spec, Recipe(batch=8), seed=0)
    assert train(trainer, sprites.train, until=3) and np.isfinite(trainer.history["angle 1"]).all()
    assert Model(trainer.G, trainer.D, spec).read(sprites.test)["angle 1"].mean.shape == (8,)


# the reader's folder


def folder_cells(given: str | None, steps: int = 4) -> list[str]:
    """The cells on a folder: load and look, build, train and judge; with few steps."""
    look, build, go = folder.cells(given)
    return [look, build.replace("steps=100)", "steps=1)"), go.replace("STEPS = 1000", f"STEPS = {steps}")]


def run_cells(space: dict, given: str | None, steps: int = 4) -> None:
    for cell in folder_cells(given, steps):
        exec(cell, space)


@pytest.fixture
def space(nb, monkeypatch, tmp_path) -> dict:
    """The names that the folder's cell needs, in a folder of its own, with narrow networks."""
    monkeypatch.chdir(tmp_path)
    tiny = dataclasses.replace(data.SETS["folder"].widths[32], g_fc=(16,), g_map=8, g_up=(4,), d_conv=(4, 8), d_fc=16)
    monkeypatch.setitem(data.SETS["folder"].widths, 32, tiny)
    monkeypatch.setattr(plots, "Progress", lambda steps: lambda run: None)
    monkeypatch.setattr(nb["outcome"], "show", lambda *_: None)
    monkeypatch.setattr(nb["plots"], "show", lambda _, alt: print(f"figure: {alt}"))
    return dict(nb)


def test_without_a_folder_the_cell_makes_one_with_all_troubles_and_trains(space, capsys):
    run_cells(space, None)
    said = capsys.readouterr().out
    assert "left out: 1 that can't be read: broken.jpg" in said and "total effects:" in said and "precision" in said
    modes = {Image.open(path).mode for path in (space["Path"]("runs/demo_pictures")).rglob("*.png")}
    assert modes == {"RGB", "RGBA", "L"} and space["mine"].train.shape[1:] == (3, 32, 32)
    rows = space["groups_of"](space["my_run"].averaged, space["mine"].train, columns=4)
    assert rows.shape == (10, 4, 3, 32, 32)


@pytest.mark.parametrize("kind", ["few", "grey", "one class"])
def test_a_readers_folder_trains_whatever_it_holds(space, tmp_path, kind, capsys):
    place = tmp_path / "pictures" / ("cats" if kind == "one class" else "")
    place.mkdir(parents=True)
    for i in range(24 if kind == "few" else 100):
        Image.new("L" if kind == "grey" else "RGB", (20 + i, 50), i).save(place / f"{i}.png")
    run_cells(space, str(tmp_path / "pictures"))
    assert space["my_run"].steps == 4 and "no classes" in capsys.readouterr().out


def test_the_pictures_are_shown_before_the_run_is_built_and_more_steps_go_on(space, capsys):
    look, build, train = folder_cells(None)
    exec(look, space)
    said = capsys.readouterr().out
    assert "left out: 1" in said and "figure: Rows of loaded pictures, in colour" in said and "my_run" not in space
    assert space["few"].shape == (4, 12, 3, 32, 32)
    exec(build, space)
    exec(train, space)
    exec(train, space)  # run again as it is: nothing to do, and no division by 0
    run, known = space["my_run"], space["my_run"].history["D"][:]
    exec(train.replace("STEPS = 4", "STEPS = 6"), space)
    assert space["my_run"] is run and run.steps == 6 and run.history["D"][:4] == known


@pytest.mark.parametrize("n", [5, 13, 30])
def test_a_few_pictures_are_shown_in_whole_rows(space, tmp_path, n):
    for i in range(n):
        Image.new("RGB", (30, 30), (i, 2 * i, 0)).save(tmp_path / f"{i}.png")
    exec(folder_cells(str(tmp_path))[0], space)
    rows, columns = space["few"].shape[:2]
    assert columns == min(12, len(space["mine"].train)) and 0 <= len(space["mine"].train) - rows * columns < 12


def test_where_nothing_can_be_written_the_cell_says_where_it_tried_and_the_way_out(space, tmp_path):
    (tmp_path / "runs").write_text("a file in the way")
    with pytest.raises(
        OSError, match="runs/demo_pictures .*set FOLDER to a folder of your own pictures, or start"
    ) as e:
        exec(folder_cells(None)[0], space)
    assert str(tmp_path) in str(e.value)


def test_the_benchmark_runs_the_notebooks_cells_for_as_many_steps_as_asked(space, tmp_path):
    folder.sprites(tmp_path / "some")
    folder.main(["--pictures", str(tmp_path / "some"), "--steps", "3", "2", "--out", str(tmp_path)])
    runs = json.loads((tmp_path / "folder.json").read_text("utf-8"))["runs"]
    assert [(run["pictures"], run["steps"]) for run in runs] == [("some", 2), ("some", 3)]
    assert all("recall" in " ".join(run["printed"]) and "--steps" in run["command"] for run in runs)
    assert Image.open(tmp_path / "folder_some.png").mode == "P"


def test_the_command_finds_the_package_where_the_notebook_does(space, monkeypatch, capsys):
    (cell,) = [source for source in series.code("09") if "done = subprocess.run" in source]
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.setattr(space["sys"], "path", [str(series.NOTEBOOKS.parent), *space["sys"].path])
    exec(cell.replace("--steps 20", "--steps 0"), space | {"FOLDER": "~/my pictures"})
    said = capsys.readouterr().out
    assert "--steps and --every are 1 or more" in said and "it writes to" in said and "Error" not in said


# the runs that it reads


def test_the_measured_sets_have_what_the_table_shows_and_their_pictures():
    runs = plots.measured("sets")["runs"]
    assert {run["data"] for run in runs} >= {"coil20", "yaleb"}
    for run in runs:
        assert f"--data {run['data']}" in run["command"] and f"--seeds {run['seed']}" in run["command"]
        if run["steps"]:
            name = "_".join(["sets", run["data"], *([run["codes"]] if "codes" in run else [])])
            picture = plots.results.ASSETS / f"{name}.png"
            assert picture.stat().st_size < 150_000 and Image.open(picture).mode == "P"
    turned = [(run["steps"], run["angle"]["per object"]["cont 1"]) for run in runs if run["data"] == "coil20"]
    coil = {steps: [r for each, r in turned if each == steps] for steps in (0, 3000, 4000)}
    assert max(coil[4000]) < max(coil[0]) < min(coil[3000]) and len(coil[3000]) == 3
    faces = [run["light"]["drawn"]["left"].values() for run in runs if run["data"] == "yaleb" and run["steps"] == 1500]
    assert sorted(max(shares) > 2 * sorted(shares)[-2] for shares in faces) == [False, False, True]
    clothes = [run["accuracy"] for run in runs if run["data"] == "fashion" and run["steps"] == 2400]
    assert len(clothes) == 5 and 0.55 < sum(clothes) / 5 < 0.62 and max(clothes) - min(clothes) > 0.15
    untrained = [run for run in runs if run["data"] == "yaleb" and not run["steps"]]
    assert all(max(run["light"]["read"]["left"].values()) > 0.5 for run in untrained)  # as the text says
    assert all(max(run["light"]["drawn"]["left"].values()) < 0.05 for run in untrained)


def test_the_longer_runs_on_folders_gave_what_the_text_says():
    runs = {(run["pictures"], run["steps"]): " ".join(run["printed"]) for run in plots.measured("folder")["runs"]}
    recall, variance, near, real = (
        {key: float(re.search(pattern, said)[1]) for key, said in runs.items()}
        for pattern in (r"recall ([\d.]+)", r"have ([\d.]+)", r"picture: ([\d.]+)", r"sample, ([\d.]+)")
    )
    assert recall["demo", 400] == 0 < 0.5 < recall["demo", 1000] < 0.8 < recall["demo", 2000]
    assert variance["demo", 400] < 0.5 < 0.9 < variance["demo", 1000]
    assert near["demo", 1000] > real["demo", 1000] and near["demo", 2000] > real["demo", 2000]
    assert "'noise': 0.03" in runs["sprites", 1000] and recall["sprites", 400] == 0 < recall["sprites", 1000]


def test_a_T_for_each_code_gave_more_than_the_regulariser_as_the_text_says():
    runs = plots.measured("sprites")["runs"]
    rows = {name: [run for run in runs if run["name"] == name] for name in ("infogan", "contrastive", "own T")}
    mig = {name: sum(run["MIG"] for run in row) / len(row) for name, row in rows.items()}
    assert mig["own T"] > 3 * mig["infogan"] and mig["contrastive"] < mig["infogan"]
    assert all(run["L_I"]["cont 5"] < -0.35 for run in rows["own T"]) and {len(row) for row in rows.values()} == {5}
    assert {run["steps"] for row in rows.values() for run in row} == {12_000}  # a 27th of 322,560


# exercises


def test_the_worked_solutions_pass_their_checks(capsys):
    space = {}
    for each in nbformat.read(series.NOTEBOOKS / "solutions" / series.path("09").name, as_version=4).cells:
        if each.cell_type == "code":
            exec(each.source, space)
    assert capsys.readouterr().out.count("passed.") == 3


def entropy(counts):
    return -sum(n / sum(counts) * math.log(n / sum(counts)) for n in counts if n)


def factor(x, generator, *shape):
    return 0.5 + 0.5 * torch.rand(*shape, generator=generator)


def shares(spec, n, generator, *, noise=True, all_drawn=True, one=False, z=lambda z: z, change=lambda *both: both):
    drawn, c = spec.sample(n, generator)
    drawn, shared = z(drawn), torch.randint(1 if one else len(spec.names), (n // 2,), generator=generator)
    for i, name in enumerate(spec.names):
        first, second = change(*c[name].chunk(2))
        c[name] = torch.cat([first, torch.where((shared == i) if all_drawn else (shared >= 0), first, second)])
    return Latents(torch.cat([drawn[: n // 2]] * 2) if noise else drawn, c), shared


def whole(code):
    return not code.is_floating_point()


WRONG = [
    ("uneven_cost", "the entropy itself", entropy),
    ("uneven_cost", "wrong sign", lambda counts: entropy(counts) - math.log(sum(n > 0 for n in counts))),
    ("uneven_cost", "those of 0 included", lambda counts: math.log(len(counts)) - entropy(counts)),
    ("uneven_cost", "in bits", lambda counts: (math.log(sum(n > 0 for n in counts)) - entropy(counts)) / math.log(2)),
    ("uneven_cost", "number", lambda counts: str(math.log(sum(n > 0 for n in counts)) - entropy(counts))),
    (
        "uneven_cost",
        "was changed",
        lambda counts: counts.sort() or math.log(sum(n > 0 for n in counts)) - entropy(counts),
    ),
    ("uneven_cost", "cost", lambda counts: 1 - entropy(counts) / max(1e-9, math.log(sum(n > 0 for n in counts)))),
    ("dimmed", "draw n of them", lambda x, generator: x * factor(x, generator, 1)),
    ("dimmed", "within a picture", lambda x, generator: x * factor(x, generator, *x.shape)),
    ("dimmed", "x itself", lambda x, generator: x.mul_(factor(x, generator, len(x), 1, 1, 1))),
    ("dimmed", "between 0.5 and 1", lambda x, generator: x * torch.rand(len(x), 1, 1, 1, generator=generator)),
    ("dimmed", "draw from `generator`", lambda x, generator: x * (0.5 + 0.5 * torch.rand(len(x), 1, 1, 1))),
    ("dimmed", "gradient", lambda x, generator: x.detach() * factor(x, generator, len(x), 1, 1, 1)),
    (
        "dimmed",
        "same factor",
        lambda x, generator: x * factor(x, generator, len(x) // 2 + 1, 1, 1, 1).repeat(2, 1, 1, 1)[: len(x)],
    ),
    ("dimmed", "uniform", lambda x, generator: x * (1 - (1 - factor(x, generator, len(x), 1, 1, 1)).square())),
    ("dimmed", "gradient with", lambda x, generator: x.detach() * factor(x, generator, len(x), 1, 1, 1) + 0 * x),
    ("pairs", "same noise", lambda *given: shares(*given, noise=False)),
    ("pairs", "don't share it", lambda *given: shares(*given, all_drawn=False)),
    ("pairs", "in the second rows", lambda *given: shares(*given, change=lambda a, b: (a, 0 * b))),
    ("pairs", "in the second rows", lambda *given: shares(*given, change=lambda a, b: (a, b if whole(b) else b / 3))),
    ("pairs", "in the first rows", lambda *given: shares(*given, change=lambda a, b: (a if whole(a) else a / 3, b))),
    ("pairs", "in the first rows", lambda *given: shares(*given, change=lambda a, b: (0 * a if whole(a) else a, b))),
    ("pairs", "draw it anew", lambda *given: shares(*given, change=lambda a, b: (a, b if whole(b) else -a))),
    (
        "pairs",
        "0% of the pairs",
        lambda *given: shares(*given, change=lambda a, b: (a, (a + 1) % 3 if whole(a) else b)),
    ),
    ("pairs", "the noise isn't drawn", lambda *given: shares(*given, z=lambda z: torch.zeros_like(z))),
    ("pairs", "the noise isn't drawn", lambda *given: shares(*given, z=lambda z: z / z.std(0))),  # where it is uniform
    ("pairs", "from `generator`", lambda spec, n, _: shares(spec, n, torch.Generator().manual_seed(0))),
    ("pairs", "equally often", lambda *given: shares(*given, one=True)),
]


@pytest.mark.parametrize(("name", "words", "answer"), WRONG)
def test_a_wrong_answer_is_refused_and_its_cause_named(name, words, answer, capsys):
    assert not getattr(check, name)(answer)
    said = capsys.readouterr().out
    assert words in said and "your code raised" not in said


def logs(counts):
    p = torch.tensor(counts, dtype=torch.float32) / sum(counts)
    return (p > 0).sum().log() + torch.xlogy(p, p).sum()


def two_batches(spec, n, generator):
    (z, c), other = spec.sample(n // 2, generator), spec.sample(n // 2, generator).c
    shared = torch.arange(n // 2) % len(spec.names)
    return Latents(
        z.repeat(2, 1), {k: torch.cat([c[k], c[k].where(shared == i, other[k])]) for i, k in enumerate(c)}
    ), shared


RIGHT = [
    ("uneven_cost", logs),
    ("uneven_cost", lambda counts: np.float32(math.log(sum(n > 0 for n in counts)) - entropy(counts))),
    ("dimmed", lambda x, generator: x * torch.empty(len(x), 1, 1, 1).uniform_(0.5, 1, generator=generator)),
    ("dimmed", lambda x, generator: torch.stack([image * factor(image, generator, 1) for image in x])),
    ("dimmed", lambda x, generator: torch.lerp(x / 2, x, torch.rand(len(x), 1, 1, 1, generator=generator))),
    ("pairs", two_batches),
    ("pairs", lambda *given: list(shares(*given))),
]


@pytest.mark.parametrize(("name", "answer"), RIGHT)
def test_an_odd_right_answer_is_taken(name, answer, capsys):
    assert getattr(check, name)(answer), capsys.readouterr().out
