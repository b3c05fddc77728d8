"""The latents of a movie are the same however many frames fit into memory at once."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

import napari_sparsevar as sv
from napari_sparsevar.model.grid import LatentGrid
from napari_sparsevar.progress import WithResult
from napari_sparsevar.run.latents import encode_movie, fixed_splits
from napari_sparsevar.training.preparation import Prepared, prepare


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    movie, _ = sv.simulate_movie(60, (32, 37), seed=0, n_cells=8, n_drivers=2, n_followers=2)
    config = sv.TrainConfig(chunk_frames=16, chunks=2, model=sv.ModelConfig(stride=4, width=4))
    return prepare(movie, config, torch.device("cpu"))


def latents_of(prepared: Prepared) -> npt.NDArray[np.float32]:
    network = prepared.trainer.network.eval()
    work: Generator[float, None, npt.NDArray[np.float32]] = encode_movie(
        network, prepared.frames, prepared.grid, prepared.static
    )
    encoding = WithResult(work)
    assert list(encoding)[-1] == 1.0
    return encoding.result


def test_frames_that_do_not_fit_at_once_are_encoded_in_parts(
    prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = latents_of(prepared)
    network, most = prepared.trainer.network, 7
    encode, sizes = network.latents, []

    def limited(frames: torch.Tensor, halves: Any) -> Any:
        if len(frames) > most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        sizes.append(len(frames))
        return encode(frames, halves)

    monkeypatch.setattr(network, "latents", limited)
    np.testing.assert_allclose(latents_of(prepared), whole, rtol=1e-5, atol=1e-6)
    assert max(sizes) <= most
    most = 0
    with pytest.raises(torch.OutOfMemoryError):
        latents_of(prepared)


def test_a_large_field_is_encoded_with_the_first_of_the_splits() -> None:
    large = LatentGrid((200, 200), 4)
    few = replace(large, stride=5)
    one, both = fixed_splits(large), fixed_splits(few)
    assert (len(one), len(both)) == (1, 2)
    assert torch.equal(one[0], both[0])
