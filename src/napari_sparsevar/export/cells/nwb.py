"""Cells, their traces and who drives whom as one NWB file."""

from __future__ import annotations

import json
from collections.abc import Generator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pandas as pd
from scipy import sparse

from napari_sparsevar.cells.cell_fit import CellFit
from napari_sparsevar.cells.cells import Float32Array
from napari_sparsevar.disk.files import replacing
from napari_sparsevar.export.nwb_columns import COLUMN_MEANINGS
from napari_sparsevar.export.nwb_parts import add_table, imaging_plane, needed_pynwb
from napari_sparsevar.export.session_start import known_start
from napari_sparsevar.progress import Step

_MEANINGS = {
    **COLUMN_MEANINGS,
    "source": "cell that drives",
    "target": "cell that is driven",
    "cell_name": "what the cell is called where it comes from",
    "strength": "sum of its coefficients over targets and lags",
    "distance": "between the cells, in micrometres, or in pixels where their size is not known",
    "drives": "number of edges beyond chance that begin here",
    "driven_by": "number of edges beyond chance that end here",
    "estimate": "coefficient without shrinkage",
    "stability": "share of random halves of the recording in which it is found again",
    "plane": "plane in depth, from 1",
}

_TRACES = {
    "fitted": "What was fitted; NaN where a frame or a cell was left out",
    "raw": "Fluorescence of the cell",
    "neuropil": "Fluorescence around the cell",
    "dff": "ΔF/F",
    "denoised": "Denoised fluorescence",
    "residual": "What the denoised trace leaves of the fluorescence",
    "deconvolved": "Deconvolved events",
}


def write_cells_nwb(
    fit: CellFit,
    out: Path,
    *,
    start: str | datetime | None = None,
    overwrite: bool = False,
) -> Generator[Step, None, str]:
    """Write cells with outlines (where they have any), traces, edges and settings.

    Parameters
    ----------
    fit : CellFit
    out : Path
        The ``.nwb`` file.
    start : str or datetime, optional
        When the recording began; by default what the file of the cells says, if it does.
    overwrite : bool

    Yields
    ------
    Step

    Returns
    -------
    str
        What was assumed; empty where nothing was. The file says it too, in its notes.

    Raises
    ------
    UserError
        If pynwb is not installed, the file exists, or the disk refuses.
    """
    pynwb = needed_pynwb()
    began, note = known_start(start, fit.cells.source, datetime.now(UTC), "The time of this export")
    yield 0.0, "Collecting for NWB"
    with replacing(out, overwrite=overwrite) as temporary:
        file = _file(pynwb, fit, began, note)
        module = file.create_processing_module("ophys", "Cells and their traces")
        table = fit.drivers.set_index("name").loc[list(fit.names)]
        table = table.reset_index().rename(columns={"name": "cell_name"})
        _add_cells(pynwb, file, module, fit, table)
        results = file.create_processing_module("sparse_var", "Who drives whom, and settings")
        add_table(results, "edges", fit.edges, "Edges between cells, the surest first", _MEANINGS)
        add_table(results, "settings", _settings(fit), "Settings, values as JSON")
        yield 0.5, "Writing NWB"
        with pynwb.NWBHDF5IO(str(temporary), "w") as io:
            io.write(file)
    yield 1.0, "Writing NWB"
    return note


def _file(pynwb: Any, fit: CellFit, began: datetime, note: str) -> Any:
    timed = "" if fit.fps else "The frame rate is not known: times are counted in frames."
    return pynwb.NWBFile(
        session_description=f"Who drives whom among {len(fit.names)} cells",
        identifier=str(uuid4()),
        session_start_time=began,
        keywords=["calcium imaging", "sparse vector autoregression"],
        notes=" ".join(filter(None, [note, timed, *fit.notes])),
        data_collection=f"Cells: {fit.cells.source or 'from memory'}",
        source_script=f"napari-sparsevar {version('napari-sparsevar')}",
        source_script_file_name="sparsevar cells",
    )


def _add_cells(pynwb: Any, file: Any, module: Any, fit: CellFit, table: pd.DataFrame) -> None:
    """Add cells and traces: with outlines as regions of interest, without them as a table."""
    traces: dict[str, Float32Array] = {"fitted": fit.series, **dict(fit.cells.traces.items())}
    timing = {"rate": float(fit.fps or 1.0), "starting_time": 0.0, "unit": "n.a."}
    if fit.cells.footprints is None:
        add_table(module, "cells", table, "The cells, in the order of the traces", _MEANINGS)
        for name, data in traces.items():
            meaning = f"{_TRACES[name]}. A column a cell, in the order of the table cells."
            module.add(
                pynwb.TimeSeries(name=name, data=_plain(data), description=meaning, **timing)
            )
        return
    masks = _outlines(pynwb, file, module, fit, table)
    series = pynwb.ophys.Fluorescence(name="traces")
    module.add(series)
    for name, data in traces.items():
        rows = masks.create_roi_table_region("All cells", region=list(range(len(masks))))
        series.create_roi_response_series(
            name=name, data=_plain(data), rois=rows, description=_TRACES[name], **timing
        )


def _outlines(pynwb: Any, file: Any, module: Any, fit: CellFit, table: pd.DataFrame) -> Any:
    cells, source = fit.cells, fit.cells.source
    assert cells.footprints is not None
    assert cells.shape is not None
    of = source.name if source else "the movie"
    plane = imaging_plane(pynwb, file, of, fit.fps, cells.pixel_size_um)
    segmentation = pynwb.ophys.ImageSegmentation(name="segmentation")
    module.add(segmentation)
    masks = segmentation.create_plane_segmentation(
        name="cells", description="The cells, a mask each (x, y, weight)", imaging_plane=plane
    )
    footprints = sparse.csr_array(cells.footprints)
    for cell in range(len(cells)):
        own = slice(footprints.indptr[cell], footprints.indptr[cell + 1])
        rows, columns = np.divmod(footprints.indices[own], cells.shape[1])
        weights = footprints.data[own]
        pixels = zip(columns.tolist(), rows.tolist(), weights.tolist(), strict=True)
        masks.add_roi(pixel_mask=list(pixels))
    for column in table.columns:
        title = _MEANINGS.get(column, column)
        masks.add_column(column, title, data=table[column].tolist())
    return masks


def _plain(data: Float32Array) -> Float32Array:
    return np.ascontiguousarray(data, np.float32)


def _settings(fit: CellFit) -> pd.DataFrame:
    """Return what the results depend on, values as JSON."""
    known: dict[str, Any] = {
        "fitted": fit.said,
        "lags": fit.lags,
        "penalty": fit.fitted.penalty,
        "seed": fit.seed,
        "fps": fit.fps,
        "pixel_size_um": fit.cells.pixel_size_um,
        "trials": None if fit.trials is None else [[int(a), int(b)] for a, b in fit.trials],
        "left_out_frames": np.flatnonzero(~fit.good).tolist(),
        "cells_from": str(fit.cells.source or ""),
        "cells_format": fit.cells.kind,
        "version": version("napari-sparsevar"),
    }
    values = [json.dumps(value) for value in known.values()]
    return pd.DataFrame({"setting": list(known), "value": values})
