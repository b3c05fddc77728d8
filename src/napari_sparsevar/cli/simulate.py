"""The command ``sparsevar simulate``: a movie with known drivers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from napari_sparsevar.cli.ending import explained
from napari_sparsevar.cli.options import Debug, Overwrite
from napari_sparsevar.errors import UserError

_FRAMES = 3000


@explained
def simulate(
    out: Annotated[Path, typer.Option(help="The TIFF file to write.", metavar="MOVIE.tif")],
    truth: Annotated[
        Path, typer.Option(help="The file for cells and connections.", metavar="TRUTH.npz")
    ],
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same movie.")] = 0,
    frames: Annotated[
        int | None, typer.Option(min=1, help="Number of frames; 3000 if not given.")
    ] = None,
    size: Annotated[
        tuple[int, int] | None,
        typer.Option(metavar="H W", help="Height and width in pixels; else that of the regime."),
    ] = None,
    regime: Annotated[
        str | None,
        typer.Option(
            help="easy (if nothing is said), medium_noise, strong_noise, weak_coupling; optics is "
            "a realistic recording, all has running, bursts, stimuli and hidden cells besides."
        ),
    ] = None,
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
    signal: Annotated[
        float | None,
        typer.Option(
            metavar="S", help="A typical cell's signal, of the light around: 0.2, in optics 0.4."
        ),
    ] = None,
    cells: Annotated[int | None, typer.Option(min=1, help="How many cells.")] = None,
    drivers: Annotated[int | None, typer.Option(min=0, help="How many drive others.")] = None,
    followers: Annotated[int | None, typer.Option(min=0, help="How many each drives.")] = None,
    into: Annotated[
        Path | None,
        typer.Option(
            metavar="MOVIE", help="Add the cells to this recording; optics if no regime is said."
        ),
    ] = None,
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
    planes: Annotated[
        int | None,
        typer.Option(
            min=2,
            metavar="N",
            help="Several planes, read one after the other, with drivers across them: OUT is an "
            "OME-TIFF with Z. Only --seed, --frames, --size, --drivers, --followers and --fps go "
            "with it.",
        ),
    ] = None,
    overwrite: Overwrite = False,
    debug: Debug = False,
) -> None:
    """Write a simulated movie and its truth."""
    from napari_sparsevar.movie import (
        add_simulated_cells,
        open_movie,
        simulate_movie,
        write_movie,
    )
    from napari_sparsevar.movie.simulation.regime import find_regime

    if out.resolve() == truth.resolve():
        raise UserError(f"{out} cannot hold both movie and truth; choose two names.")
    for path in (out, truth):
        # Before the work, and before one of the two files is there without the other.
        if path.exists() and not overwrite:
            raise UserError(f"{path} exists already; choose another name or add --overwrite.")
        if not path.absolute().parent.is_dir():
            raise UserError(f"There is no folder {path.absolute().parent}; make it first.")
    if planes is not None:
        others = (regime, nuisance, without, signal, cells, into, later_coupling, pixel_size)
        if any(other not in (None, [], ()) for other in others):
            raise UserError(
                "--planes goes with --seed, --frames, --size, --drivers, --followers and --fps "
                "only: leave the rest out."
            )
        _write_planes(
            out,
            truth,
            overwrite,
            n_planes=planes,
            seed=seed,
            n_frames=frames or _FRAMES,
            shape=size or (64, 64),
            n_drivers=6 if drivers is None else drivers,
            n_followers=4 if followers is None else followers,
            volumes_per_second=fps or 10.0,
        )
        return
    regime = regime or ("easy" if into is None else "optics")
    wanted: dict[str, Any] = {
        "seed": seed,
        "regime": regime,
        "nuisances": find_regime(regime).nuisances.without(*without or ()).adding(*nuisance or ()),
        "signal": signal,
        "n_cells": cells,
        "n_drivers": drivers,
        "n_followers": followers,
    }
    if into is not None:
        if frames is not None or size is not None or later_coupling is not None:
            raise UserError(
                f"--frames, --size and --later-coupling are those of {into}: leave them."
            )
        opened = open_movie(into, fps=fps, pixel_size_um=pixel_size)
        movie, known = add_simulated_cells(opened, **wanted)
    else:
        movie, known = simulate_movie(
            frames or _FRAMES,
            size,
            later_coupling=later_coupling,
            fps=fps,
            pixel_size_um=pixel_size,
            **wanted,
        )
    for note in movie.notes:
        typer.echo(note, err=True)
    write_movie(
        movie.data,
        out,
        fps=movie.fps,
        pixel_size_um=movie.pixel_size_um,
        overwrite=overwrite,
    )
    known.save(truth, overwrite=overwrite)
    height, width = movie.shape
    typer.echo(
        f"Wrote {out} ({movie.n_frames} frames of {height} x {width} px) and {truth} "
        f"({len(known.drivers)} drivers among {len(known.centres)} cells)."
    )


def _write_planes(out: Path, truth: Path, overwrite: bool, **wanted: Any) -> None:
    """Write planes as one OME-TIFF, and what is known of them."""
    from napari_sparsevar.movie.simulation.planes import simulate_planes
    from napari_sparsevar.movie.write import check_volumes_name, write_volumes

    check_volumes_name(out)
    frames, rate, known = simulate_planes(**wanted)
    write_volumes(frames, out, rate, overwrite)
    known.save(truth, overwrite=overwrite)
    n_frames, n_planes, height, width = frames.shape
    typer.echo(
        f"Wrote {out} ({n_frames} volumes of {n_planes} planes of {height} x {width} px) and "
        f"{truth} ({len(known.drivers)} drivers among {len(known.centres)} cells)."
    )
