"""Who drives whom as a graph: GraphML, which Gephi, Cytoscape and networkx open.

The format: Brandes et al. 2002, GraphML progress report, Graph Drawing, LNCS 2265:501.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

import pandas as pd

from napari_sparsevar.analysis.evidence.level import LEVEL
from napari_sparsevar.cells.cell_fit import CellFit
from napari_sparsevar.disk.files import replacing

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML file may hold, not even escaped."""

_NODE = (
    *("label", "name", "y", "x", "plane"),
    *("strength", "p_adjusted", "stability", "drives", "driven_by"),
)
_EDGE = (
    *("weight", "coefficient", "lag", "low", "high"),
    *("p_adjusted", "p_fdr", "stability", "distance"),
)

_TEXT, _WHOLE = {"label", "name", "fitted"}, {"plane", "lag", "lags", "drives", "driven_by"}


def write_graph(
    fit: CellFit, path: Path, *, level: float | None = LEVEL, overwrite: bool = False
) -> int:
    """Write cells as nodes and what they drive as directed edges, one for each lag.

    Nodes are called what the cells are called. An edge's ``weight`` is the debiased estimate. What
    is not known (NaN) is left out.

    Parameters
    ----------
    fit : CellFit
    path : Path
    level : float, optional
        Adjusted p-value up to which an edge is drawn; None draws every edge of the table.
    overwrite : bool

    Returns
    -------
    int
        How many edges there are.

    Raises
    ------
    UserError
        If the file exists or the disk refuses.
    """
    edges = fit.edges if level is None else fit.edges[fit.edges["p_adjusted"] <= level]
    edges = edges.rename(columns={"estimate": "weight"})
    nodes = fit.drivers.assign(label=fit.drivers["name"])
    called = _identities(fit.names)
    about = {"fitted": fit.said, "lags": fit.lags, "fps": fit.fps}
    with replacing(path, overwrite=overwrite) as temporary, temporary.open("wb") as file:
        xml = XMLGenerator(file, "utf-8", short_empty_elements=True)
        xml.startDocument()
        with _element(xml, "graphml", {"xmlns": "http://graphml.graphdrawing.org/xmlns"}):
            _write_keys(xml, {"graph": tuple(about), "node": _NODE, "edge": _EDGE})
            with _element(xml, "graph", {"id": "cells", "edgedefault": "directed"}):
                _write_data(xml, "graph", about)
                for row in _rows(nodes, _NODE):
                    with _element(xml, "node", {"id": called[row["name"]]}):
                        _write_data(xml, "node", row)
                _write_edges(xml, edges, called)
        xml.endDocument()
    return len(edges)


def _write_keys(xml: XMLGenerator, keys: Mapping[str, Sequence[str]]) -> None:
    """Declare what data there is: Gephi and Cytoscape want to know its type."""
    for domain, names in keys.items():
        for name in names:
            kind = "string" if name in _TEXT else "int" if name in _WHOLE else "double"
            declared = {"attr.name": name, "attr.type": kind}
            with _element(xml, "key", {"id": f"{domain}-{name}", "for": domain, **declared}):
                pass


def _write_edges(xml: XMLGenerator, edges: pd.DataFrame, called: Mapping[str, str]) -> None:
    for number, row in enumerate(_rows(edges, ("source", "target", *_EDGE))):
        ends = {"source": called[row.pop("source")], "target": called[row.pop("target")]}
        with _element(xml, "edge", {"id": f"edge-{number}", **ends}):
            _write_data(xml, "edge", row)


def _write_data(xml: XMLGenerator, domain: str, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        if value is None or (isinstance(value, float) and not math.isfinite(value)):
            continue
        with _element(xml, "data", {"key": f"{domain}-{name}"}):
            xml.characters(_readable(str(value)))


@contextmanager
def _element(xml: XMLGenerator, name: str, attributes: Mapping[str, str]) -> Iterator[None]:
    xml.startElement(name, AttributesImpl(attributes))
    yield
    xml.endElement(name)
    if name != "data":
        xml.ignorableWhitespace("\n")


def _rows(table: pd.DataFrame, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield rows as plain Python values."""
    columns = [table[name].tolist() for name in names]
    for values in zip(*columns, strict=True):
        yield dict(zip(names, values, strict=True))


def _identities(names: Sequence[str]) -> dict[str, str]:
    """Return what each node is called: its name, unless XML has no character for a part of it."""
    found: dict[str, str] = {}
    for number, name in enumerate(names):
        readable = _readable(name)
        taken = readable != name and (readable in names or readable in found.values())
        found[name] = f"{readable} ({number})" if taken else readable
    return found


def _readable(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)
