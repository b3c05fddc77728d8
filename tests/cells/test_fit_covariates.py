"""What a covariate tells of all cells is no influence, and costs no true edge."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import napari_sparsevar as sv
from napari_sparsevar.cells.preparing import Preparation
from napari_sparsevar.comparison.rows import rows_of_activity
from napari_sparsevar.comparison.windows import Window
from napari_sparsevar.errors import UserError

N_FRAMES, N_CELLS, FPS = 3000, 6, 10.0
AS_THEY_ARE = Preparation(events="no", kind="deconvolved")
SPEED = "speed (cm/s)"


def recorded(reach: float) -> tuple[np.ndarray, np.ndarray]:
    """Events of cells that running reaches one after the other, and speed; 0 drives 1."""
    rng = np.random.default_rng(0)
    speed = 10.0 * np.convolve(
        np.repeat(rng.random(N_FRAMES // 6) < 0.3, 6), np.ones(9) / 9, "same"
    )
    events = 0.3 * rng.standard_normal((N_FRAMES, N_CELLS))
    events += reach * np.stack([np.roll(speed, cell) for cell in range(N_CELLS)], axis=1) / 10.0
    events[1:, 1] += 0.5 * events[:-1, 0]
    return events.astype(np.float32), speed


def fitted(traces: np.ndarray, **options: object) -> sv.CellFit:
    cells = sv.Cells([*"abcdef"], traces={"deconvolved": traces}, fps=FPS)
    return sv.fit_traces(cells, preparation=AS_THEY_ARE, **options)


def sure(fit: sv.CellFit) -> list[list[str]]:
    found = fit.edges[fit.edges["p_adjusted"] <= 0.05]
    return sorted(found[["source", "target"]].to_numpy().tolist())


@pytest.fixture(scope="module")
def fit() -> sv.CellFit:
    traces, speed = recorded(1.0)
    return fitted(traces, covariates={SPEED: speed})


def test_what_running_does_to_all_is_no_edge(fit: sv.CellFit) -> None:
    assert len(sure(fitted(recorded(1.0)[0]))) > 3
    assert sure(fit) == [["a", "b"]]


def test_the_table_says_how_much_it_tells(fit: sv.CellFit) -> None:
    (row,) = fit.covariates.to_dict("records")
    assert (row["name"], row["unit"], row["kind"]) == ("speed", "cm/s", "continuous")
    assert 0.3 < row["share"] < row["largest"] < 1.0
    assert f"less what {SPEED} tells" in fit.said
    assert not len(fitted(recorded(0.0)[0]).covariates)


def test_it_comes_back_from_disk(fit: sv.CellFit, tmp_path: Path) -> None:
    found = sv.load_fit(sv.save_fit(fit, tmp_path / "fit"))
    pd.testing.assert_frame_equal(found.covariates, fit.covariates)
    kept, given = found.activity.covariates, fit.activity.covariates
    assert kept.labels == given.labels
    np.testing.assert_array_equal(kept.design().columns, given.design().columns)


def test_frames_without_it_are_left_out_and_said() -> None:
    traces, speed = recorded(1.0)
    speed[100:110] = np.nan
    found = fitted(traces, covariates={SPEED: speed})
    assert not found.good[100:130].any()
    assert found.good[:100].all()
    assert any(f"30 of {N_FRAMES} frames are left out" in note for note in found.notes)
    speed[::4] = np.nan
    with pytest.raises(UserError, match="fill short gaps"):
        fitted(traces, covariates={SPEED: speed})


def test_windows_are_compared_without_it(fit: sv.CellFit) -> None:
    columns = fit.activity.covariates.design().columns
    windows = [Window("A", ((0, 1500),)), Window("B", ((1500, N_FRAMES),))]
    for rows, first in zip(rows_of_activity(fit, windows), (1, 1501), strict=True):
        speed = columns[first : first + len(rows.following), 0]
        for values in (rows.past, rows.following):
            assert abs(np.corrcoef(values[:, 2], speed)[0, 1]) < 1e-3
    with pytest.raises(UserError, match="or window"):
        rows_of_activity(fit, [Window("A", ((0, 60),)), windows[1]])
