"""On a GPU: what it computes is what the CPU computes, and its memory is borrowed, not kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

import napari_sparsevar as sv
from napari_sparsevar.run.latents import encode_movie
from napari_sparsevar.training.device import available_devices, give_memory_back, resolve_device
from napari_sparsevar.training.events import Finished, Notice, Started, StepLoss, TrainingEvent
from napari_sparsevar.training.preparation import prepare

pytestmark = pytest.mark.gpu


@pytest.fixture
def gpu() -> Iterator[torch.device]:
    """The card, with nothing of ours on it before and after."""
    torch.cuda.init()  # statistics of its memory begin here
    device = torch.device("cuda", 0)
    give_memory_back(device)
    torch.cuda.reset_peak_memory_stats(device)
    yield device
    torch.cuda.set_per_process_memory_fraction(1.0, device)
    give_memory_back(device)


def trained(movie: sv.Movie, config: sv.TrainConfig, out: Path, device: str) -> list[TrainingEvent]:
    events = list(sv.train(movie, config, out=out, device=device, until="map"))
    assert isinstance(events[-1], Finished)
    return events


def test_a_training_goes_as_on_the_cpu(
    small_movie: sv.Movie, small_config: sv.TrainConfig, tmp_path: Path, gpu: torch.device
) -> None:
    """Convolutions of the card round to ten bits, so losses agree to about a thousandth."""
    losses = {}
    for device in ("cpu", str(gpu)):
        events = trained(small_movie, small_config, tmp_path / device.replace(":", ""), device)
        assert next(e.device for e in events if isinstance(e, Started)) == device
        losses[device] = [e.terms["total"] for e in events if isinstance(e, StepLoss)]
    np.testing.assert_allclose(losses[str(gpu)], losses["cpu"], rtol=1e-2)


def test_the_code_of_a_movie_is_that_of_the_cpu(
    small_movie: sv.Movie, small_config: sv.TrainConfig, gpu: torch.device
) -> None:
    codes = []
    for device in (torch.device("cpu"), gpu):
        prepared = prepare(small_movie, small_config, device)
        encoding = encode_movie(
            prepared.trainer.network.eval(), prepared.frames, prepared.grid, prepared.static
        )
        try:
            while True:
                next(encoding)
        except StopIteration as end:
            codes.append(end.value)
    np.testing.assert_allclose(codes[1], codes[0], atol=5e-3 * codes[0].std())


def test_memory_is_given_back(
    small_movie: sv.Movie, small_config: sv.TrainConfig, tmp_path: Path, gpu: torch.device
) -> None:
    before = torch.cuda.memory_allocated(gpu)
    trained(small_movie, small_config, tmp_path / "run", str(gpu))
    assert torch.cuda.max_memory_allocated(gpu) > before
    assert torch.cuda.memory_allocated(gpu) == before


def test_a_training_closed_early_gives_its_memory_back(
    small_movie: sv.Movie, small_config: sv.TrainConfig, tmp_path: Path, gpu: torch.device
) -> None:
    before = torch.cuda.memory_allocated(gpu)
    events = sv.train(small_movie, small_config, out=tmp_path / "run", device=str(gpu))
    next(event for event in events if isinstance(event, StepLoss))
    events.close()  # type: ignore[attr-defined]
    del events
    give_memory_back(gpu)
    assert torch.cuda.memory_allocated(gpu) == before


def test_a_batch_that_does_not_fit_is_halved(
    small_config: sv.TrainConfig, tmp_path: Path, gpu: torch.device
) -> None:
    movie, _ = sv.simulate_movie(600, (96, 96), n_cells=40, n_drivers=2, seed=0)
    config = small_config.model_copy(
        update={"steps": 3, "crop": 64, "chunks": 8, "chunk_frames": 64}
    )
    trained(movie, config, tmp_path / "all", str(gpu))
    peak = torch.cuda.max_memory_reserved(gpu)
    give_memory_back(gpu)
    total = torch.cuda.get_device_properties(gpu).total_memory
    torch.cuda.set_per_process_memory_fraction(0.6 * peak / total, gpu)
    events = trained(movie, config, tmp_path / "less", str(gpu))
    said = [event.message for event in events if isinstance(event, Notice)]
    assert any(sentence.startswith("Out of memory: going on with 4") for sentence in said)


def test_it_is_offered_with_its_name_and_free_memory(gpu: torch.device) -> None:
    assert resolve_device("auto") == gpu
    offered = {choice.name: choice for choice in available_devices()}
    assert torch.cuda.get_device_name(gpu) in offered[str(gpu)].label
    assert "GB free" in offered[str(gpu)].label
