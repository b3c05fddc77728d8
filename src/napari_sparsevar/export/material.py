"""Everything about a run that can be exported, opened once."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sparsevar.comparison.result import Comparison, ComparisonSet
from napari_sparsevar.comparison.store import load_comparisons
from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.run.annotations import Annotations, read_marks
from napari_sparsevar.run.places import noted_places, place_reach, places
from napari_sparsevar.run.run import Run, load_run
from napari_sparsevar.run.run_movie import open_run_movie

LabelImage = npt.NDArray[np.int32]
Tell = Callable[[str], None]


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
    """

    run: Run
    movie: Movie | None = None
    regions: LabelImage | None = None
    notes: Annotations = field(default_factory=Annotations)
    comparisons: tuple[ComparisonSet, ...] = ()

    def places(self) -> pd.DataFrame:
        """Return drivers and painted regions with what a person says of them, one row each."""
        results = self.run.results
        return noted_places(places(results, self.regions), self.notes, place_reach(results))

    def pairs(self) -> list[tuple[ComparisonSet, Comparison, float]]:
        """Return every pair of windows with its set and its adjusted p-value."""
        return [
            (found, pair, adjusted)
            for found in self.comparisons
            for pair, adjusted in zip(found.pairs, found.adjusted, strict=True)
        ]

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
    marks = read_marks(run_path, run.contribution_map.shape, tell)
    comparisons = tuple(load_comparisons(run_path, tell))
    return Material(run, movie_of_run(run, tell), marks.regions, marks.notes, comparisons)


def movie_of_run(run: Run, tell: Tell = warnings.warn) -> Movie | None:
    """Return the movie a run was trained on, None where it is not there or of another size."""
    if run.movie_source is None:
        return None
    found = open_run_movie(run.path, run.record.movie)
    if found.movie is None or found.notice:
        tell(found.notice)
    return found.movie
