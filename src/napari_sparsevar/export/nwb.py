"""All results of a run as one NWB file."""

from __future__ import annotations

import json
from collections.abc import Generator
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pandas as pd

from napari_sparsevar.disk.files import replacing
from napari_sparsevar.errors import UserError
from napari_sparsevar.export.maps import maps_of
from napari_sparsevar.export.material import Material
from napari_sparsevar.export.nwb_parts import add_table, imaging_plane, needed_pynwb
from napari_sparsevar.export.nwb_regions import add_regions
from napari_sparsevar.export.session_start import session_start
from napari_sparsevar.export.tables import comparison_tables, partner_tables, place_table
from napari_sparsevar.progress import Step, stage


def write_nwb(
    material: Material,
    out: Path,
    *,
    start: str | datetime | None = None,
    overwrite: bool = False,
) -> Generator[Step, None, str]:
    """Write maps, drivers with their traces, edges, comparisons and settings.

    Parameters
    ----------
    material : Material
        With its movie, the fluorescence of every driver is read from it as well.
    out : Path
        The ``.nwb`` file.
    start : str or datetime, optional
        When the recording began, see ``session_start``.
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
    refuse_planes(material)
    pynwb = needed_pynwb()
    began, note = session_start(material, start)
    yield 0.0, "Collecting for NWB"
    with replacing(out, overwrite=overwrite) as temporary:
        file = _file(pynwb, material, began, note)
        run = material.run
        plane = imaging_plane(pynwb, file, run.movie_name, run.fps, run.pixel_size_um)
        ophys = file.create_processing_module("ophys", "Drivers, painted regions and their traces")
        yield from stage(add_regions(ophys, plane, material), 0.0, 0.8, "Reading for NWB")
        _add_maps(pynwb, file, material)
        _add_tables(file, material)
        yield 0.9, "Writing NWB"
        with pynwb.NWBHDF5IO(str(temporary), "w") as io:
            io.write(file)
    yield 1.0, "Writing NWB"
    return note


def refuse_planes(material: Material) -> None:
    """Refuse a run of several planes, whose places have no imaging plane in common.

    Raises
    ------
    UserError
    """
    if material.run.stack is not None:
        raise UserError(
            f"{material.run.path} is of several planes, which are not written as NWB: export maps "
            "and tables."
        )


def _file(pynwb: Any, material: Material, began: datetime, note: str) -> Any:
    run, record = material.run, material.run.record
    notes = [note, *record.notices]
    if not run.fps:
        notes.append("The frame rate is not known: times are counted in frames.")
    return pynwb.NWBFile(
        session_description=f"Which places drive the activity that follows in {record.movie.name}",
        identifier=str(uuid4()),
        session_start_time=began,
        session_id=run.path.name,
        keywords=["calcium imaging", "sparse vector autoregression"],
        notes=" ".join(filter(None, notes)),
        data_collection=f"Movie: {record.movie.source or record.movie.name}",
        source_script=f"napari-sparsevar {version('napari-sparsevar')}",
        source_script_file_name="sparsevar export",
    )


def _add_maps(pynwb: Any, file: Any, material: Material) -> None:
    size = material.run.pixel_size_um
    resolution = {"resolution": 1e4 / size} if size else {}  # in pixels a centimetre

    def image(name: str, data: Any, meaning: str) -> Any:
        meaning = f"{meaning} Rows (y) by columns (x)."
        return pynwb.image.GrayscaleImage(name=name, data=data, description=meaning, **resolution)

    images = [image(one.name, one.image, one.meaning) for one in maps_of(material)]
    images.append(image("mean", material.run.results.mean, "Mean over time in grey values."))
    module = file.create_processing_module("maps", "Images of the field of view")
    module.add(pynwb.base.Images(name="maps", images=images, description="Maps of the run"))


def _add_tables(file: Any, material: Material) -> None:
    module = file.create_processing_module("sparse_var", "Edges, comparisons and settings")
    tables = {
        "edges": (material.run.edges, "Edges of the sparse VAR between different places"),
        "path": (material.run.results.criterion, "What predicts best along the solution path"),
        "settings": (settings_table(material), "Settings and versions, values as JSON"),
    }
    if material.comparisons:
        tables["windows"] = (windows_table(material), "Compared windows, in frames, stop exclusive")
    if len(material.run.candidates):
        meaning = "Places that stand out of the map and are not, or not known to be, beyond chance"
        named = place_table(material, "candidate").rename(columns={"name": "place_name"})
        tables["candidates"] = (named, meaning)
    for name, table in partner_tables(material):
        tables[name] = (table, "Partners of the chosen place")
    for name, table in comparison_tables(material):
        tables[name] = (table, "Compared windows of time")
    for name, (table, meaning) in tables.items():
        add_table(module, name, table, meaning)


def settings_table(material: Material) -> pd.DataFrame:
    """Return every setting and its value (JSON) that the results depend on."""
    record = material.run.record
    known: dict[str, Any] = {
        "penalty": float(material.run.penalty),
        "trained": record.created,
        "device": record.device,
        "movie": record.movie.model_dump(),
        **{f"configuration.{name}": value for name, value in record.configuration.items()},
        **{f"network.{name}": value for name, value in record.network.model_dump().items()},
        **{f"versions.{name}": value for name, value in record.versions.items()},
        "versions.exported_by": version("napari-sparsevar"),
    }
    values = [json.dumps(value) for value in known.values()]
    return pd.DataFrame({"setting": list(known), "value": values})


def windows_table(material: Material) -> pd.DataFrame:
    """Return one row for every piece of every compared window."""
    rows = [
        {"comparison": found.name, "window": window.label, "start": start, "stop": stop}
        for found in material.comparisons
        for window in found.windows
        for start, stop in window.pieces
    ]
    return pd.DataFrame(rows).astype({"start": np.int64, "stop": np.int64})
