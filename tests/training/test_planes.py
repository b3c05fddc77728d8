"""Several planes of one recording are one run, whose places know their plane."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile
import torch

import napari_sparsevar as sv
from napari_sparsevar.export.everything import ExportOptions, export_run
from napari_sparsevar.export.material import gather
from napari_sparsevar.movie.left_out import leaving_out
from napari_sparsevar.movie.simulation.planes import simulate_planes
from napari_sparsevar.progress import returned
from napari_sparsevar.readers.runs import read_run
from napari_sparsevar.run.run import Run
from napari_sparsevar.run.run_movie import open_run_movie
from napari_sparsevar.training.events import Failed, Finished
from napari_sparsevar.training.preparation import prepare

CONFIG = sv.TrainConfig(
    steps=6, chunk_frames=32, chunks=4, crop=24, model=sv.ModelConfig(stride=4, width=4)
)
CELL_PX = 6.0


@dataclass(frozen=True, eq=False)
class Trained:
    """A run of planes in a file, and what is known of them."""

    run: Run
    frames: np.ndarray
    truth: sv.Truth


def written(folder: Path, frames: np.ndarray, rate: float) -> sv.Movie:
    metadata = {"axes": "TZYX", "TimeIncrement": 1 / rate, "TimeIncrementUnit": "s"}
    tifffile.imwrite(folder / "volumes.ome.tif", frames, ome=True, metadata=metadata)
    return sv.open_movie(folder / "volumes.ome.tif", planes="all")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = tmp_path_factory.mktemp("planes")
    frames, rate, truth = simulate_planes(
        1500, (32, 36), seed=1, cells_per_plane=5, n_drivers=3, n_followers=3
    )
    movie = written(folder, frames, rate)
    *_, last = sv.train(movie, CONFIG, out=folder / "run", until="drivers")
    assert isinstance(last, Finished), last
    return Trained(sv.load_run(folder / "run"), frames, truth)


def test_drivers_are_found_in_their_planes(trained: Trained) -> None:
    truth, drivers = trained.truth, trained.run.drivers
    followers = [truth.cells["plane"][truth.coupling[driver] > 0] for driver in truth.drivers]
    own = truth.cells["plane"][truth.drivers]
    assert any((planes != plane).any() for planes, plane in zip(followers, own, strict=True))
    for plane, (y, x) in zip(own, truth.centres[truth.drivers], strict=True):
        there = drivers[drivers["plane"] == plane]
        assert np.hypot(there["y"] - y, there["x"] - x).min() < CELL_PX
    for row in drivers.itertuples():  # each is one of them, in its plane or seen from the next
        away = np.hypot(*(truth.centres[truth.drivers] - (row.y, row.x)).T)
        assert away.min() < CELL_PX
        assert abs(own[away.argmin()] - row.plane) <= 1


def test_images_are_stacks(trained: Trained) -> None:
    run, shape = trained.run, (3, 32, 36)
    for image in (run.contribution_map, run.driver_labels, run.candidate_labels):
        assert image.shape == shape
    for row in run.drivers.itertuples():
        plane = run.driver_labels[row.plane - 1]
        assert plane[round(row.y), round(row.x)] == row.label
        assert (run.driver_labels == row.label).sum() == row.area_px == (plane == row.label).sum()
    region = run.driver_labels == 1
    found = run.influence(region)
    assert found.shape == shape
    assert np.abs(found).max() > 0


def test_no_latent_lies_between_planes(trained: Trained) -> None:
    results, stack = trained.run.results, trained.run.stack
    assert stack is not None
    assert results.grid.size == 3 * 8 * 9
    covered = stack.unfolded(results.projection.covered)
    assert covered.all()
    assert results.projection.covered.sum() == covered.size


def test_no_edge_joins_what_may_be_one_cell_in_depth(trained: Trained) -> None:
    edges = trained.run.edges
    assert len(edges)
    away = np.maximum(
        abs(edges["source_y"] - edges["target_y"]), abs(edges["source_x"] - edges["target_x"])
    )
    depth = abs(edges["source_plane"] - edges["target_plane"])
    radius = trained.run.record.network.free_radius
    assert isinstance(radius, float)
    assert (away[depth <= 1] > radius * 4).all()
    across = edges[depth > 0]
    assert len(across)
    later = (across["target_plane"] - across["source_plane"]) / 3
    np.testing.assert_allclose(across["lag_volumes"], across["lag"] + later)


def test_the_movie_opens_again_with_its_run(trained: Trained) -> None:
    found = open_run_movie(trained.run.path, trained.run.record.movie)
    assert found.notice == ""
    assert found.movie is not None
    assert found.movie.stack == trained.run.stack
    frames = found.movie.stack.unfolded(found.movie.data[:5].compute())
    np.testing.assert_array_equal(frames, trained.frames[:5])


def test_files_of_the_run_and_its_export_hold_stacks(trained: Trained, tmp_path: Path) -> None:
    run = trained.run
    with tifffile.TiffFile(run.path / "contribution.tif") as file:
        assert file.series[0].axes == "ZYX"
        np.testing.assert_array_equal(file.asarray(), run.contribution_map)
    parts = ExportOptions(frozenset({"maps", "tables"}))
    returned(export_run(gather(run.path), tmp_path / "out", parts))
    with tifffile.TiffFile(tmp_path / "out" / "maps" / "drivers.ome.tif") as file:
        assert file.series[0].axes == "ZYX"
        np.testing.assert_array_equal(file.asarray(), run.driver_labels)
    listed = pd.read_csv(tmp_path / "out" / "tables" / "drivers.csv")
    assert list(listed["plane"]) == list(run.drivers["plane"])
    np.testing.assert_allclose(listed["x"], run.drivers["x"])
    assert listed["x"].max() < 36
    edges = pd.read_csv(tmp_path / "out" / "tables" / "edges.csv")
    assert {"source_plane", "target_plane", "lag_volumes"} <= set(edges.columns)


def test_crops_lie_in_one_plane_and_reach_all_of_each(trained: Trained) -> None:
    movie = sv.open_movie(trained.frames[:200], axes="TZYX", planes="all")
    batcher = prepare(movie, CONFIG, torch.device("cpu")).trainer.batcher
    assert movie.stack is not None
    rng, corners = np.random.default_rng(0), set()
    for _ in range(600):
        row, column = batcher._random_corner(rng)
        corners.add((row, column))
        planes = movie.stack.index_at([column, column + batcher.crop_shape[1] - 1])
        assert planes[0] == planes[1]
        assert not movie.stack.blank()[0, column : column + batcher.crop_shape[1]].any()
        assert column % 4 == 0
    assert len(corners) == 3 * 3 * 4  # planes, rows, columns


def test_cells_too_large_for_the_gap_are_refused(trained: Trained, tmp_path: Path) -> None:
    movie = sv.open_movie(trained.frames[:200], axes="TZYX", planes="all")
    large = CONFIG.model_copy(update={"model": sv.ModelConfig(stride=4, cell_diameter=10)})
    *_, last = sv.train(movie, large, out=tmp_path / "run")
    assert isinstance(last, Failed)
    assert "Cells of 10 pixels are too large for planes of 36 pixels in one run" in last.message


def test_layers_are_stacks_beside_their_movie(trained: Trained) -> None:
    movie, contribution, names, drivers = read_run(str(trained.run.path))
    assert movie[0].shape == trained.frames.shape
    np.testing.assert_array_equal(np.asarray(movie[0][7]), trained.frames[7])
    assert movie[1]["axis_labels"] == ("t", "z", "y", "x")
    low, high = movie[1]["contrast_limits"]
    assert trained.frames.min() <= low < high <= trained.frames.max()
    for data, meta, _ in (contribution, drivers):
        assert data.shape == (3, 32, 36)
        assert len(meta["scale"]) == 3
    assert (names[0][:, 0] == trained.run.drivers["plane"] - 1).all()
    assert names[0][:, 2].max() <= 36


def test_what_several_planes_have_not_is_refused(trained: Trained, tmp_path: Path) -> None:
    with pytest.raises(sv.UserError, match="of which no cells are read"):
        trained.run.cells(np.ones((32, 36), int))
    with pytest.raises(sv.UserError, match="not written as NWB"):
        returned(
            export_run(
                gather(trained.run.path), tmp_path / "out", ExportOptions(frozenset({"nwb"}))
            )
        )


def test_movies_of_the_model_are_stacks(trained: Trained, tmp_path: Path) -> None:
    movie, out = written(tmp_path, trained.frames[:100], 15.0), tmp_path / "run"
    *_, last = sv.apply_run(trained.run, movie, out=out, until="map")
    assert isinstance(last, Finished), last
    parts = ExportOptions(frozenset({"movies"}))
    returned(export_run(gather(out), tmp_path / "out", parts))
    shown = sv.open_movie(tmp_path / "out" / "movies" / "prediction.ome.zarr", planes="all")
    assert shown.stack is not None
    assert shown.stack.volume == (3, 32, 36)
    assert shown.n_frames == 100


@pytest.mark.parametrize("deep", [True, False])
def test_a_mask_holds_for_its_plane_or_for_all(trained: Trained, deep: bool) -> None:
    movie = sv.open_movie(trained.frames[:50], axes="TZYX", planes="all")
    mask = np.zeros((3, 32, 36), bool)
    mask[1, :10] = True
    left = leaving_out(movie, ignore=mask if deep else mask[1])
    assert movie.stack is not None
    assert left.left_out is not None
    masked = movie.stack.unfolded(left.left_out.pixels)
    np.testing.assert_array_equal(masked, mask if deep else np.stack([mask[1]] * 3))
    assert left.left_out.pixels[movie.stack.blank()].all()
