"""A list says what is wrong with it before anything is begun."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from napari_sparsevar.batch import read_list
from napari_sparsevar.batch.listing import recordings_of
from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.choice import Choice

Write = Callable[[str], Path]


def test_columns_and_defaults(listed: Write, tmp_path: Path) -> None:
    one, two = read_list(
        listed("movie, name, fps, preset, lags\na.ome.tif, , 30, fast, 2\n/data/b.tif,second,,,\n")
    )
    assert (one.movie, one.name, one.fps) == (tmp_path / "a.ome.tif", "a", 30.0)
    assert (one.configuration().steps, one.configuration().model.lags) == (60, 2)
    assert (two.movie, two.name, two.fps) == (Path("/data/b.tif"), "second", None)
    assert two.configuration().steps == 240


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("file\na.tif\n", "no column movie"),
        ("movie,wrong\na.tif,1\n", "unknown column 'wrong'"),
        ("movie\n", "lists no movie"),
        ("movie,name\n,x\n", "Row 2"),
        ("movie,fps\na.tif,-1\n", "fps is '-1'"),
        ("movie,preset\na.tif,slow\n", "preset is 'slow'"),
        ("movie,steps\na.tif,0\n", "steps is 0"),
        ("movie,planes\na.tif,some\n", "ascending numbers"),
        ("movie,planes,plane\na.tif,all,2\n", "leave one of both out"),
        ("movie\nx/a.tif\ny/A.tif\n", "two recordings called a"),
        ("movie,name\na.tif,../b\n", "name"),
        ("", "not a table in CSV"),
    ],
)
def test_what_is_wrong_is_one_sentence(listed: Write, text: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        read_list(listed(text))


def test_several_planes_are_one_recording(listed: Write) -> None:
    text = 'movie,planes\na.tif,all\nb.tif,"1,3"\nc.tif,\n'
    assert [one.choice.planes for one in read_list(listed(text))] == [(), (1, 3), None]


def test_what_a_file_leaves_open_is_chosen(listed: Write) -> None:
    text = "movie,channel,plane,dataset,height,width\na.h5,2,1,raw,,\nb.bin,,,,64,48\nc.tif,,,,,\n"
    found = [recording.choice for recording in read_list(listed(text))]
    assert found == [Choice(2, 1, "raw"), Choice(shape=(64, 48)), Choice()]
    with pytest.raises(UserError, match=r"Row 2 of .*: height and width are given together\.$"):
        read_list(listed("movie,height\nb.bin,64\n"))


def test_what_is_left_out_and_beside_it(listed: Write, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("3\n")
    head = "movie,bad_frames,mask,registration,by_channel,covariates,trials\n"
    rows = 'a.tif,bad.csv,m.png,piecewise,2,speed.csv,t.csv\nb.tif,"0-3,9",,,,,\n'
    one, two = read_list(listed(head + rows))
    assert one.bad_frames == str(tmp_path / "bad.csv")
    assert (one.mask, one.covariates) == (tmp_path / "m.png", tmp_path / "speed.csv")
    assert (one.trials, two.trials) == (tmp_path / "t.csv", None)
    assert (one.registration, one.by_channel) == ("piecewise", 2)
    assert (two.bad_frames, two.mask, two.registration) == ("0-3,9", None, "auto")
    with pytest.raises(UserError, match="registration is 'elastic'"):
        read_list(listed("movie,registration\na.tif,elastic\n"))


def test_a_list_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        read_list(tmp_path / "none.csv")


def test_movies_without_a_list_are_called_as_their_files(tmp_path: Path) -> None:
    files = ("a.tif", "b/A.ome.tif", "what?.tif", ".hidden.tif", f"{'x' * 200}.tif")
    found = recordings_of([tmp_path / name for name in files], taken=["b"])
    assert [one.name for one in found] == ["a", "A-2", "what-", "hidden", "x" * 90]
    assert found[1].movie == tmp_path / "b/A.ome.tif"
    assert recordings_of([tmp_path / "b.tif"], taken=["b", "b-2"])[0].name == "b-3"
