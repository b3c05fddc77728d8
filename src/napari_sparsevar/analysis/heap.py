"""Memory that was freed, given back to the system between the steps of an analysis."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from functools import cache


def trim_heap() -> None:
    """Ask the C library for the memory it keeps of arrays that are gone.

    glibc keeps freed arrays of up to 32 MB for later ones of the same size, and the steps of an
    analysis want other sizes: with many latents hundreds of megabytes would lie idle. Elsewhere
    than on Linux with glibc nothing happens.

    Arrays of the analysis die with their last reference, none waits for the garbage collector.
    """
    trim = _trim()
    if trim is not None:
        trim(0)


@cache
def _trim() -> Callable[[int], int] | None:
    if not sys.platform.startswith("linux"):
        return None
    try:
        trim: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):  # another C library
        return None
    return trim
