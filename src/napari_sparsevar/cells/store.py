"""A fit of cells on disk: a folder that is written whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from scipy import sparse
from torch import Tensor

from napari_sparsevar.analysis.activity import penalty_weights
from napari_sparsevar.analysis.evidence.edge_evidence import EdgeEvidence
from napari_sparsevar.analysis.evidence.stability import Stability
from napari_sparsevar.analysis.fit.fitting import FittedVar
from napari_sparsevar.analysis.fit.own_dynamics import OWN_TENSORS, OwnDynamics
from napari_sparsevar.arguments import checked
from napari_sparsevar.cells.activity import CellActivity
from napari_sparsevar.cells.cell_fit import CellFit
from napari_sparsevar.cells.cells import Cells
from napari_sparsevar.cells.covariates.keeping import (
    SHARES,
    covariate_records,
    covariate_tensors,
    kept_covariates,
    kept_shares,
)
from napari_sparsevar.cells.fit_folder import RECORD, check_fit_folder, is_fit_directory
from napari_sparsevar.cells.record import FORMAT_VERSION, FitRecord
from napari_sparsevar.disk.contents import write_table, write_tensors
from napari_sparsevar.disk.files import explain
from napari_sparsevar.disk.folder import replacing_folder
from napari_sparsevar.errors import UserError
from napari_sparsevar.model.embedded_var import Moments
from napari_sparsevar.model.temporal import CalciumDynamics

TENSORS, EDGES, CELLS, BESIDE = "cells.safetensors", "edges.csv", "cells.csv", "beside"

_ARRAYS = ("positions", "accepted", "plane", "times", "jumps", "bad_frames", "mean_image")
_EVIDENCE = (
    "estimate",
    "standard_error",
    "score",
    "edge_p",
    "edge_fdr",
    "source_p",
    "source_evidence",
)


@checked
def save_fit(fit: CellFit, path: Path | str, *, overwrite: bool = False) -> Path:
    """Write a fit into a folder: ``cells.json``, tables as CSV, numbers as safetensors.

    Parameters
    ----------
    fit : CellFit
    path : path
        The folder to make.
    overwrite : bool
        Whether an earlier fit there may be replaced. A folder of anything else never is.

    Raises
    ------
    UserError
        If something is there already, or the disk refuses.
    """
    folder = Path(path)
    check_fit_folder(folder, overwrite=overwrite)
    with replacing_folder(folder, overwrite=overwrite) as temporary:
        _write(fit, temporary)
        if fit.beside is not None:
            (temporary / BESIDE).mkdir()
            _write(fit.beside, temporary / BESIDE)
    return folder


@checked
def load_fit(path: Path | str) -> CellFit:
    """Open what ``save_fit`` wrote.

    Raises
    ------
    UserError
        If the folder is no fit of cells, is damaged or was written by a newer version.
    """
    folder = Path(path)
    if not is_fit_directory(folder):
        raise UserError(f"{folder} is no fit of cells: it has no {RECORD} of ours.")
    try:
        record = FitRecord.model_validate_json((folder / RECORD).read_text(encoding="utf-8"))
        if record.format_version > FORMAT_VERSION:
            raise UserError(
                f"The fit {folder} was made by a newer version of napari-sparsevar: update this "
                "one."
            )
        fit = _fit_of(record, load_file(folder / TENSORS))
        beside = folder / BESIDE
        return replace(fit, beside=load_fit(beside)) if beside.is_dir() else fit
    except UserError:
        raise
    except PermissionError as error:
        raise UserError(f"Cannot read {error.filename}: {explain(error)}.") from error
    except Exception as error:  # whatever a foreign file makes the readers of its format raise
        raise UserError(f"The fit {folder} is damaged ({error}): fit the traces again.") from error


def _write(fit: CellFit, folder: Path) -> None:
    write_tensors(folder / TENSORS, _tensors(fit))
    write_table(folder / EDGES, fit.edges)
    write_table(folder / CELLS, fit.drivers)
    text = _record(fit).model_dump_json(indent=2)
    (folder / RECORD).write_text(text, encoding="utf-8")


def _record(fit: CellFit) -> FitRecord:
    cells = fit.cells
    return FitRecord(
        package_version=version("napari-sparsevar"),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        names=fit.names,
        shape=cells.shape,
        field_known=cells.field_known,
        pixel_size_um=cells.pixel_size_um,
        source=None if cells.source is None else str(cells.source),
        kind=cells.kind,
        cell_notes=tuple(cells.notes),
        lags=fit.lags,
        penalty=fit.fitted.penalty,
        fps=fit.fps,
        trials=None if fit.trials is None else tuple((int(a), int(b)) for a, b in fit.trials),
        starts=fit.activity.starts,
        covariates=covariate_records(fit.activity.covariates),
        said=fit.said,
        notes=fit.notes,
        why_untested=fit.evidence.note,
        seed=fit.seed,
    )


def _tensors(fit: CellFit) -> dict[str, Tensor]:
    fitted, activity, cells = fit.fitted, fit.activity, fit.cells
    found = {
        "fitted_cells": torch.from_numpy(fit.fitted_cells),
        "series": torch.from_numpy(activity.series),
        "good": torch.from_numpy(activity.good),
        "near": torch.from_numpy(activity.near),
        # Single precision is enough to go along the path, and half as large.
        "gram": fitted.statistics.gram.float(),
        "cross": fitted.statistics.cross.float(),
        "variance": fitted.statistics.variance,
        "rows": torch.tensor(fitted.statistics.n),
        "dynamics": torch.tensor(fitted.own.dynamics, dtype=torch.float64),
        "recent": torch.tensor(fitted.own.recent),
        "stability": fit.stability.edges.float(),
        **{f"own.{name}": getattr(fitted.own, name) for name in OWN_TENSORS},
        **{f"evidence.{name}": getattr(fit.evidence, name).clone() for name in _EVIDENCE},
        **_sparse_tensors("coefficients", fitted.nonzero.tocoo()),
    }
    found |= covariate_tensors(activity.covariates)
    if fit.shares is not None:
        found[SHARES] = torch.from_numpy(fit.shares)
    if cells.footprints is not None:
        found |= _sparse_tensors("footprints", sparse.coo_array(cells.footprints))
    for name in _ARRAYS:
        value = getattr(cells, name)
        if value is not None:
            found[f"cells.{name}"] = torch.from_numpy(np.ascontiguousarray(value))
    for kind, trace in cells.traces.items():
        found[f"traces.{kind}"] = torch.from_numpy(np.ascontiguousarray(trace))
    return found


def _sparse_tensors(name: str, entries: sparse.coo_array) -> dict[str, Tensor]:
    row, column = entries.coords
    return {
        f"{name}.row": torch.from_numpy(row.astype(np.int32)),
        f"{name}.column": torch.from_numpy(column.astype(np.int32)),
        f"{name}.value": torch.from_numpy(np.ascontiguousarray(entries.data)),
    }


def _sparse_of(
    tensors: Mapping[str, Tensor], name: str, shape: tuple[int, int]
) -> sparse.coo_array:
    row, column, value = (tensors[f"{name}.{part}"].numpy() for part in ("row", "column", "value"))
    return sparse.coo_array((value, (row, column)), shape=shape)


def _fit_of(record: FitRecord, tensors: Mapping[str, Tensor]) -> CellFit:
    _check_shapes(record, tensors)
    cells, chosen = _cells(record, tensors), tensors["fitted_cells"].numpy()
    activity = CellActivity(
        tensors["series"].numpy(),
        tensors["good"].numpy(),
        record.starts,
        tuple(np.asarray(record.names)[chosen].tolist()),
        tensors["near"].numpy(),
        kept_covariates(record.covariates, tensors),
    )
    tested: dict[str, Any] = {name: tensors[f"evidence.{name}"] for name in _EVIDENCE}
    evidence = EdgeEvidence(**tested, note=record.why_untested)
    stability = Stability(
        tensors["stability"], np.zeros(0), np.zeros((0, 0, 0), np.float32), np.zeros(0)
    )
    return CellFit(
        cells,
        activity,
        chosen,
        _fitted(record, tensors),
        evidence,
        stability,
        record.trials,
        record.fps,
        record.said,
        record.notes,
        record.seed,
        shares=kept_shares(tensors),
    )


def _check_shapes(record: FitRecord, tensors: Mapping[str, Tensor]) -> None:
    """Raise ValueError where record and tensors are not of one fit."""
    m, frames = len(tensors["fitted_cells"]), len(tensors["good"])
    pairs = (record.lags * m, m)
    shapes = {
        "series": (frames, m),
        "near": (m, m),
        "gram": (pairs[0], pairs[0]),
        **dict.fromkeys(("cross", "stability", "evidence.estimate", "evidence.edge_p"), pairs),
    }
    for name, shape in shapes.items():
        if tuple(tensors[name].shape) != shape:
            raise ValueError(f"{name} is {tuple(tensors[name].shape)}, not {shape}")


def _fitted(record: FitRecord, tensors: Mapping[str, Tensor]) -> FittedVar:
    own = OwnDynamics(
        **{name: tensors[f"own.{name}"] for name in OWN_TENSORS},
        dynamics=CalciumDynamics(*tensors["dynamics"].tolist()),
        recent=int(tensors["recent"]) if "recent" in tensors else 1,  # of earlier fits
    )
    gram, cross = tensors["gram"].double(), tensors["cross"].double()
    entries = _sparse_of(tensors, "coefficients", (gram.shape[0], cross.shape[1]))
    return FittedVar(
        Moments(gram, cross, tensors["variance"], int(tensors["rows"])),
        torch.from_numpy(penalty_weights(tensors["near"].numpy(), record.lags)),
        record.lags,
        own,
        record.penalty,
        sparse.csc_array(entries),
    )


def _cells(record: FitRecord, tensors: Mapping[str, Tensor]) -> Cells:
    n, footprints = len(record.names), None
    if record.shape is not None and "footprints.row" in tensors:
        size = record.shape[0] * record.shape[1]
        footprints = sparse.csr_array(_sparse_of(tensors, "footprints", (n, size)))
    kept: dict[str, Any] = {
        name: tensors[f"cells.{name}"].numpy() for name in _ARRAYS if f"cells.{name}" in tensors
    }
    traces: Any = {
        name.removeprefix("traces."): tensor.numpy()
        for name, tensor in tensors.items()
        if name.startswith("traces.")
    }
    return Cells(
        record.names,
        footprints,
        record.shape,
        traces=traces,
        fps=record.fps,
        pixel_size_um=record.pixel_size_um,
        source=None if record.source is None else Path(record.source),
        kind=record.kind,
        notes=record.cell_notes,
        field_known=record.field_known,
        **kept,
    )
