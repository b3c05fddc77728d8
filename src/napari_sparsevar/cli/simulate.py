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
        tuple[int, int], typer.Option(metavar="H W", help="Height and width in pixels.")
    ] = (64, 64),
    regime: Annotated[
        str, typer.Option(help="easy, medium_noise, strong_noise or weak_coupling.")
    ] = "easy",
    later_coupling: Annotated[
        float | None,
        typer.Option(
            metavar="C", help="Coupling in the second half, to compare the halves; 0 for none."
        ),
    ] = None,
    fps: Annotated[float, typer.Option(help="Frames per second.")] = 15.0,
    pixel_size: Annotated[
        float, typer.Option(metavar="UM", help="Pixel edge in micrometres.")
    ] = 2.0,
    overwrite: Overwrite = False,
    debug: Debug = False,
) -> None:
    """Write a simulated movie and its truth."""
    from napari_sparsevar.movie import simulate_movie, write_movie

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
        later_coupling=later_coupling,
        fps=fps,
        pixel_size_um=pixel_size,
    )
    write_movie(movie.data, out, fps=fps, pixel_size_um=pixel_size, overwrite=overwrite)
    known.save(truth, overwrite=overwrite)
    typer.echo(
        f"Wrote {out} ({frames} frames of {size[0]} x {size[1]} px) and {truth} "
        f"({len(known.drivers)} drivers among {len(known.centres)} cells)."
    )
