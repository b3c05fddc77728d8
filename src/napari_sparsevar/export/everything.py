"""Everything that is selected of a run, as one folder."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from napari_sparsevar.disk.folder import replacing_folder
from napari_sparsevar.errors import UserError
from napari_sparsevar.export import maps, movies, tables
from napari_sparsevar.export.material import Material
from napari_sparsevar.export.nwb import refuse_planes, write_nwb
from napari_sparsevar.export.nwb_parts import needed_pynwb
from napari_sparsevar.export.overlay import OverlayOptions, needed_av, write_overlay
from napari_sparsevar.export.record import Exported, check_folder, write_record
from napari_sparsevar.figures.report import write_report
from napari_sparsevar.figures.write import KINDS, FigureOptions, write_figure
from napari_sparsevar.progress import Step
from napari_sparsevar.run.annotations import Marks
from napari_sparsevar.run.decoding import Kind

Part = Literal["maps", "tables", "figures", "report", "nwb", "movies", "overlay"]

PARTS: tuple[Part, ...] = get_args(Part)
_WEIGHTS: dict[Part, float] = {
    "maps": 1,
    "tables": 1,
    "figures": 10,
    "report": 10,
    "nwb": 4,
    "movies": 40,
    "overlay": 40,
}
"""About how long each takes beside the others."""

_Writer = Callable[[Material, Path, "ExportOptions"], Iterator[Step | str]]


@dataclass(frozen=True)
class ExportOptions:
    """What is exported.

    Parameters
    ----------
    parts : frozenset of str
        Of ``PARTS``.
    session_start : str or None
        For NWB: when the recording began.
    overlay : OverlayOptions
        Of the movie of the overlay.
    figure_ending : str
        Format of the figures: ``.svg``, ``.pdf`` or ``.png``.
    """

    parts: frozenset[Part]
    session_start: str | None = None
    overlay: OverlayOptions = field(default_factory=OverlayOptions)
    figure_ending: str = ".svg"


def export_run(
    material: Material, out: Path, options: ExportOptions, *, overwrite: bool = False
) -> Generator[Step, None, Exported]:
    """Write what is selected into one folder, whole or not at all.

    Closing the generator leaves nothing behind.

    Parameters
    ----------
    material : Material
    out : Path
        The folder to make.
    options : ExportOptions
    overwrite : bool
        Whether an earlier export there may be replaced. A folder that holds anything else never is.

    Yields
    ------
    Step

    Raises
    ------
    UserError
        If nothing is selected, something it needs is missing, or the folder may not be written.
    """
    check_possible(material, options)
    check_folder(out, overwrite=overwrite)
    parts = [part for part in PARTS if part in options.parts]
    whole = sum(_WEIGHTS[part] for part in parts)
    notes: list[str] = []
    done = 0.0
    with replacing_folder(out, overwrite=True) as folder:
        for part in parts:
            for news in _WRITERS[part](material, folder, options):
                if isinstance(news, str):
                    notes.append(news)
                else:
                    yield (done + _WEIGHTS[part] * news[0]) / whole, news[1]
            done += _WEIGHTS[part]
        write_record(folder, _about(material, parts, [*material.notices, *notes]))
    return Exported(out, tuple(notes))


def check_possible(material: Material, options: ExportOptions) -> None:
    """Refuse what cannot be had, before the work.

    Raises
    ------
    UserError
        If nothing is selected, or a library or the movie is missing.
    """
    if not options.parts:
        raise UserError("Nothing is selected: choose at least one thing to export.")
    if "nwb" in options.parts:
        refuse_planes(material)
        needed_pynwb()
    if "overlay" in options.parts:
        needed_av()
        options.overlay.frames(material.needed_movie("A movie of the overlay").n_frames)


def _about(material: Material, parts: list[Part], notes: list[str]) -> dict[str, Any]:
    run, chosen = material.run, material.chosen
    return {
        "run": str(run.path),
        "movie": run.record.movie.model_dump(),
        "penalty": float(run.penalty),
        "place": None if chosen.place is None else chosen.place.name,
        "comparison": chosen.comparison,
        "parts": parts,
        "notes": notes,
    }


def _write_maps(material: Material, folder: Path, options: ExportOptions) -> Iterator[Step | str]:
    (folder / "maps").mkdir()
    for _ in maps.write_maps(material, folder / "maps"):
        yield 0.5, "Writing the maps"


def _write_tables(material: Material, folder: Path, options: ExportOptions) -> Iterator[Step | str]:
    (folder / "tables").mkdir()
    for _ in tables.write_tables(material, folder / "tables"):
        yield 0.5, "Writing the tables"


def _write_figures(
    material: Material, folder: Path, options: ExportOptions
) -> Iterator[Step | str]:
    """Write a figure of every kind there is something to draw of; say which is left out and why."""
    (folder / "figures").mkdir()
    missing = {
        "comparison": not material.comparisons,
        "registration": not material.run.record.movie.registered,
    }
    kinds = [kind for kind in KINDS if not missing.get(kind, False)]
    chosen = material.chosen
    shown = FigureOptions(chosen.place, chosen.comparison, chosen.pair)
    for index, kind in enumerate(kinds):
        yield index / len(kinds), "Drawing the figures"
        out = folder / "figures" / f"{kind}{options.figure_ending}"
        try:
            write_figure(material.run, out, kind, shown, marks=_marks(material))
        except UserError as error:
            yield f"There is no figure of the {kind}: {error}"


def _write_report(material: Material, folder: Path, options: ExportOptions) -> Iterator[Step | str]:
    yield 0.0, "Writing the report"
    place = material.chosen.place
    write_report(material.run, folder / "report.html", marks=_marks(material), place=place)


def _marks(material: Material) -> Marks:
    return Marks(material.notes, material.regions)


def _write_nwb(material: Material, folder: Path, options: ExportOptions) -> Iterator[Step | str]:
    path = folder / "results.nwb"
    note = yield from write_nwb(material, path, start=options.session_start)
    if note:
        yield note


def _write_movies(material: Material, folder: Path, options: ExportOptions) -> Iterator[Step | str]:
    (folder / "movies").mkdir()
    kinds: list[Kind] = ["prediction", "residual"]
    if material.movie is None:
        kinds.remove("residual")
        yield (
            "The movie is not there: the predicted movie is without its background, and there is "
            "no residual movie."
        )
    for index, kind in enumerate(kinds):
        path = folder / "movies" / f"{kind}{movies.SUFFIX}"
        for fraction, words in movies.write_model_movie(material, kind, path):
            yield (index + fraction) / len(kinds), words


def _write_overlay(
    material: Material, folder: Path, options: ExportOptions
) -> Iterator[Step | str]:
    yield from write_overlay(material, folder / "overlay.mp4", options.overlay)


_WRITERS: dict[Part, _Writer] = {
    "maps": _write_maps,
    "tables": _write_tables,
    "figures": _write_figures,
    "report": _write_report,
    "nwb": _write_nwb,
    "movies": _write_movies,
    "overlay": _write_overlay,
}
