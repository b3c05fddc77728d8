"""Scanbox: ``.sbx``, inverted raw pixels, and the ``.mat`` beside it that describes them."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import axes
from napari_sparsevar.movie.choice import Choice
from napari_sparsevar.movie.formats.failures import explained
from napari_sparsevar.movie.formats.format import Format
from napari_sparsevar.movie.formats.mat_struct import read_struct
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.reading import lazy_frames
from napari_sparsevar.movie.reading.mapped import MappedFrames
from napari_sparsevar.movie.units import about_square, frames_per_second, micrometres

_PIXEL = np.dtype("<u2")
_BRIGHTEST = np.uint16(65535)  # stored as 0
_OLD_SHAPE = (512, 796)  # of versions that do not note it
_LARGEST = 65_536
_BOTH = 1  # of what `channels` can say: both detectors


def claims(path: Path) -> bool:
    """Return whether this is a file of Scanbox: bare pixels, known by the ending ``.sbx``."""
    return path.suffix.lower() == ".sbx" and path.is_file() and path.stat().st_size > 0


def read(path: Path, choice: Choice) -> Movie:
    """Open a file of Scanbox without reading its pixels: a channel and a plane of it.

    What is bright is stored as a low number; pixels are turned round when they are read.
    """
    info = _info(path)
    height, width = _shape(info, path)
    channels, planes = _channels(info), _planes(info)
    volume = (planes, height, width, channels)
    n_volumes, rest = divmod(path.stat().st_size, int(np.prod(volume)) * _PIXEL.itemsize)
    if not n_volumes:
        raise UserError(f"{path} is cut short: it holds no whole frame; copy it again.")
    stack = np.memmap(path, _PIXEL, "r", shape=(n_volumes, *volume))
    chosen = axes.choose(stack.shape, "TZYXC", str(path), choice)
    frames = chosen.apply(stack)
    edges = _edges(info)
    movie = chosen.movie(
        lazy_frames.from_reader(_Inverted(MappedFrames(frames)), frames.shape, np.uint16),
        str(path),
        name=path.stem,
        source=path,
        fps=_rate(info, height, planes),
        pixel_size_um=edges[1],
    )
    said = (f"{path} is cut short: its {n_volumes:,} whole frames are taken.",) if rest else ()
    return replace(movie, notes=(*movie.notes, *said, *about_square(*edges, str(path))))


@dataclass(frozen=True)
class _Inverted:
    """Reads frames and turns dark and bright round."""

    stored: MappedFrames

    def __call__(self, start: int, stop: int) -> NDArray[Any]:
        return np.asarray(_BRIGHTEST - self.stored(start, stop))


def _info(path: Path) -> dict[str, Any]:
    """Return what Scanbox noted."""
    beside = path.with_suffix(".mat")
    if not beside.is_file():
        raise UserError(
            f"{path} does not say how large its frames are: put {beside.name}, which Scanbox "
            "writes, beside it."
        )
    complaint = f"{beside} is damaged or not what Scanbox writes beside {path.name}"
    with explained(beside, complaint, zlib.error):
        return read_struct(beside, "info")


def _number(info: Any, name: str, default: float = 0.0) -> float:
    """Return a number that Scanbox noted, also inside of another note (``config.lines``)."""
    for part in name.split("."):
        info = info.get(part) if isinstance(info, dict) else None
    try:
        value = float(np.asarray(info, np.float64).item())
    except (TypeError, ValueError):
        return default
    return value if abs(value) <= _LARGEST else default  # not where it is nan


def _array(info: dict[str, Any], name: str) -> NDArray[Any]:
    noted = info.get(name)
    return noted.ravel() if isinstance(noted, np.ndarray) else np.zeros(0)


def _shape(info: dict[str, Any], path: Path) -> tuple[int, int]:
    if "sz" not in info:
        return _OLD_SHAPE
    size = _array(info, "sz")
    if size.shape != (2,) or not 1 <= size.min() <= size.max() <= _LARGEST:
        raise UserError(f"The notes beside {path} have no size of frames; copy them again.")
    return int(size[0]), int(size[1])


def _channels(info: dict[str, Any]) -> int:
    counted = _number(info, "chan.nchan")  # since version 3
    return max(1, int(counted)) if counted else (2 if _number(info, "channels") == _BOTH else 1)


def _planes(info: dict[str, Any]) -> int:
    """Return how many planes the lens went through, one after the other."""
    positions = _array(info, "otwave").size
    in_depth = _number(info, "volscan", float(positions > 1)) > 0
    return max(1, positions) if in_depth else 1


def _rate(info: dict[str, Any], height: int, planes: int) -> float | None:
    """Return volumes per second: a line a period of the mirror, or two if read on both ways."""
    lines = _number(info, "config.lines") or height
    both_ways = 2.0 - min(1.0, max(0.0, _number(info, "scanmode", 1.0)))
    folds = _number(info, "fold_lines")
    repeats = lines // folds if folds > 0 else 1.0
    mirror = _number(info, "resfreq")
    return (
        frames_per_second(planes * lines / (mirror * both_ways * repeats), "s") if mirror else None
    )


def _edges(info: dict[str, Any]) -> tuple[float | None, float | None]:
    """Return the edges (Y, X) of a pixel in micrometres, from the calibration of the objective."""
    noted = _number(info, "dycal"), _number(info, "dxcal")
    if not all(noted):
        table = info.get("calibration")
        rows = table if isinstance(table, list) else [table]
        row = int(_number(info, "config.magnification")) - 1
        if 0 <= row < len(rows):
            noted = _number(rows[row], "y"), _number(rows[row], "x")
    return micrometres(noted[0], "um"), micrometres(noted[1], "um")


FORMAT = Format(
    name="Scanbox",
    priority=-10,
    suffixes=(".sbx",),
    claims=claims,
    holds_movie=claims,
    read=read,
)
