"""Comparisons kept beside a run or a fit of cells, one folder each, whole or not there."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import tifffile

from napari_sparsevar.cells.fit_folder import is_fit_directory
from napari_sparsevar.comparison.record import (
    FORMAT_VERSION,
    ComparisonRecord,
    PairRecord,
)
from napari_sparsevar.comparison.result import (
    EDGE_COLUMNS,
    NAMES,
    PLACE_COLUMNS,
    Comparison,
    ComparisonSet,
)
from napari_sparsevar.disk.contents import write_table
from napari_sparsevar.disk.files import explain
from napari_sparsevar.disk.folder import unfinished_folder
from napari_sparsevar.disk.names import free_names, joined
from napari_sparsevar.errors import UserError
from napari_sparsevar.run.planes import kept_image, shown_image
from napari_sparsevar.run.record import MovieIdentity
from napari_sparsevar.run.run import read_record
from napari_sparsevar.run.store import COMPARISONS, write_image

RECORD = "comparison.json"

_WHOLE_NUMBERS = {"source", "target", "lag", "place"}
_WORDS = {*NAMES, "name"}


class DamagedComparison(UserWarning):
    """A comparison in a run directory cannot be opened; the others can."""


def save_comparisons(run_folder: Path, found: ComparisonSet) -> ComparisonSet:
    """Keep comparisons in the directory of a run or of a fit of cells; return them with a name.

    They are written to ``comparisons/NAME`` in the directory: ``comparison.json`` and, for
    every pair of windows, ``A-B.edges.csv``, ``A-B.places.csv``, ``A-B.null.npy`` (the null of the
    test of dynamics, then that of the test of anything) and ``A-B.difference.tif`` where there is a
    map, (Y, X) or of several planes (Z, Y, X). The folder appears when it is complete.

    Parameters
    ----------
    run_folder : Path
        A run directory, or that of a fit of cells.
    found : ComparisonSet
        Its own name does not matter: the name is made of the labels, with a number if it is taken.

    Raises
    ------
    UserError
        If the folder is neither, or the disk refuses.
    """
    movie = _movie(Path(run_folder))
    folder = Path(run_folder) / COMPARISONS
    try:
        folder.mkdir(exist_ok=True)
        with unfinished_folder(folder / "unfinished") as temporary:
            _write(temporary, found, movie)
            return replace(found, name=_publish(temporary, joined(w.label for w in found.windows)))
    except OSError as error:
        raise UserError(f"Cannot keep the comparison in {folder}: {explain(error)}.") from error


def warn(sentence: str) -> None:
    """Warn that a comparison cannot be opened."""
    warnings.warn(sentence, DamagedComparison, stacklevel=3)


def load_comparisons(run_folder: Path, tell: Callable[[str], None] = warn) -> list[ComparisonSet]:
    """Read all comparisons of a run directory, the oldest first.

    Parameters
    ----------
    run_folder : Path
    tell : callable
        Gets one sentence for every comparison that cannot be opened (damaged, or written by a newer
        version), which is left out: the others open all the same. By default the sentence becomes a
        ``DamagedComparison`` warning, which napari shows as a notification.

    Raises
    ------
    UserError
        If the folder of comparisons cannot be listed.
    """
    opened = []
    for folder in _folders(Path(run_folder) / COMPARISONS):
        try:
            opened.append(_read(folder))
        except UserError as error:
            tell(str(error))
    return [found for _, found in sorted(opened, key=lambda one: one[0].saved)]


def software_of(run_folder: Path, name: str) -> dict[str, str]:
    """Return the versions of what computed a comparison of a run.

    Raises
    ------
    UserError
        If it is damaged or there is none of this name.
    """
    record, _ = _read(_known(run_folder, name))
    return record.versions


def _known(run_folder: Path, name: str) -> Path:
    known = {kept.name: kept for kept in _folders(Path(run_folder) / COMPARISONS)}
    if name not in known:
        raise UserError(
            f"{run_folder} keeps no comparison called '{name}': "
            f"it has {', '.join(sorted(known)) or 'none at all'}."
        )
    return known[name]


def _folders(folder: Path) -> list[Path]:
    try:
        found = [kept for kept in folder.iterdir() if not kept.name.startswith(".")]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise UserError(f"Cannot read the comparisons in {folder}: {explain(error)}.") from error
    return [kept for kept in found if kept.is_dir()]


def _publish(temporary: Path, name: str) -> str:
    """Rename the complete folder to the first free name and return that."""
    taken = [kept.name for kept in temporary.parent.iterdir()]
    for candidate in free_names(name, taken):
        target = temporary.with_name(candidate)
        try:
            temporary.rename(target)
        except OSError:
            if not target.exists():
                raise
            continue  # another process took the name in between
        return candidate
    raise AssertionError("names never end")


def _movie(run_folder: Path) -> MovieIdentity | None:
    """Return what a run says of its movie, of which maps are; None for a fit of cells."""
    return None if is_fit_directory(run_folder) else read_record(run_folder).movie


def _write(folder: Path, found: ComparisonSet, movie: MovieIdentity | None) -> None:
    names: list[str] = []
    for pair in found.pairs:
        name = next(free_names(joined((pair.a.label, pair.b.label)), names))
        names.append(name)
        write_table(folder / f"{name}.edges.csv", pair.dynamics.edges)
        write_table(folder / f"{name}.places.csv", pair.dynamics.places)
        nulls = np.concatenate([pair.dynamics.null, pair.anything.null]).astype(np.float64)
        np.save(folder / f"{name}.null.npy", nulls, allow_pickle=False)
        if movie is not None and pair.difference is not None:  # cells have no map
            image = shown_image(pair.difference, movie.stack)
            write_image(folder / f"{name}.difference.tif", image, movie.pixel_size_um)
    text = ComparisonRecord.of(found, names).model_dump_json(indent=2)
    (folder / RECORD).write_text(text, encoding="utf-8")


def _read(folder: Path) -> tuple[ComparisonRecord, ComparisonSet]:
    try:
        record = ComparisonRecord.model_validate_json((folder / RECORD).read_bytes())
        if record.format_version <= FORMAT_VERSION:
            pairs = [_read_pair(folder, pair) for pair in record.pairs]
            return record, record.comparisons(folder.name, pairs)
    except PermissionError as error:
        raise UserError(f"Cannot read {error.filename}: {explain(error)}.") from error
    except Exception as error:  # whatever a foreign file makes the readers of its format raise
        said = " ".join(str(error).split())
        raise UserError(
            f"The comparison {folder} is damaged ({said}): delete it and compare again."
        ) from error
    raise UserError(
        f"The comparison {folder} was made by a newer version of napari-sparsevar: update this one."
    )


def _read_pair(folder: Path, record: PairRecord) -> Comparison:
    name = record.files
    nulls = np.load(folder / f"{name}.null.npy", allow_pickle=False)
    edges = _read_numbers(folder / f"{name}.edges.csv", EDGE_COLUMNS)
    places = _read_numbers(folder / f"{name}.places.csv", PLACE_COLUMNS)
    return record.comparison(nulls, edges, places, _read_difference(folder, record))


def _read_numbers(path: Path, columns: list[str]) -> pd.DataFrame:
    """Read a table as it was written, to the last digit."""
    # As text: not every pandas that we accept reads floats exactly of its own accord.
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise ValueError(f"{path.name} has no column {missing[0]}")
    return pd.DataFrame(
        {name: table[name] if name in _WORDS else _numbers(table[name]) for name in table.columns}
    )


def _numbers(texts: pd.Series) -> npt.NDArray[np.int64] | npt.NDArray[np.float64]:
    if texts.name in _WHOLE_NUMBERS:
        return np.array([int(text) for text in texts], dtype=np.int64)
    return np.array([float(text or "nan") for text in texts], dtype=np.float64)


def _read_difference(folder: Path, record: PairRecord) -> npt.NDArray[np.float32] | None:
    if record.difference is None:
        return None
    image: npt.NDArray[np.float32] = tifffile.imread(folder / f"{record.files}.difference.tif")
    if image.ndim > 2:
        image = kept_image(image, read_record(folder.parents[1]).movie.stack)
    # The format leaves out axes of length 1.
    return image.astype(np.float32, copy=False).reshape(record.difference)
