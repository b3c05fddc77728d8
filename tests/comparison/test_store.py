"""Comparisons in the run directory: the same after reading, whole or not there at all."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from made_comparisons import made_folder, made_record, made_set
from napari_sparsevar.comparison import store
from napari_sparsevar.comparison.result import (
    EDGE_COLUMNS,
    PLACE_COLUMNS,
    POSITIONS,
    AnythingTest,
    Comparison,
    ComparisonSet,
    DynamicsTest,
    Interval,
    Prediction,
)
from napari_sparsevar.comparison.store import (
    DamagedComparison,
    load_comparisons,
    save_comparisons,
    software_of,
)
from napari_sparsevar.comparison.windows import Window
from napari_sparsevar.disk.folder import ABANDONED_AFTER_SECONDS
from napari_sparsevar.errors import UserError
from napari_sparsevar.model.grid import LatentGrid
from napari_sparsevar.movie.stack import Stack

NUMBERS = st.floats(allow_subnormal=True)
COUNTS = st.integers(0, 2**31)
PAIRS = st.tuples(COUNTS, COUNTS)
INTERVALS = st.builds(Interval, NUMBERS, NUMBERS, NUMBERS)
SQUARES = arrays.arrays(np.float64, (2, 2), elements=NUMBERS)
NULLS = arrays.arrays(np.float64, st.integers(0, 5), elements=NUMBERS)
IMAGES = arrays.arrays(
    np.float32,
    arrays.array_shapes(min_dims=2, max_dims=2, max_side=5),
    elements=st.floats(width=32),
)


def tables(columns: list[str], whole: set[str]) -> st.SearchStrategy[pd.DataFrame]:
    row = st.tuples(*(COUNTS if name in whole else NUMBERS for name in columns))
    kinds = {name: "int64" if name in whole else "float64" for name in columns}
    return st.lists(row, max_size=4).map(
        lambda rows: pd.DataFrame(rows, columns=columns).astype(kinds)
    )


EDGES = tables([*EDGE_COLUMNS, *POSITIONS], {"source", "target", "lag"})
WINDOWS = st.builds(
    Window,
    st.text(max_size=60),
    st.lists(st.integers(0, 10**6), min_size=2, max_size=8, unique=True).map(
        lambda frames: tuple(zip(sorted(frames)[::2], sorted(frames)[1::2], strict=False))
    ),
)
DYNAMICS = st.builds(
    DynamicsTest,
    NUMBERS,
    NUMBERS,
    NULLS,
    INTERVALS,
    EDGES | tables(EDGE_COLUMNS, {"source", "target", "lag"}),
    COUNTS,
    tables(PLACE_COLUMNS, {"place"}),
    COUNTS,
    PAIRS,
    PAIRS,
)
ANYTHING = st.builds(AnythingTest, NUMBERS, NUMBERS, NULLS, st.text(), COUNTS)
PREDICTIONS = st.builds(
    Prediction, SQUARES, SQUARES, st.tuples(INTERVALS, INTERVALS), st.tuples(INTERVALS, INTERVALS)
)
COMPARISONS = st.builds(
    Comparison,
    WINDOWS,
    WINDOWS,
    DYNAMICS,
    ANYTHING,
    PREDICTIONS,
    st.none() | IMAGES,
    NUMBERS,
    COUNTS,
    st.integers(0, 2**70),
)


@st.composite
def sets(draw: Callable[..., Any]) -> ComparisonSet:
    pairs = tuple(draw(st.lists(COMPARISONS, min_size=1, max_size=2)))
    adjusted = tuple(draw(NUMBERS) for _ in pairs)
    windows = tuple(draw(st.lists(WINDOWS, min_size=2, max_size=4)))
    baseline = draw(st.none() | st.text())
    return ComparisonSet("", windows, baseline, pairs, adjusted, draw(st.text()))


def assert_same(one: Any, other: Any) -> None:
    """Equal in every field, value and type of number, NaN being equal to itself."""
    if isinstance(one, np.ndarray):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    elif isinstance(one, pd.DataFrame):
        pd.testing.assert_frame_equal(one, other, check_exact=True)
    elif is_dataclass(one):
        assert type(one) is type(other)
        for field in fields(one):
            assert_same(getattr(one, field.name), getattr(other, field.name))
    elif isinstance(one, tuple):
        assert type(one) is type(other)
        assert len(one) == len(other)
        for first, second in zip(one, other, strict=True):
            assert_same(first, second)
    else:
        assert type(one) is type(other)
        assert one == other or (one != one and other != other)


@pytest.fixture
def run_path(tmp_path: Path) -> Path:
    return made_folder(tmp_path / "run")


def names(run_path: Path) -> list[str]:
    return [found.name for found in load_comparisons(run_path)]


@given(found=sets())
def test_everything_is_the_same_after_reading(
    tmp_path_factory: pytest.TempPathFactory, found: ComparisonSet
) -> None:
    run_path = made_folder(tmp_path_factory.mktemp("kept") / "run")
    saved = save_comparisons(run_path, found)
    (read,) = load_comparisons(run_path)
    assert_same(read, saved)
    assert_same(replace(read, name=found.name), found)
    shutil.rmtree(run_path)


def test_numbers_of_numpy_can_be_kept(run_path: Path) -> None:
    found = made_set()
    (pair,) = found.pairs
    dynamics = replace(
        pair.dynamics,
        statistic=np.float64(3.5),
        blocks=(np.int64(3), np.int64(4)),
        effect=Interval(*np.arange(3.0)),
    )
    pair = replace(pair, dynamics=dynamics, seed=np.int64(7))
    save_comparisons(run_path, replace(found, pairs=(pair,)))
    (read,) = load_comparisons(run_path)
    assert read.pairs[0].dynamics.blocks == (3, 4)
    assert (read.pairs[0].seed, read.pairs[0].statistic) == (7, 3.5)
    assert read.pairs[0].effect == Interval(0.0, 1.0, 2.0)


def test_windows_of_any_name_are_kept_apart(run_path: Path) -> None:
    found = made_set(3)
    labels = ["a/b", "A:B", "../刺激 \U0001f9e0" * 9]
    renamed = [
        replace(window, label=label) for window, label in zip(found.windows, labels, strict=True)
    ]
    by_label = dict(zip("ABC", renamed, strict=True))
    pairs = tuple(
        replace(pair, a=by_label[pair.a.label], b=by_label[pair.b.label]) for pair in found.pairs
    )
    saved = save_comparisons(run_path, replace(found, windows=tuple(renamed), pairs=pairs))
    (read,) = load_comparisons(run_path)
    assert_same(read, saved)
    assert [window.label for window in read.windows] == labels
    assert [path.parent for path in run_path.rglob("*.npy")] == [
        run_path / "comparisons" / saved.name
    ] * 3


def test_files_can_be_read_without_us(run_path: Path) -> None:
    found = made_set()
    (pair,) = found.pairs
    folder = run_path / "comparisons" / save_comparisons(run_path, found).name
    assert folder.name == "A-B"
    assert {path.name for path in folder.iterdir()} == {
        "comparison.json",
        "A-B.edges.csv",
        "A-B.places.csv",
        "A-B.null.npy",
        "A-B.difference.tif",
    }
    with tifffile.TiffFile(folder / "A-B.difference.tif") as file:
        assert file.ome_metadata is not None
        assert 'PhysicalSizeX="2.0"' in file.ome_metadata
        np.testing.assert_array_equal(file.asarray(), pair.difference)
    record = json.loads((folder / "comparison.json").read_text(encoding="utf-8"))
    assert record["pairs"][0]["seed"] == pair.seed
    assert record["pairs"][0]["dynamics"]["p_value"] == pair.p_value
    assert record["versions"]["napari-sparsevar"]
    assert software_of(run_path, "A-B") == record["versions"]
    assert len(pd.read_csv(folder / "A-B.edges.csv")) == len(pair.edges)


def of_planes(folder: Path) -> tuple[Path, ComparisonSet]:
    """A run of three planes and a comparison with a map of their field, 0 between them."""
    stack = Stack((1, 2, 4), 4, 4.0, (16, 20), 8)
    record = made_record(LatentGrid(stack.field, 4))
    movie = record.movie.model_copy(update={"stack": stack})
    found = made_set(grid=LatentGrid(stack.field, 4))
    (pair,) = found.pairs
    assert pair.difference is not None
    difference = np.where(stack.blank(), np.float32(0), pair.difference)
    run_path = made_folder(folder / "run", record.model_copy(update={"movie": movie}))
    return run_path, replace(found, pairs=(replace(pair, difference=difference),))


def test_a_map_of_several_planes_is_a_stack(tmp_path: Path) -> None:
    run_path, found = of_planes(tmp_path)
    saved = save_comparisons(run_path, found)
    with tifffile.TiffFile(run_path / "comparisons" / saved.name / "A-B.difference.tif") as file:
        assert (file.series[0].axes, file.series[0].shape) == ("ZYX", (3, 16, 20))
        field = saved.pairs[0].difference
        np.testing.assert_array_equal(file.asarray()[1], field[:, 28:48])
    (read,) = load_comparisons(run_path)
    assert_same(read, saved)


def test_a_map_with_its_planes_side_by_side_opens(tmp_path: Path) -> None:
    run_path, found = of_planes(tmp_path)
    saved = save_comparisons(run_path, found)
    path = run_path / "comparisons" / saved.name / "A-B.difference.tif"
    tifffile.imwrite(path, saved.pairs[0].difference)  # as it was written before
    assert_same(load_comparisons(run_path)[0], saved)


def test_no_map_no_file(run_path: Path) -> None:
    save_comparisons(run_path, made_set(difference=False))
    assert not list(run_path.rglob("*.tif"))
    assert load_comparisons(run_path)[0].pairs[0].difference is None


def test_each_gets_a_name_of_its_own_and_they_come_oldest_first(run_path: Path) -> None:
    given_names = [save_comparisons(run_path, made_set(count)).name for count in (2, 3, 2, 2)]
    assert given_names == ["A-B", "A-B-C", "A-B-2", "A-B-3"]
    assert names(run_path) == given_names


@pytest.mark.parametrize("name", ["C-D", "", ".", "..", "../comparisons/A-B", "A-B/"])
def test_only_comparisons_are_known_by_name(run_path: Path, name: str) -> None:
    save_comparisons(run_path, made_set())
    with pytest.raises(UserError, match="A-B"):
        software_of(run_path, name)


def test_a_run_without_comparisons_has_none(run_path: Path) -> None:
    assert load_comparisons(run_path) == []
    with pytest.raises(UserError, match="no comparison"):
        software_of(run_path, "A-B")


def test_comparisons_are_kept_in_runs_only(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"run\.json"):
        save_comparisons(tmp_path, made_set())
    assert not list(tmp_path.iterdir())


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def forge(**changes: Any) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        record = json.loads(path.read_text(encoding="utf-8"))
        record["pairs"][0] |= changes
        path.write_text(json.dumps(record), encoding="utf-8")

    return change


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("comparison.json", Path.unlink),
        ("comparison.json", cut),
        ("comparison.json", forge(files="../A-B/A-B")),
        ("comparison.json", forge(difference=[5, 5])),
        ("comparison.json", forge(a={"label": "A", "pieces": []})),
        ("A-B.edges.csv", Path.unlink),
        ("A-B.edges.csv", lambda path: path.write_text("source,target\n1,2\n")),
        ("A-B.places.csv", lambda path: path.write_text("")),
        ("A-B.null.npy", cut),
        ("A-B.null.npy", lambda path: np.save(path, np.zeros(3))),
        ("A-B.null.npy", lambda path: np.save(path, np.array([{}]), allow_pickle=True)),
        ("A-B.difference.tif", cut),
    ],
)
def test_a_damaged_one_is_named_and_the_others_open(
    run_path: Path, name: str, damage: Callable[[Path], object]
) -> None:
    for _ in range(3):
        save_comparisons(run_path, made_set())
    damaged = run_path / "comparisons" / "A-B"
    damage(damaged / name)
    told: list[str] = []
    opened = load_comparisons(run_path, told.append)
    assert [found.name for found in opened] == ["A-B-2", "A-B-3"]
    (sentence,) = told
    assert str(damaged) in sentence
    assert "delete" in sentence
    assert "\n" not in sentence
    with pytest.warns(DamagedComparison, match="A-B"):
        load_comparisons(run_path)


def test_one_of_a_newer_version_is_not_called_damaged(run_path: Path) -> None:
    save_comparisons(run_path, made_set())
    path = run_path / "comparisons" / "A-B" / "comparison.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(record | {"format_version": 99}), encoding="utf-8")
    told: list[str] = []
    assert load_comparisons(run_path, told.append) == []
    assert "newer version" in told[0]


KILLED = """
import os, sys
from pathlib import Path

sys.path.insert(0, sys.argv[2])
from made_comparisons import made_folder, made_record, made_set
from napari_sparsevar.comparison import store

Path.rename = lambda *_: os._exit(9)
store.save_comparisons(Path(sys.argv[1]), made_set())
"""


def test_a_kill_before_the_end_leaves_what_was_there(run_path: Path, repository: Path) -> None:
    save_comparisons(run_path, made_set())
    command = [sys.executable, "-c", KILLED, str(run_path), str(repository / "tests")]
    assert subprocess.run(command, check=False).returncode == 9
    (left,) = (run_path / "comparisons").glob(".*")
    assert {path.name for path in left.iterdir()} >= {"comparison.json", "A-B.null.npy"}
    assert names(run_path) == ["A-B"]
    # The next one does not take it away too soon: another process may be writing it.
    assert save_comparisons(run_path, made_set()).name == "A-B-2"
    assert left.exists()
    long_ago = time.time() - 2 * ABANDONED_AFTER_SECONDS
    os.utime(left, (long_ago, long_ago))
    save_comparisons(run_path, made_set())
    assert not left.exists()


@pytest.mark.parametrize("wrong", [KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_nothing_is_left_of_an_interrupted_one(
    run_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: BaseException
) -> None:
    def fail(*_: Any) -> None:
        raise wrong

    monkeypatch.setattr(store, "write_image", fail)
    expected = KeyboardInterrupt if isinstance(wrong, KeyboardInterrupt) else UserError
    with pytest.raises(expected, match=r"disk is full|^$"):
        save_comparisons(run_path, made_set())
    assert not list((run_path / "comparisons").iterdir())


def test_a_name_taken_in_between_is_left_alone(
    run_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_comparisons(run_path, made_set())
    seen = Path.iterdir
    hidden = run_path / "comparisons" / "A-B"
    monkeypatch.setattr(Path, "iterdir", lambda path: (one for one in seen(path) if one != hidden))
    assert save_comparisons(run_path, made_set(changed=0)).name == "A-B-2"
    monkeypatch.undo()
    assert names(run_path) == ["A-B", "A-B-2"]
    assert len(load_comparisons(run_path)[0].pairs[0].dynamics.changed()) == 4
