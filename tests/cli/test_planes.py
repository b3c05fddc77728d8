"""Several planes on the command line: simulated, looked at, trained on as one run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_called import FINISHED, one_sentence, sparsevar

from napari_sparsevar.movie import Truth


@pytest.fixture(scope="module")
def planes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("planes")
    asked = ("--planes", "3", "--frames", "120", "--size", "32", "40", "--followers", "3")
    where = ("--out", folder / "volumes.ome.tif", "--truth", folder / "truth.npz")
    done = sparsevar("simulate", *where, *asked, "--drivers", "3")
    assert done.exit_code == 0, done.output
    assert "120 volumes of 3 planes of 32 x 40 px" in done.stdout
    return folder / "volumes.ome.tif"


def test_the_truth_knows_the_plane_of_each_cell(planes: Path) -> None:
    truth = Truth.load(planes.with_name("truth.npz"))
    assert len(truth.drivers) == 3
    assert set(np.unique(truth.cells["plane"])) == {1, 2, 3}


def test_info_of_planes_together_and_of_one(planes: Path) -> None:
    together = json.loads(sparsevar("info", planes, "--planes", "all", "--json").stdout)
    assert together["planes"] == "1, 2, 3 of 3"
    assert (together["frames"], together["height_px"], together["width_px"]) == (120, 32, 40)
    assert together["ignored_pixels"] == 0
    one = json.loads(sparsevar("info", planes, "--plane", "2", "--json").stdout)
    assert one["plane"] == "2 of 3"
    assert "planes" not in one


def test_train_takes_several_planes(planes: Path, tmp_path: Path, pretend: Any) -> None:
    calls = pretend(FINISHED)
    done = sparsevar("train", planes, "--out", tmp_path / "run", "--planes", "1,3")
    assert done.exit_code == 0, done.output
    stack = calls[0]["movie"].stack
    assert (stack.planes, stack.of, stack.shape) == ((1, 3), 3, (32, 40))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--planes", "2,1"], "ascending"),
        (["--planes", "all", "--plane", "1"], "leave one of both out"),
        (["--planes", "3,4"], "has 3 plane(s)"),
        (["--planes", "all", "--cells", "cells.npy"], "leave cells.npy out (--cells)"),
    ],
)
def test_what_cannot_be_is_said(
    planes: Path, tmp_path: Path, options: list[str], said: str
) -> None:
    done = sparsevar("train", planes, "--out", tmp_path / "run", *options)
    assert done.exit_code != 0
    assert one_sentence(done.stderr)
    assert said in done.stderr


def test_planes_are_registered_each_by_itself(planes: Path, tmp_path: Path) -> None:
    asked = ("train", planes, "--out", tmp_path / "run", "--planes", "all", "--register", "rigid")
    done = sparsevar(*asked)
    assert one_sentence(done.stderr)
    assert "register every plane first" in done.stderr


def test_simulated_planes_are_an_ome_tiff_without_other_nuisances(tmp_path: Path) -> None:
    truth = ("--truth", tmp_path / "truth.npz", "--planes", "2")
    named = sparsevar("simulate", "--out", tmp_path / "movie.zarr", *truth)
    assert "ends with .ome.tif" in named.stderr
    hard = sparsevar("simulate", "--out", tmp_path / "a.ome.tif", *truth, "--regime", "optics")
    assert "leave the rest out" in hard.stderr
    none = sparsevar("simulate", "--out", tmp_path / "a.ome.tif", *truth, "--later-coupling", "0")
    assert "leave the rest out" in none.stderr
