"""The command ``sparsevar info``: what there is to say about a movie, a run or a fit of cells."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_sparsevar.cli.cell_summary import say_fit
from napari_sparsevar.cli.ending import explained
from napari_sparsevar.cli.options import (
    AsJson,
    Axes,
    BadFrames,
    Channel,
    Channels,
    Dataset,
    Debug,
    FrameShape,
    MaskOption,
    Plane,
    Planes,
)
from napari_sparsevar.cli.text import as_table, print_values
from napari_sparsevar.cli.verdict import verdict_text
from napari_sparsevar.errors import UserError

if TYPE_CHECKING:
    from napari_sparsevar.movie.choice import Choice
    from napari_sparsevar.run.run import Run

TOP_DRIVERS = 10


@explained
def info(
    path: Annotated[
        Path,
        typer.Argument(help="A movie, a run directory or a fit of cells.", metavar="MOVIE|RUN"),
    ],
    channel: Channel = None,
    plane: Plane = None,
    planes: Planes = None,
    dataset: Dataset = None,
    shape: FrameShape = None,
    axes: Axes = None,
    channels: Channels = None,
    bad_frames: BadFrames = None,
    mask: MaskOption = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Print a summary."""
    from napari_sparsevar.cells.fit_folder import is_fit_directory
    from napari_sparsevar.movie.choice import Choice
    from napari_sparsevar.movie.stack import check_planes

    if is_fit_directory(path):
        from napari_sparsevar.cells.store import load_fit

        say_fit(load_fit(path), path, as_json=as_json)
        return
    if (path / "run.json").is_file():
        summary = summary_of_run(path)
    else:
        together = check_planes(planes, plane)
        choice = Choice(channel, plane, dataset, shape, axes, channels, together)
        summary = summary_of_movie(path, choice, bad_frames, mask)
    if as_json:
        typer.echo(json.dumps(summary, indent=2))
        return
    if "verdict" in summary:
        from napari_sparsevar.run.verdict import Verdict

        typer.echo(f"{verdict_text(Verdict(**summary.pop('verdict')))}\n")
    drivers = summary.pop("drivers", None)
    print_values(summary)
    if drivers is not None:
        typer.echo(f"\ndrivers, the surest first\n{as_table(drivers)}")


def summary_of_movie(
    path: Path,
    choice: Choice | None = None,
    bad_frames: str | None = None,
    mask: Path | None = None,
) -> dict[str, Any]:
    """Return what a movie file says and what its frames hold, ready for JSON."""
    from napari_sparsevar.movie import check_frames, open_movie, static_images
    from napari_sparsevar.movie.inspection.by_plane import typical_diameter, worst_motion
    from napari_sparsevar.movie.inspection.motion import Motion
    from napari_sparsevar.movie.inspection.turns import find_turns
    from napari_sparsevar.movie.left_out import leaving_out

    movie = open_movie(path, **({} if choice is None else asdict(choice)))
    movie = leaving_out(movie, bad_frames=bad_frames, ignore=mask)
    report = check_frames(movie)
    diameter, motion = None, Motion(0.0, 0.0)
    with suppress(UserError):  # a movie too short to train on can still be described
        images = static_images(movie, bad=report.bad, ignored=report.ignored)
        diameter = typical_diameter(movie, images, report.bad)
        motion = worst_motion(movie, images, report.bad)
    stack = movie.stack
    plane_shape = movie.shape if stack is None else stack.shape
    outside = 0 if stack is None else int(stack.blank().sum())
    return {
        "movie": str(path),
        "frames": movie.n_frames,
        "height_px": plane_shape[0],
        "width_px": plane_shape[1],
        "dtype": str(movie.data.dtype),
        "size_mb": round(movie.data.nbytes / 1e6, 1),
        "frames_per_second": movie.fps,
        "pixel_size_um": movie.pixel_size_um,
        "cell_diameter_px": diameter and round(diameter, 1),
        "largest_shift_px": round(motion.largest, 1),
        "minimum": report.minimum,
        "maximum": report.maximum,
        "bad_frames": report.n_bad,
        "ignored_pixels": int(report.ignored.sum()) - outside,
        "saturation_level": report.saturation_level,
        "saturated_fraction": report.saturated_fraction,
        "channel": movie.choice.channel and f"{movie.choice.channel} of {movie.offer.channels}",
        "plane": movie.choice.plane and f"{movie.choice.plane} of {movie.offer.planes}",
        **({} if stack is None else {"planes": f"{_listed(stack.planes)} of {stack.of}"}),
        "dataset": movie.choice.dataset,
        "notes": [
            *movie.notes,
            *find_turns(movie).sentences(),
            *report.sentences(),
            *motion.sentences(),
        ],
    }


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, numbers))


def summary_of_run(path: Path) -> dict[str, Any]:
    """Return how a run was made and what it found, ready for JSON."""
    from napari_sparsevar.run.run import load_run
    from napari_sparsevar.run.run_movie import open_run_movie

    run = load_run(path)
    found = open_run_movie(path, run.record.movie)
    # Through the record's own JSON, so that whatever it holds can be printed.
    record = json.loads(run.record.model_dump_json())
    return {
        "verdict": run.verdict.as_json(),
        "run": str(path),
        "movie_file": str(found.movie.source) if found.movie else None,
        **({"movie_notice": found.notice} if found.notice else {}),
        "edges": len(run.edges),
        **_cells_of(path),
        **record,
        **_covariates_of(run),
        "drivers": json.loads(run.drivers.head(TOP_DRIVERS).to_json(orient="records")),
    }


def _covariates_of(run: Run) -> dict[str, list[str]]:
    """Return how much covariates tell of the latents; nothing where the run has none."""
    from napari_sparsevar.analysis.evidence.words import percent_text

    covariates, partial = run.results.activity.covariates, run.results.partial
    if covariates is None or partial is None:
        return {}
    told = [
        f"{label}: {percent_text(float(share.mean()))} of the activity of a place, "
        f"{percent_text(float(share.max()))} at most"
        for label, share in zip(covariates.labels, partial.shares, strict=True)
    ]
    return {"covariates": told}


def _cells_of(run: Path) -> dict[str, str]:
    """Return what there is to say of cells that came with the training; nothing without any."""
    from napari_sparsevar.cells.fit_folder import is_fit_directory
    from napari_sparsevar.run.store import CELLS

    folder = run / CELLS
    if not is_fit_directory(folder):
        return {}
    from napari_sparsevar.cells.store import load_fit
    from napari_sparsevar.cells.words import sentence

    return {"cells": str(folder), "among_cells": sentence(load_fit(folder))}
