"""The cells of a simulated movie: where they are, who drives whom, and what each does."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_sparsevar.movie.simulation import tissue
from napari_sparsevar.movie.simulation.activity import fire, own_rates, rates_of
from napari_sparsevar.movie.simulation.anatomy import draw_rings
from napari_sparsevar.movie.simulation.inputs import Inputs, draw_inputs
from napari_sparsevar.movie.simulation.kinetics import light_of, slowest_s
from napari_sparsevar.movie.simulation.regime import Regime
from napari_sparsevar.movie.simulation.wiring import Connections, connect, elaborate

# Seconds of activity before the first frame, in units of the decay: calcium starts in balance.
_WARM_UP_DECAYS = 10.0
_BRIGHTNESS_SIGMA = 0.3

# One stream for each part: adding a frame, more noise or a nuisance does not change another part.
# New ones go to the end, or every seed gives another movie.
_STREAMS = (
    "scatter",
    "shapes",
    "wiring",
    "events",
    "slow",
    "elaborate",
    "rates",
    "amplitudes",
    "sizes",
    "kinetics",
    "silence",
    "state",
    "bursts",
    "stimuli",
    "hidden",
    "out_of_focus",
    "neuropil",
    "motion",
    "axial_motion",
)

Streams = dict[str, np.random.Generator]


class Activity(NamedTuple):
    """What cells do.

    Attributes
    ----------
    events : ndarray of float32, shape (T, n_cells)
        Size of the event in each frame.
    light : ndarray of float32, shape (T, n_cells)
        Above rest, in standard deviations of a typical cell.
    inputs : Inputs
        What reached the cells.
    cells : dict of ndarray, shape (n_cells,)
        What is known of each cell, by name.
    """

    events: NDArray[np.float32]
    light: NDArray[np.float32]
    inputs: Inputs
    cells: dict[str, NDArray[np.float32]]


class Population(NamedTuple):
    """Cells and what they do.

    Attributes
    ----------
    centres : ndarray of float32, shape (n_cells, 2)
    footprints : ndarray of float32, shape (n_cells, Y, X)
    brightness, amplitude : ndarray of float32, shape (n_cells,)
        What light at rest and light of activity are multiplied by.
    wiring : Connections
    activity : Activity
    """

    centres: NDArray[np.float32]
    footprints: NDArray[np.float32]
    brightness: NDArray[np.float32]
    amplitude: NDArray[np.float32]
    wiring: Connections
    activity: Activity


def streams_of(seed: int) -> Streams:
    """Return a source of chance for each part of a movie."""
    children = np.random.SeedSequence(seed).spawn(len(_STREAMS))
    return {
        name: np.random.default_rng(child) for name, child in zip(_STREAMS, children, strict=True)
    }


def populate(
    n_frames: int,
    regime: Regime,
    streams: Streams,
    *,
    later_share: float = 1.0,
    decay_s: float = 0.5,
    cell_radius_px: float = 3.0,
) -> Population:
    """Place cells, wire them and let them act.

    Parameters
    ----------
    n_frames : int
        Number of frames T.
    regime : Regime
        Field, cells, rates and nuisances.
    streams : dict of numpy.random.Generator
        As `streams_of` returns them.
    later_share : float
        How much of the coupling there is in the second half, from 0 to 1.
    decay_s : float
        Decay of calcium, where kinetics do not say another.
    cell_radius_px : float
        Radius of a cell, where its anatomy does not say another.
    """
    centres, footprints = _cells(regime, streams, cell_radius_px)
    # Where cells overlap it is a matter of chance whether one drives its neighbour.
    apart = 0.0 if regime.nuisances.anatomy else 2 * (2 * cell_radius_px + 1)
    wiring = connect(
        centres,
        regime.n_drivers,
        regime.n_followers,
        regime.coupling,
        apart,
        streams["wiring"],
    )
    if regime.nuisances.wiring:
        wiring = elaborate(
            wiring, regime.nuisances.wiring, regime.coupling, regime.fps, streams["elaborate"]
        )
    activity = act(n_frames, wiring, regime, streams, later_share=later_share, decay_s=decay_s)
    drawn = streams["shapes"].standard_normal(len(centres))
    brightness = np.exp(_BRIGHTNESS_SIGMA * drawn).astype(np.float32)
    amplitude = brightness
    if spread := regime.nuisances.spread:
        drawn = streams["amplitudes"].standard_normal(len(centres))
        amplitude = brightness * np.exp(spread.amplitude_sigma * drawn).astype(np.float32)
    return Population(centres, footprints, brightness, amplitude, wiring, activity)


def act(
    n_frames: int,
    wiring: Connections,
    regime: Regime,
    streams: Streams,
    *,
    later_share: float = 1.0,
    decay_s: float = 0.5,
) -> Activity:
    """Let cells fire, and calcium follow; arguments as of `populate`."""
    nuisances, fps, n_cells = regime.nuisances, regime.fps, len(wiring.coupling)
    warm_up = int(np.ceil(_WARM_UP_DECAYS * slowest_s(nuisances.kinetics, decay_s) * fps))
    share = np.ones(n_frames + warm_up, dtype=np.float32)
    share[warm_up + n_frames // 2 :] = later_share
    rates = rates_of(n_cells, regime.event_rate_hz, nuisances.spread, fps, streams["rates"])
    alike = nuisances.spread is None and nuisances.wiring is None
    own: float | NDArray[np.float64] = float(rates[0]) if alike else own_rates(rates, wiring)
    inputs = draw_inputs(nuisances, len(share), n_cells, fps, streams)
    if inputs.factor is not None:
        own = np.minimum(own * inputs.factor, 0.5)
    events = fire(
        len(share),
        wiring,
        own,
        streams["events"],
        share=share,
        evoked=inputs.evoked,
        silence=streams["silence"],
    ).astype(np.float32)
    if nuisances.spread and nuisances.spread.event_cv > 0:
        variance = nuisances.spread.event_cv**2
        events *= streams["sizes"].gamma(1 / variance, variance, events.shape).astype(np.float32)
    light, cells = light_of(events, nuisances.kinetics, decay_s, fps, streams["kinetics"])
    return Activity(
        events[warm_up:],
        _scaled(light[warm_up:], alike=nuisances.spread is None),
        inputs.from_frame(warm_up),
        {"rate_hz": (rates * fps).astype(np.float32), **cells, **inputs.cells},
    )


def _cells(
    regime: Regime, streams: Streams, radius_px: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return centres and footprints."""
    anatomy, shape = regime.nuisances.anatomy, regime.shape
    diameter = sum(anatomy.diameter_px) / 2 if anatomy else 2 * radius_px
    centres = tissue.place_cells(
        shape,
        regime.n_cells,
        min_distance_px=anatomy.spacing * diameter if anatomy else diameter + 1,
        margin_px=diameter / 2,
        rng=streams["scatter"],
    )
    if anatomy:
        return centres, draw_rings(shape, centres, anatomy, streams["shapes"])
    return centres, tissue.draw_footprints(shape, centres, radius_px, streams["shapes"])


def _scaled(light: NDArray[np.float64], *, alike: bool) -> NDArray[np.float32]:
    """Return light in units of its standard deviation: of each cell, or of a typical one."""
    spread = light.std(axis=0)
    # In a movie of a few frames a cell may never fire: it stays dark.
    unit = np.where(spread > 0, spread, 1.0)
    if not alike and spread.any():
        unit = np.median(spread[spread > 0], keepdims=True)
    return np.asarray(light / unit, dtype=np.float32)
