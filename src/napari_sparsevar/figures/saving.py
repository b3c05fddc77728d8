"""A figure as a file, with its caption beside it: both whole or neither."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from napari_sparsevar.disk.files import replacing
from napari_sparsevar.errors import REPLACE, UserError
from napari_sparsevar.figures.style import figure_style

FORMATS = (".svg", ".pdf", ".png")
DPI = 300.0

_NO_DATE: dict[str, dict[str, str | None]] = {
    ".svg": {"Date": None, "Creator": "napari-sparsevar"},
    ".pdf": {"CreationDate": None, "Creator": "napari-sparsevar"},
    ".png": {"Software": "napari-sparsevar"},
}
"""Without a date, so that drawing again changes nothing but rounding."""


def caption_path(out: Path) -> Path:
    """Return where the caption of a figure goes: ``FIGURE.caption.txt``."""
    return out.with_name(f"{out.stem}.caption.txt")


def check_figure_path(out: Path, *, overwrite: bool = False) -> None:
    """Refuse a file that cannot become a figure, before the work.

    Raises
    ------
    UserError
        If the format is not known, or there is something already that may not be replaced.
    """
    if out.suffix.lower() not in FORMATS:
        raise UserError(
            f"{out} is no format of figures: choose a name that ends in {', '.join(FORMATS)}."
        )
    if out.exists() and not overwrite:
        raise UserError(f"{out} exists already; choose another name.", options=REPLACE)


def save_figure(
    figure: Figure, caption: str, out: Path, *, dpi: float = DPI, overwrite: bool = False
) -> None:
    """Write a figure and its caption.

    Parameters
    ----------
    figure : Figure
    caption : str
        Goes to ``caption_path(out)``, where the same figure in another format may have put it.
    out : Path
        The ending chooses the format.
    dpi : float
        Dots an inch of a PNG; SVG and PDF have lines and text, and images in their own pixels.
    overwrite : bool

    Raises
    ------
    UserError
        If the format is not known, the files exist and may not be replaced, or the disk refuses.
    """
    check_figure_path(out, overwrite=overwrite)
    words = caption_path(out)
    if words.exists() and not overwrite and _text(words) != caption:
        raise UserError(
            f"{words} is the caption of another figure; choose another name.", options=REPLACE
        )
    kind = out.suffix.lower()
    with (
        figure_style(),
        replacing(out, overwrite=overwrite) as drawn,
        replacing(words, overwrite=True) as written,
    ):
        figure.savefig(drawn, format=kind[1:], dpi=dpi, metadata=_NO_DATE[kind])
        written.write_text(caption, encoding="utf-8")


def _text(path: Path) -> str | None:
    """Return the text of a file, None where it holds something else."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
