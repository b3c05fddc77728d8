"""Tables with names: the names say where cells and times are, else it is asked."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import napari_sparsevar as sv
from made_fits import made_fit
from napari_sparsevar.cells.formats.format import CellChoiceNeeded
from napari_sparsevar.cells.formats.matrix import time_unit
from napari_sparsevar.export.cells.tables import write_csv
from napari_sparsevar.progress import returned

TRACES = np.random.default_rng(0).standard_normal((30, 3)).astype(np.float32).round(4)
NAMES = ["a", "b 2", "ç"]
TIMES = np.arange(30) / 20.0


def frame(**first: Any) -> pd.DataFrame:
    """Return a table with a column a cell, behind those given."""
    return pd.DataFrame({**first, **dict(zip(NAMES, TRACES.T, strict=True))})


def write(path: Path, table: pd.DataFrame, **options: Any) -> Path:
    if path.suffix == ".parquet":
        pytest.importorskip("pyarrow")
        table.to_parquet(path)
    else:
        table.to_csv(
            path, **{"index": False, "sep": "\t" if path.suffix == ".tsv" else ","} | options
        )
    return path


def check(cells: sv.Cells, names: list[str] = NAMES) -> None:
    assert list(cells.names) == names
    np.testing.assert_allclose(cells.traces["raw"], TRACES, rtol=1e-6)


@pytest.mark.parametrize("name", ["F.csv", "F.tsv", "F.parquet"])
@pytest.mark.parametrize(
    ("time", "values", "fps"),
    [
        ("time_s", TIMES, 20.0),
        ("Time (ms)", TIMES * 1000, 20.0),
        ("frame", np.arange(30), None),
        ("t", TIMES, 20.0),
    ],
)
def test_a_column_of_times_says_it(
    tmp_path: Path, name: str, time: str, values: Any, fps: float | None
) -> None:
    cells = sv.open_cells(write(tmp_path / name, frame(**{time: values})))
    check(cells)
    assert cells.fps == fps
    assert cells.times is not None
    np.testing.assert_allclose(cells.times, np.arange(30) if fps is None else TIMES)
    assert any("taken for seconds" in note for note in cells.notes) == (time == "t")


@pytest.mark.parametrize("name", ["F.csv", "F.parquet"])
def test_names_of_columns_say_it(tmp_path: Path, name: str) -> None:
    check(sv.open_cells(write(tmp_path / name, frame())))


def test_an_index_is_no_cell(tmp_path: Path) -> None:
    check(sv.open_cells(write(tmp_path / "F.csv", frame(), index=True)))
    check(sv.open_cells(write(tmp_path / "timed.csv", frame(time_s=TIMES), index=True)))


def test_a_first_column_that_counts_or_runs_as_time_is_no_cell(tmp_path: Path) -> None:
    check(sv.open_cells(write(tmp_path / "F.csv", frame(Bild=np.arange(1, 31)))))
    cells = sv.open_cells(write(tmp_path / "timed.csv", frame(Zeit=TIMES + 0.05)))
    check(cells)
    assert cells.fps == 20.0
    assert "taken for seconds" in cells.notes[0]


@pytest.mark.parametrize("name", ["F.csv", "F.parquet"])
@pytest.mark.parametrize("first", ["cell", "ROI", "whatever"])
def test_a_column_of_names_says_it(tmp_path: Path, name: str, first: str) -> None:
    turned = pd.DataFrame(TRACES.T, columns=[f"v{i}" for i in range(30)])
    turned.insert(0, first, NAMES)
    check(sv.open_cells(write(tmp_path / name, turned)))


def test_numbers_of_cells_are_names(tmp_path: Path) -> None:
    turned = pd.DataFrame(TRACES.T, columns=[str(i) for i in range(30)])
    turned.insert(0, "roi", [3, 7, 12])
    check(sv.open_cells(write(tmp_path / "F.csv", turned)), ["3", "7", "12"])


def test_times_may_name_columns(tmp_path: Path) -> None:
    turned = pd.DataFrame(TRACES.T, columns=[f"{time:g}" for time in TIMES + 0.01], index=NAMES)
    cells = sv.open_cells(write(tmp_path / "F.csv", turned, index=True))
    check(cells)
    assert cells.fps == 20.0


def test_a_row_a_cell_and_time(tmp_path: Path) -> None:
    long = frame(time_s=TIMES).melt("time_s", var_name="cell", value_name="dff")
    cells = sv.open_cells(write(tmp_path / "F.csv", long.sample(frac=1, random_state=0)))
    order = [list(cells.names).index(name) for name in NAMES]
    np.testing.assert_allclose(cells.traces["raw"][:, order], TRACES, rtol=1e-6)
    assert cells.fps == 20.0


@pytest.mark.parametrize("header", [False, True])
def test_what_nothing_says_is_asked(tmp_path: Path, header: bool) -> None:
    bare = pd.DataFrame(TRACES)
    path = write(tmp_path / "F.csv", bare, header=header)
    with pytest.raises(CellChoiceNeeded) as asked:
        sv.open_cells(path)
    assert asked.value.setting == "cells_in"
    check(sv.open_cells(path, cells_in="columns"), ["0", "1", "2"])
    path = write(tmp_path / "turned.csv", bare.T, header=header)
    check(sv.open_cells(path, cells_in="rows"), ["0", "1", "2"])


def test_semicolons_and_decimal_commas(tmp_path: Path) -> None:
    path = write(tmp_path / "F.csv", frame(time_s=TIMES), sep=";", decimal=",", encoding="cp1252")
    check(sv.open_cells(path))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    check(sv.open_cells(write(tmp_path / "F.csv", frame(), encoding=encoding)))


def test_comments_and_empty_cells(tmp_path: Path) -> None:
    table = frame(time_s=TIMES)
    table.iloc[4, 2] = np.nan
    path = write(tmp_path / "F.csv", table)
    path.write_text("# from somewhere\n\n" + path.read_text("utf-8"), "utf-8")
    found = sv.open_cells(path).traces["raw"]
    assert np.isnan(found[4, 1])
    assert np.isfinite(np.delete(found.ravel(), 4 * 3 + 1)).all()


def test_numpy_writes_names_behind_a_mark(tmp_path: Path) -> None:
    for mark, sign in (("# ", ","), ("#", " ")):
        header = sign.join(["time_s", "a", "b", "c"])
        path, table = tmp_path / "F.csv", np.column_stack([TIMES, TRACES])
        np.savetxt(path, table, delimiter=sign, header=header, comments=mark, fmt="%.4f")
        cells = sv.open_cells(path)
        check(cells, ["a", "b", "c"])
        assert cells.fps == 20.0


def test_names_that_come_twice_are_told_apart(tmp_path: Path) -> None:
    table = frame()
    table.columns = ["a", "a", "b"]
    cells = sv.open_cells(write(tmp_path / "F.csv", table))
    check(cells, ["a", "a (2)", "b"])
    assert "several cells called 'a'" in cells.notes[0]


def test_times_that_jump_are_kept_and_said(tmp_path: Path) -> None:
    times = TIMES + np.where(np.arange(30) >= 12, 5.0, 0.0)
    cells = sv.open_cells(write(tmp_path / "F.csv", frame(time_s=times)))
    assert cells.fps == 20.0
    assert "jumps at 1 of the frames (12" in cells.notes[0]


def test_dates_are_times(tmp_path: Path) -> None:
    stamps = pd.Timestamp("2026-01-02T03:04:05") + pd.to_timedelta(TIMES, unit="s")
    path = write(tmp_path / "F.csv", frame(timestamp=stamps.strftime("%Y-%m-%dT%H:%M:%S.%f")))
    assert sv.open_cells(path).fps == 20.0
    check(sv.open_cells(write(tmp_path / "F.parquet", frame(timestamp=stamps))))


def test_inscopix_says_below_the_names_what_is_a_cell(tmp_path: Path) -> None:
    table = frame(**{" ": TIMES})
    path = write(tmp_path / "F.csv", table)
    names, *rows = path.read_text("utf-8").splitlines()
    status = "Time(s)/Cell Status, accepted, rejected, undecided"
    path.write_text("\n".join([names, status, *rows]), "utf-8")
    cells = sv.open_cells(path)
    check(cells)
    np.testing.assert_array_equal(cells.is_accepted, [True, False, True])
    assert cells.fps == 20.0


def test_of_the_measures_of_imagej_the_means_are_taken(tmp_path: Path) -> None:
    columns = {" ": np.arange(1, 31)}
    for number, trace in enumerate(TRACES.T, start=1):
        columns |= {f"Area{number}": np.full(30, 25), f"Mean{number}": trace}
    path = write(tmp_path / "Results.csv", pd.DataFrame(columns))
    check(sv.open_cells(path), ["Mean1", "Mean2", "Mean3"])


@pytest.mark.parametrize("fps", [10.0, None])
def test_what_was_exported_comes_back(tmp_path: Path, fps: float | None) -> None:
    fit = made_fit(fps=fps)
    returned(write_csv(fit, tmp_path))
    cells = sv.open_cells(tmp_path / "traces-raw.csv")
    assert tuple(cells.names) == tuple(fit.names)
    assert cells.fps == fps
    np.testing.assert_allclose(cells.traces["raw"], fit.cells.traces["raw"], rtol=1e-5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("a,b,c\n", "names but no numbers"),
        ("a,b\n1,2\n3,nice\n5,6\n", "'nice' in column 2 [(]b[)], row 2"),
        ("a\n1\n2\n3\n", "two cells or more"),
        ("a,b\n,\nNaN,NaN\n", "nothing but NaN"),
        ("a,b\n1,2\n3,4,5\n", "export it again"),
        ("time,a,b\n0,1,2\n1.5,3,4\n1.6,3,4\n9,3,4\n", "not taken evenly"),
        ("time_s,a,b\n0,1,2\n0,3,4\n0,3,4\n", "do not go up"),
        ("time_s,a,b\n0,1,2\n,3,4\n2,3,4\n", "when frame 1 was taken"),
    ],
)
def test_what_is_wrong_is_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "F.csv").write_text(text)
    with pytest.raises(sv.UserError, match=said):
        sv.open_cells(tmp_path / "F.csv")


def test_a_damaged_parquet_file_is_one_sentence(tmp_path: Path) -> None:
    path = write(tmp_path / "F.parquet", frame())
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(sv.UserError, match="Parquet"):
        sv.open_cells(path)


def test_without_pyarrow_a_sentence_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "F.parquet").write_bytes(b"PAR1 and so on")
    found = builtins.__import__

    def refuse(name: str, *rest: Any) -> Any:
        if name == "pyarrow":
            raise ImportError
        return found(name, *rest)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(sv.UserError, match=r"pip install 'napari-sparsevar\[parquet\]'"):
        sv.open_cells(tmp_path / "F.parquet")


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("time", ""),
        ("Time (s)", "s"),
        ("t_ms", "ms"),
        ("seconds", "seconds"),
        ("Frame", "frame"),
        ("time_frame", ""),
        ("t1", None),
        ("minimum", None),
        ("cell", None),
        ("", None),
    ],
)
def test_names_of_times(name: str, unit: str | None) -> None:
    assert time_unit(name) == unit


@pytest.mark.parametrize("name", ["datetime", "Date", "", "taken"])
def test_dates_in_the_first_column_are_times(tmp_path: Path, name: str) -> None:
    dates = pd.date_range("2024-05-01 10:00", periods=30, freq="50ms")
    table = frame().set_index(pd.Index(dates, name=name or None))
    table.to_csv(tmp_path / "dates.csv")
    for cells in (sv.open_cells(tmp_path / "dates.csv"), sv.fit_traces(table).cells):
        check(cells)
        assert cells.fps == 20.0
    since = frame().set_index(pd.Index(dates - dates[0], name=name or None))
    assert sv.fit_traces(since).cells.fps == 20.0


@pytest.mark.parametrize("label", [[f"mov:{number:04d}" for number in range(1, 31)], "mov"])
def test_measures_of_imagej_with_labels(tmp_path: Path, label: Any) -> None:
    measures = {f"Mean{cell}": TRACES[:, cell - 1] for cell in (1, 2, 3)}
    others = {
        f"{name}{cell}": np.full(30, 1.5) for name in ("X", "Ch", "Circ.") for cell in (1, 2, 3)
    }
    table = pd.DataFrame({" ": np.arange(1, 31), "Label": label, **measures})
    write(tmp_path / "few.csv", table)
    write(tmp_path / "many.csv", table.assign(**others))
    for name in ("few.csv", "many.csv"):
        check(sv.open_cells(tmp_path / name), list(measures))
    write(tmp_path / "none.csv", pd.DataFrame({" ": np.arange(1, 31), **others}))
    with pytest.raises(sv.UserError, match="no Mean"):
        sv.open_cells(tmp_path / "none.csv")


def test_an_index_with_gaps_numbers_frames_or_cells(tmp_path: Path) -> None:
    kept = np.delete(np.arange(33), [4, 9, 20])
    table = frame().set_index(pd.Index(kept))
    table.to_csv(tmp_path / "kept.csv")
    cells = sv.open_cells(tmp_path / "kept.csv")
    check(cells)
    assert cells.times is not None
    np.testing.assert_array_equal(cells.times, kept)
    rows = pd.DataFrame(TRACES.T, index=[3, 7, 19])
    rows.to_csv(tmp_path / "rows.csv")
    check(sv.open_cells(tmp_path / "rows.csv", cells_in="rows"), ["3", "7", "19"])


@pytest.mark.parametrize("names", [["12", "3", "40"], ["9", "7", "2"]])
def test_numbers_of_cells_in_any_order(tmp_path: Path, names: list[str]) -> None:
    table = pd.DataFrame(TRACES, columns=names)
    check(sv.open_cells(write(tmp_path / "F.csv", table), cells_in="columns"), names)


def test_frames_beside_times_are_no_cell(tmp_path: Path) -> None:
    for first in ({"frame": np.arange(30), "time": TIMES}, {"time": TIMES, "frame": np.arange(30)}):
        cells = sv.open_cells(write(tmp_path / "both.csv", frame(**first)))
        check(cells)
        assert cells.fps == 20.0


def test_points_between_thousands(tmp_path: Path) -> None:
    rows = "\n".join(f"{n / 10:.1f};950;1.{n:03d}".replace(".", ",", 1) for n in range(10))
    (tmp_path / "german.csv").write_text(f"time;a;b\n{rows}\n")
    cells = sv.open_cells(tmp_path / "german.csv")
    np.testing.assert_array_equal(cells.traces["raw"][:, 1], 1000 + np.arange(10))


def test_times_of_an_unknown_unit_are_not_seconds(tmp_path: Path) -> None:
    epoch = 1.7e12 + 1000.0 * TIMES
    with pytest.raises(sv.UserError, match=r"0\.02 frames a second.*time \(ms\)"):
        sv.open_cells(write(tmp_path / "epoch.csv", frame(timestamp=epoch)))
