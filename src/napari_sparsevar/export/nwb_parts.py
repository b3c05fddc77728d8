"""Parts of an NWB file: the field of view, a table with what its columns mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from napari_sparsevar.errors import UserError
from napari_sparsevar.export.nwb_columns import COLUMN_MEANINGS

UNKNOWN = "not known"


def needed_pynwb() -> Any:
    """Return pynwb.

    Raises
    ------
    UserError
        If it is not installed.
    """
    try:
        import pynwb
    except ImportError:
        raise UserError(
            "NWB files need pynwb, which is not installed: pip install 'napari-sparsevar[nwb]'."
        ) from None
    return pynwb


def imaging_plane(
    pynwb: Any, file: Any, name: str, fps: float | None, pixel_size_um: float | None
) -> Any:
    """Add the field of view of a movie to a file and return it.

    Parameters
    ----------
    pynwb : module
    file : pynwb.NWBFile
    name : str
        Of the movie.
    fps, pixel_size_um : float, optional
        Frames per second; edge of a pixel in micrometres.
    """
    size = {}
    if pixel_size_um:
        size = {"grid_spacing": [pixel_size_um] * 2, "grid_spacing_unit": "micrometers"}
    channel = pynwb.ophys.OpticalChannel(
        name="channel", description=UNKNOWN, emission_lambda=float("nan")
    )
    return file.create_imaging_plane(
        name="field of view",
        optical_channel=channel,
        description=f"The field of view of {name}; images are stored as rows (y) by columns (x).",
        device=file.create_device(name="microscope", description=UNKNOWN),
        excitation_lambda=float("nan"),
        indicator=UNKNOWN,
        location=UNKNOWN,
        **({"imaging_rate": float(fps)} if fps else {}),
        **size,
    )


def add_table(
    module: Any,
    name: str,
    table: pd.DataFrame,
    meaning: str,
    meanings: Mapping[str, str] = COLUMN_MEANINGS,
) -> None:
    """Add a table to a processing module, with what its columns mean.

    Parameters
    ----------
    module : pynwb.ProcessingModule
    name : str
    table : DataFrame
        Without a column called ``name``: tables of NWB have one of their own.
    meaning : str
        Of the table.
    meanings : mapping of str to str
        Of its columns, as far as known.
    """
    from hdmf.common import DynamicTable

    columns = [
        {"name": column, "description": meanings.get(column, column.replace("_", " "))}
        for column in table.columns
    ]
    module.add(DynamicTable.from_dataframe(table, name, None, meaning, columns))
