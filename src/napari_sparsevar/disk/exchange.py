"""Two places of the file system changing their names in one step, where the system can."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

_HERE = -100  # AT_FDCWD: relative paths begin in the working directory
_EXCHANGE = 2  # RENAME_EXCHANGE of Linux and RENAME_SWAP of macOS are both 2


def exchange(one: Path, other: Path) -> bool:
    """Give two files or folders each other's names, at no moment leaving a name without one.

    Parameters
    ----------
    one, other : pathlib.Path
        Both there, on one disk.

    Returns
    -------
    bool
        False where nothing happened because the system or the disk cannot do it.
    """
    call = _call()
    return call is not None and call(os.fsencode(one), os.fsencode(other)) == 0


@cache
def _call() -> Callable[[bytes, bytes], int] | None:
    try:
        library = ctypes.CDLL(None)
        if sys.platform.startswith("linux"):
            rename = library.renameat2
            return lambda a, b: int(rename(_HERE, a, _HERE, b, ctypes.c_uint(_EXCHANGE)))
        if sys.platform == "darwin":
            swap = library.renamex_np
            return lambda a, b: int(swap(a, b, ctypes.c_uint(_EXCHANGE)))
    except (OSError, AttributeError, TypeError):
        pass  # another C library, or Windows
    return None
