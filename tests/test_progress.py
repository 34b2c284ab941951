"""The live view of a training cell: the time it says is left."""

from test_training import images, trainer

from infogan_utils import progress
from infogan_utils.loop import train


def test_the_time_left_counts_seconds_and_steps_from_the_first_call(monkeypatch):
    class Clock:
        now = 1000.0

        def monotonic(self) -> float:
            return self.now

    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    monkeypatch.setattr(progress, "display", lambda *_, **__: None)
    run, view = trainer(), progress.Progress(8)
    clock.now += 500  # choosing a start, say
    train(run, images(), until=2)
    assert "timing the first steps" in view.line(run)
    view(run)
    train(run, images(), until=4)
    clock.now += 3
    assert "step 4 of 8, about 6 s left" in view.line(run)
    train(run, images(), until=8)
    assert "step 8 of 8, done" in view.line(run)
