"""A finished run: the object behind every layer, table and figure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import pandas as pd
from pydantic import NonNegativeInt

from napari_sparsevar.analysis.analyse import at_penalty
from napari_sparsevar.analysis.maps.drivers import LabelImage
from napari_sparsevar.analysis.maps.influence import Direction, influence_map
from napari_sparsevar.analysis.maps.projection import FloatImage
from napari_sparsevar.analysis.maps.region import Region
from napari_sparsevar.analysis.results import Results
from napari_sparsevar.analysis.stages import Stage
from napari_sparsevar.arguments import checked
from napari_sparsevar.cells.activity import Trials
from napari_sparsevar.cells.cell_fit import CellFit
from napari_sparsevar.cells.fit_folder import is_fit_directory
from napari_sparsevar.cells.memory import CellsLike
from napari_sparsevar.cells.preparing import Preparation
from napari_sparsevar.cells.store import load_fit
from napari_sparsevar.disk.contents import read_table
from napari_sparsevar.disk.files import explain
from napari_sparsevar.errors import UserError
from napari_sparsevar.model.grid import BoolArray
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.stack import Stack
from napari_sparsevar.progress import returned
from napari_sparsevar.run.cells import (
    ReadFrom,
    cells_in,
    fitting_both_ways,
    reading_cells,
)
from napari_sparsevar.run.planes import kept_image, shown_image, shown_table
from napari_sparsevar.run.record import FORMAT_VERSION, OLDEST_VERSION, RunRecord
from napari_sparsevar.run.replacement import recover_run
from napari_sparsevar.run.store import (
    FOUND_CELLS,
    LOSS_COLUMNS,
    LOSSES,
    RECORD,
    is_run_directory,
    read_results,
)
from napari_sparsevar.run.verdict import Verdict, verdict_of


@dataclass(frozen=True, eq=False)
class Run:
    """What a trained network found, read from its run directory.

    Attributes
    ----------
    path : Path
    record : RunRecord
        Configuration, versions, movie identity and metrics.
    results : Results
    losses : DataFrame
        ``step``, ``split`` (training or validation), ``reconstruction``, ``prediction``, ``total``.
    """

    path: Path
    record: RunRecord
    results: Results
    losses: pd.DataFrame

    @property
    def contribution_map(self) -> FloatImage:
        """What each pixel drives, (Y, X), in units of what chance reaches there.

        Where that is not known, of the strongest pixel: see ``verdict``. This and all other images
        of a run of several planes are stacks, (Z, Y, X).
        """
        return shown_image(self.results.contribution, self.stack)

    @property
    def driver_labels(self) -> LabelImage:
        """Label image of the drivers, (Y, X), 0 outside."""
        return shown_image(self.results.drivers.labels, self.stack)

    @property
    def drivers(self) -> pd.DataFrame:
        """Places beyond chance: rank, label, y, x, area_px, strength, stability, p_adjusted.

        Of several planes also ``plane``, from 1; ``x`` is in that plane.
        """
        return shown_table(self.results.drivers.table, self.stack)

    @property
    def candidates(self) -> pd.DataFrame:
        """Places that stand out and are not, or not known to be, beyond chance; as ``drivers``."""
        return shown_table(self.results.candidates.table, self.stack)

    @property
    def candidate_labels(self) -> LabelImage:
        """Label image of the candidates, (Y, X), 0 outside; labels go on after the drivers'."""
        return shown_image(self.results.candidates.labels, self.stack)

    @cached_property
    def verdict(self) -> Verdict:
        """Whether there is something, how sure, what limits it and what to do next."""
        return verdict_of(self.results, self.record.metrics, self.fps)

    @property
    def stage(self) -> Stage:
        """How far the analysis is: ``map``, ``drivers``, ``stability`` or ``all``."""
        return self.results.stage

    @property
    def edges(self) -> pd.DataFrame:
        """Edges between different places: source, target, lag, coefficient, effect, positions.

        Of several planes also ``source_plane`` and ``target_plane``, and ``lag_volumes``: the lag
        in periods of a volume, whose planes are read one after the other.
        """
        return shown_table(self.results.edges, self.stack)

    @property
    def penalty(self) -> float:
        """Penalty of the sparse VAR these results belong to."""
        return self.results.fitted.penalty

    @checked
    def influence(self, region: BoolArray, direction: Direction = "outgoing") -> FloatImage:
        """Return what a region (Y, X) of bool drives, or what drives it, as a signed map (Y, X).

        Of several planes both are (Z, Y, X).
        """
        results, mask = self.results, kept_image(region, self.stack)
        found = influence_map(results.fitted, Region(mask, results.projection), direction)
        return shown_image(found, self.stack)

    @checked
    def at_penalty(self, penalty: float) -> Run:
        """Return the same run elsewhere on the exact solution path; nothing is retrained.

        Raises
        ------
        UserError
            If the penalty is negative.
        """
        if penalty < 0:
            raise UserError(f"The penalty is {penalty}: choose 0 or more.")
        return replace(self, results=at_penalty(self.results, penalty))

    @checked
    def cells(
        self,
        labels: CellsLike,
        names: Sequence[str] | None = None,
        *,
        read_from: ReadFrom = "pixels",
        trials: Trials | None = None,
        movie: Movie | None = None,
        preparation: Preparation | None = None,
        seed: NonNegativeInt = 0,
    ) -> CellFit:
        """Return who drives whom among the cells that a person has.

        They are read from the pixels and from the latents, and fitted either way, at the lags
        and in the good frames of the run.

        Parameters
        ----------
        labels : Cells, path, label image of int (Y, X), layer, or sequence of sparse footprints
            Whatever ``open_cells`` takes. Footprints may overlap: they are weights.
        names : sequence of str, optional
            By default as the cells came, or their labels.
        read_from : {"pixels", "latents"}
            Which way is returned; the other is its ``beside``, and ``disagreements`` says where
            they differ.
        trials : sequence of (start, stop), optional
            Frames of each trial, stop exclusive. Trials are never joined.
        movie : Movie, optional
            That of the run, if it is open already. Where it is not found there are only latents.
        preparation : Preparation, optional
            What is done to the traces before.
        seed : int
            Same seed, same p-values.

        Raises
        ------
        UserError
            If the cells do not fit the movie, or cannot be fitted; the sentence says what to do.
        """
        cells = cells_in(self, labels, names)
        read = returned(reading_cells(self, cells, movie))
        return returned(fitting_both_ways(self, read, read_from, trials, seed, preparation))

    @property
    def found_cells(self) -> CellFit | None:
        """The cells that were found in the movie and tested beside its places; None without."""
        folder = self.path / FOUND_CELLS
        return load_fit(folder) if is_fit_directory(folder) else None

    @property
    def stack(self) -> Stack | None:
        """How several planes lie in the field of this run; None where there is one."""
        return self.record.movie.stack

    @property
    def fps(self) -> float | None:
        """Frames per second of the movie, if known."""
        return self.record.movie.fps

    @property
    def pixel_size_um(self) -> float | None:
        """Edge of a pixel in micrometres, if known."""
        return self.record.movie.pixel_size_um

    @property
    def scale(self) -> tuple[float, float]:
        """Size of a pixel along (Y, X): micrometres, or 1 where unknown."""
        size = self.pixel_size_um or 1.0
        return size, size

    @property
    def units(self) -> tuple[str, str]:
        """Unit of each axis for napari: ``um``, or ``pixel`` where unknown."""
        unit = "um" if self.pixel_size_um else "pixel"
        return unit, unit

    @property
    def movie_name(self) -> str:
        """What a person calls the movie."""
        return self.record.movie.name

    @property
    def movie_source(self) -> Path | None:
        """Where the movie was when the run was made, None for one in memory."""
        return self.record.movie_path


@checked
def load_run(path: Path | str) -> Run:
    """Open a run directory.

    Raises
    ------
    UserError
        If the folder is not a run, has not finished, is damaged or of another version.
    """
    folder = Path(path)
    if not folder.exists():
        recover_run(folder)
    if not is_run_directory(folder):
        raise UserError(f"{folder} is not a run directory: it has no {RECORD} of ours.")
    record = read_record(folder)
    if record.status != "finished":
        again = "'sparsevar train --resume'" if record.parent is None else "'sparsevar apply'"
        raise UserError(f"The run {folder} has not finished: continue it with {again}.")
    try:
        losses = read_table(folder / LOSSES, LOSS_COLUMNS)
        return Run(folder, record, read_results(folder, record), losses)
    except PermissionError as error:
        raise UserError(f"Cannot read {error.filename}: {explain(error)}.") from error
    except Exception as error:  # whatever a foreign file makes the readers of its format raise
        raise UserError(f"The run {folder} is damaged ({error}): train it again.") from error


def read_record(folder: Path) -> RunRecord:
    """Read ``run.json`` of a run, finished or not.

    Raises
    ------
    UserError
        If it is damaged, was written by a newer version or by one too old.
    """
    try:
        said = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        _check_version(folder, said.get("format_version"))
        return RunRecord.model_validate(said)
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        raise UserError(f"{folder / RECORD} is damaged: train the run again.") from error


def _check_version(folder: Path, version: object) -> None:
    """Refuse what another version wrote before its content is looked at, which may be foreign."""
    if not isinstance(version, int):
        raise ValueError("format_version is no number")
    if version > FORMAT_VERSION:
        raise UserError(
            f"The run {folder} was made by a newer version of napari-sparsevar: update this one."
        )
    if version < OLDEST_VERSION:
        raise UserError(
            f"The run {folder} was made by an earlier version of napari-sparsevar and lacks what "
            "this one needs: train it again."
        )
