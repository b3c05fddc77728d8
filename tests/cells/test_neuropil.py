"""How much of its surround's light lies over a cell: told from what surrounds share alone."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy.signal import lfilter

from napari_sparsevar.cells.cells import Cells
from napari_sparsevar.cells.neuropil import check_share, estimated_shares
from napari_sparsevar.cells.preparing import Preparation, prepared
from napari_sparsevar.errors import UserError

Traces = npt.NDArray[np.float32]
FRAMES, CELLS = 4000, 24


def field(
    share: npt.ArrayLike, *, noise: float = 0.0, spilled: float = 0.0, n: int = CELLS
) -> tuple[Traces, Traces]:
    """Return cells and surrounds: slow light of the field, events, noise of the surround."""
    rng = np.random.default_rng(3)
    slow = lfilter([1.0], [1.0, -0.95], rng.standard_normal((FRAMES, 2)), axis=0)
    light = slow @ (1.0 + 0.3 * rng.standard_normal((2, n)))
    events = lfilter([1.0], [1.0, -0.9], 4.0 * (rng.random((FRAMES, n)) < 0.03), axis=0)
    raw = 100.0 + events + np.asarray(share) * light
    around = 50.0 + light + spilled * events + noise * rng.standard_normal((FRAMES, n))
    return raw.astype(np.float32), around.astype(np.float32)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.9])
def test_the_share_is_found(share: float) -> None:
    np.testing.assert_allclose(estimated_shares(*field(share)), share, atol=0.1)


def test_no_more_than_is_around_a_cell_lies_over_it() -> None:
    np.testing.assert_array_equal(estimated_shares(*field(1.4)), np.ones(CELLS))


def test_every_cell_has_its_own() -> None:
    share = np.linspace(0.2, 0.9, CELLS)
    np.testing.assert_allclose(estimated_shares(*field(share)), share, atol=0.1)


@pytest.mark.parametrize(("noise", "spilled"), [(4.0, 0.0), (0.0, 0.5), (4.0, 0.5)])
def test_noise_and_spilled_light_of_the_surround_do_not_move_it(
    noise: float, spilled: float
) -> None:
    raw, around = field(0.8, noise=noise, spilled=spilled)
    plain = [np.polyfit(around[:, k], raw[:, k], 1)[0] for k in range(CELLS)]
    found = estimated_shares(raw, around)
    assert abs(np.median(found) - 0.8) < 0.06
    assert abs(np.median(found) - 0.8) < abs(np.median(plain) - 0.8) / 2


def test_units_do_not_matter() -> None:
    raw, around = field(0.8)
    np.testing.assert_allclose(
        estimated_shares(5 * raw + 7, 5 * around + 3), estimated_shares(raw, around), atol=1e-3
    )


def test_frames_that_are_no_good_or_not_known_do_not_count() -> None:
    raw, around = field(0.8)
    good = np.ones(FRAMES, bool)
    good[::50] = False
    raw[~good], around[~good] = raw[~good] + 500.0, around[~good] + 500.0
    raw[7, 2] = np.nan
    np.testing.assert_allclose(estimated_shares(raw, around, good), 0.8, atol=0.1)


def test_a_cell_without_a_surround_loses_nothing() -> None:
    raw, around = field(0.8)
    around[:, 4] = 0.0
    found = estimated_shares(raw, around)
    assert found[4] == 0.0
    np.testing.assert_allclose(np.delete(found, 4), 0.8, atol=0.1)


def test_many_cells_are_judged_by_the_surrounds_of_some() -> None:
    raw, around = field(0.8, n=300)
    np.testing.assert_allclose(estimated_shares(raw, around), 0.8, atol=0.15)


@pytest.mark.parametrize("frames", [FRAMES, 0])
def test_surrounds_that_share_nothing_tell_nothing(frames: int) -> None:
    raw, around = field(0.8)
    own = np.random.default_rng(5).normal(0.0, 1.0, around.shape).astype(np.float32)
    for surround in (own, np.zeros_like(around)):
        found = estimated_shares(raw[:frames], surround[:frames])
        np.testing.assert_array_equal(found, np.full(CELLS, 0.7))


def cells(share: str | float) -> Cells:
    raw, around = field(0.5)
    names = [str(k) for k in range(CELLS)]
    return Cells(names, traces={"raw": raw, "neuropil": around}, neuropil_share=share)  # type: ignore[arg-type]


def test_traces_that_came_lose_what_their_program_takes() -> None:
    brought = cells(0.7)
    found = prepared(brought, Preparation())
    expected = brought.traces["raw"] - np.float32(0.7) * brought.traces["neuropil"]
    np.testing.assert_array_equal(found.traces, expected)
    assert found.said == "raw fluorescence less 0.7 of the neuropil"


def test_traces_that_were_read_here_lose_what_is_estimated() -> None:
    found = prepared(cells("estimated"), Preparation())
    slow = prepared(cells("estimated"), Preparation(neuropil=0.5)).traces
    np.testing.assert_allclose(found.traces - found.traces.mean(0), slow - slow.mean(0), atol=2.5)
    assert "0.5 of the neuropil (" in found.said
    assert "estimated for each cell" in found.said


def test_what_cannot_be_estimated_is_as_usual_and_said_so() -> None:
    raw, around = field(0.5)
    silent = Cells(
        [str(k) for k in range(CELLS)],
        traces={"raw": raw, "neuropil": np.ones_like(around)},
        neuropil_share="estimated",
    )
    assert prepared(silent, Preparation()).said == "raw fluorescence less 0.7 of the neuropil"


def test_each_cell_loses_its_own_share_where_most_have_the_same() -> None:
    share = np.where(np.arange(CELLS) == 3, 0.3, 1.4)  # all but one are cut to 1
    raw, around = field(share)
    names = [str(k) for k in range(CELLS)]
    read = Cells(names, traces={"raw": raw, "neuropil": around}, neuropil_share="estimated")
    found = prepared(read, Preparation())
    own = estimated_shares(raw, around).astype(np.float32)
    assert own[3] < 0.5
    np.testing.assert_allclose(found.traces, raw - own * around, rtol=1e-5)
    assert "estimated for each cell" in found.said


def test_a_person_decides() -> None:
    none = prepared(cells("estimated"), Preparation(neuropil=0.0))
    np.testing.assert_array_equal(none.traces, cells(0.7).traces["raw"])
    assert "estimated" in prepared(cells(0.7), Preparation(neuropil="estimated")).said


@pytest.mark.parametrize("share", [-0.1, 2.5, float("nan"), "much"])
def test_what_is_no_share_is_refused(share: str | float) -> None:
    with pytest.raises(UserError, match="0 to 2 or 'estimated'"):
        check_share(share)  # type: ignore[arg-type]
