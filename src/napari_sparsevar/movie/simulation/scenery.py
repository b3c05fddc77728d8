"""All that frames are made of, from what is asked for and what cells do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from napari_sparsevar.movie.simulation import courses, tissue
from napari_sparsevar.movie.simulation.anatomy import draw_blurred
from napari_sparsevar.movie.simulation.neuropil import neuropil_around
from napari_sparsevar.movie.simulation.nuisances.light import OutOfFocus
from napari_sparsevar.movie.simulation.population import Population, Streams, act
from napari_sparsevar.movie.simulation.regime import Regime
from napari_sparsevar.movie.simulation.rendering import TISSUE, Scene
from napari_sparsevar.movie.simulation.wiring import unconnected

Float32Array = NDArray[np.float32]

_CELL_REST = 0.3  # light of a cell at rest, of that of the tissue
_NEUROPIL_FIELDS, _NEUROPIL_TAU_S = 3, 1.5


class _Blurred(NamedTuple):
    """Cells out of focus: centres (n, 2), footprints (n, Y, X), light above rest (T, n)."""

    centres: Float32Array
    footprints: Float32Array
    traces: Float32Array


def make_scene(
    regime: Regime,
    people: Population,
    traces: Float32Array,
    streams: Streams,
    seed: int,
    neuropil: float,
) -> tuple[Scene, dict[str, Any]]:
    """Put together what frames are made of.

    Parameters
    ----------
    regime : Regime
        Field and nuisances.
    people : Population
        The cells.
    traces : ndarray, shape (T, n_cells)
        Their light above rest.
    streams : dict of numpy.random.Generator
        A source of chance for each part.
    seed : int
        Decides the noise.
    neuropil : float
        Of the kind that does not follow cells; in units of a typical cell's signal.

    Returns
    -------
    scene : Scene
    known : dict
        What `Truth` says besides the cells.
    """
    nuisances, n_frames, signal = regime.nuisances, len(traces), regime.signal * TISSUE
    static, fields = _tissue(regime, people, neuropil * signal, streams["shapes"])
    slow = courses.slow(n_frames, len(fields), _NEUROPIL_TAU_S * regime.fps, streams["slow"])
    blurred = _out_of_focus(regime, people, n_frames, streams)
    static += _rest(regime) * blurred.footprints.sum(axis=0).ravel()
    around = None
    if chosen := nuisances.neuropil:
        where, rng = (regime.shape, people.centres), streams["neuropil"]
        around = neuropil_around(chosen, *where, traces, signal, regime.fps, rng)
    footprints = np.concatenate([people.footprints, blurred.footprints])
    scene = Scene(
        shape=regime.shape,
        seed=seed,
        static=static.astype(np.float32),
        fields=fields,
        courses=slow.astype(np.float32),
        footprints=csr_array(footprints.reshape(len(footprints), -1)),
        traces=np.concatenate([traces, blurred.traces], axis=1),
        noise=regime.noise * signal,
        offset=100.0 + 3.0 * regime.noise * signal,
        left=courses.light_left(nuisances.bleaching, n_frames),
        neuropil=around,
        axial_motion=nuisances.axial_motion,
        line_phase=nuisances.line_phase,
        detector=nuisances.detector,
        **_moving(regime, n_frames, streams),
    )
    return scene, _known(scene, people, blurred)


def _known(scene: Scene, people: Population, blurred: _Blurred) -> dict[str, Any]:
    grey = np.float32(scene.grey)
    around = scene.neuropil
    return {
        "neuropil": None if around is None else around.at(people.centres) * grey,
        "motion": scene.motion,
        "out_of_plane": scene.out_of_plane,
        "light_left": scene.left,
        "out_of_focus_centres": blurred.centres,
        "out_of_focus_traces": blurred.traces * grey,
    }


def _rest(regime: Regime) -> float:
    """Return the light of a cell at rest."""
    anatomy = regime.nuisances.anatomy
    return TISSUE * (anatomy.rest if anatomy else _CELL_REST)


def _tissue(
    regime: Regime, people: Population, amplitude: float, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.floating]]:
    """Return the light at rest (pixels,), and fields of slow neuropil (n_fields, pixels)."""
    shape = regime.shape
    width = min(24.0, 0.25 * max(shape))
    light = tissue.draw_vessels(shape, rng, regime.nuisances.vessels)
    image = TISSUE * light * np.clip(1 + 0.15 * tissue.smooth_field(shape, width, rng), 0.4, 2)
    cells = csr_array(people.footprints.reshape(len(people.centres), -1))
    static = image.ravel() + _rest(regime) * (cells.T @ people.brightness)
    if regime.nuisances.neuropil:
        return static, np.zeros((0, static.size), dtype=np.float32)
    amplitude /= np.sqrt(_NEUROPIL_FIELDS)
    fields = [
        # Neuropil rises and falls together; it differs over space in how much.
        (amplitude * light * (0.6 + 0.8 * tissue.smooth_field(shape, width, rng))).ravel()
        for _ in range(_NEUROPIL_FIELDS)
    ]
    # Of double precision: what they are added to is rounded as it always was.
    return static, np.stack(fields)


def _out_of_focus(regime: Regime, people: Population, n_frames: int, streams: Streams) -> _Blurred:
    """Return cells above and below, which act on their own."""
    rng, chosen = streams["out_of_focus"], regime.nuisances.out_of_focus
    if chosen is None:
        chosen = OutOfFocus(per_cell=0.0)
    n = round(chosen.per_cell * len(people.centres))
    size = float(people.footprints.sum(axis=(1, 2)).mean())
    centres, footprints = draw_blurred(regime.shape, chosen, n, size, rng)
    if not n:
        return _Blurred(centres, footprints, np.zeros((n_frames, 0), np.float32))
    alone = regime.nuisances.without("wiring", "state", "bursts", "stimuli", "hidden")
    activity = act(n_frames, unconnected(n), replace(regime, nuisances=alone), streams)
    brightness = np.exp(0.3 * rng.standard_normal(n)).astype(np.float32)
    return _Blurred(centres, footprints, activity.light * (regime.signal * TISSUE * brightness))


def _moving(regime: Regime, n_frames: int, streams: Streams) -> dict[str, Float32Array]:
    """Return how the field moves."""
    moving, fps = dict[str, Float32Array](), regime.fps
    if motion := regime.nuisances.motion:
        wandering = courses.slow(n_frames, 2, motion.memory_s * fps, streams["motion"])
        moving["motion"] = (motion.px * wandering).astype(np.float32)
    if axial := regime.nuisances.axial_motion:
        rng = streams["axial_motion"]
        moving["out_of_plane"] = courses.out_of_plane(axial, n_frames, fps, rng)
    return moving
