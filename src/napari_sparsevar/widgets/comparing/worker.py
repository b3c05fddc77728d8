"""A comparison and the opening of runs, as generators for the background."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_sparsevar.comparison.result import ComparisonSet
from napari_sparsevar.comparison.windows import Window
from napari_sparsevar.errors import UserError
from napari_sparsevar.widgets.work.one_work import Progressed, paced

if TYPE_CHECKING:
    from napari_sparsevar.comparison.options import ComparisonOptions
    from napari_sparsevar.run.run import Run


@dataclass(frozen=True, eq=False)
class CompareRequest:
    """Everything a comparison needs, fixed before it starts; no widget and no layer in it."""

    run: Run
    windows: tuple[Window, ...]
    options: ComparisonOptions


@dataclass(frozen=True, eq=False)
class Compared:
    """A comparison that is done; ``notice`` says why it could not be kept, if it could not."""

    found: ComparisonSet
    notice: str = ""


@dataclass(frozen=True, eq=False)
class Loaded:
    """The comparisons of a run, the oldest first, and a sentence for each that cannot be opened."""

    found: tuple[ComparisonSet, ...]
    notices: tuple[str, ...] = ()


def comparing_stream(request: CompareRequest) -> Iterator[Progressed | Compared]:
    """Yield progress and the comparison at the end."""
    from napari_sparsevar.comparison.compare import comparing

    work = comparing(request.run, request.windows, request.options)
    yield _kept(request.run.path, (yield from paced(work)))


def loading_stream(path: Path) -> Iterator[Loaded]:
    """Yield the comparisons of a run."""
    from napari_sparsevar.comparison.store import load_comparisons

    notices: list[str] = []
    yield Loaded(tuple(load_comparisons(path, notices.append)), tuple(notices))


def _kept(path: Path, found: ComparisonSet) -> Compared:
    from napari_sparsevar.comparison.store import save_comparisons

    try:
        return Compared(save_comparisons(path, found))
    except (UserError, OSError) as error:
        # What took minutes to compute is shown all the same.
        return Compared(found, f"The comparison is shown but not kept: {error}")
