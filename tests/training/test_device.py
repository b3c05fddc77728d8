"""Which device is taken."""

from __future__ import annotations

import pytest
import torch

import napari_sparsevar as sv
from napari_sparsevar.training.device import available_devices, peak_memory_mb, resolve_device


@pytest.mark.parametrize(
    ("cuda", "mps", "expected"),
    [(True, True, "cuda:0"), (True, False, "cuda:0"), (False, True, "mps"), (False, False, "cpu")],
)
def test_auto_takes_cuda_then_mps_then_cpu(
    monkeypatch: pytest.MonkeyPatch, cuda: bool, mps: bool, expected: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert str(resolve_device("auto")) == expected


def test_an_absent_device_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert resolve_device("cuda:0").index == 0
    for name in ("cuda:1", "abacus", ""):
        with pytest.raises(sv.UserError):
            resolve_device(name)


def test_the_menu_offers_what_can_be_resolved() -> None:
    names = [choice.name for choice in available_devices()]
    assert names[0] == "auto"
    assert "cpu" in names
    for name in names:
        resolve_device(name)


def test_peak_memory_counts_what_was_touched() -> None:
    block = torch.ones(8 * 2**20)
    assert peak_memory_mb() > block.numel() * 4 / 2**20
