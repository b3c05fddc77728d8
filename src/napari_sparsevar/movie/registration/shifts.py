"""How far the frames of a movie are off, and a frame as it would lie without that."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from napari_sparsevar.disk.files import replacing
from napari_sparsevar.movie.registration.field import Local
from napari_sparsevar.movie.registration.interpolation import moved, moved_freely
from napari_sparsevar.movie.registration.lines import aligned

if TYPE_CHECKING:
    import pandas as pd

FloatArray = npt.NDArray[np.float64]
Float32Array = npt.NDArray[np.float32]
Kind = Literal["rigid", "piecewise"]
KINDS: tuple[Kind, ...] = ("rigid", "piecewise")
Wanted = Literal["auto", "rigid", "piecewise"]
"""``auto`` is rigid for a field that moves, and nothing for one that does not."""

_NUMBERS = ("crispness", "moves", "line_phase", "by_channel")
_STRETCHES = 10
_MOST_POINTS = 1000
"""Of a curve; a longer movie is drawn in means."""
_STILL_PX, _SURE_PX = 0.4, 0.2
"""A movie of which hardly a frame is farther off, or that moves less, is registered already."""


@dataclass(frozen=True, eq=False)
class Shifts:
    """How far each frame of a movie is off.

    Attributes
    ----------
    values : ndarray, shape (T, 2)
        y and x in pixels, of the frame against the template.
    alike, before : ndarray, shape (T,)
        Correlation of each frame with the template, as it is moved back and as it was.
    lost : ndarray of bool, shape (T,)
        Frames that were not recognised; their shift is that of the frames around them.
    crispness : float
        How much larger the slopes of the mean image are than those of the frames as they were.
    moves : float
        Root mean square of the motion in pixels, without what noise makes of it.
    local : Local, optional
        How far parts of a frame are off beyond ``values``.
    line_phase : float
        How far odd lines are off along x against even lines, in pixels; lines are aligned first.
    by_channel : int
        The channel of the file in which this was seen, from 1; 0 for that of the movie itself.
    """

    values: FloatArray
    alike: FloatArray
    before: FloatArray
    lost: npt.NDArray[np.bool_]
    crispness: float = 1.0
    moves: float = np.inf
    local: Local | None = None
    line_phase: float = 0.0
    by_channel: int = 0

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return what is to be kept of it."""
        found: dict[str, Any] = {
            name: getattr(self, name) for name in ("values", "alike", "before", "lost")
        }
        found |= {name: np.array([getattr(self, name)]) for name in _NUMBERS}
        if self.local is not None:
            found |= {name: getattr(self.local, name) for name in ("shifts", "rows", "columns")}
        return {name: np.ascontiguousarray(value) for name, value in found.items()}

    @classmethod
    def of(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Shifts:
        """Return shifts as ``arrays`` gave them.

        Raises
        ------
        KeyError, ValueError
            If they are damaged.
        """
        values = np.asarray(arrays["values"], float)
        n_frames = len(values)
        alike, before, lost = (arrays[name] for name in ("alike", "before", "lost"))
        whole = alike.shape == before.shape == lost.shape == (n_frames,)
        if values.shape != (n_frames, 2) or not whole or not np.isfinite(values).all():
            raise ValueError("shifts are y and x of every frame")
        local = None
        if "shifts" in arrays:
            local = Local(arrays["shifts"], arrays["rows"], arrays["columns"]).checked(n_frames)
        return cls(
            values,
            np.asarray(alike, float),
            np.asarray(before, float),
            lost.astype(bool),
            local=local,
            **{name: arrays[name][0].item() for name in _NUMBERS if name in arrays},
        )

    @property
    def kind(self) -> Kind:
        """How freely frames were moved."""
        return "rigid" if self.local is None else "piecewise"

    @property
    def sizes(self) -> FloatArray:
        """How far each frame is from its middle position, root mean square of its parts, (T,)."""
        away = self.values - np.median(self.values, axis=0)
        if self.local is None:
            return np.asarray(np.hypot(*away.T))
        parts = away[:, None, None] + self.local.shifts
        parts = parts - np.median(parts, axis=0)
        return np.asarray(np.sqrt((parts**2).sum(axis=-1).mean(axis=(1, 2))), float)

    @property
    def largest(self) -> float:
        """Shift from the middle position that one frame in a hundred exceeds, in pixels."""
        return float(np.percentile(self.sizes, 99))

    @property
    def still(self) -> bool:
        """Whether hardly a frame is off, or not beyond what noise makes of it."""
        return self.largest < _STILL_PX or self.moves < _SURE_PX

    def needed(self) -> Shifts | None:
        """Return what is to be moved back, without what noise makes of it; None if nothing is."""
        if not self.still:
            return self
        if not self.line_phase:
            return None
        values, lost = np.zeros_like(self.values), np.zeros_like(self.lost)
        return replace(self, values=values, alike=self.before, lost=lost, local=None)

    def sentence(self) -> str:
        """Say what was done."""
        lines = f" Every other line was off by {self.line_phase:.2f} pixels."
        more = lines if self.line_phase else ""
        if self.by_channel:
            more += f" Motion was estimated on channel {self.by_channel}."
        if not self.values.any() and self.local is None:
            return f"Registered: hardly a frame is off.{more}"
        if n_lost := int(self.lost.sum()):
            more += f" {n_lost} frames were not recognised and moved as those around them."
        parts = "" if self.local is None else " in parts"
        return (
            f"Registered{parts}: one frame in a hundred was off by more than "
            f"{self.largest:.1f} pixels; the correlation with the template rose from "
            f"{self.before.mean():.2f} to {self.alike.mean():.2f}.{more}"
        )

    def quality(self) -> pd.DataFrame:
        """Return how well it went over time: a row for each tenth of the movie.

        Returns
        -------
        DataFrame
            ``frames`` (first and last), ``shift`` and ``largest`` (median and largest in pixels,
            from the middle position), ``before`` and ``after`` (mean correlation of the frames with
            the template), ``lost`` (frames that were not recognised), ``lines`` (line phase in
            pixels, of the whole movie).
        """
        import pandas as pd

        edges = np.linspace(0, len(self.values), _STRETCHES + 1).round().astype(int)
        rows, sizes = [], self.sizes
        for start, stop in itertools.pairwise(edges.tolist()):
            part = slice(start, stop)
            if stop > start:
                rows.append(
                    {
                        "frames": f"{start}-{stop - 1}",
                        "shift": float(np.median(sizes[part])),
                        "largest": float(sizes[part].max()),
                        "before": float(self.before[part].mean()),
                        "after": float(self.alike[part].mean()),
                        "lost": int(self.lost[part].sum()),
                        "lines": self.line_phase,
                    }
                )
        return pd.DataFrame(rows)

    def table(self) -> pd.DataFrame:
        """Return a row a frame: its shift in pixels, correlations, whether it was recognised."""
        import pandas as pd

        y, x = self.values.T
        found = {"frame": np.arange(len(y)), "y": y, "x": x, "size": self.sizes}
        return pd.DataFrame(
            {**found, "before": self.before, "after": self.alike, "recognised": ~self.lost}
        )

    def over_time(self) -> pd.DataFrame:
        """Return means over up to a thousand stretches, a row each, as they are drawn.

        Returns
        -------
        DataFrame
            ``frame`` (middle), ``y`` and ``x`` (pixels from the middle position), ``before`` and
            ``after``.
        """
        table = self.table()
        table[["y", "x"]] -= table[["y", "x"]].median()
        stretch = np.arange(len(table)) // max(1, -(-len(table) // _MOST_POINTS))
        return table.groupby(stretch)[["frame", "y", "x", "before", "after"]].mean()

    def write_table(self, path: Path, *, overwrite: bool = False) -> None:
        """Write ``table`` as CSV, whole or not at all."""
        with replacing(path, overwrite=overwrite) as temporary:
            self.table().to_csv(temporary, index=False)

    def back(self, number: int, frame: Float32Array, outside: float = 0.0) -> Float32Array:
        """Return frame ``number``, (Y, X), as it would lie if it were not off."""
        if self.line_phase:
            frame = aligned(frame, self.line_phase, outside)
        if self.local is None:
            return moved(frame, self.values[number], outside)
        field = self.local.field(number, frame.shape)
        field += self.values[number].astype(np.float32)[:, None, None]
        return moved_freely(frame, field, outside)
