"""Frames that a person has marked as bad, read from a list."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sparsevar.disk.files import explain
from napari_sparsevar.errors import UserError

_GOOD = {
    *("good", "valid", "keep", "kept", "use", "used", "ok", "include", "included", "inlier"),
    *("inliers", "accept", "accepted", "usable"),
}
_BAD = {
    *("bad", "invalid", "exclude", "excluded", "outlier", "outliers", "reject", "rejected", "drop"),
    *("dropped", "remove", "removed", "artefact", "artefacts", "artifact", "artifacts", "ignore"),
    *("ignored", "discard", "discarded", "censor", "censored", "motion", "noisy", "skip"),
}
_PLAIN = {"is", "frame", "frames", "mask", "flag", "flags", "mark", "marks", "marked", "of", "the"}
"""Words of a header, of which only the first two kinds say what a 1 means."""

_WORDS = {"true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0}
_MOST_BYTES = 100_000_000
_LONGEST = 10_000_000  # range


def read_bad_frames(path: Path | str, n_frames: int) -> npt.NDArray[np.bool_]:
    """Read which frames are bad.

    Parameters
    ----------
    path : path
        Text with the number of a bad frame a line, from 0, or a range such as ``100-120``, ends
        included; or a line a frame with 1, true or yes where it is bad and 0, false or no
        elsewhere. A first line of words is passed over, but ``good``, ``valid``, ``keep`` and the
        like turn the meaning round. ``.npy`` holds either as an array.
    n_frames : int

    Returns
    -------
    ndarray of bool, shape (T,)
        True where a frame is bad.

    Raises
    ------
    UserError
        If the file cannot be read, or numbers a frame that is not there.
    """
    file = Path(path)
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise UserError(f"{file} is too large for a list of bad frames; choose another file.")
        values, header = (_array(file), "") if file.suffix.lower() == ".npy" else _text(file)
    except OSError as error:
        raise UserError(f"Cannot read {file}: {explain(error)}.") from error
    numbers = values.astype(np.int64)
    marks = bool(np.isin(values, (0.0, 1.0)).all())
    means_good = _means_good(header)
    if marks and len(values) == n_frames:
        if means_good is None:
            raise UserError(
                f"{file}: '{header[:40]}' does not say whether 1 is a good frame or a bad one; "
                "call it good or bad."
            )
        return values == 0.0 if means_good else values > 0.0
    # Frames 0 and 1 may be the bad ones, but not again and again.
    if means_good or (marks and len(values) > 2) or (numbers != values).any():
        raise UserError(
            f"{file} says of {len(values)} frames whether they are good, and there are {n_frames}: "
            "give a line for each, or the numbers of the bad ones."
        )
    outside = numbers[(numbers < 0) | (numbers >= n_frames)]
    if len(outside):
        raise UserError(
            f"{file} calls frame {outside[0]} bad, but there are {n_frames}, counted from 0: "
            "give the list of this recording."
        )
    bad = np.zeros(n_frames, bool)
    bad[numbers] = True
    return bad


def _means_good(header: str) -> bool | None:
    """Return whether a 1 below this header is a good frame; None where it does not say."""
    words = set(re.findall(r"[a-z]+", header))
    if words - _GOOD - _BAD - _PLAIN or (words & _GOOD and words & _BAD):
        return None
    return bool(words & _GOOD)


def _array(file: Path) -> npt.NDArray[np.float64]:
    try:
        found: npt.NDArray[Any] = np.load(file, allow_pickle=False)
        numbers = found.astype(np.float64)
    except (ValueError, TypeError, EOFError) as error:
        raise UserError(f"{file} is no array of numbers; choose another file.") from error
    if numbers.size > max(numbers.shape, default=1):
        size = " x ".join(map(str, numbers.shape))
        raise UserError(
            f"{file} holds {size} numbers: give the number of every bad frame, or a flag a frame."
        )
    if not np.isfinite(numbers).all():
        raise UserError(f"{file} holds NaN or infinity; give numbers of frames.")
    return numbers.ravel()


def _text(file: Path) -> tuple[npt.NDArray[np.float64], str]:
    """Return the numbers of a text, and the words above them."""
    lines = file.read_text(encoding="utf-8-sig", errors="replace").split("\n")
    entries = [(n, line.strip().strip('",;').lower()) for n, line in enumerate(lines, start=1)]
    entries = [(n, entry) for n, entry in entries if entry]
    header = ""
    if entries and _number(entries[0][1]) is None and not any(map(str.isdigit, entries[0][1])):
        header = entries.pop(0)[1]
    entries = [(n, one) for n, entry in entries for one in _all_of(entry)]
    values = [(n, entry, _number(entry)) for n, entry in entries]
    for n, entry, value in values:
        if value is None:
            raise UserError(
                f"{file}, line {n}: '{entry[:40]}' is no number of a frame; give one a line."
            )
    if re.search(r"\b(s|sec|secs|seconds?|ms|time|times)\b", header.replace("_", " ")):
        raise UserError(f"{file}: '{header[:40]}' are times; give numbers of frames, from 0.")
    return np.array([value for *_, value in values], np.float64), header


def _all_of(entry: str) -> list[str]:
    """Return every number of a range, else what was given."""
    found = re.fullmatch(r"(\d{1,9})\s*-\s*(\d{1,9})", entry)
    first, last = (int(found[1]), int(found[2])) if found else (1, 0)
    if not first <= last < first + _LONGEST:
        return [entry]
    return [str(number) for number in range(first, last + 1)]


def _number(entry: str) -> float | None:
    try:
        value = _WORDS.get(entry)
        value = float(entry) if value is None else value
    except ValueError:
        return None
    return value if np.isfinite(value) else None
