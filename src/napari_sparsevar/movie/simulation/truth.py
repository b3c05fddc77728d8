"""What is known of a simulated movie."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_sparsevar.disk.files import explain, replacing
from napari_sparsevar.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

_SETTINGS = "settings"  # the one entry that is no array: JSON
_IN = "/"  # between the name of a dict and that of an entry, in a file


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
        Calcium signal in grey values, without noise; ``traces @ footprints`` is in the movie,
        before light is bleached and the field moves.
    coupling : ndarray of float32, shape (n_cells, n_cells)
        ``coupling[source, target]``: probability that an event of the source evokes one of the
        target `lags` frames later; below 0, that it silences one; 0 where there is no connection.
    drivers : ndarray of int64, shape (n_drivers,)
        Indices of the cells that drive others, ascending.
    lags : ndarray of int64, shape (n_cells, n_cells), optional
        Frames from source to target; 0 where there is no connection. One frame if not given.
    events : ndarray of float32, shape (T, n_cells), optional
        Size of each cell's event in each frame, 0 for none.
    cells : dict of ndarray, shape (n_cells,)
        What is known of each cell: ``rate_hz`` (asked for), ``amplitude``, ``decay_s``,
        ``rise_s``, ``hill``, ``running_gain``, ``latency_s`` (NaN: answers no stimulus).
    shared : dict of ndarray, shape (T,)
        What reached many cells: ``running``, ``burst``, ``stimulus``, ``hidden cell 1`` ...
    hidden_coupling, hidden_lags : ndarray, shape (n_hidden, n_cells), optional
        As `coupling` and `lags`, of the cells that are not in the field.
    neuropil : ndarray of float32, shape (T, n_cells), optional
        Light of the neuropil that follows cells, in grey values, at the centre of each cell.
    motion : ndarray of float32, shape (T, 2), optional
        Where the field lies in each frame: y and x in pixels.
    out_of_plane : ndarray of float32, shape (T,), optional
        Share of each frame that is blurred.
    light_left : ndarray of float32, shape (T,), optional
        Share of the light that is not bleached.
    out_of_focus_centres : ndarray of float32, shape (n, 2), optional
        Row and column of each blurred cell.
    out_of_focus_traces : ndarray of float32, shape (T, n), optional
        Their signal in grey values.
    settings : dict
        What was asked for: seed, field, rates, nuisances with all of their settings.
    """

    footprints: NDArray[np.float32]
    centres: NDArray[np.float32]
    traces: NDArray[np.float32]
    coupling: NDArray[np.float32]
    drivers: NDArray[np.int64]
    lags: NDArray[np.int64] | None = None
    events: NDArray[np.float32] | None = None
    cells: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    shared: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    hidden_coupling: NDArray[np.float32] | None = None
    hidden_lags: NDArray[np.int64] | None = None
    neuropil: NDArray[np.float32] | None = None
    motion: NDArray[np.float32] | None = None
    out_of_plane: NDArray[np.float32] | None = None
    light_left: NDArray[np.float32] | None = None
    out_of_focus_centres: NDArray[np.float32] | None = None
    out_of_focus_traces: NDArray[np.float32] | None = None
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def edges(self) -> pd.DataFrame:
        """Connections, a row each: source, target, coupling (below 0: silences), lag in frames."""
        import pandas as pd

        source, target = np.nonzero(self.coupling)
        lags = np.ones_like(self.coupling, np.int64) if self.lags is None else self.lags
        return pd.DataFrame(
            {
                "source": source,
                "target": target,
                "coupling": self.coupling[source, target],
                "lag": lags[source, target],
            }
        )

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
        arrays: dict[str, Any] = {}
        for entry in fields(self):
            value = getattr(self, entry.name)
            if entry.name == _SETTINGS:
                arrays[_SETTINGS] = np.array(json.dumps(value, default=_plain))
            elif isinstance(value, dict):
                arrays |= {f"{entry.name}{_IN}{name}": each for name, each in value.items()}
            elif value is not None:
                arrays[entry.name] = value
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
                return cls(**_arranged({name: archive[name] for name in archive.files}))
        except OSError as error:
            raise UserError(f"Cannot read {path}: {explain(error)}.") from error
        except (ValueError, KeyError, TypeError, AttributeError, EOFError, zipfile.BadZipFile):
            raise UserError(
                f"{path} does not hold the truth of a simulated movie; "
                "give the .npz file that the simulation wrote."
            ) from None


def _plain(number: np.generic) -> Any:
    """Return what JSON knows of a number of NumPy's."""
    return number.item()


def _arranged(arrays: dict[str, Any]) -> dict[str, Any]:
    """Return arrays of a file by the name of what holds them."""
    held: dict[str, Any] = {}
    for name, array in arrays.items():
        place, inside, entry = name.partition(_IN)
        if name == _SETTINGS:
            held[name] = json.loads(str(array))
        elif inside:
            held.setdefault(place, {})[entry] = array
        else:
            held[name] = array
    return held
