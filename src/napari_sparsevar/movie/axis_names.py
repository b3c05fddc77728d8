"""Which axis is which, from what files write beside an array: names, chunks, or nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

_WORDS = {
    "T": ("t", "time", "times", "timepoint", "frame", "frames", "timestamp"),
    "Y": ("y", "row", "rows", "height", "line", "lines"),
    "X": ("x", "col", "cols", "column", "columns", "width"),
    "C": ("c", "ch", "channel", "channels", "color", "colour"),
    "Z": ("z", "plane", "planes", "slice", "slices", "depth"),
}
_LETTERS = {word: letter for letter, words in _WORDS.items() for word in words}
_DECORATED = re.compile(r"([tyxzc])(pos|pix|pixel|pixels|axis|dim|px|coord)")
_ATTRIBUTES = ("_ARRAY_DIMENSIONS", "DIMENSION_LABELS", "dims", "axes", "axistags", "dim_order")


def letters_of(names: Sequence[object]) -> str | None:
    """Return a letter for each axis from its name; None where the names say nothing.

    Parameters
    ----------
    names : sequence
        One for each axis, in any spelling; empty or None where an axis has none.

    Returns
    -------
    str or None
        T, Y, X, C, Z, or Q (unknown). Where Y or X is not named, it is the last that has no name.
    """
    letters = [_letter(str(name or "")) for name in names]
    named = [letter for letter in letters if letter != "Q"]
    if not named or len(set(named)) < len(named):
        return None
    for missing in (letter for letter in "XY" if letter not in named):
        unnamed = [i for i, letter in enumerate(letters) if letter == "Q"]
        if not unnamed:
            return None
        letters[unnamed[-1]] = missing
    return "".join(letters)


def noted_names(attributes: Any, ndim: int) -> list[str]:
    """Return the names of axes that a program has noted in the attributes of an array.

    Parameters
    ----------
    attributes : mapping
        As of an HDF5 data set or a Zarr array.
    ndim : int
        How many axes there are.

    Returns
    -------
    list of str
        Empty where there is no such note.
    """
    for key in _ATTRIBUTES:
        names = _listed(attributes.get(key))
        if len(names) == ndim:
            return names
    return []


def from_chunks(shape: Sequence[int], chunks: Sequence[int] | None) -> str | None:
    """Return which axis is time where chunks are whole images.

    Parameters
    ----------
    shape, chunks : sequence of int
        Of the array and of one of its chunks.

    Returns
    -------
    str or None
        ``TYX`` or ``YXT``; None where chunks say nothing. Several images, or as many rows, in a
        chunk say something where images are no further from square than rows would make them.
    """
    if chunks is None or len(shape) != 3 or len(chunks) != 3:
        return None
    cut = [axis for axis in range(3) if chunks[axis] < shape[axis]]
    # No program puts time between rows and columns.
    if len(cut) != 1 or cut[0] == 1:
        return None
    taken, other = (shape[1:], shape[:2]) if cut[0] == 0 else (shape[:2], shape[1:])
    if chunks[cut[0]] > 1 and max(taken) * min(other) > max(other) * min(taken):
        return None
    return "TYX" if cut[0] == 0 else "YXT"


def guess_note(what: str, shape: Sequence[int], letters: str) -> str:
    """Return the sentence that says how axes without names were taken.

    Parameters
    ----------
    what : str
        What to call the array in a sentence.
    shape : sequence of int
        Of the array.
    letters : str
        What was taken; Q stands for time.
    """
    kept = [i for i, letter in enumerate(letters) if shape[i] > 1 or letter in "TYX"]
    shape, letters = [shape[i] for i in kept], "".join(letters[i] for i in kept)
    time = next(i for i, letter in enumerate(letters) if letter in "TQ")
    y, x = letters.index("Y"), letters.index("X")
    sizes = list(shape)
    sizes[min(y, x)], sizes[max(y, x)] = shape[y], shape[x]  # rows come first in words
    rest = " x ".join(str(size) for i, size in enumerate(sizes) if i != time)
    taken = letters.replace("Q", "T")
    other = "YXT" if time == 0 else "TYX"
    return (
        f"{what} does not name its axes: {taken} was taken, {shape[time]} frames of {rest} pixels "
        f"(if that is wrong, say so: --axes {other}, in Python axes={other!r}, in napari Plugins > "
        "SparseVAR > Open raw pixels)."
    )


def _letter(name: str) -> str:
    word = re.match(r"[a-z]*", name.strip().lower())
    token = word[0] if word else ""
    decorated = _DECORATED.fullmatch(token)
    return _LETTERS.get(decorated[1] if decorated else token, "Q")


def _listed(value: Any) -> list[str]:
    """Return the names in a list, a text such as ``TYX`` or ``time, y, x``, or ilastik's JSON."""
    if value is None:
        return []
    if isinstance(value, bytes):
        value = value.decode(errors="replace")
    if not isinstance(value, str):
        parts = value if hasattr(value, "__len__") and hasattr(value, "__iter__") else ()
        return [
            part.decode(errors="replace") if isinstance(part, bytes) else str(part)
            for part in parts
        ]
    if value.lstrip().startswith("{"):
        return _of_ilastik(value)
    words = re.findall(r"[A-Za-z]+", value)
    return list(words[0]) if len(words) == 1 else words


def _of_ilastik(text: str) -> list[str]:
    try:
        return [str(axis["key"]) for axis in json.loads(text)["axes"]]
    except (ValueError, LookupError, TypeError):
        return []
