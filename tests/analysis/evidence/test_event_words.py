"""The words beneath an average around events say what is drawn, and no more."""

from __future__ import annotations

import numpy as np

from napari_sparsevar.analysis.evidence.event_average import SHUFFLES, EventAverage
from napari_sparsevar.analysis.evidence.event_words import event_sentences


def found(peak: int, rank: int) -> EventAverage:
    """Return an average of 12 events that goes farthest at one lag, before or after."""
    lags = np.arange(-10, 21)
    average = np.where(lags == peak, 2.0, 0.0)
    return EventAverage(lags, average, -np.ones(31), np.ones(31), 12, np.abs(average), rank, rank)


def test_a_follower_is_said_to_follow_and_when() -> None:
    said = event_sentences(found(2, SHUFFLES), 14, "hub", "driver 2", 20.0)
    assert said == (
        "“driver 2” follows “hub”. After 12 events (innovations above 2.5 robust s.d., "
        "0.5 s apart) it is outside of the band in 1 of the first 10 frames, most after 100 "
        "ms, and goes farther than 199 of 199 averages around shuffled events."
    )


def test_without_a_frame_rate_there_are_frames() -> None:
    said = event_sentences(found(1, SHUFFLES), 14, "hub", "driver 2", None)
    assert "5 frames apart" in said
    assert "most after 1 frame," in said


def test_what_comes_first_does_not_follow() -> None:
    before = event_sentences(found(-1, SHUFFLES), 14, "hub", "driver 2", 20.0)
    assert before.startswith("“driver 2” does not follow “hub”, it comes 50 ms before it:")
    same = event_sentences(found(0, SHUFFLES), 14, "hub", "driver 2", 20.0)
    assert same.startswith("“driver 2” does not follow “hub”, it is active with it:")


def test_chance_is_called_chance() -> None:
    for peak in (-1, 3):
        said = event_sentences(found(peak, 100), 14, "hub", "driver 2", 20.0)
        assert said.startswith("“driver 2” does not follow “hub” beyond chance.")
        outside = int(peak > 0)
        assert f"in {outside} of the first 10 frames, after shuffled events in about 0." in said


def test_too_little_says_what_to_do() -> None:
    assert "“hub” has no event that" in event_sentences(None, 0, "hub", "b", None)
    assert "“hub” has 1 event that" in event_sentences(None, 1, "hub", "b", None)
    assert "too short to shuffle" in event_sentences(None, 40, "hub", "b", None)
