"""Windows of time: what they hold, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_sparsevar.comparison.windows import (
    Window,
    check_windows,
    parse_pieces,
    read_trials,
    read_windows,
)
from napari_sparsevar.errors import UserError


def test_pieces_are_put_in_order_and_counted() -> None:
    window = Window("A", ((30, 40), (0, 10)))
    assert window.pieces == ((0, 10), (30, 40))
    assert window.n_frames == 20
    np.testing.assert_array_equal(window.frames(), [*range(10), *range(30, 40)])


@pytest.mark.parametrize("pieces", [(), ((5, 5),), ((-1, 4),), ((0, 10), (9, 12))])
def test_windows_without_a_meaning_are_refused(pieces: tuple[tuple[int, int], ...]) -> None:
    with pytest.raises(UserError, match="Window A"):
        Window("A", pieces)


def test_one_piece_several_or_a_window_can_be_given() -> None:
    expected = Window("A", ((0, 5),))
    assert Window.of("A", (0, 5)) == Window.of("A", [(0, 5)]) == expected
    assert Window.of("B", expected) is expected
    assert Window.of("A", [(0, 5), (7, 9)]).pieces == ((0, 5), (7, 9))


def test_windows_must_fit_the_movie_and_each_other() -> None:
    a, b = Window("A", ((0, 10),)), Window("B", ((10, 20),))
    check_windows([a, b], 20)
    with pytest.raises(UserError, match="has 19 frames"):
        check_windows([a, b], 19)
    with pytest.raises(UserError, match="share 1 frames"):
        check_windows([a, Window("B", ((9, 20),))], 20)
    with pytest.raises(UserError, match="rename"):
        check_windows([a, Window("A", ((10, 20),))], 20)
    with pytest.raises(UserError, match="two windows"):
        check_windows([a], 20)


def test_text_becomes_pieces_or_an_explanation() -> None:
    assert parse_pieces("0:500") == ((0, 500),)
    assert parse_pieces(" 0:100, 300:400") == ((0, 100), (300, 400))
    for text in ("", "5", "a:b", "0:5,", "-1:5", "1.5:3"):
        with pytest.raises(UserError, match="START:STOP"):
            parse_pieces(text)


def test_trials_of_one_label_are_one_window(tmp_path: Path) -> None:
    path = tmp_path / "trials.csv"
    path.write_text("Start, stop, label\n10,20,go\n0,10,stop\n30,40,go\n")
    assert read_windows(path) == [
        Window("go", ((10, 20), (30, 40))),
        Window("stop", ((0, 10),)),
    ]


def test_seconds_are_snapped_to_frames(tmp_path: Path) -> None:
    path = tmp_path / "trials.csv"
    path.write_text("start_s,stop_s,label\n0.1,1.04,1\n")
    assert read_windows(path, fps=10.0) == [Window("1", ((1, 10),))]
    with pytest.raises(UserError, match="frame rate"):
        read_windows(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("start,label\n1,a\n", "needs"),
        ("start,stop,label\n1,x,a\n", "line 2"),
        ("start,stop,label\n", "no numbers"),
        ("start,stop,label\n5,2,a\n", "below the stop"),
    ],
)
def test_lists_that_cannot_be_read_say_why(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "trials.csv"
    path.write_text(text)
    with pytest.raises(UserError, match=said):
        read_windows(path)
    with pytest.raises(UserError, match="Cannot read"):
        read_windows(tmp_path / "missing.csv")


@pytest.mark.parametrize(
    "text",
    [
        "start_s;stop_s\n0,5;1,5\n2;3\n",
        "onset\tduration\ttrial_type\n0.5\t1\tgo\n2\t1\tgo\n",
        "start_time,stop_time\n0.5,1.5\n2,3\n",
        "\ufeffStart_Frame,Stop_Frame\n5,15\n20,30\n",
    ],
)
def test_tables_of_other_programs_are_lists_of_trials(tmp_path: Path, text: str) -> None:
    path = tmp_path / "trials.tsv"
    for encoding in ("utf-8", "utf-16"):
        path.write_text(text, encoding=encoding)
        assert read_trials(path, 10.0) == [(5, 15), (20, 30)]


def test_seconds_are_those_of_a_recording_that_pauses(tmp_path: Path) -> None:
    """Ten frames a second, a minute between frame 20 and 21; the clock begins anywhere."""
    path = tmp_path / "trials.csv"
    path.write_text("start_s,stop_s\n0,1\n1.5,30\n62,63\n63.9,70\n")
    times = 1.7e9 + np.arange(40) / 10.0
    times[20:] += 60.0
    assert read_trials(path, 10.0, times) == [(0, 10), (15, 20), (20, 30), (39, 100)]
    times[20:] -= 100.0
    with pytest.raises(UserError, match="begin anew"):
        read_trials(path, 10.0, times)


def test_trials_need_no_label_and_are_in_order(tmp_path: Path) -> None:
    path = tmp_path / "trials.csv"
    path.write_text("start_s,stop_s\n10,20\n0,5\n")
    assert read_trials(path, 2.0) == [(0, 10), (20, 40)]
    with pytest.raises(UserError, match="frame rate is unknown"):
        read_trials(path)
    for text, said in [
        ("start,stop\n0,5\n4,9\n", "overlap"),
        ("start,stop\n0,5\n4,\n", "line 3: start or stop is missing"),
        ("begin,stop\n0,5\n", "needs start, stop"),
    ]:
        path.write_text(text)
        with pytest.raises(UserError, match=said):
            read_trials(path)


def test_frames_go_before_seconds_and_hold_no_fractions(tmp_path: Path) -> None:
    both = tmp_path / "both.csv"
    both.write_text("start_frame,stop_frame,start_time,stop_time\n0,30,0.5,1.5\n")
    assert read_trials(both, 30.0) == [(0, 30)]
    fractions = tmp_path / "fractions.csv"
    fractions.write_text("start,stop\n0,10\n10.5,25.25\n")
    with pytest.raises(UserError, match=r"line 3.*start_s and stop_s"):
        read_trials(fractions, 30.0)


def test_seconds_count_from_the_first_frame_or_on_a_clock_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "trials.csv").write_text("start_s,stop_s\n6,7\n")
    times = 5.0 + np.arange(100) / 10.0
    assert read_trials(tmp_path / "trials.csv", 10.0, times) == [(60, 70)]
    own = read_trials(tmp_path / "trials.csv", 10.0, times, from_first=False)
    assert own == [(10, 20)]
