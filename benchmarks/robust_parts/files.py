"""A small sound file of every format, made as the tests make it."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

TESTS = Path(__file__).parents[2] / "tests"
FRAMES = np.random.default_rng(0).integers(0, 4000, (12, 16, 18)).astype(np.uint16)
TRACES = np.random.default_rng(1).random((40, 4)).astype(np.float32)


@cache
def written_by(test: str) -> dict[str, Any]:
    """Return what a test module defines, such as its writer of a format."""
    return runpy.run_path(str(TESTS / test))


def imagej(folder: Path) -> Path:
    """Write a TIFF of ImageJ."""
    from napari_sparsevar.movie import write_movie

    return write_movie(FRAMES, folder / "imagej.tif", fps=15.0, pixel_size_um=2.0)


def ome(folder: Path) -> Path:
    """Write an OME-TIFF."""
    import tifffile

    path = folder / "movie.ome.tif"
    tifffile.imwrite(path, FRAMES, metadata={"axes": "TYX", "TimeIncrement": 0.1})
    return path


def bigtiff(folder: Path) -> Path:
    """Write BigTIFF in pages, compressed."""
    import tifffile

    path = folder / "big.tif"
    with tifffile.TiffWriter(path, bigtiff=True) as writer:
        for image in FRAMES:
            writer.write(image, compression="zlib", metadata=None, contiguous=False)
    return path


def series(folder: Path) -> Path:
    """Write a file a frame."""
    import tifffile

    for number, image in enumerate(FRAMES):
        tifffile.imwrite(folder / f"image_{number:04d}.tif", image)
    return folder


def zarr3(folder: Path) -> Path:
    """Write Zarr 3 in chunks of several frames."""
    return _zarr(folder / "three.zarr", 3)


def zarr2(folder: Path) -> Path:
    """Write Zarr 2."""
    return _zarr(folder / "two.zarr", 2)


def _zarr(path: Path, version: int) -> Path:
    import zarr

    made = zarr.create_array(
        path, shape=FRAMES.shape, chunks=(4, 16, 18), dtype="uint16", zarr_format=version
    )
    made[:] = FRAMES
    return path


def hdf5(folder: Path) -> Path:
    """Write HDF5 in compressed chunks."""
    import h5py

    path = folder / "movie.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("raw", data=FRAMES, chunks=(4, 16, 18), compression="gzip")
        file["raw"].attrs["fps"] = 15.0
    return path


def matlab73(folder: Path) -> Path:
    """Write a movie of MATLAB 7.3."""
    path = folder / "movie.mat"
    written_by("cells/formats/test_matlab.py")["write_73"](path, movie={"frames": FRAMES[0]})
    return path


def nwb(folder: Path) -> Path:
    """Write NWB with a movie and cells."""
    made = written_by("made_nwb.py")
    maker = made["Maker"]()
    maker.movie((6, 9), 30)
    table = maker.table([{"image_mask": mask} for mask in made["MASKS"]])
    maker.series(table, made["TRACES"], "Fluorescence", "F")
    path: Path = maker.write(folder / "session.nwb")
    return path


def array(folder: Path) -> Path:
    """Write traces as .npy."""
    np.save(folder / "traces.npy", TRACES)
    return folder / "traces.npy"


def suite2p(folder: Path) -> Path:
    """Write a plane of suite2p with its movie."""
    plane = folder / "suite2p" / "plane0"
    written_by("cells/formats/test_suite2p.py")["write_plane"](plane)
    np.zeros((40, 20, 30), np.int16).tofile(plane / "data.bin")
    return plane


def caiman_map(folder: Path) -> Path:
    """Write a memory map of CaImAn."""
    path = folder / "m_d1_16_d2_18_d3_1_order_F_frames_12_.mmap"
    FRAMES.astype("<f4").transpose(2, 1, 0).tofile(path)
    return path


def caiman(folder: Path) -> Path:
    """Write the results of CaImAn."""
    path = folder / "results.hdf5"
    written_by("cells/formats/test_caiman.py")["write"](path)
    return path


def video(folder: Path) -> Path:
    """Write a video."""
    import av

    path = folder / "movie.mkv"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("ffv1", rate=15)
        stream.width, stream.height, stream.pix_fmt = 18, 16, "gray"
        for image in FRAMES:
            frame = av.VideoFrame.from_ndarray((image // 16).astype(np.uint8), format="gray")
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    return path


def bruker(folder: Path) -> Path:
    """Write a folder of PrairieView."""
    made = written_by("movie/formats/test_bruker.py")
    path: Path = made["write"](folder / "TSeries", [("", made["timed"](FRAMES))])
    return path


def thorlabs(folder: Path) -> Path:
    """Write a folder of ThorImage."""
    path: Path = written_by("movie/formats/test_thorlabs.py")["write"](folder / "thor", FRAMES)
    return path


def scanbox(folder: Path) -> Path:
    """Write a recording of Scanbox."""
    path: Path = written_by("movie/formats/test_scanbox.py")["write"](folder / "r.sbx", FRAMES)
    return path


def femtonics(folder: Path) -> Path:
    """Write a measurement of Femtonics."""
    path: Path = written_by("movie/formats/test_femtonics.py")["write"](folder / "m.mesc", FRAMES)
    return path


def ndtiff(folder: Path) -> Path:
    """Write NDTiff of Micro-Manager."""
    made = written_by("movie/formats/test_ndtiff.py")
    path: Path = made["write"](folder / "nd", made["in_time"](FRAMES))
    return path


def regions(folder: Path) -> Path:
    """Write regions of ImageJ."""
    made = written_by("cells/formats/test_imagej.py")
    kind = made["ROI_TYPE"].RECT
    boxes = [made["box"](f"cell {n}", kind, n, n, n + 4, n + 5) for n in range(3)]
    path: Path = made["write"](folder, *boxes)
    return path


def labels(folder: Path) -> Path:
    """Write a label image."""
    import tifffile

    path = folder / "labels.tif"
    image = np.zeros((16, 18), np.uint16)
    image[2:6, 3:7], image[8:12, 9:14] = 1, 2
    tifffile.imwrite(path, image)
    return path


def matlab5(folder: Path) -> Path:
    """Write a matrix inside of a struct, MATLAB 5."""
    from scipy.io import savemat

    path = folder / "traces.mat"
    savemat(path, {"results": {"F": TRACES, "names": "four cells"}, "fps": 15.0})
    return path


def matlab5_small(folder: Path) -> Path:
    """Write the same compressed, with a cell array."""
    from scipy.io import savemat

    path = folder / "small.mat"
    named = np.array(["a", "b", "c", "d"], dtype=object)
    savemat(path, {"F": TRACES, "names": named}, do_compression=True)
    return path


def fall(folder: Path) -> Path:
    """Write suite2p's file for MATLAB."""
    from scipy.io import savemat

    written = written_by("cells/formats/test_suite2p.py")["write_plane"](folder / "plane0")
    path = folder / "Fall.mat"
    savemat(path, {**written, "ops": {"Ly": 20, "Lx": 30, "fs": 15.0}})
    return path


def table(folder: Path) -> Path:
    """Write traces as CSV."""
    path = folder / "traces.csv"
    np.savetxt(path, TRACES, delimiter=",", header="a,b,c,d", comments="")
    return path


def parquet(folder: Path) -> Path:
    """Write traces as Parquet."""
    import pandas as pd

    path = folder / "traces.parquet"
    pd.DataFrame(TRACES, columns=list("abcd")).to_parquet(path)
    return path


def arrays(folder: Path) -> Path:
    """Write traces as .npz."""
    path = folder / "traces.npz"
    np.savez_compressed(path, F=TRACES, names=np.array(list("abcd")))
    return path


MAKERS: dict[str, Callable[[Path], Path]] = {
    make.__name__: make
    for make in (
        imagej,
        ome,
        bigtiff,
        series,
        zarr3,
        zarr2,
        hdf5,
        matlab73,
        nwb,
        array,
        suite2p,
        caiman_map,
        caiman,
        video,
        bruker,
        thorlabs,
        scanbox,
        femtonics,
        ndtiff,
        regions,
        labels,
        matlab5,
        matlab5_small,
        fall,
        table,
        parquet,
        arrays,
    )
}
