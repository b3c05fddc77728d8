"""Cells over the movie, coloured by what they drive, and the graph between them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from napari.components import ViewerModel
from napari.layers import Labels, Layer, Points, Vectors
from napari.utils.colormaps import DirectLabelColormap
from napari.utils.colormaps.standardize_color import transform_color

from napari_sparsevar.analysis.evidence.level import LEVEL
from napari_sparsevar.cells.cells import Cells
from napari_sparsevar.cells.editing import listed
from napari_sparsevar.figures.colours import signed_colour
from napari_sparsevar.readers.layers import METADATA_KEY
from napari_sparsevar.readers.placement import Placement
from napari_sparsevar.widgets.cells.state import BroughtCells
from napari_sparsevar.widgets.layers.overlays import kind_of
from napari_sparsevar.widgets.layers.sight import bring_into_sight, point_out
from napari_sparsevar.widgets.layers.signed import arrow_width, arrows
from napari_sparsevar.widgets.parts.lifetime import OpenViewer

if TYPE_CHECKING:
    from napari_sparsevar.cells.cell_fit import CellFit

CELLS, GRAPH = "cells", "cell graph"
"""Kinds of layers."""
NAMES = {CELLS: "cells", GRAPH: "who drives whom"}
PALE = "#b9aee6"
"""Of cells that drive nobody beyond chance: seen on grey tissue, and no sign of anything."""
MOST_ARROWS = 400
"""More hide the field; the surest are drawn."""
POINT_PX = 8
_THINNEST = 450.0
"""An arrow is at least so much narrower than the field."""
_OPACITY = 0.8
_RIM, _INSIDE = 0.7, 0.06
"""How much is seen of a cell that drives nobody beyond chance: little more than its outline."""
_LEAST, _MOST = 0.55, 0.95
"""The same of a driver, the weakest and the strongest."""


class CellLayers:
    """The layers of the cells at hand in one viewer; made when they are wanted.

    Attributes
    ----------
    graph_wanted : bool
    """

    def __init__(
        self, viewer: ViewerModel, brought: BroughtCells, placement: Callable[[Cells], Placement]
    ) -> None:
        self._viewer = OpenViewer(viewer)
        self._brought = brought
        self._placement = placement
        self.graph_wanted = False
        brought.cells_changed.connect(self._on_cells)
        brought.edits_changed.connect(self.update)
        brought.fit_changed.connect(self.update)
        brought.chosen_changed.connect(self._on_chosen)

    def show_graph(self, on: bool) -> None:
        """Draw the edges beyond chance, of the chosen cell where one is chosen; or none."""
        self.graph_wanted = on
        self.draw_graph()

    def update(self, *_: Any) -> None:
        """Draw the cells as they are now."""
        viewer, brought = self._viewer(), self._brought
        if viewer is None or brought.given is None or brought.given.centres is None:
            return
        layer = self.layer(CELLS)
        if layer is None:
            layer = viewer.add_layer(self._made(brought.given))
        self._colour(layer)
        self.draw_graph()

    def draw_graph(self) -> None:
        """Draw the edges as they are now, where they are wanted."""
        viewer, fit = self._viewer(), self._brought.fit
        if viewer is None:
            return
        layer = self.layer(GRAPH)
        edges = None if fit is None or not self.graph_wanted else self._edges(fit)
        if layer is not None and (edges is None or not len(edges)):
            layer.visible = False
        if edges is None or not len(edges):
            return
        if layer is None:
            active = viewer.layers.selection.active
            layer = viewer.add_layer(self._graph(edges))
            viewer.layers.selection.active = active
        layer.data = arrows(edges)
        layer.edge_width = self._width(edges)
        layer.edge_color = transform_color([signed_colour(value) for value in edges["estimate"]])
        layer.visible = True

    def point_out(self, *cells: int | None) -> None:
        """Show where cells are for a moment; the view moves only where it has to."""
        viewer, given = self._viewer(), self._brought.given
        if viewer is None or given is None or given.centres is None:
            return
        where = self._placement(given)
        found = [given.centres[cell] for cell in cells if cell is not None]
        places = [(float(y), float(x)) for y, x in found]
        places = [place for place in places if np.isfinite(place).all()]
        if places:
            bring_into_sight(viewer, places[0], where)
            point_out(viewer, places, where)

    def cell_at(self, position: Any) -> int | None:
        """Return the cell at a position in the world; None where none is shown there."""
        layer = self.layer(CELLS)
        if layer is None or not layer.visible:
            return None
        found = layer.get_value(position, world=True)
        if found is None or (isinstance(layer, Labels) and not found):
            return None
        n_cells = len(self._brought.given or ())
        label = isinstance(layer, Labels)
        cell = (int(found) - 1) % n_cells if label else self._of_point(layer, int(found))
        groups = self._brought.edits.merged
        whole = next((group[0] for group in groups if cell in group), cell)
        return whole if whole in cell_colours(self._brought) else None

    def _of_point(self, layer: Points, point: int) -> int:
        return int(layer.features["number"].iloc[point])

    def layer(self, kind: str) -> Any:
        """Return the layer of a kind, None where there is none."""
        viewer = self._viewer()
        layers: list[Layer] = [] if viewer is None else list(viewer.layers)
        return next((layer for layer in layers if kind_of(layer) == kind), None)

    def _on_cells(self) -> None:
        viewer = self._viewer()
        for kind in (GRAPH, CELLS):
            layer = self.layer(kind)
            if viewer is not None and layer is not None:
                viewer.layers.remove(layer)
        self.update()

    def _on_chosen(self) -> None:
        if self.graph_wanted:
            self.draw_graph()

    def _made(self, given: Cells) -> Layer:
        where = self._placement(given)
        options = {"metadata": {METADATA_KEY: {"kind": CELLS}}, "name": NAMES[CELLS]}
        if given.footprints is not None:
            image = rimmed(given.label_image(), len(given))
            return Labels(image, opacity=_OPACITY, **options, **where.arguments)
        assert given.centres is not None
        known = np.isfinite(given.centres).all(axis=1)
        return Points(
            given.centres[known],
            size=_point_size(given.centres[known]),
            border_width=0.0,
            features=pd.DataFrame({"number": np.flatnonzero(known)}),
            **options,
            **where.arguments,
        )

    def _colour(self, layer: Any) -> None:
        """Give each cell the colour of what it drives, and its names and numbers."""
        brought = self._brought
        assert brought.given is not None
        colours = cell_colours(brought)
        if isinstance(layer, Labels):
            numbers = listed(brought.given, brought.edits).numbers
            shown: dict[int | None, Any] = {None: np.zeros(4), 0: np.zeros(4)}
            for cell, (rim, inside) in colours.items():
                shown |= {cell + 1: rim, cell + 1 + len(brought.given): inside}
            layer.colormap = DirectLabelColormap(color_dict=shown)
            table = _features(brought, numbers)
            inside = table.assign(index=table["index"] + len(brought.given))
            layer.features = pd.concat([table, inside], ignore_index=True)
            return
        numbers = layer.features["number"].to_numpy(int)
        clear_colour = np.zeros(4)
        layer.face_color = np.stack(
            [colours[int(cell)][0] if int(cell) in colours else clear_colour for cell in numbers]
        )
        layer.features = _features(brought, numbers).assign(number=numbers)
        layer.text = {
            "string": "{name}",
            "size": 9,
            "color": "white",
            "anchor": "upper_left",
            "visible": len(numbers) <= 150,
        }

    def _edges(self, fit: CellFit) -> pd.DataFrame:
        """Return the edges to draw, with places in pixels; hidden cells have none."""
        brought = self._brought
        edges = fit.edges[fit.edges["p_adjusted"] <= LEVEL]
        place = brought.place_in_fit(brought.chosen[0])
        if place is not None:
            name = fit.names[place]
            edges = edges[(edges["source"] == name) | (edges["target"] == name)]
        centres = fit.cells.centres
        assert centres is not None
        seen = ~np.isin(brought.fitted, list(brought.edits.hidden | brought.edits.excluded))
        seen &= np.isfinite(centres).all(axis=1)
        number = {name: row for row, name in enumerate(fit.names) if seen[row]}
        edges = edges[edges["source"].isin(number) & edges["target"].isin(number)]
        edges = edges.drop_duplicates(["source", "target"])  # the surest lag of each
        edges = edges.head(MOST_ARROWS).copy()
        for end in ("source", "target"):
            at = centres[[number[name] for name in edges[end]]].reshape(-1, 2)
            edges[f"{end}_y"], edges[f"{end}_x"] = at[:, 0], at[:, 1]
        return edges

    def _graph(self, edges: pd.DataFrame) -> Vectors:
        assert self._brought.given is not None
        return Vectors(
            arrows(edges),
            name=NAMES[GRAPH],
            vector_style="arrow",
            metadata={METADATA_KEY: {"kind": GRAPH}},
            **self._placement(self._brought.given).arguments,
        )

    def _width(self, edges: pd.DataFrame) -> float:
        """Return how wide arrows are: as cells are large, and never too thin to be seen."""
        centres = None if self._brought.given is None else self._brought.given.centres
        if centres is None:
            return arrow_width(len(edges))
        reach = float(np.ptp(centres[np.isfinite(centres).all(axis=1)], axis=0).max())
        wide = 1.8 * arrow_width(len(edges)) * _point_size(centres) / POINT_PX
        return max(wide, reach / _THINNEST)


def rimmed(labels: npt.NDArray[np.int32], n_cells: int) -> npt.NDArray[np.int32]:
    """Return labels (Y, X) in which pixels inside a cell, not at its rim, count ``n_cells`` more.

    So the outline of a cell can have another colour than what is inside, whatever is found out.
    """
    around = np.pad(labels, 1)
    beside = (around[:-2, 1:-1], around[2:, 1:-1], around[1:-1, :-2], around[1:-1, 2:])
    inside = np.logical_and.reduce([labels == other for other in beside]) & (labels > 0)
    return np.where(inside, labels + np.int32(n_cells), labels)


def cell_colours(
    brought: BroughtCells,
) -> dict[int, tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]]:
    """Return the colours of each cell that is shown, of its rim and of what is inside.

    Drivers beyond chance are orange where they raise others and blue where they lower them, the
    fuller the more others follow; of all others only the outline is seen.
    """
    assert brought.given is not None
    numbers, _, groups = listed(brought.given, brought.edits)
    sure = _sure_drivers(brought)
    most = max((abs(strength) for strength in sure.values()), default=1.0)
    grey = np.asarray(transform_color(PALE)[0], float)
    found: dict[int, tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]] = {}
    for cell, parts in zip(map(int, numbers), groups, strict=True):
        if cell in brought.edits.hidden:
            continue
        colours = _seen(grey, _RIM), _seen(grey, _INSIDE)
        if cell in sure:
            signed = np.asarray(transform_color(signed_colour(sure[cell]))[0], float)
            inside = _LEAST + (_MOST - _LEAST) * abs(sure[cell]) / max(most, 1e-12)
            colours = _seen(signed, 1.0), _seen(signed, inside)
        found |= dict.fromkeys(parts, colours)
    return found


def _seen(colour: npt.NDArray[np.float64], opacity: float) -> npt.NDArray[np.float64]:
    return np.array([*colour[:3], opacity])


def _sure_drivers(brought: BroughtCells) -> dict[int, float]:
    """Return what drivers beyond chance do, by number: the sum of their edges beyond chance.

    Where all of them together are beyond chance and none is alone, it is the surest one.
    """
    fit = brought.fit
    if fit is None or not fit.tested:
        return {}
    edges = fit.edges
    sums = edges[edges["p_adjusted"] <= LEVEL].groupby("source")["estimate"].sum()
    surest = edges.drop_duplicates("source").set_index("source")["estimate"]
    sure = {cell: row.name for cell, row in brought.found.items() if row.p_adjusted <= LEVEL}
    strengths = {cell: sums.get(name, surest.get(name)) for cell, name in sure.items()}
    return {cell: float(found) for cell, found in strengths.items() if found is not None}


def _features(brought: BroughtCells, numbers: npt.NDArray[np.intp]) -> pd.DataFrame:
    """Return what the status bar says of each cell; napari finds a label by ``index``."""
    rows: dict[str, list[Any]] = {"index": [], "name": [], "drives": [], "driven_by": [], "p": []}
    known = brought.found
    for cell in map(int, numbers):
        row = known.get(cell)
        rows["index"].append(cell + 1)
        rows["name"].append(brought.name(cell))
        rows["drives"].append(0 if row is None else int(row.drives))
        rows["driven_by"].append(0 if row is None else int(row.driven_by))
        rows["p"].append(np.nan if row is None else float(row.p_adjusted))
    return pd.DataFrame(rows)


def _point_size(centres: npt.NDArray[np.float64]) -> float:
    """Return a diameter at which points of a field seldom touch."""
    known = centres[np.isfinite(centres).all(axis=1)]
    reach = np.ptp(known, axis=0).max() if len(known) > 1 else 10.0
    return float(max(reach, 1.0) / (4.0 * np.sqrt(max(len(centres), 4))))
