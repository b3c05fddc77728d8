"""One list of windows: labels of their own, colours for life, room for the next."""

import pytest

from napari_sparsevar.comparison.windows import Window
from napari_sparsevar.errors import UserError
from napari_sparsevar.widgets.comparing.windows import MarkedWindows, united


@pytest.fixture
def windows():
    windows = MarkedWindows()
    windows.add([(0, 10)])
    windows.add([(20, 30)])
    windows.add([(40, 50)])
    return windows


def labels(windows):
    return [window.label for window in windows]


def test_the_next_free_letter(windows):
    assert labels(windows) == ["A", "B", "C"]
    windows.remove("B")
    assert windows.add([(60, 70)]).label == "B"


def test_after_z_come_two_letters():
    windows = MarkedWindows()
    for frame in range(28):
        windows.add([(2 * frame, 2 * frame + 1)])
    assert labels(windows)[-3:] == ["Z", "AA", "AB"]


def test_every_change_is_told(windows):
    told = []
    windows.changed.connect(lambda: told.append(labels(windows)))
    windows.add([(60, 70)], "late")
    windows.replace("A", [(1, 10)])
    windows.rename("A", "first")
    windows.remove("B")
    windows.set_all([Window("x", ((0, 1),))])
    assert told == [
        ["A", "B", "C", "late"],
        ["A", "B", "C", "late"],
        ["first", "B", "C", "late"],
        ["first", "C", "late"],
        ["x"],
    ]


def test_the_same_frames_again_are_no_change(windows):
    told = []
    windows.changed.connect(lambda: told.append(1))
    windows.replace("A", [(0, 10)])
    assert not told


def test_a_colour_stays_when_other_windows_go_or_labels_change(windows):
    colour = windows.colour_index("C")
    windows.remove("A")
    windows.rename("C", "stimulus")
    assert windows.colour_index("stimulus") == colour
    assert windows.add([(60, 70)]).label == "A"
    assert len({windows.colour_index(label) for label in labels(windows)}) == 3


def test_no_two_windows_of_one_label(windows):
    with pytest.raises(UserError, match="There is a window called B already"):
        windows.rename("A", "B")
    with pytest.raises(UserError, match="already"):
        windows.add([(60, 70)], "C")
    with pytest.raises(UserError, match="needs a label"):
        windows.rename("A", "  ")
    assert labels(windows) == ["A", "B", "C"]


def test_the_new_window_is_selected_and_the_neighbour_of_a_removed_one(windows):
    assert windows.selected == "C"
    windows.select("B")
    windows.remove("B")
    assert windows.selected == "C"
    windows.remove("C")
    assert windows.selected == "A"
    windows.remove("A")
    assert windows.selected is None


def test_selection_follows_a_new_label(windows):
    told = []
    windows.selection_changed.connect(told.append)
    windows.rename("C", "new")
    assert windows.selected == "new"
    assert told == ["new"]


def test_pieces_that_overlap_become_one_and_trials_that_touch_stay_two():
    assert united([(10, 20), (0, 12)]) == ((0, 20),)
    assert united([(10, 20), (0, 10)]) == ((0, 10), (10, 20))
    assert united([(0, 30), (5, 10), (40, 50)]) == ((0, 30), (40, 50))


def test_a_new_window_goes_where_there_is_room_in_sight(windows):
    start, stop = windows.room(200)
    assert 50 <= start < stop <= 200
    windows.seen = (8.4, 22.2)
    start, stop = windows.room(200)
    assert 10 <= start < stop <= 20


def test_a_new_window_is_in_the_movie_even_where_there_is_no_room():
    windows = MarkedWindows()
    windows.add([(0, 5)])
    windows.seen = (-30.0, 900.0)
    start, stop = windows.room(5)
    assert 0 <= start < stop <= 5
