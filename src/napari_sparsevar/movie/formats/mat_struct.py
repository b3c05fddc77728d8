"""Variables of a MATLAB 5 file, read so that a damaged one ends at once.

scipy reads these files too, but a damaged one can keep it busy without an end, or end the program:
here nothing is longer than the file says in bytes.
"""

from __future__ import annotations

import math
import mmap
import struct
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

_HEADER = 128
_MOST_BYTES, _MOST_UNPACKED = 2**26, 2**33
_GLANCE = 4096
_DEEPEST = 8
_MATRIX, _COMPRESSED = 14, 15
_TYPES = {
    1: "i1",
    2: "u1",
    3: "i2",
    4: "u2",
    5: "i4",
    6: "u4",
    7: "f4",
    9: "f8",
    12: "i8",
    13: "u8",
    16: "u1",
    17: "u2",
    18: "u4",
}
_CODINGS = {4: "utf-16", 16: "utf-8", 17: "utf-16"}
_CELL, _STRUCT, _CHARACTERS, _SPARSE = 1, 2, 4, 5
_NUMBERS = range(6, 16)
_CLASSES = {_CELL: "cell", _STRUCT: "struct", _CHARACTERS: "char", _SPARSE: "sparse"}
_COMPLEX = 0x0800


_Bytes = bytes | memoryview


class _Element(NamedTuple):
    kind: int
    content: _Bytes


_NOTHING = _Element(0, b"")


class Listed(NamedTuple):
    """A variable of a file: its name, its shape, and ``number``, ``struct``, ``cell`` ..."""

    name: str
    shape: tuple[int, ...]
    kind: str


def is_matlab_5(path: Path) -> bool:
    """Return whether a file begins as MATLAB 5 does."""
    with path.open("rb") as file:
        return file.read(_HEADER)[126:128] in (b"IM", b"MI")


def listed_variables(path: Path) -> list[Listed]:
    """Return what variables a MATLAB 5 file has, by their heads.

    Raises
    ------
    ValueError
        If the file is damaged.
    """
    return [head for head, _ in _headed(path)]


def read_variables(path: Path, names: Collection[str] | None = None) -> dict[str, Any]:
    """Return variables of a MATLAB 5 file.

    Parameters
    ----------
    path : pathlib.Path
    names : collection of str, optional
        Of those that are wanted.

    Returns
    -------
    dict
        By name, without axes of length 1: numbers and arrays, text, sparse matrices, structs as
        dict, several of them and cells with structs as lists, other cells as arrays of objects;
        None for all else.

    Raises
    ------
    ValueError
        If the file is damaged.
    """
    found: dict[str, Any] = {}
    for head, (element, order) in _headed(path):
        if names is None or head.name in names:
            whole = _unpacked(element, order, _MOST_UNPACKED)
            found[head.name] = simplified(_variable(whole.content, order, 0)[1])
    return found


def simplified(value: Any) -> Any:
    """Return a value without axes of length 1."""
    if isinstance(value, dict):
        return {name: simplified(inner) for name, inner in value.items()}
    if isinstance(value, list):
        inner = [simplified(each) for each in value]
        if len(inner) == 1:
            return inner[0]
        if any(isinstance(each, dict | list) for each in inner):
            return inner
        cells = np.empty(len(inner), object)
        for number, each in enumerate(inner):
            cells[number] = each
        return cells
    if isinstance(value, np.ndarray):
        squeezed = np.squeeze(value)
        return squeezed.item() if squeezed.ndim == 0 else squeezed
    return value


def _headed(path: Path) -> Iterator[tuple[Listed, tuple[_Element, str]]]:
    """Yield the head of each variable, and where it lies; nothing is copied or unpacked for it."""
    with path.open("rb") as file:
        raw = file.read(_HEADER + 1)
        if len(raw) <= _HEADER or raw[126:128] not in (b"IM", b"MI"):
            raise ValueError("it is no MATLAB 5 file")
        mapped = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    order = "<" if raw[126:128] == b"IM" else ">"
    for element in _elements(mapped[_HEADER:], order):
        start = element.content[:_GLANCE]
        if element.kind == _COMPRESSED:
            start = memoryview(zlib.decompressobj().decompress(start, _GLANCE))[8:]
        elif element.kind != _MATRIX:
            continue
        kind, shape, name = _heading(_elements(start, order), order)
        called = "number" if kind in _NUMBERS else _CLASSES.get(kind, "other")
        yield Listed(name, shape, called), (element, order)


def read_struct(path: Path, name: str) -> dict[str, Any]:
    """Return a struct of a MATLAB 5 file.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    name : str
        Of the variable.

    Returns
    -------
    dict
        By field: arrays of numbers, text, further structs, lists of structs; None for all else.

    Raises
    ------
    ValueError
        If the file is damaged, or has no such struct.
    """
    for head, (element, order) in _headed(path):
        if head == (name, head.shape, "struct"):
            value = _variable(_unpacked(element, order).content, order, 0)[1]
            if isinstance(value, dict):
                return value
    raise ValueError(f"it has no variable {name}")


def _elements(raw: _Bytes, order: str) -> Iterator[_Element]:
    at = 0
    while at + 8 <= len(raw):
        kind, size = struct.unpack_from(f"{order}II", raw, at)
        start, stop = at + 8, at + 8 + size
        if kind >> 16:  # small: size, kind and content in eight bytes
            kind, size = kind & 0xFFFF, kind >> 16
            start, stop = at + 4, at + 4 + size
            at += 8
        else:
            at = stop if kind == _COMPRESSED else stop + -size % 8
        if stop > len(raw) or (at == start + 4 and size > 4):
            raise ValueError("it is cut short")
        yield _Element(kind, raw[start:stop])


def _unpacked(element: _Element, order: str, most: int = _MOST_BYTES) -> _Element:
    if element.kind != _COMPRESSED:
        return element
    whole = zlib.decompressobj().decompress(element.content, most)
    return next(_elements(memoryview(whole), order), _NOTHING)


def _heading(parts: Iterator[_Element], order: str) -> tuple[int, tuple[int, ...], str]:
    """Return class, shape and name of an array."""
    flags, size, called = (next(parts, _NOTHING) for _ in range(3))
    if len(flags.content) < 4 or len(size.content) % 4:
        raise ValueError("it has an array without a kind")
    marks = struct.unpack_from(f"{order}I", flags.content)[0]
    shape = tuple(int(length) for length in np.frombuffer(size.content, f"{order}i4"))
    if any(length < 0 for length in shape):
        raise ValueError("it has an array of negative size")
    kind = -1 if marks & _COMPLEX else marks & 0xFF
    return kind, shape, bytes(called.content).decode("latin-1")


def _variable(raw: _Bytes, order: str, depth: int) -> tuple[str, Any]:
    """Return name and value of an array."""
    if depth > _DEEPEST:
        raise ValueError("it has arrays inside of arrays without an end")
    parts = _elements(raw, order)
    kind, shape, name = _heading(parts, order)
    if kind == _STRUCT:
        return name, _struct(parts, order, math.prod(shape), depth)
    if kind == _CELL:
        return name, [_inside(parts, order, depth) for _ in range(math.prod(shape))]
    if kind == _SPARSE:
        return name, _sparse(parts, order, shape)
    if kind in _NUMBERS:
        return name, _numbers(next(parts, _NOTHING), order, shape)
    if kind == _CHARACTERS:
        written = next(parts, _NOTHING)
        coding = _CODINGS.get(written.kind, "latin-1")
        return name, _words(bytes(written.content).decode(coding, errors="replace"), shape)
    return name, None


def _words(text: str, shape: tuple[int, ...]) -> Any:
    """Return text, a row a word where there are several."""
    if len(shape) != 2 or shape[0] < 2 or len(text) != math.prod(shape):
        return text
    return np.array(["".join(text[row :: shape[0]]) for row in range(shape[0])])


def _inside(parts: Iterator[_Element], order: str, depth: int) -> Any:
    """Return the value of the next array of a cell or a struct; None where it is empty."""
    element = next(parts, None)
    if element is None:
        raise ValueError("it is cut short")
    known = element.kind == _MATRIX and len(element.content) > 0
    return _variable(element.content, order, depth + 1)[1] if known else None


def _sparse(parts: Iterator[_Element], order: str, shape: tuple[int, ...]) -> Any:
    rows, starts, values = (
        np.frombuffer(part.content, f"{order}{_type_of(part)}")
        for part in (next(parts, _NOTHING) for _ in range(3))
    )
    if len(shape) != 2 or len(starts) != shape[1] + 1:
        raise ValueError("it has a sparse matrix without a shape")
    n = int(starts[-1])
    made = sparse.csc_matrix((values[:n], rows[:n], starts), shape=shape)
    made.check_format(full_check=True)
    return made


def _struct(parts: Iterator[_Element], order: str, count: int, depth: int) -> Any:
    """Return a struct, or a list of them."""
    width, listed = next(parts, _NOTHING), next(parts, _NOTHING)
    length = struct.unpack_from(f"{order}i", bytes(width.content).ljust(4, b"\0"))[0]
    if length < 1:
        return []
    fields = [
        bytes(listed.content[at : at + length]).split(b"\0")[0].decode("latin-1")
        for at in range(0, len(listed.content), length)
    ]
    found: list[dict[str, Any]] = []
    while fields and len(found) < count:
        found.append({field: _inside(parts, order, depth) for field in fields})
    return found[0] if count == 1 and found else found


def _numbers(element: _Element, order: str, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    flat = np.frombuffer(element.content, f"{order}{_type_of(element)}")
    return np.array(flat.reshape(shape, order="F"))  # not a view of a file that may change


def _type_of(element: _Element) -> str:
    if element.kind not in _TYPES:
        raise ValueError("it has numbers of an unknown type")
    return _TYPES[element.kind]
