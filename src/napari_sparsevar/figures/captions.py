"""What every caption says: data, settings, software."""

from __future__ import annotations

import math
from collections.abc import Iterable

from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from napari_sparsevar.figures.panels.map import number_text
from napari_sparsevar.run.run import Run

_SAME = 1e-9
"""Relative difference up to which two penalties are one."""


def data_words(run: Run) -> str:
    """Return the movie, its size and units, and the run."""
    movie = run.record.movie
    n_frames, height, width = movie.shape
    planes = ""
    if movie.stack is not None:
        height, width = movie.stack.shape
        numbers = ", ".join(map(str, movie.stack.planes))
        planes = f" in each of the planes {numbers}, which lie side by side"
    size = f", {run.pixel_size_um:g} µm a pixel" if run.pixel_size_um else ""
    rate = f" at {run.fps:g} frames/s" if run.fps else ""
    return (
        f"{movie.name} ({n_frames} frames{rate}, {height} x {width} px{planes}{size}; "
        f"run {run.path.name})"
    )


def length_unit(run: Run) -> str:
    """Return in what the scale bar is."""
    return "micrometres" if run.pixel_size_um else "pixels (their size is not known)"


def unit_of(run: Run) -> str:
    """Return in what places are given: ``µm``, or ``px`` where the size of a pixel is not known."""
    return "µm" if run.pixel_size_um else "px"


def position_words(run: Run, y: float, x: float) -> str:
    """Return a place, given in pixels, in ``unit_of`` the run."""
    size, stack = run.pixel_size_um or 1.0, run.record.movie.stack
    plane = ""
    if stack is not None:
        plane = f"plane {stack.planes[int(stack.index_at(x))]} "
        x = float(stack.column_at(x))
    return f"{plane}y {size * y:.0f} x {size * x:.0f}"


def lags_words(run: Run) -> str:
    """Return how many past frames foretell the next one."""
    lags = run.record.network.lags
    return f"{lags} lag{'s' * (lags > 1)}"


def seed_of(run: Run) -> object:
    """Return the seed the network was trained with, as far as the run knows it."""
    return run.record.configuration.get("seed", "not known")


def settings_paragraph(run: Run) -> str:
    """Return how the network was trained, where on the path the VAR is, and with what software."""
    record, configuration = run.record, run.record.configuration
    known = [
        (name, configuration[key])
        for name, key in (("mode", "mode"), ("steps", "steps"))
        if key in configuration
    ]
    how = "".join(f", {name} {value}" for name, value in known)
    return (
        f"Settings: network trained with seed {seed_of(run)}{how}; sparse VAR with "
        f"{lags_words(run)}, {penalty_words(run)}. "
        f"Trained {record.created} with {software_words(record.versions.items())}."
    )


def penalty_words(run: Run) -> str:
    """Return the penalty, and whether it is that of the run."""
    own = run.record.metrics.get("penalty")
    words = f"penalty {run.penalty:.3g}"
    if not isinstance(own, int | float) or math.isclose(own, run.penalty, rel_tol=_SAME):
        return words
    return f"{words} (chosen for this figure; the run's own is {own:.3g})"


def software_words(versions: Iterable[tuple[str, str]]) -> str:
    """Return names and versions."""
    return ", ".join(f"{name} {version}" for name, version in versions)


def limits_words(figure: Figure, name: str) -> str:
    """Return the limits of the colours of the image of this name."""
    image = next(
        one
        for one in figure.findobj(AxesImage)
        if isinstance(one, AxesImage) and one.get_gid() == name
    )
    low, high = image.get_clim()
    return f"{number_text(low)} to {number_text(high)}"


def paragraphs(*parts: str) -> str:
    """Return a caption of these paragraphs; empty ones are left out."""
    return "\n\n".join(part for part in parts if part) + "\n"
