"""Cells of a run: read from latents and from pixels, both find the edge that is there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tifffile
from scipy import sparse

import napari_sparsevar as sv
from made_runs import SOURCE, TARGETS, made_full_run
from napari_sparsevar.cells.reading import pixel_traces
from napari_sparsevar.progress import returned
from napari_sparsevar.run.cells import cells_in, latent_traces

PLACES = (SOURCE, *TARGETS, (1, 6), (4, 3))
"""Cells lie at these latents, row and column; the first drives the second and third."""


def write_movie(run: sv.Run, file: Path) -> None:
    """Write what the latents of a run decode to, and a little noise."""
    results = run.results
    height, width = results.grid.shape
    decoded = (results.latents @ results.footprints).reshape(-1, *results.grid.padded_shape)
    noise = np.random.default_rng(0).normal(0, 0.2, (len(decoded), height, width))
    frames = results.mean + results.noise * (decoded[:, :height, :width] + noise)
    tifffile.imwrite(file, frames.astype(np.float32), photometric="minisblack")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> sv.Run:
    folder = tmp_path_factory.mktemp("cells")
    made = made_full_run(folder / "run", lags=1, source=folder / "movie.tif")
    write_movie(made, folder / "movie.tif")
    return made


@pytest.fixture(scope="module")
def labels(run: sv.Run) -> np.ndarray:
    """A square of a cell around each of ``PLACES``, 1 to 5."""
    image = np.zeros(run.results.grid.shape, np.int32)
    for number, (row, column) in enumerate(PLACES, start=1):
        image[4 * row : 4 * row + 4, 4 * column : 4 * column + 4] = number
    return image


@pytest.fixture(scope="module")
def fit(run: sv.Run, labels: np.ndarray) -> sv.CellFit:
    return run.cells(labels)


def sure(fit: sv.CellFit) -> set[tuple[str, str, int]]:
    edges = fit.edges[fit.edges["p_adjusted"] <= 0.05]
    return set(zip(edges["source"], edges["target"], edges["lag"], strict=True))


def test_both_ways_find_the_edges_and_agree(fit: sv.CellFit) -> None:
    assert fit.beside is not None
    assert sure(fit) == sure(fit.beside) == {("1", "2", 1), ("1", "3", 1)}
    assert fit.disagreements.empty
    assert "2 edges are beyond chance both by pixels and by latents; 0 only" in fit.notes[-1]
    assert "pixels" in fit.said
    assert "latents" in fit.beside.said


def test_two_followers_have_no_edge_either_way(run: sv.Run, labels: np.ndarray) -> None:
    fit = run.cells(np.where(labels == 1, 0, labels))
    assert not sure(fit)
    assert fit.notes[-1] == "Neither by pixels nor by latents is an edge beyond chance."


def test_the_fit_is_that_of_the_run(run: sv.Run, fit: sv.CellFit, labels: np.ndarray) -> None:
    assert fit.fps == run.fps
    assert fit.lags == run.record.network.lags
    np.testing.assert_array_equal(fit.good, run.results.good)
    assert fit.positions is not None
    centre = np.argwhere(labels == 2).mean(axis=0) * run.pixel_size_um
    np.testing.assert_allclose(fit.positions[1], centre)


def test_another_way_first_gives_the_same_two_fits(
    run: sv.Run, fit: sv.CellFit, labels: np.ndarray
) -> None:
    turned = run.cells(labels, read_from="latents")
    assert turned.beside is not None
    assert fit.beside is not None
    np.testing.assert_array_equal(turned.matrix(), fit.beside.matrix())
    np.testing.assert_array_equal(turned.beside.matrix(), fit.matrix())


def test_renumbering_the_labels_renumbers_the_answer(
    run: sv.Run, fit: sv.CellFit, labels: np.ndarray
) -> None:
    order = np.array([0, 30, 7, 22, 1, 14])
    mixed = run.cells(order[labels])
    assert mixed.names == ("1", "7", "14", "22", "30")
    place = [mixed.names.index(str(number)) for number in order[1:]]
    np.testing.assert_allclose(mixed.matrix()[np.ix_(place, place)], fit.matrix(), atol=1e-4)


def test_names_are_those_that_were_given(run: sv.Run, labels: np.ndarray) -> None:
    named = run.cells(labels, names=["driver", "b", "c", "d", "e"])
    assert named.drivers.iloc[0]["name"] == "driver"


def test_overlapping_footprints_keep_their_weights(run: sv.Run, labels: np.ndarray) -> None:
    """Of two cells that share pixels each way sees what it sees of the parts, told apart."""
    parts = np.stack([labels == 1, labels == 2, labels == 3]).reshape(3, -1).astype(np.float64)
    mixing = np.array([[1.0, 0.25, 0.0], [0.0, 0.5, 1.0]])
    cells = sv.Cells(["a", "b"], sparse.csr_array(mixing @ parts), labels.shape)
    movie = sv.open_movie(run.movie_source)
    frames = np.asarray(movie.data).reshape(movie.n_frames, -1).astype(np.float64)
    raw, _ = returned(pixel_traces(movie.data, cells))
    wanted = np.linalg.lstsq((mixing @ parts).T, frames.T)[0]
    for seen, alone in zip(raw.T, wanted, strict=True):
        assert np.corrcoef(seen, alone)[0, 1] > 0.999
    by_latents = latent_traces(run.results, cells)
    for cell in range(2):
        assert np.corrcoef(by_latents[:, cell], raw[:, cell])[0, 1] > 0.9
    assert "2 cells overlap others" in " ".join(run.cells(cells).notes)


def test_where_the_movie_has_gone_there_are_the_latents_and_a_sentence(
    run: sv.Run, fit: sv.CellFit, labels: np.ndarray
) -> None:
    gone = run.record.movie.model_copy(update={"source": str(run.path / "gone.tif")})
    alone = replace(run, record=run.record.model_copy(update={"movie": gone})).cells(labels)
    assert alone.beside is None
    assert alone.disagreements.empty
    assert fit.beside is not None
    np.testing.assert_array_equal(alone.matrix(), fit.beside.matrix())
    assert "latents of the run alone. The movie of this run is not there" in " ".join(alone.notes)


def test_another_movie_is_not_read(run: sv.Run, labels: np.ndarray) -> None:
    movie, _ = sv.simulate_movie(50, run.results.grid.shape, n_cells=4, n_drivers=1, n_followers=1)
    alone = run.cells(labels, movie=movie)
    assert alone.beside is None
    assert "another one" in " ".join(alone.notes)


def test_trials_are_those_of_both_fits(run: sv.Run, labels: np.ndarray) -> None:
    trials = [(0, 200), (250, 600)]
    found = run.cells(labels, trials=trials)
    assert found.beside is not None
    for one in (found, found.beside):
        assert one.trials == trials
        assert not one.good[200:250].any()
        assert one.good[:200].all()


def test_what_only_one_way_finds_is_listed(run: sv.Run, labels: np.ndarray, tmp_path: Path) -> None:
    """In a movie of noise the pixels know nothing of what the latents say."""
    noise = np.random.default_rng(1).normal(100, 5, run.record.movie.shape).astype(np.float32)
    tifffile.imwrite(tmp_path / "noise.tif", noise, photometric="minisblack")
    found = run.cells(labels, movie=sv.open_movie(tmp_path / "noise.tif"))
    apart = found.disagreements.set_index(["source", "target"]).loc[[("1", "2"), ("1", "3")]]
    assert set(apart["disagreement"]) == {"only beside"}
    assert (apart["p_adjusted"] > 0.05).all()
    assert (apart["p_adjusted_beside"] <= 0.05).all()
    assert "2 only by latents" in found.notes[-1]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (np.zeros((33, 34), np.int32), "there is no cell"),
        (np.ones((10, 34), np.int32), r"field of \(10, 34\) pixels"),
        (np.ones((33, 34)), "whole numbers"),
        ([], "there is no cell"),
        (sv.Cells(["a", "b"], traces={"raw": np.zeros((600, 2), np.float32)}), "no outlines"),
    ],
)
def test_what_are_no_cells_of_the_movie_is_one_sentence(
    run: sv.Run, given: object, said: str
) -> None:
    with pytest.raises(sv.UserError, match=said):
        run.cells(given)


def test_sparse_footprints_are_cells(run: sv.Run, fit: sv.CellFit, labels: np.ndarray) -> None:
    given = [sparse.coo_array((labels == number).astype(np.float32)) for number in range(1, 6)]
    np.testing.assert_allclose(run.cells(given).matrix(), fit.matrix())


def test_outlines_of_a_smaller_field_are_cells_of_the_movie(
    run: sv.Run, fit: sv.CellFit, labels: np.ndarray
) -> None:
    """As from ImageJ, or drawn in the viewer: their field ends with the last of them."""
    rows, columns = (int(places.max()) + 1 for places in np.nonzero(labels))
    drawn = replace(sv.Cells.of_labels(labels[:rows, :columns]), field_known=False)
    assert drawn.shape != labels.shape
    np.testing.assert_allclose(run.cells(drawn).matrix(), fit.matrix())


def test_a_path_is_opened(run: sv.Run, fit: sv.CellFit, labels: np.ndarray, tmp_path: Path) -> None:
    np.save(tmp_path / "labels.npy", labels)
    np.testing.assert_allclose(run.cells(tmp_path / "labels.npy").matrix(), fit.matrix())


def test_cells_that_are_flipped_beside_the_movie_are_warned_of() -> None:
    """The sentence is the first thing that is known of them."""
    movie, truth = sv.simulate_movie(60, n_cells=24, n_drivers=2, n_followers=2)
    mean = np.asarray(movie.data, np.float64).mean(axis=0)
    grid = SimpleNamespace(shape=movie.shape)
    record = SimpleNamespace(movie=SimpleNamespace(fps=1.0, pixel_size_um=1.0, stack=None))
    of_run: Any = SimpleNamespace(record=record, results=SimpleNamespace(mean=mean, grid=grid))
    given = [sparse.csr_array(footprint) for footprint in truth.footprints]
    assert not cells_in(of_run, given).notes
    (note,) = cells_in(of_run, [footprint[::-1] for footprint in given]).notes
    assert "mirrored top to bottom" in note
