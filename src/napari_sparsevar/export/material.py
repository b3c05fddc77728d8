"""Everything about a run that can be exported, opened once."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sparsevar.comparison.result import Comparison, ComparisonSet
from napari_sparsevar.comparison.store import load_comparisons
from napari_sparsevar.disk.names import free_names, joined
from napari_sparsevar.errors import UserError
from napari_sparsevar.figures.options import Chosen
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.run.annotations import Annotations, read_marks
from napari_sparsevar.run.places import noted_places, place_reach, places
from napari_sparsevar.run.run import Run, load_run
from napari_sparsevar.run.run_movie import open_run_movie

LabelImage = npt.NDArray[np.int32]
Tell = Callable[[str], None]


class ComparedPair(NamedTuple):
    """Two windows that were compared.

    Attributes
    ----------
    name : str
        Of its files: the comparison's, before it the windows where that has several pairs.
    found : ComparisonSet
    pair : Comparison
    adjusted : float
        Its p-value, adjusted for all pairs of the comparison.
    """

    name: str
    found: ComparisonSet
    pair: Comparison
    adjusted: float


@dataclass(frozen=True, eq=False)
class Material:
    """A run with what a person added to it.

    Attributes
    ----------
    run : Run
        At the penalty that is to be exported.
    movie : Movie or None
        None where it is not there any more.
    regions : ndarray of int32, shape (Y, X), or None
        Painted regions.
    notes : Annotations
        Names and notes of drivers and regions.
    comparisons : tuple of ComparisonSet
    chosen : Chosen
        The place and the windows that somebody looks at.
    notices : tuple of str
        What is said of its movie: that it is another, or is gone.
    """

    run: Run
    movie: Movie | None = None
    regions: LabelImage | None = None
    notes: Annotations = field(default_factory=Annotations)
    comparisons: tuple[ComparisonSet, ...] = ()
    chosen: Chosen = field(default_factory=Chosen)
    notices: tuple[str, ...] = ()

    def places(self) -> pd.DataFrame:
        """Return drivers and painted regions with what a person says of them, one row each."""
        results = self.run.results
        return noted_places(places(results, self.regions), self.notes, place_reach(results))

    def pairs(self) -> list[ComparedPair]:
        """Return every pair of windows that was compared."""
        pairs: list[ComparedPair] = []
        for found in self.comparisons:
            for pair, adjusted in zip(found.pairs, found.adjusted, strict=True):
                # The name of a comparison is made of the labels of its windows.
                windows = joined((pair.a.label, pair.b.label))
                name = found.name if len(found.pairs) == 1 else f"{windows}-of-{found.name}"
                name = next(free_names(name, [other.name for other in pairs]))
                pairs.append(ComparedPair(name, found, pair, adjusted))
        return pairs

    def needed_movie(self, what: str) -> Movie:
        """Return the movie.

        Parameters
        ----------
        what : str
            What needs it, at the beginning of a sentence.

        Raises
        ------
        UserError
            If it is not there.
        """
        if self.movie is None:
            source = self.run.movie_source or self.run.movie_name
            raise UserError(
                f"{what} needs the movie, and {source} is not there: bring it back to its place, "
                "or export the rest."
            )
        return self.movie


def gather(run_path: Path, tell: Tell = warnings.warn) -> Material:
    """Open a run directory and everything kept in it.

    Parameters
    ----------
    run_path : Path
    tell : callable
        Gets one sentence for everything that is left out because it cannot be opened.

    Raises
    ------
    UserError
        If the run cannot be opened.
    """
    run = load_run(run_path)
    marks = read_marks(run_path, run.results.contribution.shape, tell, run.stack)
    comparisons = tuple(load_comparisons(run_path, tell))
    said: list[str] = []
    movie = movie_of_run(run, said.append)
    for notice in said:
        tell(notice)
    return Material(run, movie, marks.regions, marks.notes, comparisons, notices=tuple(said))


def movie_of_run(run: Run, tell: Tell = warnings.warn) -> Movie | None:
    """Return the movie a run was trained on, None where it is not there or of another size."""
    if run.movie_source is None:
        return None
    found = open_run_movie(run.path, run.record.movie)
    if found.movie is None or found.notice:
        tell(found.notice)
    return found.movie
