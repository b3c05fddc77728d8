"""How long a movie of 20 GB takes to open, in each format: files with holes, so no disk is needed.

``python benchmarks/opening.py`` prints a table; the time of importing the package is not counted.
Opening is what a viewer does: recognise the file, open it, find display limits, show one frame.
"""

from __future__ import annotations

import argparse
import os
import struct
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

SHAPE = (512, 512)
FRAME_BYTES = 2 * SHAPE[0] * SHAPE[1]


def imagej(folder: Path, n_frames: int) -> Path:
    """ImageJ writes one page and, above 4 GB, only the number of the others."""
    import tifffile

    path = folder / "imagej.tif"
    text = f"ImageJ=1.11a\nimages={n_frames}\nframes={n_frames}\nhyperstack=true\n"
    tifffile.imwrite(path, np.zeros(SHAPE, np.uint16), description=text, metadata=None)
    with tifffile.TiffFile(path) as file:
        offset = file.pages[0].dataoffsets[0]
    os.truncate(path, offset + n_frames * FRAME_BYTES)
    return path


def bigtiff(folder: Path, n_frames: int) -> Path:
    """BigTIFF as tifffile writes an array: one run of pixels."""
    import tifffile

    path = folder / "contiguous.tif"
    with tifffile.TiffWriter(path, bigtiff=True) as writer:
        writer.write(None, shape=(n_frames, *SHAPE), dtype=np.uint16)
    return path


def pages(
    folder: Path,
    n_frames: int,
    padding: Callable[[int], int] = lambda _: 0,
    description: bytes = b"",
    name: str = "pages.tif",
) -> Path:
    """BigTIFF with a table for every frame, as microscopes write it."""
    path = folder / name
    with path.open("wb") as file:
        file.write(b"II" + struct.pack("<3HQ", 43, 8, 0, 16))
        for number in range(n_frames):
            here, text = file.tell(), b"" if number else description
            n_tags = 9 + bool(text)
            said = here + 8 + 20 * n_tags + 8
            pixels = said + len(text) + padding(number)
            tags = [(256, 4, 1, SHAPE[1]), (257, 4, 1, SHAPE[0]), (258, 3, 1, 16), (259, 3, 1, 1)]
            tags += [(262, 3, 1, 1), *([(270, 2, len(text), said)] if text else [])]
            tags += [(273, 16, 1, pixels), (277, 3, 1, 1), (278, 4, 1, SHAPE[0])]
            tags.append((279, 16, 1, FRAME_BYTES))
            after = pixels + FRAME_BYTES if number < n_frames - 1 else 0
            table = b"".join(struct.pack("<HHQQ", *tag) for tag in tags)
            file.write(struct.pack("<Q", len(tags)) + table + struct.pack("<Q", after) + text)
            file.seek(pixels + FRAME_BYTES)
    os.truncate(path, pixels + FRAME_BYTES)
    return path


def ome(folder: Path, n_frames: int) -> Path:
    """OME-TIFF with a page a frame, every one of them listed in its description."""
    listed = "".join(f'<TiffData FirstT="{n}" IFD="{n}"/>' for n in range(n_frames))
    text = (
        '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
        '<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" '
        f'SizeX="{SHAPE[1]}" SizeY="{SHAPE[0]}" SizeZ="1" SizeC="1" SizeT="{n_frames}" '
        f'TimeIncrement="0.033"><Channel ID="Channel:0:0" SamplesPerPixel="1"/>{listed}'
        "</Pixels></Image></OME>\0"
    )
    return pages(folder, n_frames, description=text.encode(), name="listed.ome.tif")


def ragged(folder: Path, n_frames: int) -> Path:
    """Write the same with tables of uneven length: the chain has to be followed."""
    return pages(folder, n_frames, lambda number: 8 + 8 * (number % 3), name="ragged.tif")


def zarr3(folder: Path, n_frames: int) -> Path:
    """Zarr without a chunk on the disk: all fill value."""
    import zarr

    path = folder / "movie.zarr"
    zarr.create_array(path, shape=(n_frames, *SHAPE), chunks=(16, *SHAPE), dtype="uint16")
    return path


def hdf5(folder: Path, n_frames: int) -> Path:
    """HDF5 in chunks, none of them written."""
    import h5py

    path = folder / "chunks.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("raw", (n_frames, *SHAPE), "u2", chunks=(16, *SHAPE))
    return path


def hdf5_raw(folder: Path, n_frames: int) -> Path:
    """HDF5 in one run of pixels."""
    import h5py

    path = folder / "contiguous.h5"
    with h5py.File(path, "w") as file:
        data = file.create_dataset("raw", (n_frames, *SHAPE), "u2")
        data[-1, -1, -1] = 1
    return path


def suite2p(folder: Path, n_frames: int) -> Path:
    """``data.bin`` beside ``ops.npy``."""
    path = folder / "plane0" / "data.bin"
    path.parent.mkdir()
    path.touch()
    os.truncate(path, n_frames * FRAME_BYTES)
    options = {"Ly": SHAPE[0], "Lx": SHAPE[1], "nframes": n_frames, "fs": 30.0}
    np.save(path.parent / "ops.npy", options, allow_pickle=True)
    return path


def caiman(folder: Path, n_frames: int, order: str = "F") -> Path:
    """Write a memory map, frame by frame."""
    n_frames //= 2  # single precision
    path = folder / f"m_d1_{SHAPE[0]}_d2_{SHAPE[1]}_d3_1_order_{order}_frames_{n_frames}_.mmap"
    path.touch()
    os.truncate(path, n_frames * 2 * FRAME_BYTES)
    return path


def caiman_pixels(folder: Path, n_frames: int) -> Path:
    """Write a memory map, pixel by pixel."""
    return caiman(folder, n_frames, "C")


_ALL = (
    imagej,
    bigtiff,
    pages,
    ome,
    ragged,
    zarr3,
    hdf5,
    hdf5_raw,
    suite2p,
    caiman,
    caiman_pixels,
)


def main() -> None:
    """Make each file, open it three times, print the times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=20.0)
    parser.add_argument("--folder", type=Path, help="where to put the files; holes take no room")
    parser.add_argument("--formats", nargs="+", choices=[make.__name__ for make in _ALL])
    options = parser.parse_args()
    chosen = [m for m in _ALL if not options.formats or m.__name__ in options.formats]
    from napari_sparsevar import open_movie
    from napari_sparsevar.readers.reader import get_reader

    open_movie(np.zeros((3, 8, 8)))
    n_frames = int(options.gigabytes * 1e9 / FRAME_BYTES)
    print("| format | frames | recognise | open | as a layer, one frame |")
    print("|---|---:|---:|---:|---:|")
    for make in chosen:
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            path = str(make(Path(folder), n_frames))
            rows = []
            for _ in range(3):
                times = [time.perf_counter()]
                reader = get_reader(path)
                times.append(time.perf_counter())
                movie = open_movie(path)
                times.append(time.perf_counter())
                layers = reader(path) if reader else []
                np.asarray(layers[-1][0][movie.n_frames // 2])
                times.append(time.perf_counter())
                rows.append(np.diff(times))
            middle = np.median(rows, axis=0) * 1e3
            cells = " | ".join(f"{value:,.0f} ms" for value in middle)
            print(f"| {make.__name__} | {movie.n_frames:,} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
