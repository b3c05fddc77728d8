"""One struct of numbers out of a MATLAB 5 file, as small programs write beside their frames.

scipy reads these files too, but a damaged one can keep it busy without an end: here nothing is
longer than the file says in bytes.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

_HEADER = 128
_MOST_BYTES = 2**26
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
_STRUCT, _CHARACTERS = 2, 4
_NUMBERS = range(6, 16)


class _Element(NamedTuple):
    kind: int
    content: bytes


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
    with path.open("rb") as file:
        raw = file.read(_MOST_BYTES + 1)
    if not _HEADER < len(raw) <= _MOST_BYTES or raw[126:128] not in (b"IM", b"MI"):
        raise ValueError("it is no MATLAB 5 file")
    order = "<" if raw[126:128] == b"IM" else ">"
    for element in _elements(raw[_HEADER:], order):
        found = _unpacked(element, order)
        if found.kind != _MATRIX:
            continue
        called, value = _variable(found.content, order, 0)
        if called == name and isinstance(value, dict):
            return value
    raise ValueError(f"it has no variable {name}")


def _elements(raw: bytes, order: str) -> Iterator[_Element]:
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


def _unpacked(element: _Element, order: str) -> _Element:
    if element.kind != _COMPRESSED:
        return element
    whole = zlib.decompressobj().decompress(element.content, _MOST_BYTES)
    return next(_elements(whole, order), _Element(0, b""))


def _variable(raw: bytes, order: str, depth: int) -> tuple[str, Any]:
    """Return name and value of an array."""
    parts = _elements(raw, order)
    flags, size, called = (next(parts, _Element(0, b"")) for _ in range(3))
    if len(flags.content) < 4 or depth > _DEEPEST:
        raise ValueError("it has an array without a kind")
    kind = struct.unpack_from(f"{order}I", flags.content)[0] & 0xFF
    shape = tuple(int(length) for length in np.frombuffer(size.content, f"{order}i4"))
    name = called.content.decode("latin-1")
    if kind == _STRUCT:
        return name, _struct(parts, order, math.prod(shape), depth)
    if kind in _NUMBERS:
        return name, _numbers(next(parts, _Element(0, b"")), order, shape)
    if kind == _CHARACTERS:
        written = next(parts, _Element(0, b""))
        coding = _CODINGS.get(written.kind, "latin-1")
        return name, written.content.decode(coding, errors="replace")
    return name, None


def _struct(parts: Iterator[_Element], order: str, count: int, depth: int) -> Any:
    """Return a struct, or a list of them."""
    width, listed = next(parts, _Element(0, b"")), next(parts, _Element(0, b""))
    length = struct.unpack_from(f"{order}i", width.content.ljust(4, b"\0"))[0]
    if length < 1:
        return []
    fields = [
        listed.content[at : at + length].split(b"\0")[0].decode("latin-1")
        for at in range(0, len(listed.content), length)
    ]
    found: list[dict[str, Any]] = []
    while fields and len(found) < count:
        one: dict[str, Any] = {}
        for field in fields:
            element = next(parts, None)
            if element is None:
                raise ValueError("it is cut short")
            known = element.kind == _MATRIX and element.content
            one[field] = _variable(element.content, order, depth + 1)[1] if known else None
        found.append(one)
    return found[0] if count == 1 and found else found


def _numbers(element: _Element, order: str, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    if element.kind not in _TYPES:
        raise ValueError("it has numbers of an unknown type")
    flat = np.frombuffer(element.content, f"{order}{_TYPES[element.kind]}")
    return flat.reshape(shape, order="F")
