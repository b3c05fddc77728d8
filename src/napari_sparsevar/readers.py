"""Movies and runs as napari layers; neither napari nor Qt is imported here.

Layers are views: ``run_layers`` makes them again from a run whenever they are wanted, for the
reader of run directories and for the Train dock alike.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_sparsevar.errors import UserError
from napari_sparsevar.figures.colours import CONTRIBUTION, contribution_colours, contribution_top

if TYPE_CHECKING:
    import pandas as pd

    from napari_sparsevar.movie.movie import Movie
    from napari_sparsevar.movie.stack import Stack
    from napari_sparsevar.run.run import Run

LayerData = tuple[Any, dict[str, Any], str]
Reader = Callable[[str], list[LayerData]]

METADATA_KEY = "napari_sparsevar"
"""The one key this package uses in ``layer.metadata``."""

LOOKED_AT_FRAMES = 8
LOOKED_AT_PX = 128
"""Rows and columns of a frame that contrast limits are taken from, spread over the field."""
MOST_LAYERS = 8
"""Channels, planes and data sets of one file that open beside the first."""

NAME_POINTS, NAME_PX = 8, 16
"""Size of the numbers of drivers and of the discs behind them, on the screen."""

NUMBERED_UP_TO = 0.05
"""Adjusted p-value of a driver that has a number."""

SILENCES = "\u2193"
"""Beside the name of a place after which others go down."""

DRIVER_COLOURS = ("#00e5ff", "#7cff6b", "#ffffff", "#5aa9ff", "#ff9edb")


@dataclass(frozen=True)
class Placement:
    """Where a two-dimensional map lies in the world, along (Y, X).

    Parameters
    ----------
    scale : tuple of float
        Size of a pixel.
    translate : tuple of float
        Position of the first pixel.
    units : tuple of str
        Unit of each axis.
    """

    scale: tuple[float, float]
    translate: tuple[float, float] = (0.0, 0.0)
    units: tuple[str, str] = ("pixel", "pixel")
    stack: Stack | None = None
    """Of a field of several planes: how it is shown as a stack, whose planes lie along Z."""

    @property
    def arguments(self) -> dict[str, Any]:
        """The same as arguments of a napari layer."""
        if self.stack is not None:
            return {
                "scale": (1.0, *self.scale),
                "translate": (0.0, *self.translate),
                "units": ("pixel", *self.units),
                "axis_labels": ("z", "y", "x"),
            }
        return {
            "scale": self.scale,
            "translate": self.translate,
            "units": self.units,
            "axis_labels": ("y", "x"),
        }

    def shown(self, image: Any) -> Any:
        """Return an image (..., Y, X) of the field as layers have it."""
        return image if self.stack is None else self.stack.unfolded(image)

    def points(self, places: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return places (..., 2) of the field, y and x in pixels, as points of layers."""
        at = np.asarray(places, float)
        if self.stack is None:
            return at
        y, x = at[..., 0], at[..., 1]
        return np.stack([self.stack.index_at(x), y, self.stack.column_at(x)], axis=-1)

    def world(self, place: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return where a place (y, x) of the field lies on the canvas."""
        return np.asarray(self.points(place)[-2:] * self.scale + self.translate)

    def pixel(self, position: Sequence[float]) -> tuple[int, int]:
        """Return the pixel (y, x) of the field at a position in the world; -1 outside a plane."""
        at = (np.asarray(position[-2:]) - self.translate) / self.scale
        y, x = np.round(at).astype(int).tolist()
        if self.stack is not None:
            index = round(float(position[-3])) if len(position) > len(self.scale) else 0
            deep = 0 <= index < len(self.stack.planes) and 0 <= x < self.stack.shape[1]
            x = x + index * self.stack.pitch if deep else -1
        return y, x

    def words(self, y: float, x: float) -> str:
        """Return a place, given in pixels of the map, as the status bar has it: world and unit.

        ``(12.0, 30.5) µm`` or ``(115, 30) µm``; ``(6, 15) px`` where the size of a pixel is not
        known. Of several planes with the number of its plane.
        """
        if self.stack is not None:
            number = self.stack.planes[int(self.stack.index_at(x))]
            flat = replace(self, stack=None).words(y, float(self.stack.column_at(x)))
            return f"{flat}, plane {number}"
        world = [
            float(first + size * at)
            for at, size, first in zip((y, x), self.scale, self.translate, strict=True)
        ]
        if self.units[-1] == "pixel":
            return f"({round(world[0])}, {round(world[1])}) px"
        unit = {"um": "µm", "micrometer": "µm"}.get(self.units[-1], self.units[-1])
        decimals = 1 if max(map(abs, world)) < 100 else 0  # short enough for a table
        return f"({world[0]:.{decimals}f}, {world[1]:.{decimals}f}) {unit}"


def get_reader(path: str | Sequence[str]) -> Reader | None:
    """Return what opens the path, or None if it is neither a movie nor a run of ours.

    Parameters
    ----------
    path : str or sequence of str
        As napari hands it over; several files at once are left to other readers.

    Returns
    -------
    callable or None
        Takes the path, returns layers.
    """
    if not isinstance(path, str):
        return None
    source = Path(path)
    if is_run(source):
        return read_run
    from napari_sparsevar.movie.open import holds_movie

    return read_movie if holds_movie(source) else None


def is_run(path: Path) -> bool:
    """Whether the folder is a run directory of this package."""
    if not (path / "run.json").is_file():
        return False
    from napari_sparsevar.run.store import is_run_directory

    return bool(is_run_directory(path))


def read_movie(path: str) -> list[LayerData]:
    """Open a movie lazily as an image layer, and each further channel, plane or data set too.

    Returns
    -------
    list of LayerData
        The first channel and plane last, so that it lies on top and is selected; the others are
        hidden until they are wanted.

    Raises
    ------
    UserError
        If the file cannot be read as a movie; the sentence says why.
    """
    # Absolute, so that a run trained on it finds the movie from wherever it is opened.
    movies = _open_all(Path(path).absolute())
    layers = [movie_layer(movie) for movie in movies]
    if movies[0].stack is not None:
        layers[1:] = [_in_its_plane(*pair) for pair in zip(layers[1:], movies[1:], strict=True)]
    for _, meta, _ in layers[1:]:
        meta["visible"] = False
    return layers[::-1]


def _open_all(path: Path) -> list[Movie]:
    from napari_sparsevar.movie import open_movie
    from napari_sparsevar.movie.choice import ChoiceNeeded

    try:
        first = open_movie(path)
        chosen, offered = first.choice.dataset, first.offer.datasets
        datasets: tuple[str | None, ...] = (chosen, *(n for n in offered if n != chosen))
    except ChoiceNeeded as error:
        datasets = error.datasets
        first = open_movie(path, dataset=datasets[0])
    planes = range(1, first.offer.planes + 1) if first.offer.planes > 1 else (None,)
    channels = range(1, first.offer.channels + 1) if first.offer.channels > 1 else (None,)
    wanted = list(itertools.product(datasets, planes, channels))
    together = _together(path, first)
    if len(wanted) > MOST_LAYERS:
        _warn(
            f"{path} holds {len(wanted)} movies; the first {MOST_LAYERS} are opened, "
            "the others with sparsevar's --dataset, --plane and --channel or from Python."
        )
    if len(wanted) == 1:
        return [first]
    movies = []
    for dataset, plane, channel in wanted[:MOST_LAYERS]:
        try:
            movie = open_movie(path, dataset=dataset, plane=plane, channel=channel)
        except UserError as error:
            _warn(f"One of the movies in {path} does not open: {error}")
            continue
        movies.append(replace(movie, name=_name_of(movie)))
    return [*together, *movies]


def _together(path: Path, first: Movie) -> list[Movie]:
    """Return the planes of a movie as one, where it has several that fit together."""
    from napari_sparsevar.movie.open import open_movie

    if first.offer.planes == 1:
        return []
    choice = replace(first.choice, plane=None, planes=())
    try:
        movie = open_movie(path, **asdict(choice))
    except UserError:  # it opens plane by plane
        return []
    return [replace(movie, name=f"{movie.name} planes")]


def _in_its_plane(layer: LayerData, movie: Movie) -> LayerData:
    """Return the layer of one plane, (T, 1, Y, X), where it lies among the others."""
    data, meta, kind = layer[0][:, None], dict(layer[1]), layer[2]
    for name, depth in (("scale", 1.0), ("units", "pixel"), ("axis_labels", "z")):
        meta[name] = (meta[name][0], depth, *meta[name][1:])
    meta["translate"] = (0.0, float((movie.choice.plane or 1) - 1), 0.0, 0.0)
    ours = {**meta["metadata"][METADATA_KEY], "array": data.name}
    return data, {**meta, "metadata": {METADATA_KEY: ours}}, kind


def _name_of(movie: Movie) -> str:
    parts = [movie.name]
    if movie.offer.planes > 1:
        parts.append(f"plane {movie.choice.plane}")
    if movie.offer.channels > 1:
        parts.append(f"channel {movie.choice.channel}")
    return " ".join(parts)


def read_run(path: str) -> list[LayerData]:
    """Open a run directory: the movie if it is still there, the maps in any case."""
    from napari_sparsevar.run.run import load_run

    run = load_run(Path(path))
    return [*_run_movie(run), *run_layers(run)]


def movie_layer(movie: Movie) -> LayerData:
    """Return the movie as an image layer with its scale, units and contrast."""
    shown = _shown(movie)
    ours = {
        "source": None if movie.source is None else str(movie.source),
        "array": shown.name,  # so that pixels put in its place are told from the file's
        "fps": movie.fps,
        "pixel_size_um": movie.pixel_size_um,
        "notes": list(movie.notes),
        "choice": asdict(movie.choice),
        "frames": movie.n_frames,
        "jumps": list(movie.jumps),
        "registered": movie.registered,
    }
    meta = {
        "name": movie.name,
        **_axes_of(movie),
        "colormap": "gray",
        "contrast_limits": contrast_limits(movie),
        "metadata": {METADATA_KEY: ours},
    }
    return shown, meta, "image"


def _shown(movie: Movie) -> Any:
    """Return the frames of a movie as a viewer has them: (T, Y, X), or (T, Z, Y, X) of planes."""
    return movie.data if movie.stack is None else movie.stack.unfolded(movie.data)


def _axes_of(movie: Movie) -> dict[str, Any]:
    scale, units, labels = movie.scale, movie.units, ("t", "y", "x")
    if movie.stack is None:
        return {"scale": scale, "units": units, "axis_labels": labels}
    return {
        "scale": (scale[0], 1.0, *scale[1:]),
        "units": (units[0], "pixel", *units[1:]),
        "axis_labels": ("t", "z", "y", "x"),
    }


def contrast_limits(movie: Movie) -> tuple[float, float]:
    """Return display limits from a few frames, so that napari need not scan the movie."""
    from napari_sparsevar.movie.reading.compute import compute

    chosen = np.linspace(0, movie.n_frames - 1, min(LOOKED_AT_FRAMES, movie.n_frames)).astype(int)
    shape = movie.shape if movie.stack is None else movie.stack.shape
    rows, columns = (max(1, size // LOOKED_AT_PX) for size in shape)
    looked_at = _shown(movie)[np.unique(chosen), ..., ::rows, ::columns]
    return image_limits(compute(looked_at))


def image_limits(pixels: npt.ArrayLike) -> tuple[float, float]:
    """Return display limits that leave out the darkest and brightest few pixels."""
    values = np.asarray(pixels, dtype=np.float64)
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return 0.0, 1.0
    low, high = np.percentile(finite, [0.5, 99.8])
    return float(low), float(high) if high > low else float(low) + 1.0


def run_layers(run: Run, placement: Placement | None = None) -> list[LayerData]:
    """Return a run's maps as layers: the contribution map, the drivers and their numbers.

    Parameters
    ----------
    run : Run
        A finished run.
    placement : Placement, optional
        Where the movie layer lies; by default as the run remembers the movie.

    Returns
    -------
    list of LayerData
        An image layer, a points layer and a labels layer, all two-dimensional; of several planes
        stacks of them.
    """
    where = placement or Placement(scale=run.scale, units=run.units)
    where = replace(where, stack=run.record.movie.stack)
    layers = _contribution_layer, _names_layer, _drivers_layer
    return [layer(run, where) for layer in layers]


def _contribution_layer(run: Run, where: Placement) -> LayerData:
    image = np.asarray(run.contribution_map, dtype=np.float32)
    meta = {
        "name": f"contribution ({run.path.name})",
        # Not additive: over a bright cell everything would be white.
        "blending": "translucent_no_depth",
        **contribution_look(run),
        "metadata": _run_metadata(run, "contribution"),
        **where.arguments,
    }
    return image, meta, "image"


def contribution_look(run: Run) -> dict[str, Any]:
    """Return colours and limits of a layer of the contribution map, pale up to what chance reaches.

    All of it is pale where that is not known yet.
    """
    tested = run.results.chance_known
    top = contribution_top(run.contribution_map, tested)
    # napari tells colour maps by their names.
    name = f"{CONTRIBUTION} to {top:g}" if tested else f"{CONTRIBUTION}, not tested"
    return {
        "colormap": {"name": name, "colors": contribution_colours(top)},
        "contrast_limits": (0.0, top),
    }


def _drivers_layer(run: Run, where: Placement) -> LayerData:
    # napari finds the row of a label by the column ``index``.
    features = run.drivers.rename(columns={"label": "index"}).reset_index(drop=True)
    meta = {
        "name": f"drivers ({run.path.name})",
        "features": features,
        "opacity": 0.45,
        "colormap": driver_colours(features["index"]),
        "metadata": _run_metadata(run, "drivers"),
        **where.arguments,
    }
    return np.asarray(run.driver_labels, dtype=np.int32), meta, "labels"


def _names_layer(run: Run, where: Placement) -> LayerData:
    stack = run.record.movie.stack
    table = run.drivers.rename(columns={"label": "index"}).assign(name="")
    labels = run.driver_labels if stack is None else stack.folded(run.driver_labels)
    places, words = driver_names(labels, table)
    places = where.points(places)
    meta = {
        "name": f"driver numbers ({run.path.name})",
        "features": words,
        "text": {"string": "{word}", "size": NAME_POINTS, "color": "white", "anchor": "center"},
        # A dark disc of the same size on the screen at any zoom: legible on dark and bright.
        "face_color": "#000000b0",
        "border_width": 0.0,
        "canvas_size_limits": (NAME_PX, NAME_PX),
        "metadata": _run_metadata(run, "driver names"),
        **where.arguments,
    }
    return places, meta, "points"


def driver_names(
    labels: npt.NDArray[np.integer], table: pd.DataFrame
) -> tuple[npt.NDArray[np.float64], pd.DataFrame]:
    """Return what is written beside the outlines of drivers, and where.

    Parameters
    ----------
    labels : ndarray of int, shape (Y, X)
    table : DataFrame
        ``index`` (the label), ``name``, ``p_adjusted`` and ``strength`` of what is outlined. What
        was not tested or does not survive has a name only if a person gave it one.

    Returns
    -------
    places : ndarray, shape (n, 2)
        Upper right of each outline, (y, x) in pixels.
    words : DataFrame
        ``word`` of each: the name a person gave, else the number; and an arrow down where the place
        silences others.
    """
    import pandas as pd
    from scipy import ndimage

    areas = ndimage.find_objects(np.asarray(labels, np.int32))
    rows = table[["index", "name", "p_adjusted", "strength"]].itertuples(index=False)
    places, words = [], []
    for index, own, known, strength in rows:
        label, name, p_value = int(index), str(own), float(known)
        given = name not in ("", f"driver {label}")
        area = areas[label - 1] if label <= len(areas) else None
        if area is None or not (given or p_value <= NUMBERED_UP_TO):
            continue
        places.append((max(area[0].start - 0.5, 0.0), min(area[1].stop, labels.shape[1] - 1)))
        words.append((name if given else str(label)) + (SILENCES if strength < 0 else ""))
    return np.array(places, float).reshape(-1, 2), pd.DataFrame({"word": np.array(words, object)})


def driver_colours(labels: Iterable[int]) -> dict[int | None, str]:
    """Give each driver one of a few colours that stand out from the map's black to yellow."""
    colours = itertools.cycle(DRIVER_COLOURS)
    return {None: "transparent", **dict(zip(labels, colours, strict=False))}


def _run_metadata(run: Run, kind: str) -> dict[str, Any]:
    return {METADATA_KEY: {"run": str(run.path), "kind": kind}}


def _run_movie(run: Run) -> list[LayerData]:
    from napari_sparsevar.run.run_movie import open_run_movie

    found = open_run_movie(run.path, run.record.movie)
    if found.notice:
        _warn(found.notice)
    if found.movie is None:
        return []
    data, meta, kind = movie_layer(found.movie)
    if found.notice:  # so that the session need not say it again
        meta["metadata"][METADATA_KEY]["another_than"] = str(run.path)
    return [(data, meta, kind)]


def _warn(sentence: str) -> None:
    # napari shows a warning as a notification.
    warnings.warn(sentence, UserWarning, stacklevel=2)
