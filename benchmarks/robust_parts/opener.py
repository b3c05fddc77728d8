"""Opens files as napari and the commands do and says what came of each; a process of its own.

Reads a path a line, writes a line of JSON for each: ``outcome`` and the megabytes it took.
"""

from __future__ import annotations

import json
import resource
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from napari_sparsevar.errors import UserError

MOST_BYTES = 6 * 10**9
"""Of addresses: what asks for more is refused by the system."""


def main() -> None:
    """Open what is asked for until nothing more is."""
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    for line in sys.stdin:
        path = Path(line.rstrip("\n"))
        before = _forget_peak()
        ways = {"movie": _movie, "layers": _layers, "cells": _cells, "covariates": _covariates}
        found = {name: _outcome(way, path) for name, way in ways.items()}
        taken = (_status("VmHWM") - before) / 1024
        print(json.dumps({"found": found, "megabytes": taken}), flush=True)


def _movie(path: Path) -> str:
    from napari_sparsevar.movie import open_movie

    movie = open_movie(path)
    for number in {0, movie.n_frames // 2, movie.n_frames - 1}:
        np.asarray(movie.data[number].compute(scheduler="synchronous"))
    return "movie with a note" if movie.notes else "movie"


def _layers(path: Path) -> str:
    from napari_sparsevar.readers.reader import get_reader

    reader = get_reader(str(path))
    return "none of ours" if reader is None else f"{len(reader(str(path)))} layers"


def _cells(path: Path) -> str:
    from napari_sparsevar.cells import open_cells

    return f"{len(open_cells(path))} cells"


def _covariates(path: Path) -> str:
    from napari_sparsevar.cells.covariates.reading import covariates_of
    from napari_sparsevar.cells.covariates.samples import Frames

    return f"{len(covariates_of(path, Frames(40, 15.0)).labels)} covariates"


def _outcome(way: Callable[[Path], str], path: Path) -> tuple[str, str]:
    try:
        return "opened", way(path)
    except UserError as error:
        one = "\n" not in str(error) and len(str(error)) < 1000
        return ("sentence" if one else "not one sentence"), str(error)
    except Exception as error:  # noqa: BLE001 - it is what is looked for
        return f"traceback {type(error).__name__}", traceback.format_exc()


def _forget_peak() -> Any:
    Path("/proc/self/clear_refs").write_text("5")
    return _status("VmRSS")


def _status(name: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    raise KeyError(name)


if __name__ == "__main__":
    main()
