"""One place that says how the numerical loops are compiled and spread over threads."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from typing import TypeVar, cast

import numba
import torch

Function = TypeVar("Function", bound=Callable[..., object])

# Sums may be reordered for vectorisation; NaN and infinity keep their meaning.
_FASTMATH = {"reassoc", "contract", "nsz", "arcp"}


def compiled(function: Function) -> Function:
    """Compile a numerical function; it releases the interpreter lock and is cached on disk.

    Numba refreshes its cache when the file of a function changes, not when a function that it
    calls in another file does: after such an edit, remove ``lasso/__pycache__``.
    """
    decorate = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=_FASTMATH)
    return cast(Function, decorate(function))


@cache
def _pool(n_threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(n_threads, thread_name_prefix="lasso")


# The threads of a pool do not survive a fork: the child makes its own.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)


def for_ranges(work: Callable[[int, int], object], n_items: int, chunk: int | None = None) -> None:
    """Call ``work(start, stop)`` for ranges that together cover ``range(n_items)``, in parallel.

    Plain threads around compiled loops that release the interpreter lock, instead of numba's own
    threading layers: those abort the process when two Python threads enter them at once or
    after a fork, and training runs in a thread of the viewer. The number of threads is torch's.

    Parameters
    ----------
    work
        Handles the items ``start`` to ``stop`` (exclusive); must be safe to run concurrently.
    n_items
        Number of items.
    chunk
        Items a range; by default four ranges a thread, so that an expensive item does not
        leave the other threads idle.
    """
    n_threads = min(torch.get_num_threads(), n_items)
    if chunk is None:
        chunk = max(1, -(-n_items // (4 * max(n_threads, 1))))
    starts = iter(range(0, n_items, chunk))
    if n_threads <= 1:
        for start in starts:
            work(start, min(start + chunk, n_items))
        return
    tickets = itertools.count()  # next() on it is atomic

    def take_ranges() -> None:
        while (start := next(tickets) * chunk) < n_items:
            work(start, min(start + chunk, n_items))

    # The calling thread works as well: it never waits for a thread that has yet to start.
    helpers = [_pool(n_threads - 1).submit(take_ranges) for _ in range(n_threads - 1)]
    try:
        take_ranges()
    finally:
        pending = [helper for helper in helpers if not helper.cancel()]
        wait(pending)
    for helper in pending:
        helper.result()
