"""``sparsevar simulate`` writes a movie and its truth, and never over another file."""

from __future__ import annotations

import inspect
from pathlib import Path

import numpy as np
import pytest
from cli_called import SMALL, one_sentence, sparsevar

from napari_sparsevar.cli import simulate
from napari_sparsevar.movie import REGIMES, Truth, open_movie, simulate_movie


def test_simulated_movie_and_truth_belong_together(movie: Path) -> None:
    opened = open_movie(movie)
    known = Truth.load(movie.with_name("truth.npz"))
    expected, _ = simulate_movie(40, (64, 64), seed=0)
    assert np.array_equal(np.asarray(opened.data), np.asarray(expected.data))
    assert (opened.fps, opened.pixel_size_um) == pytest.approx((15.0, 2.0))
    assert known.traces.shape[0] == opened.n_frames


def test_simulate_has_the_defaults_of_the_library() -> None:
    command = inspect.signature(simulate.simulate).parameters
    library = inspect.signature(simulate_movie).parameters
    names = {
        "seed": "seed",
        "size": "shape",
        "fps": "fps",
        "pixel_size": "pixel_size_um",
    }
    for ours, theirs in names.items():
        assert command[ours].default == library[theirs].default
    assert library["n_frames"].default == simulate._FRAMES


@pytest.mark.parametrize("existing", ["movie.tif", "truth.npz"])
def test_simulate_never_replaces_a_file_unasked(tmp_path: Path, existing: str) -> None:
    (tmp_path / existing).write_text("precious")
    arguments = ["--out", tmp_path / "movie.tif", "--truth", tmp_path / "truth.npz", *SMALL]
    done = sparsevar("simulate", *arguments)
    assert done.exit_code == 2
    assert one_sentence(done.stderr)
    assert existing in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == [existing]
    assert (tmp_path / existing).read_text() == "precious"
    assert sparsevar("simulate", *arguments, "--overwrite").exit_code == 0
    assert open_movie(tmp_path / "movie.tif").n_frames == 40


def test_movie_and_truth_need_two_files(tmp_path: Path) -> None:
    both = tmp_path / "m.tif"
    done = sparsevar("simulate", "--out", both, "--truth", both, "--overwrite", *SMALL)
    assert done.exit_code == 2
    assert one_sentence(done.stderr)
    assert not both.exists()


def test_realistic_movies_and_single_nuisances_can_be_asked_for(tmp_path: Path) -> None:
    paths = ["--out", tmp_path / "m.tif", "--truth", tmp_path / "t.npz", "--frames", "40"]
    asked = ["--regime", "optics", "--nuisance", "stimuli", "--nuisance", "motion:px=1"]
    fewer = ["--without", "bleaching", "--cells", "20", "--drivers", "3", "--followers", "2"]
    fewer += ["--signal", "0.3"]
    done = sparsevar("simulate", *paths, *asked, *fewer)
    assert done.exit_code == 0, done.output
    assert "96 x 96 px" in done.output
    nuisances = REGIMES["optics"].nuisances.without("bleaching").adding("stimuli", "motion:px=1")
    expected, truth = simulate_movie(
        40, regime="optics", nuisances=nuisances, n_cells=20, n_drivers=3, n_followers=2, signal=0.3
    )
    opened, known = open_movie(tmp_path / "m.tif"), Truth.load(tmp_path / "t.npz")
    assert np.array_equal(np.asarray(opened.data), np.asarray(expected.data))
    assert opened.fps == pytest.approx(30.0)
    assert np.array_equal(known.shared["stimulus"], truth.shared["stimulus"])


@pytest.mark.parametrize("asked", [["--nuisance", "weather"], ["--without", "weather"]])
def test_simulate_names_what_is_no_nuisance(tmp_path: Path, asked: list[str]) -> None:
    done = sparsevar("simulate", "--out", tmp_path / "m.tif", "--truth", tmp_path / "t.npz", *asked)
    assert done.exit_code == 2
    assert one_sentence(done.stderr)
    assert "'weather'" in done.stderr
    assert "axial_motion" in done.stderr


def test_cells_can_be_added_to_a_recording(movie: Path, tmp_path: Path) -> None:
    paths = ["--out", tmp_path / "m.tif", "--truth", tmp_path / "t.npz", "--into", movie]
    few = ["--regime", "easy", "--cells", "6", "--drivers", "1", "--followers", "2"]
    done = sparsevar("simulate", *paths, *few)
    assert done.exit_code == 0, done.output
    before, after = (np.asarray(open_movie(each).data, int) for each in (movie, tmp_path / "m.tif"))
    known = Truth.load(tmp_path / "t.npz")
    assert len(known.centres) == 6
    assert ((after - before) >= 0).all()
    assert ((after - before)[:, known.footprints.any(axis=0)] > 0).mean() > 0.5
    refused = sparsevar("simulate", *paths, "--frames", "20", "--overwrite")
    assert refused.exit_code == 2
    assert one_sentence(refused.stderr)


def test_simulate_names_an_unknown_regime(tmp_path: Path) -> None:
    paths = ["--out", tmp_path / "m.tif", "--truth", tmp_path / "t.npz"]
    done = sparsevar("simulate", *paths, "--regime", "impossible")
    assert done.exit_code == 2
    assert one_sentence(done.stderr)
    assert "impossible" in done.stderr
    assert not list(tmp_path.iterdir())
