"""Answers about a run, computed beside the screen: maps, partners, places at any penalty."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from napari_sparsevar.widgets.inspecting.answers import (
    DIRECTIONS,
    Answer,
    Direction,
    Gone,
    Influence,
    News,
    Noted,
    OtherWay,
    Prepared,
    Question,
    ReadOut,
    SelectedPlace,
)

if TYPE_CHECKING:
    import pandas as pd

    from napari_sparsevar.analysis.fit.solution_path import SolutionPath
    from napari_sparsevar.analysis.maps.drivers import LabelImage
    from napari_sparsevar.analysis.maps.region import Region
    from napari_sparsevar.analysis.results import Results
    from napari_sparsevar.run.annotations import PlaceNote
    from napari_sparsevar.run.run import Run

N_EDGES = 30
"""Arrows of the whole field."""

N_CURVES = 8
"""Influences drawn along the path."""


class Inspector:
    """Answers questions about one run; keeps what the next question is likely to need.

    All of it is called in one thread at a time, never the main one.
    """

    def __init__(self, run: Run) -> None:
        self._base = run
        self._shown: ReadOut | None = None
        self._region: Region | None = None
        self.solution_path: SolutionPath | None = None

    def prepare(self) -> Iterator[Noted | Prepared]:
        """Yield what a person has added, then the solution path, which takes longer."""
        from napari_sparsevar.analysis.fit.solution_path import SolutionPath
        from napari_sparsevar.run.annotations import read_marks

        notices: list[str] = []
        run = self._base
        notes, regions = read_marks(run.path, run.results.grid.shape, notices.append, run.stack)
        yield Noted(notes, regions, tuple(notices))
        fitted = run.results.fitted
        yield Prepared(SolutionPath.trace(fitted.statistics, fitted.weights))

    def answer(self, question: Question) -> Iterator[tuple[News, ...]]:
        """Yield the read-out where it is another, and the answer where something is selected.

        Both together: the window is painted once for them and not twice. What is not looked at
        comes by itself.
        """
        news = tuple(self._news(question))
        yield news
        for each in news:
            if isinstance(each, Answer):
                yield (self._other_way(each),)

    def _news(self, question: Question) -> Iterator[News]:
        shown = self._shown
        if shown is None or not shown.question.same_read_out(question) or self._lacks_curves():
            self._shown = shown = self._read_out(question)
            yield shown
        selection = _as_it_is_now(question, shown)
        if selection is not None:
            yield self._answer(question, selection, shown.run)
        elif question.selection is not None:
            yield Gone(question)

    def _lacks_curves(self) -> bool:
        shown = self._shown
        return self.solution_path is not None and shown is not None and not shown.curves

    def _read_out(self, question: Question) -> ReadOut:
        from napari_sparsevar.analysis.maps.path_curves import edge_curves
        from napari_sparsevar.run.places import places

        shown, regions = self._shown, question.regions
        if shown is not None and shown.run.penalty == question.penalty and not self._lacks_curves():
            # Only the regions are others.
            return replace(shown, question=question, places=places(shown.run.results, regions))
        run = self._at(question.penalty)
        results = run.results
        edges, path = _strongest_edges(results), self.solution_path
        curves = [] if path is None else edge_curves(results, path, edges[:N_CURVES])
        n_edges = results.fitted.n_edges
        return ReadOut(question, run, n_edges, edges, places(results, regions), curves)

    def _at(self, penalty: float) -> Run:
        from napari_sparsevar.analysis.analyse import at_penalty

        if self._shown is not None and self._shown.run.penalty == penalty:
            return self._shown.run
        if self._base.penalty == penalty:
            return self._base
        return replace(
            self._base, results=at_penalty(self._base.results, penalty, self.solution_path)
        )

    def _answer(self, question: Question, selection: SelectedPlace, run: Run) -> Answer:
        found = self._influence(run, selection.mask, question.direction, question.lag)
        return Answer(question, selection, {question.direction: found})

    def _other_way(self, answer: Answer) -> OtherWay:
        assert self._shown is not None
        question, run = answer.question, self._shown.run
        (other,) = (each for each in DIRECTIONS if each not in answer.influence)
        found = self._influence(run, answer.selection.mask, other, question.lag)
        return OtherWay(question, other, found)

    def _region_of(self, mask: npt.NDArray[np.bool_]) -> Region:
        """Return the region in terms of the latents: the same at every penalty."""
        from napari_sparsevar.analysis.maps.region import Region

        if self._region is None or not np.array_equal(self._region.mask, mask):
            self._region = Region(mask, self._base.results.projection)
        return self._region

    def _influence(
        self, run: Run, mask: npt.NDArray[np.bool_], direction: Direction, lag: int | None
    ) -> Influence:
        from napari_sparsevar.analysis.maps.influence import influence_map
        from napari_sparsevar.analysis.maps.partners import partner_table
        from napari_sparsevar.analysis.maps.path_curves import partner_curves

        results, region = run.results, self._region_of(mask)
        image = influence_map(results.fitted, region, direction, lag)
        partners = partner_table(results, region, direction, image, lag)
        latents = partners["latent"].astype(int).tolist()[:N_CURVES]
        curves = []
        if self.solution_path is not None:
            curves = partner_curves(results, self.solution_path, region, direction, latents)
        return Influence(image, partners, curves)


def _strongest_edges(results: Results) -> pd.DataFrame:
    """Return the edges that are drawn where nothing is selected, with their p-values."""
    from napari_sparsevar.analysis.maps.edges import strongest_edges

    edges = strongest_edges(results.fitted, results.projection, N_EDGES)
    rows = (edges["lag"] - 1) * results.fitted.n_series + edges["source"]
    tested = results.significance.edge_p.numpy()[rows.to_numpy(), edges["target"].to_numpy()]
    return edges.assign(p_adjusted=tested)


def save_places(path: Path, places: tuple[PlaceNote, ...]) -> Iterator[None]:
    """Keep names and notes of drivers in a run directory."""
    from napari_sparsevar.run.annotations import write_places

    write_places(path, places)
    yield None


def _as_it_is_now(question: Question, shown: ReadOut) -> SelectedPlace | None:
    """Return what is selected as it is now; a driver that has vanished, as it was, with label 0.

    None for a region of which nothing is left.
    """
    selection = question.selection
    if selection is None:
        return None
    if selection.kind == "point":
        return _tested(selection, shown.run)
    same_kind = shown.places["kind"] == selection.kind
    if selection.kind != "region":  # a candidate may turn out a driver
        same_kind = shown.places["kind"] != "region"
    places = shown.places[same_kind]
    if selection.kind == "region":
        same = places[places["label"] == selection.label]
        if same.empty or question.regions is None:
            return None
        return _selected(same.iloc[0], question.regions)
    if places.empty:
        return replace(selection, label=0)
    away = np.hypot(places["y"] - selection.y, places["x"] - selection.x).to_numpy()
    if away.min() > reach_of(shown.run):
        return replace(selection, label=0)
    return _selected(places.iloc[int(away.argmin())], shown.run.results.place_labels)


def _tested(point: SelectedPlace, run: Run) -> SelectedPlace:
    """Return a point with the evidence there is of it, as if it had been painted."""
    from napari_sparsevar.run.places import places

    found = places(run.results, point.mask.astype(np.int32))
    painted = found[found["kind"] == "region"].iloc[0]
    strength, p_value = float(painted["strength"]), float(painted["p_adjusted"])
    return replace(point, strength=strength, p_adjusted=p_value)


def _selected(place: pd.Series, labels: LabelImage) -> SelectedPlace:
    label = int(place["label"])
    mask = labels == label
    return SelectedPlace(place["kind"], label, mask, float(place["y"]), float(place["x"]))


def reach_of(run: Run) -> float:
    """Return how far apart, in pixels, the same driver may lie at two penalties."""
    from napari_sparsevar.run.places import place_reach

    return place_reach(run.results)
