"""Pixels that hold nothing are masked: nothing is learned from them, nothing is said of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import napari_sparsevar as sv
from napari_sparsevar.run.decoding import Decoding
from napari_sparsevar.run.run import Run
from napari_sparsevar.run.traces import model_traces, read_out
from napari_sparsevar.training.events import Failed, Finished
from napari_sparsevar.training.objective import encode_chunks
from napari_sparsevar.training.preparation import prepare

CONFIG = sv.TrainConfig(
    steps=4, chunk_frames=32, chunks=4, crop=32, model=sv.ModelConfig(stride=4, width=4)
)


def rimmed(filling: float) -> np.ndarray:
    """Return a movie with a rim of 6 rows and, in a stretch, one of 3 columns."""
    movie, _ = sv.simulate_movie(
        300, (38, 41), seed=0, n_cells=9, n_drivers=2, n_followers=2, fps=15.0
    )
    frames = np.asarray(movie.data).astype(np.float32)
    frames[:, :6], frames[100:180, :, -3:] = filling, filling
    return frames


@pytest.fixture(scope="module")
def masked(tmp_path_factory: pytest.TempPathFactory) -> Run:
    out = tmp_path_factory.mktemp("masked") / "run"
    *_, last = sv.train(sv.open_movie(rimmed(np.nan)), CONFIG, out=out)
    assert isinstance(last, Finished), last
    return sv.load_run(out)


def test_maps_are_empty_where_pixels_do_not_count(masked: Run) -> None:
    results, expected = masked.results, np.zeros((38, 41), bool)
    expected[:6], expected[:, -3:] = True, True
    np.testing.assert_array_equal(~results.counted, expected)
    assert results.good.all()
    assert not results.contribution[expected].any()
    assert not results.place_labels[expected].any()
    codes = results.latents.reshape(-1, *results.grid.latent_shape[1:])
    assert not codes[:, 0].any()  # of four rows that do not count
    assert (codes[:, 1:-1, :-1].std(axis=0) > 0).all()
    assert np.isnan(results.mean[expected]).all()
    assert any("left out of all" in notice for notice in masked.record.notices)


def test_what_the_model_says_is_known_elsewhere(masked: Run) -> None:
    movie = sv.open_movie(rimmed(np.nan))
    frame = Decoding(masked, movie).frame("residual", 50)
    np.testing.assert_array_equal(np.isfinite(frame), masked.results.counted)
    region = np.zeros((38, 41), bool)
    region[2:12, 5:12] = True
    inner = region & masked.results.counted
    np.testing.assert_allclose(*(model_traces(masked, r).prediction for r in (region, inner)))
    assert np.isfinite(read_out(masked, region).weights).all()


def test_what_the_rim_holds_does_not_matter() -> None:
    """The same is learned whatever was filled in."""
    cpu = torch.device("cpu")
    found = [prepare(sv.open_movie(rimmed(v)), CONFIG, cpu) for v in (np.nan, 0.0, 5000.0)]
    codes, losses = [], []
    for prepared in found:
        trainer = prepared.trainer
        trainer.calibrate()
        losses.append(trainer.train_step()["total"])
        batch = trainer.batcher.training(1, trainer.blocks.training, 2)
        codes.append(encode_chunks(trainer.network, batch).latents)
    assert losses[0] == losses[1] == losses[2]
    for code in codes[1:]:
        torch.testing.assert_close(code, codes[0], rtol=0, atol=0)


def test_a_field_with_hardly_a_number_is_refused(tmp_path: Path) -> None:
    frames = rimmed(np.nan)
    frames[:, 10:] = np.nan
    frames[:, :, 20:] = np.nan
    *_, last = sv.train(sv.open_movie(frames), CONFIG, out=tmp_path / "run")
    assert isinstance(last, Failed)
    assert "Only 80 of 1,558 pixels" in last.message
