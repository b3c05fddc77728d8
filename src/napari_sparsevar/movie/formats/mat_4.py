"""Variables of a MATLAB 4 file: full matrices and text."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np

from napari_sparsevar.movie.formats.mat_struct import simplified

_TYPES = {0: "f8", 1: "f4", 2: "i4", 3: "i2", 4: "u2", 5: "u1"}
_HEAD = struct.calcsize("5i")
_TEXT = 1


def read_variables_4(path: Path) -> dict[str, Any]:
    """Return variables of a MATLAB 4 file, without axes of length 1.

    Raises
    ------
    ValueError
        If the file is damaged, or of another kind.
    """
    raw, at, found = path.read_bytes(), 0, {}
    order = "<" if raw[2:4] == b"\0\0" else ">"
    while at < len(raw):
        if len(raw) - at < _HEAD:
            raise ValueError("it is cut short")
        kind, n_rows, n_columns, is_complex, length = struct.unpack_from(f"{order}5i", raw, at)
        name, start = raw[at + _HEAD : at + _HEAD + length], at + _HEAD + length
        dtype = np.dtype(order + _TYPES.get(kind // 10 % 10, "V0"))
        n_bytes = n_rows * n_columns * dtype.itemsize
        whole = dtype.itemsize and min(n_rows, n_columns, length) >= 0 and kind // 100 % 10 == 0
        if not whole or not 0 <= kind < 5000 or start + n_bytes > len(raw):
            raise ValueError("it is no MATLAB file, or cut short")
        values = np.frombuffer(raw, dtype, n_rows * n_columns, start)
        values = values.reshape(n_rows, n_columns, order="F")
        text = kind % 10 == _TEXT
        found[name.rstrip(b"\0").decode("latin-1")] = (
            "".join(chr(int(code) % 256) for code in values.ravel()) if text else simplified(values)
        )
        at = start + n_bytes * (2 if is_complex else 1)
    return found
