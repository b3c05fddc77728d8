"""The graph opens in networkx with names, weights and p-values, and NaN nowhere."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

from made_fits import NAMES, made_fit
from napari_sparsevar.cells.cell_fit import CellFit
from napari_sparsevar.export.cells.graph import write_graph


def graph_of(fit: CellFit, path: Path, level: float | None = 0.05) -> nx.MultiDiGraph:
    drawn = write_graph(fit, path, level=level)
    assert "nan" not in path.read_text(encoding="utf-8")
    found = nx.read_graphml(path, force_multigraph=True)
    assert found.is_directed()
    assert found.number_of_edges() == drawn
    return found


def test_edges_beyond_chance_come_back(tmp_path: Path) -> None:
    fit = made_fit()
    graph = graph_of(fit, tmp_path / "g.graphml")
    sure = fit.edges[fit.edges["p_adjusted"] <= 0.05]
    assert {("b & c", "ç"), ("b & c", "12")} <= set(graph.edges())
    for row in sure.to_dict("records"):
        (found,) = (
            edge
            for edge in graph.get_edge_data(row["source"], row["target"]).values()
            if edge["lag"] == row["lag"]
        )
        assert found["weight"] == row["estimate"]
        for name in ("coefficient", "low", "high", "p_adjusted", "p_fdr", "stability", "distance"):
            assert found[name] == row[name]
    assert graph.graph["fitted"] == fit.said
    assert (graph.graph["lags"], graph.graph["fps"]) == (2, 10.0)


def test_every_cell_is_a_node_by_its_name(tmp_path: Path) -> None:
    fit = made_fit()
    graph = graph_of(fit, tmp_path / "g.graphml")
    assert set(graph.nodes) == set(NAMES)
    rows = fit.drivers.set_index("name")
    for name, node in graph.nodes(data=True):
        assert node["name"] == node["label"] == name
        assert (node["y"], node["x"]) == (rows["y"][name], rows["x"][name])
        assert node["drives"] == rows["drives"][name]
    assert "strength" not in graph.nodes["still"]
    assert graph.nodes["b & c"]["strength"] == rows["strength"]["b & c"]


def test_all_edges_are_those_of_the_table(tmp_path: Path) -> None:
    fit = made_fit(outlines=False)
    graph = graph_of(fit, tmp_path / "g.graphml", level=None)
    assert graph.number_of_edges() == len(fit.edges)
    assert not any("distance" in edge for *_, edge in graph.edges(data=True))


@pytest.mark.parametrize("name", ["tab\t<&>\"'", "bell\x07", " blank "])
def test_any_name_can_be_read_back(tmp_path: Path, name: str) -> None:
    fit = made_fit()
    cells = replace(fit.cells, names=(name, *NAMES[1:]))
    graph = graph_of(replace(fit, cells=cells), tmp_path / "g.graphml")
    assert graph.number_of_nodes() == len(NAMES)
    readable = name.replace("\x07", "\ufffd")
    assert readable in graph.nodes


def test_names_that_only_differ_in_what_xml_cannot_say_stay_two(tmp_path: Path) -> None:
    fit = made_fit()
    cells = replace(fit.cells, names=("a\x01", "a\x02", "a\ufffd", "d", "e"))
    assert graph_of(replace(fit, cells=cells), tmp_path / "g.graphml").number_of_nodes() == 5
    assert np.isfinite(fit.matrix()).all()
