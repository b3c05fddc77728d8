"""A run on disk: every file of a run directory, each written whole or not at all."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import tifffile
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from scipy import sparse
from torch import Tensor

from napari_sparsevar.analysis.evidence.level import LEVEL
from napari_sparsevar.analysis.evidence.significance import NO_CELLS, Significance
from napari_sparsevar.analysis.evidence.stability import Stability
from napari_sparsevar.analysis.fit.criterion import COLUMNS as CRITERION_COLUMNS
from napari_sparsevar.analysis.fit.fitting import FittedVar, nonzero_of
from napari_sparsevar.analysis.fit.own_dynamics import OWN_TENSORS, OwnDynamics
from napari_sparsevar.analysis.maps.drivers import COLUMNS as DRIVER_COLUMNS
from napari_sparsevar.analysis.maps.drivers import (
    Drivers,
    LabelImage,
    find_drivers,
    keep_drivers,
)
from napari_sparsevar.analysis.maps.latents import LatentActivity
from napari_sparsevar.analysis.maps.projection import FloatImage, Projection
from napari_sparsevar.analysis.maps.tested_drivers import told_apart
from napari_sparsevar.analysis.results import Results
from napari_sparsevar.analysis.stages import STAGES, Stage, is_known
from napari_sparsevar.disk.contents import read_table, write_table, write_tensors
from napari_sparsevar.disk.files import replacing
from napari_sparsevar.model.embedded_var import Moments
from napari_sparsevar.model.grid import LatentGrid
from napari_sparsevar.model.temporal import CalciumDynamics
from napari_sparsevar.movie.stack import Stack
from napari_sparsevar.run.covariates import kept_partial, partial_tensors, read_covariates
from napari_sparsevar.run.latent_events import LATENT_EVENTS, event_tensors, kept_events
from napari_sparsevar.run.latents import SCRATCH
from napari_sparsevar.run.planes import kept_image, kept_table, shown_image, shown_table
from napari_sparsevar.run.record import FORMAT, FORMAT_VERSION, RunRecord

RECORD = "run.json"
MODEL = "model.safetensors"
ANALYSIS = "analysis.safetensors"
EVIDENCE = "evidence.safetensors"
STABILITY = "stability.safetensors"
LATENTS = "latents.npy"
CONTRIBUTION = "contribution.tif"
LABELS = "drivers.tif"
DRIVERS = "drivers.csv"
CANDIDATES = "candidates.csv"
CANDIDATE_LABELS = "candidates.tif"
EDGES = "edges.csv"
CRITERION = "path.csv"
LOSSES = "loss.csv"
EVENTS = "events.jsonl"
COMPARISONS = "comparisons"
CELLS = "cells"
"""Folder of the fit of cells that came with the training."""
FOUND_CELLS = "found-cells"
"""Folder of the fit of cells that were found in the movie and tested beside its places."""

_TESTS = ("estimate", "standard_error", "edge_p", "place_p", "place_evidence", "chance")

LOSS_COLUMNS = ["step", "split", "reconstruction", "prediction", "total"]


def is_run_directory(path: Path) -> bool:
    """Return whether a folder is a run directory (finished or not), looking at its ``run.json``."""
    try:
        text = (Path(path) / RECORD).read_text(encoding="utf-8")
        found = json.loads(text)
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(found, dict) and found.get("format") == FORMAT


def write_record(folder: Path, record: RunRecord) -> None:
    """Write ``run.json``."""
    with replacing(folder / RECORD, overwrite=True) as path:
        path.write_text(record.model_dump_json(indent=2), encoding="utf-8")


def write_results(
    folder: Path, results: Results, pixel_size_um: float | None, stack: Stack | None = None
) -> None:
    """Write every file of an analysis; the order does not matter, ``run.json`` comes after them."""
    for stage in STAGES[: STAGES.index(results.stage) + 1]:
        write_stage(folder, replace(results, stage=stage), pixel_size_um, stack)


def write_stage(
    folder: Path, results: Results, pixel_size_um: float | None, stack: Stack | None = None
) -> None:
    """Write the files that the last stage of an analysis adds or changes.

    Whoever reads a run only believes what the stage in ``run.json`` says it has, so that a process
    may be killed between any two of them.
    """
    match results.stage:
        case "map":
            _write_series(folder / LATENTS, results.latents)
            if results.activity.events is not None:
                _write_series(folder / LATENT_EVENTS, results.activity.events.values)
            write_tensors(folder / ANALYSIS, _tensors(results))
            _write_places(folder, results, pixel_size_um, stack)
        case "drivers":
            tests = {name: getattr(results.significance, name) for name in _TESTS}
            tests["silencing"] = results.significance.silencing
            tests["cells"] = results.significance.cells
            tests["pixels.chance"] = torch.from_numpy(results.chance)
            said = {
                "note": results.significance.note,
                "needed": str(results.significance.needed),
                "null": results.significance.null,
            }
            write_tensors(folder / EVIDENCE, tests, said)
            _write_places(folder, results, pixel_size_um, stack)
        case "stability":
            found = results.stability
            write_tensors(
                folder / STABILITY,
                {
                    "edges": found.edges,
                    "agreement": torch.from_numpy(found.agreement),
                    "halves": torch.from_numpy(found.halves),
                },
            )
            write_table(folder / EDGES, shown_table(results.edges, stack))
            write_table(folder / DRIVERS, shown_table(results.drivers.table, stack))
            write_table(folder / CANDIDATES, shown_table(results.candidates.table, stack))
        case "all":
            write_table(folder / CRITERION, results.criterion)


def _write_places(
    folder: Path, results: Results, pixel_size_um: float | None, stack: Stack | None
) -> None:
    for name, image in (
        (CONTRIBUTION, results.contribution),
        (LABELS, results.drivers.labels),
        (CANDIDATE_LABELS, results.candidates.labels),
    ):
        write_image(folder / name, shown_image(image, stack), pixel_size_um)
    write_table(folder / DRIVERS, shown_table(results.drivers.table, stack))
    write_table(folder / CANDIDATES, shown_table(results.candidates.table, stack))


def read_results(folder: Path, record: RunRecord) -> Results:
    """Read what ``write_results`` wrote, as far as the record says it is complete."""
    tensors = load_file(folder / ANALYSIS)
    shape, stack = record.movie.shape[1:], record.movie.stack
    kept = tuple(tensors["kept"].tolist()) if "kept" in tensors else None  # of a large field
    pitch = None if stack is None else stack.pitch
    grid = LatentGrid(shape, record.network.pixels_per_latent, record.network.channels, kept, pitch)
    n_pixels = grid.padded_shape[0] * grid.padded_shape[1]
    fitted = _fitted(tensors, record)
    footprints = _sparse(tensors, "footprints", (grid.size, n_pixels))
    covariates = read_covariates(folder, record)
    latents = np.load(folder / LATENTS, mmap_mode="r", allow_pickle=False)
    activity = LatentActivity(
        latents,
        tensors["good"].numpy(),
        grid,
        record.network,
        covariates,
        _starts(tensors),
        kept_events(folder, tensors),
    )
    known = Results(
        "map",
        activity,
        fitted,
        Projection(grid, footprints, fitted),
        _image(tensors, "mean", grid),
        _image(tensors, "noise", grid),
        _read_image(folder / CONTRIBUTION, grid, stack),
        np.full(grid.shape, np.nan, np.float32),
        _read_drivers(folder, LABELS, DRIVERS, grid, stack),
        _no_drivers(grid),
        Significance.unknown(fitted),
        Stability.unknown(fitted),
        pd.DataFrame(columns=CRITERION_COLUMNS, dtype=float),
        kept_partial(tensors, covariates, _starts(tensors)),
    )
    if record.format_version < FORMAT_VERSION:
        return _of_version_3(folder, known, tensors)
    if record.stage == "map":  # those on disk may be of a stage that was being written
        seen = find_drivers(known.contribution, grid.stride, counted=known.projection.covered)
        found = told_apart(seen, known.significance, grid)
        return replace(known, drivers=found.drivers, candidates=found.candidates)
    candidates = _read_drivers(folder, CANDIDATE_LABELS, CANDIDATES, grid, stack)
    return _known_until(folder, replace(known, candidates=candidates), record.stage)


def _known_until(folder: Path, results: Results, stage: Stage) -> Results:
    """Add what the stages after the first have found."""
    found: dict[str, Any] = {"stage": stage}
    if is_known("drivers", stage):
        with safe_open(folder / EVIDENCE, "pt") as file:
            later = {"silencing", "cells"} & set(file.keys())  # older runs have none
            tests = {name: file.get_tensor(name) for name in (*_TESTS, "pixels.chance", *later)}
            said = file.metadata()
        found["significance"] = replace(
            _significance(tests),
            note=said["note"],
            needed=int(said.get("needed", 0)),
            null=said.get("null", ""),
        )
        found["chance"] = _image(tests, "chance", results.grid)
    if is_known("stability", stage):
        halves = load_file(folder / STABILITY)
        found["stability"] = Stability(
            edges=halves["edges"],
            others=np.zeros(0),  # it stands in the tables
            halves=halves["halves"].numpy(),
            agreement=halves["agreement"].numpy(),
        )
    if is_known("all", stage):
        found["criterion"] = read_table(folder / CRITERION, CRITERION_COLUMNS)
    return replace(results, **found)


def _of_version_3(folder: Path, results: Results, tensors: dict[str, Tensor]) -> Results:
    """Read a run in which all tensors were in one file, and untested places among the drivers.

    What chance reaches was not kept: the map is in units of the faintest place that was beyond it.
    """
    table = results.drivers.table
    beyond = (table["p_adjusted"] <= LEVEL).to_numpy()
    unknown = torch.full_like(tensors["place_p"], torch.nan)
    tests = {**tensors, "place_evidence": unknown, "chance": unknown}
    unit = float(table["strength"][beyond].min()) if beyond.any() else 1.0
    scaled = replace(results.drivers, table=table.assign(strength=table["strength"] / unit))
    return replace(
        results,
        stage="all",
        contribution=results.contribution / np.float32(unit),
        drivers=keep_drivers(scaled, beyond),
        candidates=keep_drivers(scaled, ~beyond, first=int(beyond.sum()) + 1),
        significance=_significance(tests),
        stability=results.stability._replace(edges=tensors["edge_stability"]),
        criterion=read_table(folder / CRITERION, CRITERION_COLUMNS),
    )


def _significance(tests: dict[str, Tensor]) -> Significance:
    estimate, standard_error, edge_p, place_p, evidence, chance = (tests[name] for name in _TESTS)
    none = torch.zeros((), dtype=torch.bool).expand(estimate.shape)
    return Significance(
        estimate,
        standard_error,
        edge_p,
        place_p,
        evidence,
        chance,
        tests.get("silencing", none),
        cells=tests.get("cells", NO_CELLS),
    )


def _read_drivers(
    folder: Path, labels: str, table: str, grid: LatentGrid, stack: Stack | None
) -> Drivers:
    image: LabelImage = _read_image(folder / labels, grid, stack)
    return Drivers(image, kept_table(read_table(folder / table, DRIVER_COLUMNS), stack))


def _no_drivers(grid: LatentGrid) -> Drivers:
    return Drivers(np.zeros(grid.shape, np.int32), pd.DataFrame(columns=DRIVER_COLUMNS))


def _read_image(path: Path, grid: LatentGrid, stack: Stack | None) -> npt.NDArray[Any]:
    image = kept_image(tifffile.imread(path), stack)
    if image.shape != grid.shape:
        raise ValueError(f"{path.name} does not fit the movie")
    return image


def write_image(
    path: Path, image: FloatImage | LabelImage, pixel_size_um: float | None, about: str = ""
) -> None:
    """Write an image (Y, X) or (Z, Y, X) as OME-TIFF.

    With the size of a pixel, if known, and a description.
    """
    units = {"PhysicalSizeXUnit": "µm", "PhysicalSizeYUnit": "µm"} if pixel_size_um else {}
    sizes = {"PhysicalSizeX": pixel_size_um, "PhysicalSizeY": pixel_size_um} if units else {}
    described = {"Description": about} if about else {}
    metadata = {"axes": "ZYX"[-image.ndim :], **sizes, **units, **described}
    with replacing(path, overwrite=True) as temporary:
        tifffile.imwrite(temporary, image, ome=True, metadata=metadata)


def _write_series(path: Path, series: npt.NDArray[np.float32]) -> None:
    with replacing(path, overwrite=True) as temporary:
        if isinstance(series, np.memmap) and Path(str(series.filename)).name.startswith(SCRATCH):
            Path(str(series.filename)).replace(temporary)  # written already, when they were found
            return
        with temporary.open("wb") as file:
            np.save(file, series, allow_pickle=False)


def _tensors(results: Results) -> dict[str, Tensor]:
    fitted = results.fitted
    tensors = {
        "gram": fitted.statistics.gram,
        "cross": fitted.statistics.cross,
        "variance": fitted.statistics.variance,
        "n": torch.tensor(fitted.statistics.n),
        "weights": fitted.weights,
        **{name: getattr(fitted.own, name) for name in OWN_TENSORS},
        "dynamics": torch.tensor(fitted.own.dynamics, dtype=torch.float64),
        "recent": torch.tensor(fitted.own.recent),
        "penalty": torch.tensor(fitted.penalty, dtype=torch.float64),
        "coefficients": fitted.coefficients,
        "good": torch.from_numpy(results.good),
        "starts": torch.tensor(results.activity.starts, dtype=torch.int64),
        **partial_tensors(results.partial),
        **event_tensors(results.activity.events),
    }
    if results.grid.kept is not None:
        tensors["kept"] = torch.tensor(results.grid.kept)
    tensors["pixels.mean"] = torch.from_numpy(results.mean)
    tensors["pixels.noise"] = torch.from_numpy(results.noise)
    entries = results.footprints.tocoo()
    tensors["footprints.latent"] = torch.from_numpy(entries.row.astype(np.int32))
    tensors["footprints.pixel"] = torch.from_numpy(entries.col.astype(np.int32))
    tensors["footprints.value"] = torch.from_numpy(entries.data)
    return tensors


def _starts(tensors: dict[str, Tensor]) -> tuple[int, ...]:
    """Return where time jumps; earlier runs knew of no such place."""
    return tuple(tensors["starts"].tolist()) if "starts" in tensors else ()


def _fitted(tensors: dict[str, Tensor], record: RunRecord) -> FittedVar:
    size = tensors["mean"].shape[-1]
    if tensors["coefficients"].shape != (size * record.network.lags, size):
        raise ValueError(f"{ANALYSIS} does not fit the lags in {RECORD}")
    statistics = Moments(tensors["gram"], tensors["cross"], tensors["variance"], int(tensors["n"]))
    dynamics = CalciumDynamics(*tensors["dynamics"].tolist())
    recent = int(tensors["recent"]) if "recent" in tensors else 1  # earlier runs were all filtered
    own = OwnDynamics(
        **{name: tensors[name] for name in OWN_TENSORS}, dynamics=dynamics, recent=recent
    )
    return FittedVar(
        statistics,
        tensors["weights"],
        record.network.lags,
        own,
        float(tensors["penalty"]),
        nonzero_of(tensors["coefficients"]),
    )


def _image(tensors: dict[str, Tensor], name: str, grid: LatentGrid) -> FloatImage:
    image: FloatImage = tensors[f"pixels.{name}"].numpy()
    if image.shape != grid.shape:
        raise ValueError(f"{ANALYSIS} does not fit the movie")
    return image


def _sparse(tensors: dict[str, Tensor], name: str, shape: tuple[int, int]) -> sparse.csr_array:
    values, latent, pixel = (tensors[f"{name}.{part}"] for part in ("value", "latent", "pixel"))
    return sparse.csr_array((values.numpy(), (latent.numpy(), pixel.numpy())), shape=shape)
