"""One row a movie and method, in a CSV file that an interrupted benchmark goes on with."""

from __future__ import annotations

import csv
import math
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple, get_type_hints

from recovery_parts.region_scores import NOT_PAINTED, RegionScores
from recovery_parts.scores import Scores


class Row(NamedTuple):
    """What is kept of one method on one movie; the first four tell rows apart.

    Attributes
    ----------
    case, seed, method : str, int, str
    preset : str
        Of the network; empty for other methods.
    auroc, average_precision, edge_precision, edge_recall, localised, n_pairs
        See `Scores`.
    listed_right, listed_wrong : float
        Drivers listed, and listed places that are none; NaN for methods that test none.
    outgoing_auroc, incoming_auroc : float
        See `RegionScores`; NaN for methods that have no maps of a region.
    seconds : float
        From the movie to map and edges, by the wall clock.
    machine, versions, note : str
    """

    case: str
    seed: int
    method: str
    preset: str
    auroc: float
    average_precision: float
    edge_precision: float
    edge_recall: float
    localised: float
    n_pairs: int
    listed_right: float
    listed_wrong: float
    outgoing_auroc: float
    incoming_auroc: float
    seconds: float
    machine: str
    versions: str
    note: str

    @property
    def label(self) -> str:
        """Method and preset as a reader sees them."""
        return f"{self.method} ({self.preset})" if self.preset else self.method


Key = tuple[str, int, str, str]

_UNKNOWN = dict.fromkeys(("listed_right", "listed_wrong", *NOT_PAINTED._fields), "nan")
"""What stands in columns that older files lack."""


def key_of(row: Row) -> Key:
    """Return what tells a row from others."""
    return row.case, row.seed, row.method, row.preset


def make_row(
    key: Key, scores: Scores, painted: RegionScores, seconds: float, device: str, note: str
) -> Row:
    """Put a row together, with the machine this process runs on."""
    auroc, average_precision, edge_precision, edge_recall = (round(v, 5) for v in scores[:4])
    outgoing_auroc, incoming_auroc = (round(v, 5) for v in painted)
    return Row(
        *key,
        auroc,
        average_precision,
        edge_precision,
        edge_recall,
        float(scores.localised),
        scores.n_pairs,
        scores.listed_right,
        scores.listed_wrong,
        outgoing_auroc,
        incoming_auroc,
        round(seconds, 2),
        f"{processor()}, 1 thread a process, {device}",
        f"{revision()}, Python {platform.python_version()}, torch {version('torch')}, "
        f"numpy {version('numpy')}, scikit-learn {version('scikit-learn')}",
        note,
    )


def read_rows(path: Path) -> list[Row]:
    """Read all whole rows; what a killed process left half-written is passed over."""
    if not path.is_file():
        return []
    rows = []
    with path.open(newline="", encoding="utf-8") as file:
        for entry in csv.DictReader(file):
            row = _parse(entry)
            if row is not None:
                rows.append(row)
    return rows


def append_row(path: Path, row: Row) -> None:
    """Add a row to the file, which is made with a header where there is none."""
    _bring_up_to_date(path)
    started = path.is_file() and path.stat().st_size > 0
    broken = started and not path.read_bytes().endswith(b"\n")
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        if broken:
            file.write("\n")
        if not started:
            writer.writerow(Row._fields)
        writer.writerow(row)


def _bring_up_to_date(path: Path) -> None:
    """Write an older file again with the columns it lacks.

    Any other file is left as it is.
    """
    if not path.is_file():
        return
    with path.open(newline="", encoding="utf-8") as file:
        header = next(csv.reader(file), [])
    lacking = set(Row._fields) - set(header)
    if not lacking or not lacking <= set(_UNKNOWN) or not header:
        return
    new = path.with_name(f"{path.name}.new")
    with new.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([Row._fields, *read_rows(path)])
    new.replace(path)


def processor() -> str:
    """Return the name of the processor, as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def revision() -> str:
    """Return the commit this project is at, with a plus where files differ from it."""
    command = ["git", "describe", "--always", "--dirty=+", "--exclude=*"]
    try:
        done = subprocess.run(
            command, cwd=Path(__file__).parent, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return version("napari-sparsevar")
    return done.stdout.strip()


def _parse(entry: dict[str, str]) -> Row | None:
    kinds = get_type_hints(Row)
    try:
        # A column the file lacks is unknown; one a torn row lacks is None and makes it unreadable.
        whole = {**_UNKNOWN, **entry}
        row = Row(**{name: kinds[name](whole[name]) for name in Row._fields})
    except (KeyError, TypeError, ValueError):
        return None
    return row if math.isfinite(row.auroc) else None
