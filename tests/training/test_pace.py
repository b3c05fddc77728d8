"""How long an analysis still takes, learned from what was done before."""

from __future__ import annotations

from pathlib import Path

import platformdirs
import pytest

from napari_sparsevar.analysis.stages import STAGES
from napari_sparsevar.training.pace import Pace, Work

WORK = Work(n_frames=2000, n_pixels=128 * 128, n_latents=1849, lags=1)


@pytest.fixture
def pace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pace:
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda _: str(tmp_path / "cache"))
    return Pace.read()


def test_what_a_part_took_is_what_it_is_expected_to_take(pace: Pace) -> None:
    pace.took("drivers", WORK, 40.0)
    assert Pace.read().seconds(("drivers",), WORK) == pytest.approx(40.0)
    twice = Work(2 * WORK.n_frames, WORK.n_pixels, WORK.n_latents, 1)
    assert Pace.read().seconds(("drivers",), twice) == pytest.approx(80.0)


def test_later_ones_count_more(pace: Pace) -> None:
    for seconds in (100.0, 10.0, 10.0, 10.0, 10.0):
        pace.took("map", WORK, seconds)
    assert pace.seconds(("map",), WORK) == pytest.approx(10.0, rel=0.2)


def test_there_is_something_left_until_the_last_part_ends(pace: Pace) -> None:
    stages = STAGES[1:]
    whole = pace.seconds(stages, WORK)
    left = [pace.left(stages, WORK, share, share * 30.0) for share in (0.0, 0.5, 0.9, 1.0)]
    assert left[0] == pytest.approx(whole)
    assert left == sorted(left, reverse=True)
    assert left[-1] == pytest.approx(pace.seconds(stages[1:], WORK))


def test_what_is_slower_than_expected_is_believed(pace: Pace) -> None:
    pace.took("all", WORK, 10.0)
    assert pace.left(("all",), WORK, 0.5, 50.0) > 15.0


def test_small_work_teaches_nothing_and_damage_is_no_failure(pace: Pace) -> None:
    pace.took("map", Work(200, 1024, 64, 1), 5.0)
    assert not pace.rates
    pace.path.parent.mkdir(parents=True, exist_ok=True)
    pace.path.write_text("{no json")
    assert Pace.read().rates == {}
    pace.path.write_text("[1, 2]")
    assert Pace.read().rates == {}
