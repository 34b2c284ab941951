"""The live view of a training cell: what it says, and one display that is replaced."""

import pytest
from helpers import SPEC, images, make

from infogan_utils import LatentSpec, Uniform, train
from infogan_utils.plots import Progress, fixed_latents, live


class Clock:
    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.mark.parametrize("spec", [SPEC, LatentSpec(6, (Uniform(),)), LatentSpec(8)])
def test_it_counts_seconds_and_steps_from_the_first_call_and_replaces_its_picture(monkeypatch, spec):
    clock, shown = Clock(), []
    handle = type("Handle", (), {"update": lambda _, data, **__: shown.append(("update", data))})()
    monkeypatch.setattr(live, "time", clock)
    monkeypatch.setattr(live, "display", lambda data, **_: (shown.append(("display", data)), handle)[1])
    run, view = make(spec=spec), Progress(8)
    clock.now += 500  # choosing a start, say
    train(run, images(), until=2, show=view, every=1)
    assert "timing the first steps" in shown[0][1]["text/plain"] and len(shown) == 1  # the second came too soon
    train(run, images(), until=4)
    clock.now += 3
    assert (
        "step 4 of 8, about 6 s left" in view.line(run)
        if view._first == 2
        else "step 4 of 8, about 4 s" in view.line(run)
    )
    train(run, images(), until=8, show=view)
    assert [kind for kind, _ in shown] == ["display", "update"] and "step 8 of 8, done" in shown[1][1]["text/plain"]
    assert shown[1][1]["image/png"].startswith(b"\x89PNG") and all(name in view.line(run) for name in spec.names)


def test_its_samples_have_a_column_for_each_category_and_a_row_shares_its_noise():
    z, c = fixed_latents(SPEC, 3)
    assert c["cat 1"].view(3, 10).tolist() == [list(range(10))] * 3
    assert (z.view(3, 10, 4) == z.view(3, 10, 4)[:, :1]).all() and len(z.unique(dim=0)) == 3
