"""Who drives whom, how strongly and how much later."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.simulation.nuisances.activity import Wiring


class Connections(NamedTuple):
    """The network.

    Attributes
    ----------
    coupling : ndarray of float32, shape (n_cells, n_cells)
        From source (row) to target (column): probability that an event of the source evokes one
        of the target, or, below 0, that it silences one.
    lags : ndarray of int64, shape (n_cells, n_cells)
        Frames from one to the other; 0 where there is no connection.
    drivers : ndarray of int64, shape (n_drivers,)
        Cells that drive others, ascending.
    window : int
        Frames for which an event silences.
    """

    coupling: NDArray[np.float32]
    lags: NDArray[np.int64]
    drivers: NDArray[np.int64]
    window: int = 1


def unconnected(n_cells: int) -> Connections:
    """Return cells of which none drives another."""
    none = np.zeros((n_cells, n_cells), dtype=np.int64)
    return Connections(none.astype(np.float32), none, np.zeros(0, dtype=np.int64))


def connect(
    centres: NDArray[np.float32],
    n_drivers: int,
    n_followers: int,
    coupling: float,
    min_distance_px: float,
    rng: np.random.Generator,
) -> Connections:
    """Choose drivers and the followers of each, one frame later.

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
    lags = np.zeros((n_cells, n_cells), dtype=np.int64)
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
        followers = pool[order[:n_followers]]
        matrix[driver, followers], lags[driver, followers] = coupling, 1
    return checked(Connections(matrix, lags, drivers))


def elaborate(
    plain: Connections, wiring: Wiring, coupling: float, fps: float, rng: np.random.Generator
) -> Connections:
    """Add lags, drivers that silence, chains and pairs that drive each other.

    Parameters
    ----------
    plain : Connections
        What `connect` chose.
    wiring : Wiring
        How many of each.
    coupling : float
        Strength of what is added.
    fps : float
        Frames per second.
    rng : numpy.random.Generator
        Source of all choices.

    Raises
    ------
    UserError
        If there are not so many drivers, or no cell is left for a chain.
    """
    matrix, drivers = plain.coupling.copy(), rng.permutation(plain.drivers)
    n_silencing = round(wiring.inhibitory * len(drivers))
    exciting = drivers[n_silencing:]
    if max(wiring.chains, wiring.mutual) > len(exciting):
        raise UserError(
            f"chains={wiring.chains} and mutual={wiring.mutual} need as many drivers that do not "
            f"silence, and there are {len(exciting)}: ask for fewer, or for more drivers."
        )
    idle = rng.permutation(np.flatnonzero(~matrix.any(axis=0) & ~matrix.any(axis=1)))
    if wiring.chains > len(idle):
        raise UserError(
            f"chains={wiring.chains} needs as many cells that are neither drivers nor followers, "
            f"and there are {len(idle)}: raise n_cells or ask for fewer."
        )
    silencing = np.isin(np.arange(len(matrix)), drivers[:n_silencing])
    matrix[silencing] = np.where(matrix[silencing] > 0, -np.float32(wiring.inhibition), 0)
    for driver, last in zip(exciting, idle[: wiring.chains], strict=False):
        matrix[rng.choice(np.flatnonzero(plain.coupling[driver])), last] = coupling
    for driver in exciting[::-1][: wiring.mutual]:
        matrix[rng.choice(np.flatnonzero(plain.coupling[driver])), driver] = coupling
    lags = np.where(matrix != 0, rng.integers(*wiring.lags, matrix.shape, endpoint=True), 0)
    driving = np.union1d(plain.drivers, np.flatnonzero(matrix.any(axis=1)))
    window = max(1, round(wiring.inhibition_s * fps))
    return checked(Connections(matrix, lags, driving.astype(np.int64), window))


def checked(connections: Connections) -> Connections:
    """Return connections of which no cell is driven with probability above 1."""
    if np.maximum(connections.coupling, 0).sum(axis=0).max(initial=0.0) > 1.0 + 1e-6:
        raise UserError(
            "Some followers have so many drivers that their coupling adds up to more than 1; "
            "lower the coupling or raise n_cells."
        )
    return connections
