"""The path of the whole VAR: exact at every penalty, whatever lies between two knots."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import napari_sparsevar as sv
from napari_sparsevar.analysis.fit.solution_path import SolutionPath
from napari_sparsevar.lasso import optimality_residual


@pytest.fixture
def path(run: sv.Run) -> SolutionPath:
    return SolutionPath.trace(run.results.fitted.statistics, run.results.fitted.weights)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.35, 0.6, 0.9, 1.0, 1.5])
def test_every_point_of_the_path_is_an_optimum(
    run: sv.Run, path: SolutionPath, share: float
) -> None:
    fitted = run.results.fitted
    penalty = path.least * (path.largest / path.least) ** share
    residual = optimality_residual(
        fitted.statistics.gram, fitted.statistics.cross, penalty * fitted.weights, path.at(penalty)
    )
    assert float(residual.max()) < 1e-8


def test_it_is_the_solution_of_the_run(run: sv.Run, path: SolutionPath) -> None:
    torch.testing.assert_close(path.at(run.penalty), run.results.fitted.coefficients)


def test_nothing_penalised_is_left_at_its_beginning(run: sv.Run, path: SolutionPath) -> None:
    distant = run.results.fitted.weights > 0
    assert not path.at(path.largest)[distant].any()
    assert path.at(0.999 * path.largest)[distant].any()


def test_coefficients_are_those_of_the_knots(run: sv.Run, path: SolutionPath) -> None:
    for target in (0, path.n_targets - 1):
        penalties, coefficients = path.knots(target)
        assert (np.diff(penalties) < 0).all()
        for knot in (0, len(penalties) // 2, len(penalties) - 1):
            if penalties[knot] >= path.least:
                found = path.at(float(penalties[knot]))[:, target]
                np.testing.assert_allclose(found, coefficients[[knot]].toarray()[0], atol=1e-12)


def test_below_its_end_nothing_is_known(path: SolutionPath) -> None:
    with pytest.raises(ValueError, match="ends at penalty"):
        path.at(0.5 * path.least)


def test_the_run_elsewhere_on_the_path_is_the_run_solved_anew(
    run: sv.Run, path: SolutionPath
) -> None:
    from napari_sparsevar.analysis.analyse import at_penalty

    penalty = 0.8 * run.penalty
    solved, looked_up = (at_penalty(run.results, penalty, by) for by in (None, path))
    np.testing.assert_allclose(looked_up.contribution, solved.contribution, atol=1e-6)
    np.testing.assert_array_equal(looked_up.drivers.labels, solved.drivers.labels)
    assert len(looked_up.edges) == len(solved.edges)
