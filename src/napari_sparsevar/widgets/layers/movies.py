"""Which layers are movies, and the movie behind a layer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from napari.components import ViewerModel
from napari.layers import Image, Layer

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.movie import Movie, as_it_was
from napari_sparsevar.readers.layers import METADATA_KEY, LayerData
from napari_sparsevar.readers.movies import movie_layer
from napari_sparsevar.readers.placement import Placement


def why_unsuitable(layer: Layer) -> str | None:
    """Return one sentence why the layer cannot be trained on, or None if it can."""
    name = layer.name
    if not isinstance(layer, Image):
        return f"“{name}” is not an image layer."
    if layer.rgb:
        return (
            f"“{name}” is a colour (RGB) image; training needs a grey-scale movie: "
            "split its channels (right-click the layer) and stack the frames."
        )
    if layer.multiscale:
        return f"“{name}” is multiscale; open its full resolution as a plain image layer."
    if layer.ndim < 3:
        return f"“{name}” is a single 2-D image; training needs a movie with axes time, Y, X."
    return None


def movie_of(layer: Image) -> Movie:
    """Open the movie behind a layer, from its file where the layer shows what is in it.

    Training must not read through the layer: it may be deleted, and napari shares one cache
    between all lazy layers. Scale and units are those of the layer, which may be set by hand.

    Raises
    ------
    UserError
        If the layer is no movie; one sentence says why.
    """
    from napari_sparsevar.movie import open_movie
    from napari_sparsevar.movie.registration.still import moved_back

    reason = why_unsuitable(layer)
    if reason is not None:
        raise UserError(reason)
    ours = layer.metadata.get(METADATA_KEY, {})
    shown = open_movie(layer, planes="all") if is_stack(layer) else open_movie(layer)
    source, registered = ours.get("source"), ours.get("registered")
    changed = getattr(layer.data, "name", None) != ours.get("array", "")
    if source is None:
        return shown if changed else replace(shown, registered=registered)
    units = {name: getattr(shown, name) or ours.get(name) for name in ("fps", "pixel_size_um")}
    if changed:
        # Filtered, registered, cropped: what is shown counts, and it is in no file.
        said = f"What the layer shows is taken, not what is in the file {Path(source).name}."
        as_before = shown.n_frames == ours.get("frames")
        jumps = tuple(ours.get("jumps", ())) if as_before else ()
        return replace(shown, source=None, notes=(*shown.notes, said), jumps=jumps, **units)
    if not Path(source).exists():
        return replace(shown, registered=registered)
    opened = open_movie(Path(source), **units, **ours.get("choice", {}))
    movie = as_it_was(opened, shown.n_frames)
    return movie if registered is None else moved_back(movie, registered.shifts)


def is_registered(layer: Image) -> bool:
    """Return whether a movie layer of ours is held still."""
    return layer.metadata.get(METADATA_KEY, {}).get("registered") is not None


def is_deep(layer: Image) -> bool:
    """Return whether a layer is (T, Z, Y, X), be it of all planes of a recording or of one."""
    return tuple(layer.axis_labels) == ("t", "z", "y", "x")


def is_stack(layer: Image) -> bool:
    """Return whether a layer of ours shows several planes of one recording, (T, Z, Y, X)."""
    choice = layer.metadata.get(METADATA_KEY, {}).get("choice", {})
    return is_deep(layer) and choice.get("planes") is not None


def field_of(layer: Image) -> tuple[int, ...]:
    """Return the shape of a frame of a movie layer: (Y, X), or (Z, Y, X) of several planes."""
    return tuple(layer.data.shape[-3 if is_stack(layer) else -2 :])


def show_held_still(viewer: ViewerModel, before: Image | None, still: Movie) -> Image:
    """Put a movie held still on top of its layer as it was recorded, which is hidden.

    Parameters
    ----------
    viewer : ViewerModel
    before : Image or None
        The layer of the movie as it was recorded.
    still : Movie

    Returns
    -------
    Image
        The new layer; it is selected where the other one was, or nothing.
    """
    data, options, kind = movie_layer(still)
    made = Layer.create(data, options, kind)
    assert isinstance(made, Image)
    if before is None or before not in viewer.layers:
        viewer.add_layer(made)
        return made
    made.scale, made.translate = before.scale, before.translate
    selected = viewer.layers.selection.active in (before, None)
    viewer.layers.insert(viewer.layers.index(before) + 1, made)
    before.visible = False
    if selected:
        viewer.layers.selection.active = made
    return made


def channels_apart(movie: Movie, channels: int) -> list[LayerData]:
    """Return a layer for each of the channels that take turns in a movie, the first first.

    Raises
    ------
    UserError
        If they cannot be taken apart.
    """
    from napari_sparsevar.movie.open import opened_again

    layers = []
    for channel in range(1, channels + 1):
        one = opened_again(movie, channels=channels, channel=channel)
        layers.append(movie_layer(replace(one, name=f"{movie.name} channel {channel}")))
    return layers


def placement_of(layer: Image) -> Placement:
    """Return where the last two axes (Y, X) of a layer lie."""
    scale_y, scale_x = map(float, layer.scale[-2:])
    y, x = map(float, layer.translate[-2:])
    unit_y, unit_x = map(str, layer.units[-2:])
    return Placement((scale_y, scale_x), (y, x), (unit_y, unit_x))


def describe(movie: Movie) -> str:
    """Return size, frame rate and pixel size of a movie in one line."""
    height, width = movie.shape if movie.stack is None else movie.stack.shape
    parts = [f"{movie.n_frames:,} frames of {height} × {width} px"]
    if movie.stack is not None:
        parts.append(f"{len(movie.stack.planes)} planes as one run")
    parts.append(f"{movie.fps:g} Hz" if movie.fps else "frame rate unknown")
    if movie.pixel_size_um:
        parts.append(f"{movie.pixel_size_um:g} µm pixels")
    return ", ".join(parts)
