"""What makes the activity of cells hard to read."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from napari_sparsevar.movie.simulation.nuisances.kind import (
    Amount,
    Count,
    Frames,
    Nuisance,
    Positive,
    PositiveRange,
    Range,
    Share,
)


class Wiring(Nuisance):
    """Who drives whom is more than drivers and followers.

    Attributes
    ----------
    lags : (int, int)
        Frames from an event of a driver to what it does, drawn for each connection; at least 1.
    inhibitory : float
        Share of the drivers that silence their followers instead: a cell does one or the other.
        The average influence of a cell of V1 is inhibitory (Chettih & Harvey 2019, Nature 567:334).
    inhibition : float
        Probability that an event of a follower is silenced.
    inhibition_s : float
        For so long after an event of its driver.
    chains : int
        Drivers of which a follower drives a further cell.
    mutual : int
        Drivers that one of their followers drives back.
    """

    lags: Frames = (1, 4)
    inhibitory: Share = 0.25
    inhibition: Share = 0.9
    inhibition_s: Positive = 0.3
    chains: Count = 1
    mutual: Count = 1


class Spread(Nuisance):
    """Cells differ in rate and brightness, whatever their role.

    Both are log-normal (Buzsáki & Mizuseki 2014, Nat. Rev. Neurosci. 15:264).

    Attributes
    ----------
    rate_sigma, amplitude_sigma : float
        Standard deviation of the logarithm, of the rate of events and of the light of an event.
    rates_hz : (float, float)
        Rates beyond are set to these.
    event_cv : float
        Standard deviation of the size of events of one cell, in units of their mean.
    """

    rate_sigma: Amount = 1.0
    amplitude_sigma: Amount = 0.6
    rates_hz: PositiveRange = (0.1, 5.0)
    event_cv: Amount = 0.5


class Kinetics(Nuisance):
    """Light rises, decays and saturates as that of an indicator, each cell in its own time.

    An event lets :math:`c` rise and decay as :math:`(1 - e^{-t/r}) e^{-t/d}`, scaled to a peak of
    1; the light is :math:`c^h / (c^h + k^h)`. With the default rise and decay an event of GCaMP6s
    peaks after 0.16 s, of GCaMP6f after 0.05 s (0.18 and 0.045 s after one action potential in V1;
    half decays of 0.55 and 0.14 s; Hill coefficients 2.90 and 2.27; Chen et al. 2013, Nature
    499:295). jGCaMP8m rises within milliseconds (Hill coefficient 1.92; Zhang et al. 2023, Nature
    615:884).

    Attributes
    ----------
    indicator : {"GCaMP6s", "GCaMP6f", "jGCaMP8m"}
        Says what the next three are where they are not given.
    rise_s : float, optional
        r in seconds.
    decay_s : (float, float), optional
        d in seconds, drawn for each cell.
    hill : float, optional
        h; 1 for none.
    half : float
        k: how many events at once give half of the light there can be.
    """

    indicator: Literal["GCaMP6s", "GCaMP6f", "jGCaMP8m"] = "GCaMP6s"
    rise_s: Positive | None = None
    decay_s: PositiveRange | None = None
    hill: Positive | None = None
    half: Positive = 1.0


class State(Nuisance):
    """Running bouts raise the rates of all cells, of each in its own measure.

    Rates of V1 more than double when a mouse runs (Niell & Stryker 2010, Neuron 65:472).

    Attributes
    ----------
    share : float
        Of the time.
    bout_s : (float, float)
        Length of a bout.
    gain : (float, float)
        By what rates are multiplied.
    """

    share: Annotated[float, Field(gt=0, lt=1)] = 0.3
    bout_s: PositiveRange = (2.0, 10.0)
    gain: PositiveRange = (1.0, 4.0)


class Bursts(Nuisance):
    """Bursts of the whole field.

    Attributes
    ----------
    per_minute : float
        How often.
    takes_part : float
        Probability that a cell fires in one.
    within_s : float
        They all fire within this time.
    """

    per_minute: Amount = 6.0
    takes_part: Share = 0.5
    within_s: Amount = 0.1


class Stimuli(Nuisance):
    """Stimuli that part of the cells answer, each after a latency of its own.

    Attributes
    ----------
    per_minute : float
        How often, at random times.
    answering : float
        Share of the cells that answer.
    probability : float
        That such a cell answers one.
    latency_s : (float, float)
        From the stimulus to the answer, drawn for each cell.
    """

    per_minute: Amount = 20.0
    answering: Share = 0.5
    probability: Share = 0.7
    latency_s: Range = (0.0, 0.4)


class Hidden(Nuisance):
    """Cells outside of the field that drive several inside at different delays.

    Attributes
    ----------
    n : int
        How many.
    followers : int
        Cells that each drives.
    rate_hz : float
        Their events a second.
    probability : float
        That an event of theirs evokes one of a follower.
    delay_s : (float, float)
        From one to the other, drawn for each connection.
    """

    n: Count = 2
    followers: Count = 4
    rate_hz: Amount = 1.0
    probability: Share = 0.5
    delay_s: Range = (0.03, 0.3)
