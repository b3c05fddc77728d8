"""Decoded frames: what the definition says, one at a time."""

from __future__ import annotations

from pathlib import Path

import dask.array as da
import numpy as np
import pytest
import torch

from made_runs import made_full_run
from napari_sparsevar.errors import UserError
from napari_sparsevar.model.embedded_var import sequences
from napari_sparsevar.model.temporal import CalciumDynamics, calcium_filter, memory
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.run.decoding import Decoding, foretold
from napari_sparsevar.run.run import Run

N_FRAMES = 120


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return made_full_run(tmp_path / "run", n_frames=N_FRAMES)


@pytest.fixture
def movie(run: Run) -> Movie:
    frames = np.random.default_rng(0).normal(100, 5, (N_FRAMES, *run.results.grid.shape))
    return Movie(da.from_array(frames.astype(np.float32)), fps=15.0, pixel_size_um=2.0)


def test_a_prediction_is_what_the_var_says_of_the_past(run: Run) -> None:
    fitted, own = run.results.fitted, run.results.fitted.own
    latents = torch.from_numpy(np.array(run.results.latents, np.float64))
    standard = own.standardised(latents)[None]
    good = torch.ones(1, N_FRAMES, dtype=torch.bool)
    found = sequences(standard, good, own.dynamics)
    for index in (0, 1, 2, 50, N_FRAMES - 1):
        past = [
            found.drive[0, index - lag] if index >= lag else torch.zeros_like(own.mean)
            for lag in (1, 2)
        ]
        moved = found.expected[0, index] + own.scale * (torch.cat(past) @ fitted.coefficients)
        expected = own.mean + own.deviation * moved
        np.testing.assert_allclose(foretold(run.results, index), expected, atol=1e-5)


@pytest.mark.parametrize("dynamics", [(0.0, 0.0), (0.9, 0.0), (0.9, 0.5), (0.98, 0.9)])
def test_the_filter_forgets_what_is_older_than_its_memory(dynamics: tuple[float, float]) -> None:
    kind = CalciumDynamics(*dynamics)
    length = memory(kind) + 5
    rng = torch.Generator().manual_seed(0)
    recent = torch.randn(1, length, 1, generator=rng, dtype=torch.float64)
    before = 10.0 * torch.randn(1, 50, 1, generator=rng, dtype=torch.float64)
    good = torch.ones(1, length + 50, dtype=torch.bool)
    whole = calcium_filter(torch.cat([before, recent], dim=1), good, kind)
    short = calcium_filter(recent, good[:, :length], kind)
    for name in ("expected", "drive"):
        difference = getattr(whole, name)[0, -1] - getattr(short, name)[0, -1]
        assert abs(float(difference)) < 1e-3


def test_prediction_and_residual_make_the_movie(run: Run, movie: Movie) -> None:
    decoding = Decoding(run, movie)
    for index in (0, 33):
        frame = np.asarray(movie.data[index])
        said = decoding.frame("prediction", index)
        np.testing.assert_allclose(said + decoding.frame("residual", index), frame, rtol=1e-5)


def test_a_lazy_movie_decodes_the_frame_that_is_asked_for(
    run: Run, movie: Movie, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    decoding = Decoding(run, movie)
    original = Decoding.frame

    def frame(self: Decoding, kind: str, index: int) -> np.ndarray:
        asked.append(index)
        return original(self, kind, index)  # type: ignore[arg-type]

    monkeypatch.setattr(Decoding, "frame", frame)
    lazy = decoding.lazy("reconstruction")
    assert lazy.shape == (N_FRAMES, *run.results.grid.shape)
    assert not asked
    found = np.asarray(lazy[17])
    assert asked == [17]
    np.testing.assert_array_equal(found, decoding.frame("reconstruction", 17))


def test_without_a_movie_there_is_no_background_and_no_residual(run: Run, movie: Movie) -> None:
    alone = Decoding(run).frame("reconstruction", 5)
    flat = (
        run.results.mean
        + run.results.noise
        * (run.results.footprints.T @ np.asarray(run.results.latents[5])).reshape(
            run.results.grid.padded_shape
        )[: alone.shape[0], : alone.shape[1]]
    )
    np.testing.assert_allclose(alone, flat, rtol=1e-5)
    assert not np.allclose(Decoding(run, movie).frame("reconstruction", 5), alone)
    with pytest.raises(UserError, match="residuals need it"):
        Decoding(run).lazy("residual")


def test_a_movie_of_another_size_is_refused(run: Run, movie: Movie) -> None:
    with pytest.raises(UserError, match="open that one"):
        Decoding(run, Movie(movie.data[:50], fps=15.0, pixel_size_um=2.0))
