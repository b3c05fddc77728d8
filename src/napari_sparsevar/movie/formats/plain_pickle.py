"""Plain Python and NumPy values from a pickle, and nothing else.

suite2p keeps its options as a pickled dictionary. A pickle can call any function of any module by
name; this reader knows five names, each of which stands for a harmless maker of its own here. No
other name is looked up, nothing is imported, and no code of NumPy meets the bytes but `frombuffer`.
"""

from __future__ import annotations

import io
import math
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from napari_sparsevar.errors import UserError

_MOST_BYTES = 2**30
_PLAIN_TYPE = re.compile(r"[<>|=]?[?bBuifcSU]\d*")
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def read_plain(path: Path) -> Any:
    """Read the object in a ``.npy`` file that holds a single Python object.

    Parameters
    ----------
    path : pathlib.Path
        As written by ``numpy.save(path, object)``.

    Returns
    -------
    object
        Numbers, text, dates (as None), lists, dictionaries and arrays of numbers or text.

    Raises
    ------
    UserError
        If the file is damaged or holds anything else; nothing of it has been run.
    """
    if path.stat().st_size > _MOST_BYTES:
        raise UserError(f"{path} is too large for options ({_MOST_BYTES:,} bytes at most).")
    file = io.BytesIO(path.read_bytes())
    try:
        read_header = _HEADERS[np.lib.format.read_magic(file)]
        _, _, dtype = read_header(file)
        if dtype != np.dtype(object):
            raise pickle.UnpicklingError("it is an array of numbers")
        return _finished(_PlainUnpickler(file).load())
    except UserError as error:
        raise UserError(f"{path} {error}") from None
    except Exception as error:
        # A damaged pickle can raise anything; it has not been able to call anything.
        raise UserError(
            f"{path} is damaged or no options of suite2p ({error}); copy it again."
        ) from error


class _Maker:
    """A function that a pickle may call; unlike a function or class it takes no attributes."""

    __slots__ = ("_make",)

    _make: Callable[..., Any]

    def __init__(self, make: Callable[..., Any]) -> None:
        object.__setattr__(self, "_make", make)

    def __call__(self, *values: Any) -> Any:
        return self._make(*values)

    def __setattr__(self, name: str, value: object) -> None:
        raise pickle.UnpicklingError("it changes what it is read with")


class _Type:
    """The type of an array, from its name alone."""

    def __init__(self, name: Any, *_: Any) -> None:
        if not isinstance(name, str) or not (name.startswith("O") or _PLAIN_TYPE.fullmatch(name)):
            raise pickle.UnpicklingError(f"it has an array of type {str(name)[:40]!r}")
        self.is_object = name.startswith("O")
        self.dtype = None if self.is_object else np.dtype(name)

    def __setstate__(self, state: Any) -> None:
        order = state[1]
        if self.dtype is not None and order in ("<", ">"):
            self.dtype = self.dtype.newbyteorder(order)


class _Array:
    """An array under construction."""

    def __init__(self, *_: Any) -> None:
        self.value: Any = None

    def __setstate__(self, state: Any) -> None:
        _, shape, kind, by_columns, content = state
        if not isinstance(kind, _Type):
            raise pickle.UnpicklingError("it has an array without a type")
        if kind.is_object:
            self.value = content if shape else content[0]
            return
        count = math.prod(int(size) for size in shape)
        flat = np.frombuffer(content, kind.dtype, count)
        self.value = flat.reshape(shape, order="F" if by_columns else "C")


def _scalar(kind: Any, content: Any) -> Any:
    if not isinstance(kind, _Type) or kind.dtype is None:
        raise pickle.UnpicklingError("it has a number without a type")
    return np.frombuffer(content, kind.dtype, 1)[0].item()


def _token(*_: Any) -> None:
    raise pickle.UnpicklingError("it calls what it may only name")


def _nothing(*_: Any) -> None:
    """Stand for a date or a path, which are of no use here."""


_NUMPY: dict[str, Callable[..., Any]] = {
    "_reconstruct": _Array,
    "scalar": _scalar,
    "dtype": _Type,
    "ndarray": _token,
}
_NUMPY_MODULES = ("numpy", "numpy.core.multiarray", "numpy._core.multiarray")
_UNUSED = {
    "datetime": ("datetime", "date", "time", "timedelta", "timezone"),
    "pathlib": ("Path", "PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath"),
    "pathlib._local": ("Path", "PosixPath", "WindowsPath"),
}


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if module in _NUMPY_MODULES and name in _NUMPY:
            return _Maker(_NUMPY[name])
        if name in _UNUSED.get(module, ()):
            return _Maker(_nothing)
        raise UserError(
            f"asks for {module}.{name}, which options of suite2p do not need, and was not read: "
            "it may come from somebody who wants to run code on this computer."
        )

    def persistent_load(self, pid: Any) -> Any:
        raise pickle.UnpicklingError("it refers to objects outside the file")


def _finished(value: Any) -> Any:
    """Return the value with arrays in the place of their makers."""
    if isinstance(value, _Array):
        return _finished(value.value)
    if isinstance(value, dict):
        return {key: _finished(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finished(part) for part in value]
    return value
