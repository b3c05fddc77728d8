"""What covariates explain is taken out of both sides, exactly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from made_activity import MadeActivity
from napari_sparsevar.analysis.covariates.basis import kernels_at
from napari_sparsevar.analysis.covariates.covariates import Covariates
from napari_sparsevar.analysis.fit import own_dynamics as series_by_pieces
from napari_sparsevar.analysis.fit.lagged_rows import StreamedRows, all_rows
from napari_sparsevar.errors import UserError

N_FRAMES, SIZE, FPS = 900, 4, 10.0
STARTS = (400,)


def recorded() -> MadeActivity:
    """Series that share speed, in noise; the second follows the first, and time jumps once."""
    rng = np.random.default_rng(0)
    speed = np.repeat(rng.random(N_FRAMES // 15) < 0.3, 15).astype(np.float32)
    pupil = np.cumsum(rng.standard_normal(N_FRAMES)).astype(np.float32)
    series = rng.standard_normal((N_FRAMES, SIZE)).astype(np.float32) + 2.0 * speed[:, None]
    series[1:, 1] += 0.5 * series[:-1, 0]
    good = np.ones(N_FRAMES, bool)
    good[[50, 51, 700]] = False
    series[~good] = 0.0
    values = np.column_stack([speed, pupil])
    kinds = ("event", "continuous")
    covariates = Covariates(("speed", "pupil"), ("", "mm"), kinds, values, kernels_at(FPS))
    return MadeActivity(series, good, starts=STARTS, covariates=covariates)


@pytest.mark.parametrize("lags", [1, 3])
@pytest.mark.parametrize("length", [30, 10000])
def test_coefficients_are_those_of_the_regression_with_covariates(
    monkeypatch: pytest.MonkeyPatch, lags: int, length: int
) -> None:
    """Frisch-Waugh-Lovell, in pieces of any length."""
    monkeypatch.setattr(series_by_pieces, "PIECE_NUMBERS", length * SIZE)
    activity = recorded()
    rows = StreamedRows.of(activity, lags, "none")
    left = [part.double().numpy() for part in all_rows(rows)]
    found = np.linalg.lstsq(left[0], left[1], rcond=None)[0]

    plain = StreamedRows.of(replace(activity, covariates=None), lags, "none")
    past, following = (part.double().numpy() for part in all_rows(plain))
    columns = activity.covariates.design(STARTS).columns[plain.frames]
    together = np.column_stack([past, columns, np.ones(len(past))])
    whole = np.linalg.lstsq(together, following, rcond=1e-12)[0][: past.shape[1]]
    scale = (plain.own.drive_scale / rows.own.drive_scale).repeat(lags).numpy()
    whole *= (plain.own.scale / rows.own.scale).numpy() / scale[:, None]
    np.testing.assert_allclose(found, whole, atol=1e-4)


def test_what_is_left_has_variance_one_and_knows_no_covariate() -> None:
    activity = recorded()
    rows = StreamedRows.of(activity, 1, "calcium")
    past, following = all_rows(rows)
    columns = torch.from_numpy(activity.covariates.design(STARTS).columns)[rows.frames]
    standard = (columns - columns.mean(dim=0)) / columns.std(dim=0)
    for values in (past, following):
        assert values.square().mean(dim=0).numpy() == pytest.approx(1.0, abs=0.02)
        assert float((standard.T @ values.double() / len(values)).abs().max()) < 1e-4


def test_shares_tell_which_covariate_it_is() -> None:
    shares = StreamedRows.of(recorded(), 1, "none").partial.shares.numpy()
    assert shares.shape == (2, SIZE)
    assert (shares[0, [0, 2, 3]] > 0.3).all()
    assert (shares[1] < 0.03).all()


def test_two_copies_of_a_covariate_explain_what_one_does() -> None:
    activity = recorded()
    one = activity.covariates
    two = replace(
        one,
        names=("a", "b"),
        values=one.values[:, [0, 0]],
        kinds=("event", "event"),
    )
    alone = replace(one, names=("a",), units=("",), kinds=("event",), values=one.values[:, :1])
    twice = all_rows(StreamedRows.of(replace(activity, covariates=two), 1, "none"))
    once = all_rows(StreamedRows.of(replace(activity, covariates=alone), 1, "none"))
    torch.testing.assert_close(twice.following, once.following, atol=1e-4, rtol=0)


def test_too_many_for_the_frames_are_refused() -> None:
    activity = recorded()
    short = replace(activity, good=activity.good & (np.arange(N_FRAMES) < 150))
    with pytest.raises(UserError, match="fewer covariates, or a longer recording"):
        StreamedRows.of(short, 1, "none")
