"""``sparsevar train --register``: shifts are kept with the run, which says so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from cli_called import one_sentence, sparsevar

import napari_sparsevar as sv
from napari_sparsevar.movie import write_movie
from napari_sparsevar.training.config import PRESETS


def test_a_movie_is_held_still_and_trained_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PRESETS, "fast", {"steps": 2})
    movie, _ = sv.simulate_movie(120, (48, 48), seed=0, n_cells=9, n_drivers=2, n_followers=2)
    frames = np.asarray(movie.data)
    moved = np.stack([np.roll(each, number % 7 - 3, 0) for number, each in enumerate(frames)])
    path = write_movie(moved, tmp_path / "movie.tif", fps=15.0, pixel_size_um=2.0)
    out = tmp_path / "run"
    asked = ("train", path, "--out", out, "--preset", "fast", "--until", "map")
    done = sparsevar(*asked, "--register", "rigid")
    assert done.exit_code == 0, done.output
    assert sv.load_run(out).record.movie.registered == "rigid"
    refused = sparsevar(*asked, "--resume", "--register", "rigid")
    assert one_sentence(refused.stderr)
    assert "--register" in refused.stderr
    for way, named in (("none", "--register"), ("auto", "--by-channel")):
        asked = ("--out", tmp_path / "other", "--by-channel", "2", "--register", way)
        alone = sparsevar("train", path, *asked)
        assert one_sentence(alone.stderr)
        assert named in alone.stderr
