"""What an average around events says, in words."""

from __future__ import annotations

from napari_sparsevar.analysis.evidence.event_average import (
    APART_S,
    EVENT_HEIGHT,
    FEWEST,
    OUTSIDE,
    SHUFFLES,
    EventAverage,
    Window,
)


def event_sentences(
    found: EventAverage | None, n_events: int, source: str, target: str, fps: float | None
) -> str:
    """Return how many events there are, and whether the target follows them.

    Parameters
    ----------
    found : EventAverage or None
    n_events : int
        Of the whole movie.
    source, target : str
        Their names.
    fps : float or None
    """
    if found is None:
        return _why_none(n_events, source)
    apart = f"{APART_S:g} s" if fps else f"{Window.of(fps).apart} frames"
    events = (
        f"{found.n_events} events of {source}: peaks of what its own past does not foretell, above "
        f"{EVENT_HEIGHT:g} robust s.d. and at least {apart} apart."
    )
    return f"{events} {_what_follows(found, target, fps)}"


def _why_none(n_events: int, source: str) -> str:
    if n_events < FEWEST:
        some = f"{n_events} event{'' if n_events == 1 else 's'}" if n_events else "no event"
        return (
            f"{source} has {some} that stands out: for an average there must be at least {FEWEST}. "
            "Choose a more active place, or record for longer."
        )
    return "The movie is too short to shuffle the events in time: record for longer."


def _what_follows(found: EventAverage, target: str, fps: float | None) -> str:
    outside, frames = int(found.outside[found.later].sum()), int(found.later.sum())
    share = f"{outside} of {frames} frames after the event"
    if found.follows:
        return (
            f"{target} follows: it leaves the band in {share}, most after "
            f"{_time(found.peak, fps)}, and goes farther than {found.rank} of {SHUFFLES} averages "
            "around shuffled events."
        )
    if found.stands_out:
        when = (
            f"{_time(-found.peak, fps)} before the event: it comes first, or"
            if found.peak
            else "in the same frame: light that both share, or"
        )
        return f"{target} does not follow, it stands out most {when} something else drives both."
    by_chance = round(frames * 2 * OUTSIDE / (SHUFFLES + 1))
    return (
        f"{target} does nothing after them that it does not do after shuffled events: outside of "
        f"the band in {share} (by chance about {by_chance})."
    )


def _time(lag: int, fps: float | None) -> str:
    if fps:
        return f"{1000 * lag / fps:.0f} ms"
    return f"{lag} frame{'' if lag == 1 else 's'}"
