"""Channels that take turns frame by frame in a file that does not say so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.axes import MOST_CHANNELS
from napari_sparsevar.movie.choice import Choice, number_of
from napari_sparsevar.movie.movie import Movie


def of_file(choice: Choice) -> Choice:
    """Return what is left to choose in a file whose channels take turns: not the channel."""
    if choice.channels is None:
        return choice
    return replace(choice, channels=None, channel=None)


def apart(movie: Movie, choice: Choice) -> Movie:
    """Return one of the channels that take turns, as the choice says.

    Parameters
    ----------
    movie : Movie
        All frames, those of the channels one after the other.
    choice : Choice
        With ``channels``, of how many ``channel`` is one; without it the movie stays as it is.

    Returns
    -------
    Movie
        Every so manieth frame. The frame rate is taken as that of each channel.

    Raises
    ------
    UserError
        If the file has channels of its own, or too few frames.
    """
    n = choice.channels
    if n is None or n == 1:
        return movie
    what = str(movie.source or movie.name)
    if movie.offer.channels > 1:
        raise UserError(
            f"{what} keeps its {movie.offer.channels} channels apart; leave channels ({n}) out."
        )
    if movie.n_frames < n:
        raise UserError(f"{what} has fewer frames ({movie.n_frames}) than channels ({n}).")
    channel, notes = number_of(choice.channel, n, "channel", what)
    first, length = (channel or 1) - 1, movie.n_frames // n
    if rest := movie.n_frames - n * length:
        notes += (f"{what} ends in the middle of a turn: its last {rest} frames are left out.",)
    if movie.fps:
        notes += (f"{movie.fps:g} Hz is taken as the rate of each channel of {what}.",)
    kept = slice(first, n * length, n)
    return replace(
        movie,
        data=movie.data[kept],
        times=None if movie.times is None else movie.times[kept],
        jumps=tuple(sorted({at for jump in movie.jumps if (at := (jump - first + n - 1) // n)})),
        notes=(*movie.notes, *notes),
        choice=replace(movie.choice, channel=channel, channels=n),
        offer=replace(movie.offer, channels=n),
    )


def check_channels(channels: Any) -> int | None:
    """Return how many channels take turns.

    Raises
    ------
    UserError
        If it is no such number.
    """
    if channels is None:
        return None
    if isinstance(channels, bool) or channels not in range(1, MOST_CHANNELS + 1):
        raise UserError(f"channels must be a number from 1 to {MOST_CHANNELS}, not {channels!r}.")
    return int(channels)
