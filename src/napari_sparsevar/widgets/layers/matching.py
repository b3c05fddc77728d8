"""Whether the chosen movie is the one the run was trained on, found out in the background."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from napari.layers import Image
from napari.utils.notifications import show_warning

from napari_sparsevar.readers.layers import METADATA_KEY
from napari_sparsevar.widgets.layers.movies import movie_of
from napari_sparsevar.widgets.work.failure import Failure
from napari_sparsevar.widgets.work.latest import Replacing

if TYPE_CHECKING:
    from napari_sparsevar.run.record import MovieIdentity
    from napari_sparsevar.run.run import Run


class MovieMatching:
    """Warns once of a movie that has the size of the run's and is another one.

    A movie of another size says so wherever it would be used.
    """

    def __init__(self) -> None:
        self._run: Run | None = None
        self._layer: weakref.ref[Image] | None = None
        self._asked: set[tuple[str, int]] = set()
        self._comparing = Replacing(self._receive, what="The comparison")

    def set_run(self, run: Run | None) -> None:
        """Look at a run, or None."""
        self._run = run
        self._look()

    def set_movie_layer(self, layer: Image | None) -> None:
        """Look at a movie layer, or None."""
        self._layer = None if layer is None else weakref.ref(layer)
        self._look()

    def _look(self) -> None:
        layer = None if self._layer is None else self._layer()
        if layer is None or self._run is None:
            return
        identity = self._run.record.movie
        key = (str(self._run.path), id(layer))
        if key in self._asked or not identity.content or tuple(layer.data.shape) != identity.shape:
            return
        self._asked.add(key)
        told = layer.metadata.get(METADATA_KEY, {}).get("another_than")
        if told == str(self._run.path):
            return
        self._comparing.start(partial(_compare, identity, layer))

    def _receive(self, news: Any) -> None:
        if isinstance(news, Failure):
            # Whoever uses the movie says why it cannot be read.
            news.log()
        elif news:
            show_warning(news)


def _compare(identity: MovieIdentity, layer: Image) -> Iterator[str]:
    from napari_sparsevar.run.run_movie import why_another, why_moved_otherwise

    movie = movie_of(layer)
    yield why_another(identity, movie) or why_moved_otherwise(identity, movie)
