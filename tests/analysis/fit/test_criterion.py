"""The criterion along the path: cross-validation from moments, and the choices read from it."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor

import napari_sparsevar as sv
from napari_sparsevar.analysis.fit import penalty_grid
from napari_sparsevar.analysis.fit.criterion import (
    COLUMNS,
    criterion_table,
    cross_validation_minimum,
    ebic_minimum,
    extended_bic,
    one_standard_error_choice,
    residual_variance,
)
from napari_sparsevar.analysis.fit.cross_validation import (
    N_FOLDS,
    cross_validation,
    folds,
    held_out_error,
)
from napari_sparsevar.analysis.fit.fitting import DEFAULT_PENALTY, FittedVar, fit_whole
from napari_sparsevar.analysis.fit.lagged_rows import block_moments, pool
from napari_sparsevar.analysis.fit.own_dynamics import OwnDynamics
from napari_sparsevar.analysis.fit.solution_path import SolutionPath, path_ends
from napari_sparsevar.lasso import solve_lasso
from napari_sparsevar.lasso.restricted import solve_on_active_sets
from napari_sparsevar.model.embedded_var import RIDGE, LaggedPairs, Moments, universal_penalty
from napari_sparsevar.model.temporal import PLAIN
from napari_sparsevar.progress import returned

N_BLOCKS = 10


def rows(seed: int, n: int, p: int, effect: float = 0.0) -> LaggedPairs:
    """White innovations; latent 0 drives the last one."""
    generator = torch.Generator().manual_seed(seed)
    past = torch.randn(n, p, generator=generator)
    following = torch.randn(n, p, generator=generator)
    following[:, -1] += effect * past[:, 0]
    return LaggedPairs(past, following / following.square().mean(dim=0).sqrt())


def only_itself(p: int) -> Tensor:
    """Each latent is its own cell."""
    return 1.0 - torch.eye(p, dtype=torch.float64)


def fitted_to(statistics: Moments) -> FittedVar:
    p = len(statistics.variance)
    ones = torch.ones(p, dtype=torch.float64)
    own = OwnDynamics(0 * ones, ones, ones, ones, ones, PLAIN)
    return fit_whole(own, statistics, only_itself(p), 1)


def refitted(gram: Tensor, cross: Tensor, active: Tensor) -> Tensor:
    """Least squares of each target on its own active set."""
    return solve_on_active_sets(gram, torch.ones(()), active.to(cross), cross)


def table_of(pairs: LaggedPairs, n_blocks: int = N_BLOCKS) -> pd.DataFrame:
    blocks = block_moments(pairs, n_blocks)
    return returned(criterion_table(fitted_to(pool(blocks)), blocks))


@pytest.fixture(scope="module")
def one_edge() -> pd.DataFrame:
    return table_of(rows(0, 1000, 20, effect=0.4))


@pytest.fixture(scope="module")
def noise() -> pd.DataFrame:
    return table_of(rows(1, 1000, 20))


def test_error_from_moments_is_that_of_held_out_rows() -> None:
    """Fold by fold with design matrices, a lasso of its own and residuals frame by frame."""
    n, p = 203, 7
    pairs, weights = rows(2, n, p, effect=0.5), only_itself(p)
    penalties = np.array([0.3, 0.1, 0.05])
    scores = returned(cross_validation(block_moments(pairs, N_BLOCKS), weights, penalties))
    blocks = torch.arange(n).tensor_split(N_BLOCKS)
    for fold in range(N_FOLDS):
        held = torch.cat(blocks[2 * fold : 2 * fold + 2])
        kept = torch.tensor([row for row in range(n) if row not in set(held.tolist())])
        x, y = pairs.past[kept].double(), pairs.following[kept].double()
        gram = x.T @ x / len(x) + RIDGE * torch.eye(p).double()
        errors = []
        for penalty in (1e6, *penalties):
            scaled = float(penalty) * math.sqrt(n / len(x))
            coefficients = solve_lasso(gram, x.T @ y / len(x), scaled * weights)
            residual = pairs.following[held] - pairs.past[held].double() @ coefficients
            errors.append(float(residual.square().mean(dim=0).mean()))
        np.testing.assert_allclose(scores[fold], np.array(errors[1:]) / errors[0], rtol=1e-9)


def test_held_out_error_of_every_target() -> None:
    pairs = rows(3, 50, 6)
    moments = pool(block_moments(pairs, 1), ridge=0.0)
    coefficients = torch.randn(6, 6, generator=torch.Generator().manual_seed(0)).double()
    coefficients[coefficients < 0] = 0.0
    residual = pairs.following.double() - pairs.past.double() @ coefficients
    torch.testing.assert_close(
        held_out_error(moments, coefficients), residual.square().mean(dim=0), rtol=1e-9, atol=1e-9
    )


def test_folds_are_stretches_of_time_and_miss_nothing() -> None:
    pairs = rows(4, 107, 3)
    blocks = block_moments(pairs, N_BLOCKS)
    found = list(folds(blocks))
    assert len(found) == N_FOLDS
    assert sum(fold.held_out.n for fold in found) == 107
    for fold in found:
        assert fold.fitted.n + fold.held_out.n == 107
    first = pairs.past[: found[0].held_out.n].double()
    torch.testing.assert_close(found[0].held_out.gram, first.T @ first / len(first))


def test_a_strong_edge_is_kept_and_helps(one_edge: pd.DataFrame) -> None:
    for choice in (cross_validation_minimum, one_standard_error_choice, ebic_minimum):
        kept = one_edge.loc[one_edge["penalty"] == choice(one_edge), "edges"].item()
        assert kept >= 1
    assert one_edge["cv_error"].min() < 0.995
    assert one_edge["cv_error"].iloc[0] == pytest.approx(1.0, abs=0.01)


def test_the_cautious_choice_in_noise_has_hardly_any_edge(noise: pd.DataFrame) -> None:
    chosen = one_standard_error_choice(noise)
    assert noise.loc[noise["penalty"] == chosen, "edges"].item() <= 3
    assert noise["cv_error"].iloc[-1] > 1.0


@pytest.mark.parametrize("name", ["one_edge", "noise"])
def test_the_table_goes_from_no_edge_to_many(name: str, request: pytest.FixtureRequest) -> None:
    table: pd.DataFrame = request.getfixturevalue(name)
    assert list(table.columns) == COLUMNS
    assert table["penalty"].is_monotonic_decreasing
    assert table["edges"].is_monotonic_increasing
    assert table["edges"].iloc[0] == 0
    assert table["edges"].iloc[-1] > 50
    assert np.isfinite(table.to_numpy()).all()
    assert (table["cv_se"] >= 0).all()
    assert one_standard_error_choice(table) >= cross_validation_minimum(table)


def test_the_default_and_the_ends_are_among_the_penalties(one_edge: pd.DataFrame) -> None:
    unit = universal_penalty(20, 1000)
    assert (one_edge["penalty"] == DEFAULT_PENALTY * unit).sum() == 1
    assert one_edge["penalty"].iloc[-1] == pytest.approx(0.3 * unit)
    assert one_edge["penalty"].iloc[0] > 3.0 * unit  # where the strong edge goes
    assert 16 <= len(one_edge) <= 20


def test_the_run_carries_the_table(run: sv.Run) -> None:
    table = run.results.criterion
    assert list(table.columns) == COLUMNS
    assert (table["penalty"] == run.penalty).sum() == 1
    assert table["cv_error"].notna().all()
    for penalty, edges in table[["penalty", "edges"]].iloc[::6].to_numpy():
        assert len(run.at_penalty(penalty).edges) == edges


@pytest.mark.parametrize(("n", "n_blocks"), [(40, 10), (300, 4), (6, 10)])
def test_too_little_time_leaves_cross_validation_out(n: int, n_blocks: int) -> None:
    table = table_of(rows(5, n, 8), n_blocks)
    assert table["cv_error"].isna().all()
    assert table["cv_se"].isna().all()
    assert table["ebic"].notna().all()
    assert math.isnan(one_standard_error_choice(table))
    assert math.isnan(cross_validation_minimum(table))
    assert ebic_minimum(table) > 0


def test_silent_latents_have_no_error_to_share() -> None:
    silent = LaggedPairs(torch.zeros(200, 4), torch.zeros(200, 4))
    scores = returned(
        cross_validation(block_moments(silent, N_BLOCKS), only_itself(4), np.array([0.2, 0.1]))
    )
    assert np.isnan(scores).all()
    assert table_of(silent)["cv_error"].isna().all()


def test_progress_rises_to_its_end() -> None:
    pairs = rows(6, 200, 300)
    work = cross_validation(block_moments(pairs, N_BLOCKS), only_itself(300), np.array([1.0]))
    fractions = list(work)
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert len(fractions) == N_FOLDS


@pytest.fixture(scope="module")
def many() -> tuple[FittedVar, list[Moments]]:
    """300 places, every third of which follows another."""
    pairs = rows(8, 600, 300)
    followers = torch.arange(0, 300, 3)
    pairs.following[:, followers] += 0.4 * pairs.past[:, followers.flip(0) + 1]
    blocks = block_moments(LaggedPairs(pairs.past, pairs.following / 1.05), N_BLOCKS)
    return fitted_to(pool(blocks)), blocks


def test_of_many_targets_no_choice_is_estimated(
    many: tuple[FittedVar, list[Moments]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some of the targets carry the curves on, below every choice: the same as of all targets."""
    exact = returned(criterion_table(*many))
    monkeypatch.setattr(penalty_grid, "SPACED", 60)
    found = returned(criterion_table(*many))
    for choice in (cross_validation_minimum, one_standard_error_choice, ebic_minimum):
        assert choice(found) == choice(exact)
    sure = exact["penalty"] >= 0.6 * universal_penalty(300, 600)
    pd.testing.assert_frame_equal(found[sure], exact[sure])
    estimated = ~sure & (found["edges"] != exact["edges"])
    assert estimated.sum() >= 3
    np.testing.assert_allclose(found["edges"], exact["edges"], rtol=0.1)
    np.testing.assert_allclose(found["cv_error"], exact["cv_error"], rtol=0.02)
    kept = found["penalty"] == many[0].penalty
    assert found.loc[kept, "edges"].item() == many[0].n_edges


def test_the_table_is_that_of_the_exact_path(many: tuple[FittedVar, list[Moments]]) -> None:
    fitted, blocks = many
    table = returned(criterion_table(fitted, blocks))
    path = SolutionPath.trace(fitted.statistics, fitted.weights)
    held_out = [
        (fold, SolutionPath.trace(fold.fitted, fitted.weights, 0.05)) for fold in folds(blocks)
    ]
    for penalty, edges, error in table[["penalty", "edges", "cv_error"]].iloc[::5].to_numpy():
        if penalty >= 0.6 * universal_penalty(300, 600):
            distant = (path.at(penalty) != 0) & (fitted.weights > 0)
            assert int(distant.sum()) == edges
            shares = []
            for fold, traced in held_out:
                b = traced.at(penalty * math.sqrt(600 / fold.fitted.n))
                alone = held_out_error(fold.held_out, traced.at(1e6)).sum()
                shares.append(float(held_out_error(fold.held_out, b).sum() / alone))
            assert np.mean(shares) == pytest.approx(error, rel=1e-9)


def choices(
    errors: list[float], standard_errors: list[float], ebic: list[float] | None = None
) -> tuple[float, float, float]:
    penalties = np.arange(len(errors), 0.0, -1.0)
    table = pd.DataFrame(
        {
            "penalty": penalties,
            "edges": 0,
            "ebic": ebic or errors,
            "cv_error": errors,
            "cv_se": standard_errors,
        }
    )
    return one_standard_error_choice(table), cross_validation_minimum(table), ebic_minimum(table)


def test_choices_by_hand() -> None:
    nan = math.nan
    assert choices([1.0, 0.9, 0.8, 0.85], [0.0, 0.1, 0.1, 0.3]) == (3.0, 2.0, 2.0)
    assert choices([1.0, 0.9, 0.8], [0.3, 0.3, 0.0], [0.0, 1.0, 2.0]) == (1.0, 1.0, 3.0)
    assert choices([nan, 0.9, 0.8], [nan, nan, nan], [nan, nan, 1.0]) == (1.0, 1.0, 1.0)
    assert choices([0.7], [nan]) == (1.0, 1.0, 1.0)
    assert choices([0.8, 0.8], [0.0, 0.0]) == (2.0, 2.0, 2.0)
    assert all(math.isnan(choice) for choice in choices([nan, nan], [nan, nan]))
    assert all(math.isnan(choice) for choice in choices([], []))


def test_the_ends_are_those_of_the_path() -> None:
    pairs, weights = rows(7, 300, 12, effect=0.3), only_itself(12)
    statistics = pool(block_moments(pairs, 1))
    path = SolutionPath.trace(statistics, weights)
    assert path_ends(statistics, weights) == pytest.approx((path.largest, path.least))


def test_residual_variance_is_that_of_least_squares() -> None:
    rng = np.random.default_rng(0)
    design, targets = rng.standard_normal((200, 9)), rng.standard_normal((200, 5))
    active = rng.random((9, 5)) < 0.4
    active[:, 4] = False
    statistics = Moments(
        torch.from_numpy(design.T @ design / 200),
        torch.from_numpy(design.T @ targets / 200),
        torch.from_numpy((targets**2).mean(axis=0)),
        200,
    )
    free = refitted(statistics.gram, statistics.cross, torch.from_numpy(active))
    found = residual_variance(statistics, free)
    for j in range(5):
        columns = design[:, active[:, j]]
        fit = columns @ np.linalg.lstsq(columns, targets[:, j], rcond=None)[0] if j < 4 else 0.0
        assert float(found[j]) == pytest.approx(((targets[:, j] - fit) ** 2).mean())


def test_the_extended_bic_charges_for_useless_edges() -> None:
    rng = np.random.default_rng(0)
    design = rng.standard_normal((500, 20))
    targets = 0.5 * design[:, :1] + rng.standard_normal((500, 1))
    statistics = Moments(
        torch.from_numpy(design.T @ design / 500),
        torch.from_numpy(design.T @ targets / 500),
        torch.from_numpy((targets**2).mean(axis=0)),
        500,
    )
    scores = []
    for count in (0, 1, 6, 20):
        chosen = torch.zeros(20, 1, dtype=torch.bool)
        chosen[:count] = True
        free = refitted(statistics.gram, statistics.cross, chosen)
        residual = residual_variance(statistics, free)
        scores.append(extended_bic(residual, chosen.sum(dim=0), 500, 20))
    assert int(np.argmin(scores)) == 1
