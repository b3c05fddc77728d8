"""What an average around events says, in words."""

from __future__ import annotations

from napari_sparsevar.analysis.evidence.event_average import (
    APART_S,
    EVENT_HEIGHT,
    FEWEST,
    OUTSIDE,
    SHUFFLES,
    EventAverage,
    EventWindow,
)


def event_sentences(
    found: EventAverage | None, n_events: int, source: str, target: str, fps: float | None
) -> str:
    """Return whether the target follows the source, and on how many events that rests.

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
    apart = f"{APART_S:g} s" if fps else f"{EventWindow.of(fps).apart} frames"
    events = (
        f"After {found.n_events} events (innovations above {EVENT_HEIGHT:g} robust s.d., "
        f"{apart} apart)"
    )
    return f"{_verdict(found, source, target, fps)} {events} {_band(found, fps)}"


def _why_none(n_events: int, source: str) -> str:
    if n_events < FEWEST:
        some = f"{n_events} event{'' if n_events == 1 else 's'}" if n_events else "no event"
        return (
            f"“{source}” has {some} that can be averaged over, and at least {FEWEST} are needed: "
            "choose a more active place, or record for longer."
        )
    return "The movie is too short to shuffle the events in time: record for longer."


def _verdict(found: EventAverage, source: str, target: str, fps: float | None) -> str:
    if found.follows:
        return f"“{target}” follows “{source}”."
    if found.precedes:
        when = f"comes {_time(-found.peak, fps)} before it" if found.peak else "is active with it"
        return (
            f"“{target}” does not follow “{source}”, it {when}: the influence goes the other way, "
            "or something else drives both."
        )
    return f"“{target}” does not follow “{source}” beyond chance."


def _band(found: EventAverage, fps: float | None) -> str:
    outside, frames = int(found.outside[found.later].sum()), int(found.later.sum())
    left = f"it is outside of the band in {outside} of the first {frames} frames"
    if found.follows:
        return (
            f"{left}, most after {_time(found.peak, fps)}, and goes farther than "
            f"{found.rank_after} of {SHUFFLES} averages around shuffled events."
        )
    return f"{left}, after shuffled events in about {round(frames * 2 * OUTSIDE / (SHUFFLES + 1))}."


def _time(lag: int, fps: float | None) -> str:
    if fps:
        return f"{1000 * lag / fps:.0f} ms"
    return f"{lag} frame{'' if lag == 1 else 's'}"
