"""Playing events: from before to after, one after the other, until somebody takes the slider."""

import numpy as np
import pytest

from napari_sparsevar.widgets.layers.frames import Frames
from napari_sparsevar.widgets.timeline.event_player import EventPlayer

pytestmark = pytest.mark.windowless

FPS = 200.0


@pytest.fixture
def player():
    player = EventPlayer()
    yield player
    player.stop()


@pytest.fixture
def frames(viewer):
    """A movie fast enough for its events to be over soon."""
    viewer.add_image(
        np.zeros((3000, 4, 4), np.uint8), scale=(1 / FPS, 1, 1), contrast_limits=(0, 1)
    )
    viewer.dims.set_point(0, 0)
    return Frames(3000, FPS, -3, 1 / FPS, 0.0)


def test_it_plays_from_a_second_before_to_two_after(qtbot, viewer, frames, player):
    seen = []
    viewer.dims.events.point.connect(lambda _: seen.append(frames.shown(viewer)))
    player.play_next(viewer, frames, np.array([1000, 2000]))
    assert frames.shown(viewer) == 800
    qtbot.waitUntil(lambda: not player.playing, timeout=10_000)
    assert frames.shown(viewer) == 1400
    assert seen == sorted(seen)
    # 600 frames in 3 s at no more than 30 steps a second.
    assert 5 < len(seen) <= 95


def test_the_next_call_plays_the_next_event_and_begins_again_after_the_last(viewer, frames, player):
    events, starts = np.array([1000, 1100, 2000]), []
    for _ in range(4):
        player.play_next(viewer, frames, events)
        starts.append(frames.shown(viewer))
    assert starts == [800, 900, 1800, 800]
    player.stop()
    viewer.dims.set_point(0, 1500 / FPS)
    player.play_next(viewer, frames, events)
    assert frames.shown(viewer) == 1800


def test_moving_the_slider_by_hand_stops_it(qtbot, viewer, frames, player):
    player.play_next(viewer, frames, np.array([1000]))
    qtbot.waitUntil(lambda: frames.shown(viewer) > 800, timeout=5000)
    assert player.playing
    viewer.dims.set_point(0, 100 / FPS)
    assert not player.playing
    qtbot.wait(100)
    assert frames.shown(viewer) == 100


def test_at_the_ends_of_the_movie_it_plays_what_there_is(qtbot, viewer, frames, player):
    player.play_next(viewer, frames, np.array([50]))
    assert frames.shown(viewer) == 0
    player.stop()
    player.play_next(viewer, frames, np.array([2990]))
    qtbot.waitUntil(lambda: not player.playing, timeout=10_000)
    assert frames.shown(viewer) == 2999


def test_without_a_rate_it_takes_fifteen_frames_for_a_second(viewer, frames, player):
    player.play_next(viewer, Frames(3000, None, -3, 1 / FPS, 0.0), np.array([1000]))
    assert frames.shown(viewer) == 985


def test_without_events_nothing_moves(viewer, frames, player):
    player.play_next(viewer, frames, np.empty(0, int))
    assert not player.playing
    assert frames.shown(viewer) == 0
