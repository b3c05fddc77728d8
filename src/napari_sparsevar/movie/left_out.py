"""What a person leaves out of a movie: frames and pixels."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sparsevar.arguments import pieces_of
from napari_sparsevar.disk.files import explain
from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.bad_frames import read_bad_frames
from napari_sparsevar.movie.formats.failures import DAMAGED
from napari_sparsevar.movie.movie import LeftOut, Movie

BoolArray = npt.NDArray[np.bool_]
FrameList = Path | str | Sequence[int] | npt.NDArray[Any]
"""``"100-120, 300"``, a file (``read_bad_frames``), numbers of frames, or a flag a frame."""
PixelMask = Path | str | npt.NDArray[Any]
"""An image file, or an array (Y, X): pixels above 0 do not count."""
Trials = Sequence[tuple[int, int]]
"""First frame of each and the frame after its last."""

NONE = "none"
_RANGES = re.compile(r"\s*\d+(\s*-\s*\d+)?(\s*,\s*\d+(\s*-\s*\d+)?)*\s*")
_MOST_BYTES = 2_000_000_000


def leaving_out(
    movie: Movie,
    *,
    good: npt.ArrayLike | None = None,
    bad_frames: FrameList | None = None,
    ignore: PixelMask | None = None,
    trials: Trials | None = None,
) -> Movie:
    """Return a movie of which some frames and pixels do not count, or in trials.

    Parameters
    ----------
    movie : Movie
    good : array of bool, shape (T,), optional
        The frames that are used; no others are looked for that stand out.
    bad_frames : str, path or array, optional
        Frames that are not used, besides those that are found: ranges such as ``"100-120, 300"``
        (from 0, ends included), a file of their numbers (``bad_frames.npy`` of suite2p, CSV), an
        array. ``"none"``: no others are looked for.
    ignore : path or array (Y, X), optional
        Pixels above 0 do not count. Of several planes (Z, Y, X), or (Y, X) for all of them.
    trials : sequence of (start, stop), optional
        Frames, stop exclusive: nothing is foretold from one trial to the next, and frames of none
        are not used.

    Raises
    ------
    UserError
        If they do not fit the movie.
    """
    if good is None and bad_frames is None and ignore is None and trials is None:
        return movie
    nothing = isinstance(bad_frames, str) and bad_frames.strip().lower() == NONE
    known = movie.left_out  # what its file marks
    frames = np.zeros(movie.n_frames, bool)
    if known is not None and not nothing and good is None:
        frames |= known.frames
    if bad_frames is not None and not nothing:
        frames |= frames_of(bad_frames, movie.n_frames)
    if good is not None:
        frames |= ~_flags(good, movie.n_frames)
    begins = () if trials is None else _of_trials(trials, frames)
    if frames.all():
        raise UserError(f"All {movie.n_frames} frames of {movie.name} are left out: use some.")
    pixels = np.zeros(movie.shape, bool) if known is None else known.pixels
    if ignore is not None:
        pixels = pixels | _masked(ignore, movie)
    out = LeftOut(frames, pixels, good is None and not nothing, begins)
    return without(movie, out)


def without(movie: Movie, out: LeftOut) -> Movie:
    """Return a movie without what is left out, and with the breaks between its trials."""
    return replace(movie, left_out=out, jumps=tuple(sorted({*movie.jumps, *out.begins})))


def frames_of(given: FrameList, n_frames: int) -> BoolArray:
    """Return which frames are meant, (T,).

    Raises
    ------
    UserError
        If the list cannot be read, or names a frame that is not there.
    """
    if isinstance(given, str) and _RANGES.fullmatch(given) and not Path(given).exists():
        return _of_ranges(given, n_frames)
    if isinstance(given, str | Path):
        if not Path(given).is_file():
            raise UserError(
                f"{given} is no file, and no frames such as 100-120,300 (counted from 0): correct "
                "the list of bad frames."
            )
        return read_bad_frames(given, n_frames)
    values = np.asarray(given)
    if values.dtype == bool:
        return _flags(values, n_frames)
    frames = np.zeros(n_frames, bool)
    if values.size and (values.dtype.kind not in "ui" or values.ndim != 1):
        raise UserError("bad_frames are numbers of frames, counted from 0, or a flag for each.")
    if len(values) == n_frames and np.isin(values, (0, 1)).all():
        return values > 0  # as a file would say it
    _mark(frames, values.astype(np.int64), values.astype(np.int64))
    return frames


def _masked(ignore: PixelMask, movie: Movie) -> BoolArray:
    """Return the pixels (Y, X) that are meant; a mask of one plane holds for all of a stack."""
    if movie.stack is None:
        return pixels_of(ignore, movie.shape)
    volume = movie.stack.volume
    pixels = pixels_of(ignore, movie.stack.shape, volume)
    return np.asarray(movie.stack.folded(np.broadcast_to(pixels, volume)))


def pixels_of(
    given: PixelMask, shape: tuple[int, int], deep: tuple[int, ...] | None = None
) -> BoolArray:
    """Return which pixels are meant, (Y, X), or (Z, Y, X) where that may be (``deep``).

    Raises
    ------
    UserError
        If the image cannot be read, or has another size.
    """
    what = str(given) if isinstance(given, str | Path) else "ignore"
    image = np.squeeze(_image(Path(given)) if isinstance(given, str | Path) else np.asarray(given))
    if image.shape not in (shape, deep):
        size = " x ".join(map(str, image.shape))
        raise UserError(
            f"{what} is an image of {size} pixels, the movie has {shape[0]} x {shape[1]}: "
            "give a mask of the movie's own size."
        )
    if np.asarray(image > 0).all():
        raise UserError(f"{what} leaves no pixel: those above 0 do not count.")
    return np.asarray(image > 0)


def _of_trials(trials: Trials, left_out: BoolArray) -> tuple[int, ...]:
    """Leave out the frames of no trial; return the first frames of trials, ascending, without 0."""
    outside = np.ones(len(left_out), bool)
    pieces = sorted(pieces_of(trials, "trials"))
    for start, stop in pieces:
        if not 0 <= start < stop <= len(left_out):
            raise UserError(
                f"There is no trial {start}:{stop} in a movie of {len(left_out)} frames: give "
                "start and stop in frames, stop exclusive."
            )
        if not outside[start:stop].all():
            raise UserError(f"Trial {start}:{stop} overlaps another: trials are apart.")
        outside[start:stop] = False
    left_out |= outside
    return tuple(start for start, _ in pieces if start)


def _of_ranges(text: str, n_frames: int) -> BoolArray:
    frames = np.zeros(n_frames, bool)
    for part in text.split(","):
        first, _, last = part.partition("-")
        _mark(frames, np.array([int(first)]), np.array([int(last or first)]))
    return frames


def _mark(frames: BoolArray, first: npt.NDArray[np.int64], last: npt.NDArray[np.int64]) -> None:
    for start, end in zip(first.tolist(), last.tolist(), strict=True):
        if not 0 <= start <= end < len(frames):
            named = str(start) if start == end else f"{start}-{end}"
            raise UserError(
                f"There is no frame {named}: the movie has {len(frames)}, counted from 0."
            )
        frames[start : end + 1] = True


def _flags(given: npt.ArrayLike, n_frames: int) -> BoolArray:
    marked = np.asarray(given)
    if marked.dtype != bool or marked.shape != (n_frames,):
        raise UserError(
            f"A flag for each of the {n_frames} frames is needed: give as many of True and False."
        )
    return marked


def _image(path: Path) -> npt.NDArray[Any]:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise UserError(f"{path} is too large for a mask; choose another file.")
        if path.suffix.lower() == ".npy":
            return np.asarray(np.load(path, allow_pickle=False))
        if path.suffix.lower() in (".tif", ".tiff"):
            import tifffile

            from napari_sparsevar.movie.formats.tiff_family.opened import series_of

            with tifffile.TiffFile(path) as file:
                return np.asarray(series_of(file)[0].asarray())
        return _picture(path)
    except OSError as error:
        raise UserError(f"Cannot read {path}: {explain(error)}.") from error
    except DAMAGED as error:
        raise UserError(f"{path} is no image; give a TIFF, PNG or .npy file.") from error


def _picture(path: Path) -> npt.NDArray[Any]:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            if image.format == "JPEG":
                raise UserError(f"{path} is JPEG, which blurs the rim of a mask; save it as PNG.")
            return np.asarray(image.convert("L"))
    except UnidentifiedImageError as error:
        raise UserError(f"{path} is no image; give a TIFF, PNG or .npy file.") from error
