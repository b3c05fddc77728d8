"""The reader claims what is ours, quickly, and leaves the rest to others."""

import json
from pathlib import Path
from types import SimpleNamespace

import dask.array as da
import numpy as np
import pandas as pd
import pytest
import tifffile

from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.readers.layers import METADATA_KEY
from napari_sparsevar.readers.movies import contrast_limits, read_movie
from napari_sparsevar.readers.placement import Placement
from napari_sparsevar.readers.reader import get_reader
from napari_sparsevar.readers.runs import driver_names, read_run, run_layers
from napari_sparsevar.run.record import MovieIdentity, content_of

FRAMES = np.arange(5 * 6 * 7, dtype=np.uint16).reshape(5, 6, 7)


def write(path: Path, data=FRAMES, **options) -> str:
    tifffile.imwrite(path, data, **{"photometric": "minisblack", **options})
    return str(path)


@pytest.mark.parametrize(
    "options",
    [{}, {"imagej": True, "metadata": {"axes": "TYX"}}, {"metadata": None}, {"bigtiff": True}],
)
def test_movie_files_are_claimed_and_lazy(tmp_path, options):
    path = write(tmp_path / "movie.tif", **options)
    [(data, meta, kind)] = get_reader(path)(path)
    assert isinstance(data, da.Array)
    np.testing.assert_array_equal(np.asarray(data), FRAMES)
    assert kind == "image"
    assert meta["name"] == "movie"
    assert meta["contrast_limits"][0] < meta["contrast_limits"][1]
    assert meta["metadata"][METADATA_KEY]["source"] == path


def test_the_source_is_found_from_anywhere(tmp_path, monkeypatch):
    path = write(tmp_path / "movie.tif")
    monkeypatch.chdir(tmp_path)
    [(_, meta, _)] = get_reader("movie.tif")("movie.tif")
    assert meta["metadata"][METADATA_KEY]["source"] == path


def test_upper_case_suffix_is_a_movie(tmp_path):
    assert get_reader(write(tmp_path / "MOVIE.TIFF")) is not None


def test_zarr_is_claimed(tmp_path):
    import zarr

    path = tmp_path / "movie.zarr"
    zarr.save_array(str(path), FRAMES)
    [(data, _, _)] = get_reader(str(path))(str(path))
    np.testing.assert_array_equal(np.asarray(data), FRAMES)


def test_every_channel_is_a_layer_and_the_first_lies_on_top(tmp_path):
    stack = np.stack([FRAMES, FRAMES + 1], axis=1)
    path = write(tmp_path / "two.tif", stack, imagej=True, metadata={"axes": "TCYX"})
    second, first = get_reader(path)(path)
    for number, (data, meta, _) in enumerate((first, second)):
        np.testing.assert_array_equal(np.asarray(data), FRAMES + number)
        assert meta["name"] == f"two channel {number + 1}"
        assert meta["metadata"][METADATA_KEY]["choice"]["channel"] == number + 1
        assert meta["metadata"][METADATA_KEY]["notes"] == []
    assert "visible" not in first[1]
    assert second[1]["visible"] is False


def test_every_data_set_is_a_layer(tmp_path):
    import h5py

    path = tmp_path / "movies.h5"
    with h5py.File(path, "w") as file:
        file["raw"], file["corrected"] = FRAMES, FRAMES + 1
    layers = get_reader(str(path))(str(path))
    assert [meta["name"] for _, meta, _ in layers] == ["movies raw", "movies corrected"]
    np.testing.assert_array_equal(np.asarray(layers[0][0]), FRAMES)


def test_too_many_planes_are_not_all_opened(tmp_path, monkeypatch):
    monkeypatch.setattr("napari_sparsevar.readers.movies.MOST_LAYERS", 2)
    stack = np.stack([FRAMES] * 3, axis=1)
    path = write(tmp_path / "deep.tif", stack, imagej=True, metadata={"axes": "TZYX"})
    with pytest.warns(UserWarning, match="3 movies; the first 2"):
        assert len(get_reader(path)(path)) == 2 + 1  # and all planes as one


def test_what_is_not_ours_is_left_alone(tmp_path):
    still = write(tmp_path / "still.tif", FRAMES[0])
    photo = write(tmp_path / "photo.tif", np.zeros((6, 7, 3), np.uint8), photometric="rgb")
    text = tmp_path / "text.tif"
    text.write_text("not a TIFF")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "run.json").write_text(json.dumps({"made by": "another program"}))
    for path in (still, photo, text, folder, tmp_path / "missing.tif", tmp_path / "notes.txt"):
        assert get_reader(str(path)) is None
    assert get_reader([still, still]) is None


def test_a_damaged_movie_is_ours_to_explain(tmp_path):
    path = tmp_path / "cut.tif"
    path.write_bytes(Path(write(tmp_path / "whole.tif")).read_bytes()[:100])
    reader = get_reader(str(path))
    assert reader is not None
    with pytest.raises(Exception, match=r"cut\.tif"):
        reader(str(path))


@pytest.mark.parametrize(
    "frames",
    [np.full((5, 6, 7), 3.0), np.full((5, 6, 7), np.nan), np.where(FRAMES > 50, np.inf, 1.0)],
)
def test_contrast_limits_are_always_usable(frames):
    low, high = contrast_limits(Movie(da.from_array(frames)))
    assert np.isfinite([low, high]).all()
    assert low < high


@pytest.fixture
def run(tmp_path):
    labels = np.zeros((6, 7), np.int32)
    labels[1:3, 1:3], labels[4, 5] = 1, 2
    return SimpleNamespace(
        path=tmp_path / "run-1",
        contribution_map=np.linspace(0, 1, 42, dtype=np.float32).reshape(6, 7),
        results=SimpleNamespace(chance_known=True),
        driver_labels=labels,
        drivers=pd.DataFrame(
            {"rank": [1, 2], "label": [1, 2], "strength": [1.0, 0.4], "p_adjusted": [0.01, 0.2]}
        ),
        scale=(2.0, 2.0),
        units=("um", "um"),
        record=SimpleNamespace(movie=identity(tmp_path / "movie.tif")),
    )


def identity(source: Path | None) -> MovieIdentity:
    return MovieIdentity(
        source=None if source is None else str(source),
        name="movie",
        shape=FRAMES.shape,
        dtype=str(FRAMES.dtype),
        fps=15.0,
        pixel_size_um=2.0,
        content="",
    )


def test_run_layers_lie_where_they_are_put(run):
    for _, meta, _ in run_layers(run, Placement((3.0, 3.0), (5.0, 6.0), ("um", "um"))):
        assert (meta["scale"], meta["translate"]) == ((3.0, 3.0), (5.0, 6.0))
    for _, meta, _ in run_layers(run):
        assert (meta["scale"], meta["translate"]) == ((2.0, 2.0), (0.0, 0.0))


def test_drivers_carry_their_table(run):
    data, meta, kind = run_layers(run)[-1]
    assert kind == "labels"
    assert list(meta["features"]["index"]) == [1, 2]
    assert {"rank", "strength"} <= set(meta["features"])
    assert data.max() == 2


def test_what_is_beyond_chance_has_its_number_beside_its_outline(run):
    _, (places, meta, kind), _ = run_layers(run)
    assert kind == "points"
    assert list(meta["features"]["word"]) == ["1"]
    np.testing.assert_array_equal(places, [(0.5, 3.0)])


def test_a_name_is_written_whatever_the_test_says(run):
    table = pd.DataFrame(
        {"index": [1, 2], "name": ["driver 1", "Ada"], "p_adjusted": np.nan, "strength": 2.0}
    )
    places, words = driver_names(run.driver_labels, table)
    assert list(words["word"]) == ["Ada"]
    _, words = driver_names(run.driver_labels, table.assign(strength=-2.0))
    assert list(words["word"]) == ["Ada\N{DOWNWARDS ARROW}"]
    np.testing.assert_array_equal(places, [(3.5, 6.0)])


def test_a_run_without_drivers_opens(run):
    run.drivers = run.drivers.iloc[:0]
    run.driver_labels = np.zeros((6, 7), np.int32)
    run.contribution_map = np.zeros((6, 7), np.float32)
    (_, contribution, _), (places, _, _), _ = run_layers(run)
    assert places.shape == (0, 2)
    assert contribution["contrast_limits"] == (0.0, 2.0)


def test_the_map_is_pale_up_to_chance_and_hides_no_bright_cell(run):
    run.contribution_map = np.full((6, 7), 3.4, np.float32)
    _, meta, _ = run_layers(run)[0]
    assert meta["blending"] == "translucent_no_depth"
    assert meta["contrast_limits"] == (0.0, 4.0)
    colours = meta["colormap"]["colors"]
    assert colours[0, 3] == 0
    below, above = colours[:64], colours[64:]
    assert np.ptp(below[:, :3], axis=1).max() < 0.1
    assert below[:, 3].max() <= 0.5
    assert np.ptp(above[:, :3], axis=1).min() > 0.5
    assert above[:, 3].min() > 0.6


def test_what_is_not_tested_yet_is_pale_throughout(run):
    run.results.chance_known = False
    _, meta, _ = run_layers(run)[0]
    assert meta["contrast_limits"] == (0.0, 1.0)
    assert np.ptp(meta["colormap"]["colors"][:, :3], axis=1).max() < 0.1


def test_napari_takes_the_colours_and_gives_them_back(run):
    from napari.layers import Image

    data, meta, _ = run_layers(run)[0]
    layer = Image(data, **meta)
    again, saved, _ = layer.as_layer_data_tuple()
    assert Image(again, **saved).colormap.name == layer.colormap.name == "contribution to 2"


@pytest.fixture
def load(monkeypatch, run):
    monkeypatch.setattr("napari_sparsevar.run.run.load_run", lambda path: run)
    return lambda: read_run(str(run.path))


def test_run_opens_with_its_movie(load, run):
    write(run.path.parent / "movie.tif")
    names = [meta["name"] for _, meta, _ in load()]
    assert names == [
        "movie",
        "contribution (run-1)",
        "driver numbers (run-1)",
        "drivers (run-1)",
    ]
    _, meta, _ = load()[0]
    assert meta["scale"] == pytest.approx((1 / 15, 2.0, 2.0))


def test_run_opens_without_its_movie_and_says_so(load):
    with pytest.warns(UserWarning, match="not there any more"):
        assert len(load()) == 3


def test_run_of_a_movie_in_memory_says_so(load, run):
    run.record.movie = identity(None)
    with pytest.warns(UserWarning, match="trained from memory"):
        assert len(load()) == 3


def test_run_whose_movie_is_damaged_opens_its_maps(load, run):
    (run.path.parent / "movie.tif").write_bytes(b"")
    with pytest.warns(UserWarning, match="only the maps"):
        assert len(load()) == 3


def test_another_movie_in_the_place_of_the_run_s_opens_with_a_warning(load, run):
    path = run.path.parent / "movie.tif"
    content = content_of(Movie(da.from_array(FRAMES)))
    run.record.movie = identity(path).model_copy(update={"content": content})
    write(path, FRAMES + 1)
    with pytest.warns(UserWarning, match="not the one the run was trained on"):
        layers = load()
    assert len(layers) == 4
    assert layers[0][1]["metadata"][METADATA_KEY]["another_than"] == str(run.path)


def test_a_place_in_words_is_where_the_status_bar_has_it():
    from napari_sparsevar.readers.placement import Placement

    assert Placement((2.0, 0.5), (10.0, 0.0), ("um", "um")).words(1, 61) == "(12.0, 30.5) µm"
    assert Placement((2.0, 2.0), units=("um", "um")).words(57.5, 33.2) == "(115, 66) µm"
    assert Placement((1.0, 1.0)).words(5.6, 15.2) == "(6, 15) px"


def test_a_movie_taken_unasked_opens_beside_the_others_of_its_file(tmp_path, monkeypatch):
    from napari_sparsevar.movie import open_movie
    from napari_sparsevar.movie.movie import of_dataset

    frames = np.random.default_rng(0).random((9, 12, 12))

    def opened(path, *, dataset=None, **_):
        return of_dataset(open_movie(frames), dataset or "corrected", ("raw", "corrected"))

    monkeypatch.setattr("napari_sparsevar.movie.open_movie", opened, raising=False)
    layers = read_movie(str(tmp_path / "session.nwb"))
    chosen = [meta["metadata"][METADATA_KEY]["choice"]["dataset"] for _, meta, _ in layers]
    assert chosen == ["raw", "corrected"]
    assert [meta.get("visible", True) for _, meta, _ in layers] == [False, True]
