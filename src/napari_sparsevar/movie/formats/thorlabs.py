"""Folders of Thorlabs' ThorImage: ``Experiment.xml`` beside raw pixels or TIFF files."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import axes
from napari_sparsevar.movie.choice import Choice, pick
from napari_sparsevar.movie.formats.format import Format
from napari_sparsevar.movie.formats.vendor_xml import begins_with, find_xml, number, read_xml
from napari_sparsevar.movie.movie import Movie, of_dataset
from napari_sparsevar.movie.reading import lazy_frames
from napari_sparsevar.movie.units import about_square, frames_per_second, micrometres

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    import dask.array as da

_ROOT = "ThorImageExperiment"
_RAW = re.compile(r"Image_?\d[\d_]*\.raw", re.IGNORECASE)
_TIFF = re.compile(r"Chan([A-D])_(?:\d+_)*?(\d+)_(\d+)\.tiff?", re.IGNORECASE)
_LARGEST = 65_536
_PIXEL = np.dtype("<u2")


@dataclass(frozen=True)
class _Scan:
    """What the description says of the frames.

    Parameters
    ----------
    shape : tuple of int
        Height and width of a frame.
    n_frames : int
        Of one channel, those between the planes counted; 0 where it does not say.
    planes, flyback : int
        Frames of a volume that are kept, and those on the way back.
    channels : tuple of int
        How many channels may lie in the raw file, the likeliest first.
    fps : float or None
        Volumes per second.
    edges : tuple of float or None
        Of a pixel along (Y, X) in micrometres.
    """

    shape: tuple[int, int]
    n_frames: int
    planes: int
    flyback: int
    channels: tuple[int, ...]
    fps: float | None
    edges: tuple[float | None, float | None]


def claims(path: Path) -> bool:
    """Return whether this is a folder of ThorImage, its description, or its raw file."""
    if path.is_dir():
        xml = find_xml(path, _ROOT)
        # Without a description worth the name, names of TIFF files say as much.
        return xml is not None and bool(_raws(path) or (_describes(xml) and _tiffs(path)))
    if path.suffix.lower() == ".xml":
        return path.is_file() and begins_with(path, _ROOT) and claims(path.absolute().parent)
    return _RAW.fullmatch(path.name) is not None and claims(path.absolute().parent)


def _describes(xml: Path) -> bool:
    try:
        return number(read_xml(xml).find("LSM"), "pixelX") >= 1
    except UserError:
        return False


def read(path: Path, choice: Choice) -> Movie:
    """Open a folder of ThorImage without reading its pixels: a channel and a plane of it."""
    folder = path if path.is_dir() else path.absolute().parent
    xml = find_xml(folder, _ROOT)
    assert xml is not None  # as claimed
    scan = _scan(read_xml(xml), xml)
    files = {raw.stem: raw for raw in ([path] if path.suffix.lower() == ".raw" else _raws(folder))}
    if not files:
        return _of_tiffs(folder, path, scan, choice)
    name = pick(choice.dataset, list(files), str(path))
    movie = _of_raw(files[name], folder, path, scan, choice)
    if len(files) == 1:
        return movie
    return of_dataset(replace(movie, name=f"{movie.name} {name}"), name, files)


def _of_raw(raw: Path, folder: Path, path: Path, scan: _Scan, choice: Choice) -> Movie:
    size = raw.stat().st_size
    channels = _channels(scan, size)
    volume = (scan.planes + scan.flyback, channels, *scan.shape)
    n_volumes, rest = divmod(size, int(np.prod(volume)) * _PIXEL.itemsize)
    if not n_volumes:
        raise UserError(f"{raw} is cut short: it holds no whole frame; copy it again.")
    stack = np.memmap(raw, _PIXEL, "r", shape=(n_volumes, *volume))[:, : scan.planes]
    chosen = axes.choose(stack.shape, "TZCYX", str(path), choice)
    frames = lazy_frames.from_memory(chosen.apply(stack))
    movie = _movie(frames, chosen, path, folder, scan)
    if not rest and n_volumes >= scan.n_frames // volume[0]:
        return movie
    said = f"{path} was stopped or cut short: its {n_volumes:,} whole frames are taken."
    return replace(movie, notes=(*movie.notes, said))


def _raws(folder: Path) -> list[Path]:
    """Return raw files: of several captures, or of several places of the stage."""
    return sorted(part for part in folder.iterdir() if _RAW.fullmatch(part.name))


def _tiffs(folder: Path) -> dict[str, list[tuple[int, int, Path]]]:
    """Return the plane, the frame and the file of each TIFF, by its channel."""
    found: dict[str, list[tuple[int, int, Path]]] = {}
    for part in folder.iterdir():
        if (named := _TIFF.fullmatch(part.name)) is not None and part.stat().st_size:
            place = (int(named[2]), int(named[3]), part)
            found.setdefault(named[1].upper(), []).append(place)
    # One file for all frames is a plain TIFF file.
    several = any(len({frame for _, frame, _ in files}) > 1 for files in found.values())
    return {channel: sorted(found[channel]) for channel in sorted(found)} if several else {}


def _of_tiffs(folder: Path, path: Path, scan: _Scan, choice: Choice) -> Movie:
    from napari_sparsevar.movie.formats.tiff_family.page_files import Page, frames_of_files

    found = list(_tiffs(folder).values())
    planes = sorted({plane for plane, _, _ in found[0]})
    chosen = axes.choose((2, len(planes), len(found), 1, 1), "TZCYX", str(path), choice)
    channel, plane = (chosen.choice.channel or 1) - 1, (chosen.choice.plane or 1) - 1
    pages = [Page(file, 0) for at, _, file in found[channel] if at == planes[plane]]
    return _movie(frames_of_files(pages), chosen, path, folder, scan)


def _movie(
    frames: da.Array, chosen: axes.MovieAxes, path: Path, folder: Path, scan: _Scan
) -> Movie:
    movie = chosen.movie(
        frames,
        str(path),
        name=folder.resolve().name,
        source=path,
        fps=scan.fps,
        pixel_size_um=scan.edges[1],
    )
    return replace(movie, notes=(*movie.notes, *about_square(*scan.edges, str(path))))


def _channels(scan: _Scan, size: int) -> int:
    """Return how many channels a raw file holds: those of which its size is a multiple."""
    if scan.n_frames:
        frame = scan.shape[0] * scan.shape[1] * _PIXEL.itemsize * scan.n_frames
        for count in scan.channels:
            if count * frame == size:
                return count
    return scan.channels[0]


def _scan(root: Element, xml: Path) -> _Scan:
    lsm = root.find("LSM")
    height, width = int(number(lsm, "pixelY")), int(number(lsm, "pixelX"))
    if not 1 <= min(height, width) <= max(height, width) <= _LARGEST:
        raise UserError(f"{xml} does not say how large frames are; copy it again.")
    streaming, stage = root.find("Streaming"), root.find("ZStage")
    in_depth = number(streaming, "zFastEnable") > 0
    planes = max(1, int(number(stage, "steps", 1))) if in_depth else 1
    flyback = max(0, int(number(streaming, "flybackFrames"))) if in_depth else 0
    averaged = max(1.0, number(lsm, "averageNum", 1)) if number(lsm, "averageMode") > 0 else 1.0
    listed = len(root.findall("Wavelengths/Wavelength"))
    enabled = int(number(lsm, "channel")).bit_count()
    counts = dict.fromkeys(count for count in (listed, enabled, 4, 1) if count > 0)
    streamed = number(streaming, "enable", 1.0) > 0
    timelapse = root.find("Timelapse")
    rate = number(lsm, "frameRate")
    per_volume = averaged * (planes + flyback)
    return _Scan(
        shape=(height, width),
        n_frames=int(number(streaming, "frames") if streamed else number(timelapse, "timepoints")),
        planes=planes,
        flyback=flyback,
        channels=tuple(counts),
        fps=frames_per_second(per_volume / rate, "s") if rate > 0 else None,
        edges=_edges(lsm, height, width),
    )


def _edges(lsm: Element | None, height: int, width: int) -> tuple[float | None, float | None]:
    size = micrometres(number(lsm, "pixelSizeUM"), "um")
    field = number(lsm, "heightUM"), number(lsm, "widthUM")
    tall, wide = micrometres(field[0] / height, "um"), micrometres(field[1] / width, "um")
    return tall or size, wide or size


FORMAT = Format(
    name="Thorlabs",
    priority=20,
    suffixes=(".raw", ".xml"),
    claims=claims,
    holds_movie=claims,
    read=read,
)
