"""What a fit of cells on disk says of itself."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from napari_sparsevar.cells.covariates.keeping import CovariateRecord
from napari_sparsevar.cells.fit_folder import FORMAT

FORMAT_VERSION = 1


class FitRecord(BaseModel):
    """What ``cells.json`` says of a fit; tensors are in the file beside it.

    Attributes
    ----------
    names : tuple of str
        Of the n cells.
    shape : tuple of int or None
        Height and width of the field of view.
    field_known : bool
        As in ``Cells``.
    source, kind : str
        Where the cells come from, and the name of that format.
    cell_notes : tuple of str
        What was said of the cells before they were fitted.
    lags, penalty, fps, trials, said, notes, seed
        As in ``CellFit``.
    starts : tuple of int
        Frames at which time jumps.
    covariates : tuple of CovariateRecord
        Those that were taken out.
    why_untested : str
        Empty if there are p-values.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    format: str = FORMAT
    format_version: int = FORMAT_VERSION
    package_version: str = ""
    created: str = ""
    names: tuple[str, ...]
    shape: tuple[int, int] | None = None
    field_known: bool = True
    pixel_size_um: float | None = None
    source: str | None = None
    kind: str = ""
    cell_notes: tuple[str, ...] = ()
    lags: int
    penalty: float
    fps: float | None = None
    trials: tuple[tuple[int, int], ...] | None = None
    starts: tuple[int, ...] = ()
    said: str = ""
    notes: tuple[str, ...] = ()
    covariates: tuple[CovariateRecord, ...] = ()
    why_untested: str = ""
    seed: int = 0
