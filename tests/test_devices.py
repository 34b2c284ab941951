"""Where to compute: the self-test, bfloat16, and every tensor moved to the device by name.

What stands in for a GPU: the ``meta`` device, whose tensors have a shape and no numbers (an operation that mixes it
with the CPU raises), and a probe that errs. On a machine with an accelerator, this file tests it, too.
"""

import contextlib
import warnings

import pytest
import torch
from helpers import RECIPES, images, make

from infogan_utils import best_device, checkpoint, train
from infogan_utils.loop import next_batch
from infogan_utils.models import has_bfloat16
from infogan_utils.runs import devices

HERE = torch.accelerator.current_accelerator(check_available=True)


def pretend(monkeypatch, name: str | None) -> None:
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda **_: name and torch.device(name))


@pytest.mark.parametrize("device", ["cpu", *([HERE.type] if HERE else [])])
def test_each_device_here_gives_the_cpus_numbers_trains_saves_and_resumes_on_the_cpu(device, tmp_path):  # B49
    assert devices.difference(device) < devices.TOLERANCE
    run = make(device=device)
    assert train(run, images(), until=4)
    again = checkpoint.load(checkpoint.save(run, tmp_path / "run"))
    assert again.device.type == "cpu" and train(again, images(), until=6)
    with pytest.raises(ValueError, match="^device = 'nonsense' can't be used here"):  # that is no fault of the file
        checkpoint.load(tmp_path / "run", device="nonsense")


def test_a_device_with_right_numbers_is_taken_and_where_there_is_none_the_cpu(monkeypatch):
    monkeypatch.setattr(devices, "difference", lambda _: 0.0)
    with warnings.catch_warnings(action="error"):
        for name, expected in ((None, "cpu"), ("cuda", "cuda"), ("mps", "mps")):
            pretend(monkeypatch, name)
            assert best_device() == torch.device(expected)


def test_a_device_with_wrong_numbers_anywhere_or_none_is_left_out_with_a_warning(monkeypatch):  # B49
    pretend(monkeypatch, "meta")
    with pytest.warns(UserWarning, match="'meta' could not run the networks .*training on the CPU instead"):
        assert best_device() == torch.device("cpu")
    pretend(monkeypatch, "cuda")
    numbers, probe = devices.probe("cpu"), devices.probe
    for place in range(5):  # images, images behind T, D's output, Q's answers, G's gradient
        for wrong in (1.0, torch.nan):
            erring = probe("cpu")
            erring[place][-1] += wrong
            monkeypatch.setattr(devices, "probe", lambda device, e=erring: numbers if device == "cpu" else e)
            with pytest.warns(UserWarning, match="'cuda' gives numbers that differ .*: training on the CPU instead"):
                assert best_device() == torch.device("cpu")


@pytest.mark.parametrize("name", RECIPES)
def test_a_step_moves_every_tensor_to_the_device(monkeypatch, name):
    monkeypatch.setattr(torch, "autocast", lambda *_, **__: contextlib.nullcontext())  # meta has none
    run = make(RECIPES[name], device="meta")
    batch = next_batch(run, images().unsqueeze(1))
    for _ in range(2):
        assert {value.device.type for value in run.step(batch).values()} == {"meta"}
    assert all(
        v.device.type == "meta" for k, v in run.state_dict()["tensors"].items() if "." in k and not k.endswith(".step")
    )
    with pytest.raises(RuntimeError, match="device"):
        run.step(torch.zeros(batch.shape))


@pytest.mark.parametrize("bfloat16", [False, True])
def test_the_networks_compute_in_bfloat16_where_the_hardware_does(monkeypatch, bfloat16):
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: bfloat16, raising=False)
    run, products = make(), set()
    run.G.up[0].register_forward_hook(lambda *args: products.add(args[-1].dtype))
    assert run.bfloat16 == bfloat16 and train(run, images(), until=4)
    assert products == {torch.bfloat16 if bfloat16 else torch.float32}
    assert all(p.dtype == torch.float32 for p in run.G.parameters())
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: including_emulation)
    monkeypatch.delattr(torch.cpu, "_is_avx512_bf16_supported", raising=False)
    assert not any(has_bfloat16(torch.device(name)) for name in ("cuda", "cpu", "mps"))  # emulated, unknown
