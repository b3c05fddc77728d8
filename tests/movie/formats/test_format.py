"""Formats are found in their folder, asked in their order, and can be added from outside."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from npe2 import PluginManifest

import napari_sparsevar as sv
from napari_sparsevar.cells.formats.format import cell_formats
from napari_sparsevar.movie.choice import Choice
from napari_sparsevar.movie.formats import format as registry
from napari_sparsevar.movie.formats.format import Format, formats, register
from napari_sparsevar.movie.reading import lazy_frames
from napari_sparsevar.readers.reader import get_reader

FRAMES = np.random.default_rng(0).integers(0, 200, (9, 6, 7)).astype(np.uint8)


def read_toy(path: Path, choice: Choice) -> sv.Movie:
    raw = np.frombuffer(path.read_bytes()[3:], np.uint8).reshape(FRAMES.shape)
    return sv.Movie(data=lazy_frames.from_memory(raw), source=path, name=path.stem)


TOY = Format(
    name="toy",
    suffixes=(".toy",),
    claims=lambda path: path.is_file() and path.read_bytes()[:3] == b"TOY",
    holds_movie=lambda path: True,
    read=read_toy,
)


def test_a_format_of_a_few_lines_opens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "movie.toy"
    path.write_bytes(b"TOY" + FRAMES.tobytes())
    assert get_reader(str(path)) is None
    monkeypatch.setattr(registry, "_added", [])
    register(TOY)
    np.testing.assert_array_equal(sv.open_movie(path).data, FRAMES)
    reader = get_reader(str(path))
    assert reader is not None
    assert reader(str(path))[0][1]["name"] == "movie"


def test_the_special_is_asked_before_the_general() -> None:
    order = [format_.name for format_ in formats()]
    assert set(order) == {
        *("TIFF", "ScanImage", "Zarr", "HDF5", "NWB"),
        *(
            "suite2p",
            "CaImAn",
            "video",
            "Bruker",
            "Thorlabs",
            "Scanbox",
            "videos",
            "Femtonics",
            "NDTiff",
        ),
    }
    assert order.index("ScanImage") < order.index("TIFF")
    assert order.index("NWB") < order.index("HDF5")
    assert order[-1] == "video"


def test_the_manifest_lists_every_ending(repository: Path) -> None:
    manifest = PluginManifest.from_file(repository / "napari.yaml")
    (reader,) = manifest.contributions.readers or ()
    known = [*formats(), *cell_formats()]
    endings = {suffix for format_ in known for suffix in format_.suffixes}
    endings -= {".png"}  # napari would ask of every picture
    assert sorted(reader.filename_patterns) == sorted(f"*{ending}" for ending in endings)


def test_no_library_of_a_format_is_imported_before_a_file_needs_it(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no movie")
    code = (
        "import sys; from pathlib import Path; from napari_sparsevar.movie.open import holds_movie;"
        "assert not holds_movie(Path(sys.argv[1]));"
        "print(*{'h5py', 'zarr', 'tifffile', 'av'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "notes.txt")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == []
