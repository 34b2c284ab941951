"""The live view of a training cell: what it says, and one display that is replaced."""

from types import SimpleNamespace

import pytest
from helpers import SPEC, images, make, make_own, points

from infogan_utils import LatentSpec, Uniform, train
from infogan_utils.plots import Progress, fixed_latents, live


@pytest.mark.filterwarnings("ignore:Initializing zero-element")  # PyTorch's, of a Q without answers
@pytest.mark.parametrize("spec", [SPEC, LatentSpec(6, (Uniform(),)), LatentSpec(8)])
def test_it_counts_seconds_and_steps_from_the_first_call_and_replaces_its_picture(monkeypatch, spec):
    now, shown = [1500.0], []
    handle = SimpleNamespace(update=lambda data, **_: shown.append(("update", data)))
    monkeypatch.setattr(live, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(live, "display", lambda data, **_: (shown.append(("display", data)), handle)[1])
    run, view = make(spec=spec), Progress(8)
    train(run, images(), until=2, show=view, every=1)
    assert len(shown) == 1 and "timing the first steps" in shown[0][1]["text/plain"]  # the second call came too soon
    train(run, images(), until=4)
    now[0] += 3
    assert "step 4 of 8, about 4 s left" in view.line(run)  # 3 s for 3 steps
    train(run, images(), until=8, show=view)
    assert [kind for kind, _ in shown] == ["display", "update"] and "step 8 of 8, done" in shown[1][1]["text/plain"]
    assert shown[1][1]["image/png"].startswith(b"\x89PNG") and all(name in view.line(run) for name in spec.names)


def test_its_samples_have_a_column_for_each_category_and_a_row_shares_its_noise():
    z, c = fixed_latents(SPEC, 3)
    assert c["cat 1"].view(3, 10).tolist() == [list(range(10))] * 3
    assert (z.view(3, 10, 4) == z.view(3, 10, 4)[:, :1]).all() and len(z.unique(dim=0)) == 3


def test_without_a_category_no_two_of_its_samples_are_alike():
    for spec in (LatentSpec(4, (Uniform(), Uniform())), LatentSpec(0, (Uniform(),)), LatentSpec(4)):
        rows = spec.encode(fixed_latents(spec, 3))
        assert len(rows) == 30 and len(rows.unique(dim=0)) == (30 if spec.noise else 10)


def test_points_are_refused_with_what_it_takes():
    with pytest.raises(
        ValueError, match=r"\(50, 2\) was given; a grid of pictures takes \(n, channels, height, width\)"
    ):
        train(make_own(), points, until=1, show=Progress(1))
