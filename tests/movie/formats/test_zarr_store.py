"""Zarr 2 and 3: arrays and OME-Zarr groups with their scale."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import open_movie
from napari_sparsevar.movie.choice import ChoiceNeeded
from napari_sparsevar.movie.formats import tiff, zarr_store

FRAMES = np.random.default_rng(0).integers(0, 4000, (20, 16, 18)).astype(np.uint16)


def _ome(array_axes: str, scale: list[float]) -> list[dict[str, Any]]:
    units = {"t": ("time", "millisecond"), "y": ("space", "nanometer"), "x": ("space", "nanometer")}
    axes = []
    for name in array_axes:
        kind, unit = units.get(name, ("channel", ""))
        axes.append({"name": name, "type": kind} | ({"unit": unit} if unit else {}))
    transformations = [{"type": "scale", "scale": scale}]
    datasets = [{"path": "0", "coordinateTransformations": transformations}]
    return [{"axes": axes, "datasets": datasets}]


@pytest.mark.parametrize("version", [2, 3])
def test_array(tmp_path: Path, version: Any) -> None:
    path = tmp_path / "movie.zarr"
    zarr.create_array(str(path), data=FRAMES, chunks=(7, 16, 9), zarr_format=version)
    assert zarr_store.claims(path)
    assert not tiff.claims(path)
    movie = open_movie(path)
    np.testing.assert_array_equal(movie.data, FRAMES)
    assert (movie.name, movie.fps, movie.pixel_size_um) == ("movie", None, None)


@pytest.mark.parametrize("version", [2, 3])
def test_ome_group(tmp_path: Path, version: Any) -> None:
    path = tmp_path / "movie.ome.zarr"
    group = zarr.open_group(str(path), mode="w", zarr_format=version)
    stack = np.stack([FRAMES, FRAMES + 1], axis=1)
    group.create_array("0", data=stack, chunks=(5, 1, 16, 18))
    described = _ome("tcyx", [50.0, 1.0, 800.0, 800.0])
    group.attrs.update(
        {"multiscales": described} if version == 2 else {"ome": {"multiscales": described}}
    )
    movie = open_movie(path)
    np.testing.assert_array_equal(movie.data, FRAMES)
    assert movie.fps == pytest.approx(20.0)
    assert movie.pixel_size_um == pytest.approx(0.8)
    assert movie.name == "movie"
    assert "2 channels" in movie.notes[0]


# ome-zarr's own writer refers to a class it has deprecated.
@pytest.mark.filterwarnings("ignore:Call to deprecated class Scaler")
@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_ome_zarr_as_its_own_library_writes_it(tmp_path: Path, version: str) -> None:
    from ome_zarr.format import FormatV04, FormatV05
    from ome_zarr.writer import write_image

    path = tmp_path / "movie.ome.zarr"
    form = {"0.4": FormatV04, "0.5": FormatV05}[version]()
    group = zarr.open_group(str(path), mode="w", zarr_format=form.zarr_format)
    write_image(
        np.stack([FRAMES, FRAMES + 1], axis=1),
        group,
        axes="tcyx",
        axes_units={"t": "millisecond", "y": "micrometer", "x": "micrometer"},
        fmt=form,
        scale_factors=[],
        scale={"t": 50.0, "c": 1.0, "y": 0.8, "x": 0.8},
    )
    movie = open_movie(path, channel=2)
    np.testing.assert_array_equal(movie.data, FRAMES + 1)
    assert movie.fps == pytest.approx(20.0)
    assert movie.pixel_size_um == pytest.approx(0.8)
    assert movie.offer.channels == 2


def test_images_inside_a_group(tmp_path: Path) -> None:
    path = tmp_path / "converted.zarr"
    group = zarr.open_group(str(path), mode="w")
    for name in ("0", "1"):
        image = group.create_group(name)
        image.create_array("0", data=FRAMES + int(name))
        image.attrs["ome"] = {"multiscales": _ome("tyx", [50.0, 800.0, 800.0])}
    with pytest.raises(ChoiceNeeded, match=r"0, 1.*--dataset"):
        open_movie(path)
    movie = open_movie(path, dataset="1")
    np.testing.assert_array_equal(movie.data, FRAMES + 1)
    assert (movie.fps, movie.choice.dataset) == (pytest.approx(20.0), "1")


def test_one_frame_reads_one_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "napari_sparsevar.movie.reading.lazy_frames.BLOCK_BYTES", 4 * FRAMES[0].nbytes
    )
    path = tmp_path / "movie.zarr"
    zarr.create_array(str(path), data=FRAMES, chunks=(4, 16, 18), zarr_format=2)
    movie = open_movie(path)
    for chunk in path.glob("[0134].0.0"):
        chunk.write_bytes(b"damaged")
    np.testing.assert_array_equal(movie.data[9], FRAMES[9])


def test_group_of_one_array_and_of_several(tmp_path: Path) -> None:
    path = tmp_path / "group.zarr"
    group = zarr.open_group(str(path), mode="w")
    with pytest.raises(UserError, match="without an array"):
        open_movie(path)
    group.create_array("raw", data=FRAMES)
    np.testing.assert_array_equal(open_movie(path).data, FRAMES)
    group.create_array("masks", data=FRAMES)
    with pytest.raises(UserError, match="masks, raw"):
        open_movie(path)


@pytest.mark.parametrize("stamped", [False, True])
def test_nwb_in_zarr_has_its_rate(tmp_path: Path, stamped: bool) -> None:
    path = tmp_path / "session.nwb.zarr"
    root = zarr.open_group(str(path), mode="w", zarr_format=2)
    inside = "processing/ophys/MotionCorrection/CorrectedImageStack/corrected"
    series = root.create_group(inside)
    series.create_array("data", data=FRAMES)
    if stamped:
        stamps = np.arange(20) / 8 + 50.0 * (np.arange(20) >= 15)
        series.create_array("timestamps", data=stamps)
    else:
        series.create_array("starting_time", data=np.zeros(1)).attrs["rate"] = 8.0
    movie = open_movie(path)
    np.testing.assert_array_equal(movie.data, FRAMES)
    assert (movie.fps, movie.jumps) == (pytest.approx(8.0), (15,) if stamped else ())


def test_damaged_metadata(tmp_path: Path) -> None:
    for content in ("", "{", "{}", '{"zarr_format": 3}', '{"zarr_format": 9, "node_type": "x"}'):
        (tmp_path / "zarr.json").write_text(content)
        with pytest.raises(UserError, match="damaged"):
            open_movie(tmp_path)


@pytest.mark.parametrize("version", [2, 3])
def test_a_damaged_chunk_is_one_sentence(tmp_path: Path, version: Any) -> None:
    path = tmp_path / "movie.zarr"
    zarr.create_array(str(path), data=FRAMES, chunks=(4, 16, 18), zarr_format=version)
    (path / ("1.0.0" if version == 2 else "c/1/0/0")).write_bytes(b"damaged")
    movie = open_movie(path)
    np.testing.assert_array_equal(movie.data[12:], FRAMES[12:])
    with pytest.raises(UserError, match=r"chunk of .*movie\.zarr is damaged"):
        np.asarray(movie.data[5])


def test_damaged_scale(tmp_path: Path) -> None:
    path = tmp_path / "movie.zarr"
    group = zarr.open_group(str(path), mode="w")
    group.create_array("0", data=FRAMES)
    for described in ([{}], [{"datasets": []}], [{"datasets": [{"path": "7"}]}]):
        group.attrs["multiscales"] = described
        with pytest.raises(UserError, match="damaged"):
            open_movie(path)


def test_pixels_that_are_no_numbers(tmp_path: Path) -> None:
    path = tmp_path / "movie.zarr"
    zarr.create_array(str(path), data=FRAMES > 2000)
    with pytest.raises(UserError, match="bool"):
        open_movie(path)


@pytest.mark.parametrize(
    ("data", "holds"),
    [
        (FRAMES, True),
        (FRAMES[0], False),
        (np.stack([FRAMES, FRAMES]), False),
        (FRAMES > 2000, False),
    ],
)
def test_a_viewer_is_told_of_movies_alone(tmp_path: Path, data: Any, holds: bool) -> None:
    zarr.create_array(str(tmp_path / "array.zarr"), data=data)
    assert zarr_store.holds_movie(tmp_path / "array.zarr") is holds


def test_a_viewer_is_told_of_ome_images_in_time(tmp_path: Path) -> None:
    for name, data in (("tyx", FRAMES), ("yx", FRAMES[0]), ("cyx", FRAMES[:3])):
        group = zarr.open_group(str(tmp_path / name), mode="w")
        group.create_array("0", data=data)
        group.attrs["ome"] = {"multiscales": _ome(name, [1.0] * len(name))}
    assert [zarr_store.holds_movie(tmp_path / name) for name in ("tyx", "yx", "cyx")] == [
        True,
        False,
        False,
    ]


def test_a_damaged_folder_is_ours_to_explain(tmp_path: Path) -> None:
    (tmp_path / "zarr.json").write_text("{")
    assert zarr_store.holds_movie(tmp_path)


def test_axes_are_known_by_their_words(tmp_path: Path) -> None:
    group = zarr.open_group(str(tmp_path / "movie.zarr"), mode="w")
    group.create_array("0", data=FRAMES, chunks=(5, 16, 18))
    (described,) = _ome("tyx", [1.0, 1.0, 1.0])
    for axis, word in zip(described["axes"], ("frame", "row", "col"), strict=True):
        axis["name"] = word
    group.attrs["multiscales"] = [described]
    np.testing.assert_array_equal(open_movie(tmp_path / "movie.zarr").data, FRAMES)


def test_of_nwb_only_imaging_series_are_movies(tmp_path: Path) -> None:
    group = zarr.open_group(str(tmp_path / "session.zarr"), mode="w")
    group.attrs["nwb_version"] = "2.7.0"
    series = group.create_group("acquisition/TwoPhotonSeries")
    series.attrs["neurodata_type"] = "TwoPhotonSeries"
    series.create_array("data", data=FRAMES, chunks=(5, 16, 18))
    masks = group.create_group("processing/ophys/PlaneSegmentation")
    masks.create_array("image_mask", data=np.zeros((12, 16, 18), np.float32))
    plane = group.create_group("general/optophysiology/plane")
    spacing = plane.create_array("grid_spacing", data=np.array([2e-6, 2e-6]))
    spacing.attrs["unit"] = "meters"
    movie = open_movie(tmp_path / "session.zarr")
    np.testing.assert_array_equal(movie.data, FRAMES)
    assert movie.pixel_size_um == pytest.approx(2.0)
