"""When cells fire, who makes whom fire, and the calcium that follows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from napari_sparsevar.errors import UserError

# Seconds of activity before the first frame, in units of the decay: calcium starts in balance.
_WARM_UP_DECAYS = 10.0


def connect(
    centres: NDArray[np.float32],
    n_drivers: int,
    n_followers: int,
    coupling: float,
    min_distance_px: float,
    rng: np.random.Generator,
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Choose drivers and the followers of each.

    Parameters
    ----------
    centres : ndarray, shape (n_cells, 2)
        Row and column of each cell in pixels.
    n_drivers, n_followers : int
        How many drivers, and how many followers each drives. No follower has two drivers
        while there are cells enough.
    coupling : float
        Strength of every connection, from 0 to 1.
    min_distance_px : float
        Followers are at least this far from their driver where there are such cells, so that
        an influence is never a matter of light spilling into the next cell.
    rng : numpy.random.Generator
        Source of all choices.

    Returns
    -------
    drivers : ndarray of int64, shape (n_drivers,)
        Ascending indices.
    matrix : ndarray of float32, shape (n_cells, n_cells)
        Coupling from source (row) to target (column).

    Raises
    ------
    UserError
        If there are too few cells, or a follower would be driven with probability above 1.
    """
    n_cells = len(centres)
    if n_drivers + n_followers > n_cells:
        raise UserError(
            f"{n_drivers} drivers with {n_followers} followers each need at least "
            f"{n_drivers + n_followers} cells; raise n_cells ({n_cells}) or ask for fewer."
        )
    drivers = np.sort(rng.choice(n_cells, size=n_drivers, replace=False)).astype(np.int64)
    matrix = np.zeros((n_cells, n_cells), dtype=np.float32)
    pool = np.setdiff1d(np.arange(n_cells), drivers)
    for driver in drivers:
        distance = np.linalg.norm(centres[pool] - centres[driver], axis=1)
        # Cells with fewer drivers first, then the distant ones, then by lot.
        order = np.lexsort(
            (
                rng.random(len(pool)),
                np.where(distance >= min_distance_px, 0.0, -distance + 2 * min_distance_px),
                np.count_nonzero(matrix[:, pool], axis=0),
            )
        )
        matrix[driver, pool[order[:n_followers]]] = coupling
    if matrix.sum(axis=0).max(initial=0.0) > 1.0 + 1e-6:
        raise UserError(
            "Some followers have so many drivers that their coupling adds up to more than 1; "
            "lower the coupling or raise n_cells."
        )
    return drivers, matrix


def fire(
    n_frames: int,
    matrix: NDArray[np.float32],
    rate: float,
    rng: np.random.Generator,
    share: NDArray[np.float32] | float = 1.0,
) -> NDArray[np.bool_]:
    """Draw events of all cells; a follower repeats its driver's last frame now and then.

    In every frame a follower copies what its driver did one frame before with the probability
    of their coupling, and otherwise fires by itself. Seen alone, every cell is therefore the
    same coin tossed independently in every frame: no statistic of a single trace can tell a
    driver, a follower and a bystander apart.

    Parameters
    ----------
    n_frames : int
        Number of frames T.
    matrix : ndarray, shape (n_cells, n_cells)
        Coupling from source (row) to target (column); sources have no drivers themselves.
    rate : float
        Probability of an event in a frame, the same for all cells.
    rng : numpy.random.Generator
        Source of all events.
    share : float or ndarray of float32, shape (T,)
        How much of the coupling there is in each frame, from 0 to 1.

    Returns
    -------
    ndarray of bool, shape (T, n_cells)
        Whether a cell fires in a frame.
    """
    n_cells = len(matrix)
    events = rng.random((n_frames + 1, n_cells), dtype=np.float32) < rate
    chance = rng.random((n_frames, n_cells), dtype=np.float32)
    for target in np.flatnonzero(matrix.any(axis=0)):
        lower = np.zeros(n_frames, dtype=np.float32)
        for source in np.flatnonzero(matrix[:, target]):
            upper = lower + share * matrix[source, target]
            copies = (chance[:, target] >= lower) & (chance[:, target] < upper)
            events[1:, target][copies] = events[:-1, source][copies]
            lower = upper
    return events[1:]


def calcium(
    n_frames: int,
    matrix: NDArray[np.float32],
    *,
    fps: float,
    decay_s: float,
    event_rate_hz: float,
    rng: np.random.Generator,
    later_share: float = 1.0,
) -> NDArray[np.float32]:
    """Simulate calcium: every event adds a step that decays exponentially.

    Parameters
    ----------
    n_frames : int
        Number of frames T.
    matrix : ndarray, shape (n_cells, n_cells)
        Coupling from source (row) to target (column).
    fps : float
        Frames per second.
    decay_s : float
        Time constant of the decay in seconds.
    event_rate_hz : float
        Events per second and cell.
    rng : numpy.random.Generator
        Source of all events.
    later_share : float
        How much of the coupling there is in the second half, from 0 to 1.

    Returns
    -------
    ndarray of float32, shape (T, n_cells)
        Calcium above rest, scaled to a standard deviation of 1 for each cell.

    Raises
    ------
    UserError
        If the rate asks for an event in more than half of the frames.
    """
    rate = event_rate_hz / fps
    if not 0.0 < rate <= 0.5:
        raise UserError(
            f"{event_rate_hz:g} events per second at {fps:g} frames per second is not possible; "
            "choose a positive event_rate_hz of at most half the frame rate."
        )
    warm_up = int(np.ceil(_WARM_UP_DECAYS * decay_s * fps))
    share = np.ones(n_frames + warm_up, dtype=np.float32)
    share[warm_up + n_frames // 2 :] = later_share
    events = fire(n_frames + warm_up, matrix, rate, rng, share).astype(np.float32)
    decay = np.exp(-1.0 / (decay_s * fps)) if decay_s > 0 else 0.0
    traces = lfilter([1.0], [1.0, -decay], events, axis=0)[warm_up:]
    spread = traces.std(axis=0)
    # In a movie of a few frames a cell may never fire: it stays dark.
    scaled: NDArray[np.float32] = (traces / np.where(spread > 0, spread, 1.0)).astype(np.float32)
    return scaled
