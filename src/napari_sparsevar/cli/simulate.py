"""The command ``sparsevar simulate``: a movie with known drivers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from napari_sparsevar.cli.ending import explained
from napari_sparsevar.cli.options import Debug, Overwrite
from napari_sparsevar.errors import UserError


@explained
def simulate(
    out: Annotated[Path, typer.Option(help="The TIFF file to write.", metavar="MOVIE.tif")],
    truth: Annotated[
        Path, typer.Option(help="The file for cells and connections.", metavar="TRUTH.npz")
    ],
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same movie.")] = 0,
    frames: Annotated[int, typer.Option(min=1, help="Number of frames.")] = 3000,
    size: Annotated[
        tuple[int, int] | None,
        typer.Option(metavar="H W", help="Height and width in pixels; else that of the regime."),
    ] = None,
    regime: Annotated[
        str,
        typer.Option(
            help="easy, medium_noise, strong_noise, weak_coupling; optics is a realistic "
            "recording, all has running, bursts, stimuli and hidden cells besides."
        ),
    ] = "easy",
    nuisance: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[:SETTING=VALUE,...]",
            help="Add what makes recordings hard, such as motion, or kinetics:decay_s=0.2..0.5; "
            "more than once for several. A wrong name lists them all.",
        ),
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Leave a nuisance of the regime out.")
    ] = None,
    cells: Annotated[int | None, typer.Option(min=1, help="How many cells.")] = None,
    drivers: Annotated[int | None, typer.Option(min=0, help="How many drive others.")] = None,
    followers: Annotated[int | None, typer.Option(min=0, help="How many each drives.")] = None,
    later_coupling: Annotated[
        float | None,
        typer.Option(
            metavar="C", help="Coupling in the second half, to compare the halves; 0 for none."
        ),
    ] = None,
    fps: Annotated[float | None, typer.Option(help="Frames per second.")] = None,
    pixel_size: Annotated[
        float | None, typer.Option(metavar="UM", help="Pixel edge in micrometres.")
    ] = None,
    overwrite: Overwrite = False,
    debug: Debug = False,
) -> None:
    """Write a simulated movie and its truth."""
    from napari_sparsevar.movie import simulate_movie, write_movie
    from napari_sparsevar.movie.simulation.regime import find_regime

    if out.resolve() == truth.resolve():
        raise UserError(f"{out} cannot hold both movie and truth; choose two names.")
    for path in (out, truth):
        # Before the work, and before one of the two files is there without the other.
        if path.exists() and not overwrite:
            raise UserError(f"{path} exists already; choose another name or add --overwrite.")
    movie, known = simulate_movie(
        frames,
        size,
        seed=seed,
        regime=regime,
        nuisances=find_regime(regime).nuisances.without(*without or ()).adding(*nuisance or ()),
        n_cells=cells,
        n_drivers=drivers,
        n_followers=followers,
        later_coupling=later_coupling,
        fps=fps,
        pixel_size_um=pixel_size,
    )
    write_movie(
        movie.data,
        out,
        fps=movie.fps,
        pixel_size_um=movie.pixel_size_um,
        overwrite=overwrite,
    )
    known.save(truth, overwrite=overwrite)
    typer.echo(
        f"Wrote {out} ({frames} frames of {movie.shape[0]} x {movie.shape[1]} px) and {truth} "
        f"({len(known.drivers)} drivers among {len(known.centres)} cells)."
    )
