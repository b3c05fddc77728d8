"""What is known of a simulated movie."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_sparsevar.disk.files import explain, replacing
from napari_sparsevar.errors import UserError


@dataclass(frozen=True, eq=False)
class Truth:
    """Cells, their activity and who drives whom in a simulated movie.

    Parameters
    ----------
    footprints : ndarray of float32, shape (n_cells, Y, X)
        Share of each cell's signal in each pixel, 1 at its brightest pixel.
    centres : ndarray of float32, shape (n_cells, 2)
        Row and column of each cell in pixels.
    traces : ndarray of float32, shape (T, n_cells)
        Calcium signal in grey values, without noise; ``traces @ footprints`` is in the movie.
    coupling : ndarray of float32, shape (n_cells, n_cells)
        ``coupling[source, target]``: probability that an event of the source evokes one of the
        target a frame later; 0 where there is no connection.
    drivers : ndarray of int64, shape (n_drivers,)
        Indices of the cells that drive others, ascending.
    """

    footprints: NDArray[np.float32]
    centres: NDArray[np.float32]
    traces: NDArray[np.float32]
    coupling: NDArray[np.float32]
    drivers: NDArray[np.int64]

    @property
    def is_driver(self) -> NDArray[np.bool_]:
        """Whether each cell is a driver, shape (n_cells,)."""
        flags = np.zeros(len(self.centres), dtype=bool)
        flags[self.drivers] = True
        return flags

    @property
    def followers(self) -> NDArray[np.int64]:
        """Indices of the cells that are driven by another, ascending."""
        return np.flatnonzero(self.coupling.any(axis=0)).astype(np.int64)

    @property
    def driver_mask(self) -> NDArray[np.bool_]:
        """Pixels that belong to a driver, shape (Y, X): at least half its brightest."""
        return np.asarray((self.footprints[self.drivers] >= 0.5).any(axis=0))

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write everything to one NumPy archive, whole or not at all.

        Parameters
        ----------
        path : str or pathlib.Path
            The ``.npz`` file to write.
        overwrite : bool
            Whether an existing file may be replaced.

        Raises
        ------
        UserError
            If the file exists or cannot be written.
        """
        arrays = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        with (
            replacing(Path(path), overwrite=overwrite) as temporary,
            temporary.open("wb") as file,
        ):
            np.savez_compressed(file, **arrays)

    @classmethod
    def load(cls, path: str | Path) -> Truth:
        """Read what `save` wrote.

        Parameters
        ----------
        path : str or pathlib.Path
            The ``.npz`` file to read; nothing in it is unpickled.

        Returns
        -------
        Truth
            The same arrays.

        Raises
        ------
        UserError
            If the file cannot be read or holds something else.
        """
        try:
            with np.load(path, allow_pickle=False) as archive:
                return cls(**{entry.name: archive[entry.name] for entry in fields(cls)})
        except OSError as error:
            raise UserError(f"Cannot read {path}: {explain(error)}.") from error
        except (ValueError, KeyError, TypeError, AttributeError, EOFError, zipfile.BadZipFile):
            raise UserError(
                f"{path} does not hold the truth of a simulated movie; "
                "give the .npz file that the simulation wrote."
            ) from None
