"""The movies of the benchmark are those of the package, hard in the way that their name says."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from napari_sparsevar import Nuisances, simulate_movie
from napari_sparsevar.movie import REGIMES


@pytest.fixture(scope="module")
def cases(repository: Path) -> Iterator[ModuleType]:
    sys.path.insert(0, str(repository / "benchmarks"))
    yield import_module("recovery_parts.cases")
    sys.path.remove(str(repository / "benchmarks"))


@pytest.mark.parametrize("name", ["optics_moving", "all_moving", "easy"])
def test_a_regime_is_that_of_the_package(cases: ModuleType, name: str) -> None:
    trial = cases.make_trial(name, 3, 20)
    movie, _ = simulate_movie(20, regime=name.removesuffix("_moving"), seed=3)
    np.testing.assert_array_equal(trial.movie.data, movie.data)


def test_a_field_that_moves_is_held_still(cases: ModuleType) -> None:
    assert cases.make_trial("optics", 3, 60).movie.registered is not None
    assert cases.make_trial("without_motion", 3, 60).movie.registered is None


def test_there_is_a_row_for_each_nuisance_alone(cases: ModuleType) -> None:
    for name in Nuisances.model_fields:
        assert cases.CASES[f"only_{name}"]["nuisances"].names == [name]
    assert not cases.CASES["only_noise"]["nuisances"].names


def test_there_is_a_row_without_each_of_the_realistic_set(cases: ModuleType) -> None:
    realistic = REGIMES["optics"].nuisances.names
    for name in realistic:
        left = cases.CASES[f"without_{name}"]["nuisances"].names
        assert left == [each for each in realistic if each != name]
        assert cases.make_trial(f"without_{name}", 1, 2).movie.shape == (96, 96)


def test_one_nuisance_is_as_strong_as_in_the_realistic_set(cases: ModuleType) -> None:
    assert cases.CASES["only_kinetics"]["nuisances"].kinetics == REGIMES["all"].nuisances.kinetics
