"""Files are grouped by what differs in their names."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from napari_sparsevar.movie.naming import Recording, is_called_projection, recordings


def grouped(names: list[str], **options: bool) -> list[Recording]:
    shuffled = list(names)
    random.Random(0).shuffle(shuffled)
    return recordings([Path(name) for name in shuffled], **options)


def names_of(recording: Recording, channel: int = 0, plane: int = 0) -> list[str]:
    return [path.name for path in recording.files[channel, plane]]


@pytest.mark.parametrize(
    "pattern",
    [
        "Chan{c}_0001_0001_0001_{t:04d}.tif",
        "TSeries-05_Cycle{t:05d}_Ch{n}_000001.ome.tif",
        "TSeries-05_Cycle00001_Ch{n}_{t:06d}.ome.tif",
        "mouse7_{colour}_{t}.tif",
        "{t:05d}_{colour}.tif",
        "m_{indicator}_{t:03d}.tif",
        "C{n}-run_{t}.tif",
        "img_{laser}nm_{t:04d}.tif",
        "run_{t}_channel {n}.tif",
        "x_w{n}_t{t}.TIF",
        "m_{infrared}nm_{t}.tif",
        "20240501_{infrared}nm_{t}.tif",
    ],
)
def test_channels_are_told_from_time(pattern: str) -> None:
    channels = [
        {
            "c": "A",
            "n": 1,
            "colour": "green",
            "indicator": "GCaMP6f",
            "laser": 488,
            "infrared": 920,
        },
        {
            "c": "B",
            "n": 2,
            "colour": "red",
            "indicator": "tdTomato",
            "laser": 561,
            "infrared": 1040,
        },
    ]
    times = (1, 2, 9, 10, 11)
    expected = [[pattern.format(t=t, **channel) for t in times] for channel in channels]
    (found,) = grouped([*expected[0], *expected[1]])
    assert (found.channels, found.planes) == (2, 1)
    assert [names_of(found, channel) for channel in (0, 1)] == expected
    assert not found.crossed


@pytest.mark.parametrize(
    "pattern",
    [
        "t{t}_z{z}.tif",
        "z{z}_{t}.tif",
        "a plane {z} {t:03d}.tif",
        "m_{z}um_{t}.tif",
        "ChanA_0001_0001_{z:04d}_{t:04d}.tif",
    ],
)
def test_planes_are_told_from_time(pattern: str) -> None:
    expected = [[pattern.format(t=t, z=z) for t in (8, 9, 10)] for z in (1, 2)]
    (found,) = grouped([*expected[0], *expected[1]])
    assert (found.channels, found.planes) == (1, 2)
    assert [names_of(found, 0, plane) for plane in (0, 1)] == expected


@pytest.mark.parametrize(
    "names",
    [
        ["movie_1.tif", "movie_2.tif", "movie_10.tif"],
        ["movie.tif", "movie_1.tif", "movie_2.tif"],
        ["movie.tif", "movie2.tif", "movie3.tif"],
        ["Movie_1.tif", "movie_2.TIF"],
        ["a_MMStack_Pos0.ome.tif", "a_MMStack_Pos0_1.ome.tif", "a_MMStack_Pos0_10.ome.tif"],
        ["m_00001_00001.tif", "m_00001_00002.tif", "m_00002_00001.tif"],
        ["1.tif", "02.tif", "3.tif"],
        [f"c{number}.tif" for number in range(1, 30)],
        [f"img_2024-05-01_10-{t // 60:02d}-{t % 60:02d}.tif" for t in range(90)],
        [f"img_{t}ms.tif" for t in range(0, 900, 33)],
    ],
)
def test_numbers_are_time(names: list[str]) -> None:
    (found,) = grouped(names)
    assert names_of(found) == names
    assert (found.channels, found.planes) == (1, 1)


@pytest.mark.parametrize(
    ("names", "labels"),
    [
        (["baseline_1.tif", "baseline_2.tif", "drug_1.tif"], ["baseline", "drug"]),
        (["a.tif", "a.ome.tif"], ["a 1", "a 2"]),
        (["raw.tif", "registered.tif"], ["raw", "registered"]),
        (["run_pos1_1.tif", "run_pos2_1.tif"], ["run_pos1", "run_pos2"]),
        (["movie.tif", "movie (1).tif"], ["movie", "movie ()"]),
        (["fov 1.tif", "fov 2.tif"], ["fov 1", "fov 2"]),
        (["a1_b.tif", "a_b.tif"], ["a_b 1", "a_b 2"]),
        (["m_2024-05-01.tif", "m_2024-05-02.tif"], ["m_2024-05-01", "m_2024-05-02"]),
        (["20240501_m.tif", "20240509_m.tif"], ["20240501_m", "20240509_m"]),
        (["sub-01_ses-01.tif", "sub-01_ses-02.tif"], ["sub-1_ses-1", "sub-1_ses-2"]),
        (["a_zoom1.tif", "a_zoom2.tif"], ["a_zoom1", "a_zoom2"]),
        (["a_20mW.tif", "a_40mW.tif"], ["a_20mW", "a_40mW"]),
    ],
)
def test_other_words_are_other_recordings(names: list[str], labels: list[str]) -> None:
    assert sorted(each.name for each in grouped(names)) == sorted(labels)


def test_the_order_of_a_person_is_kept() -> None:
    names = ["drug_2.tif", "base_1.tif", "drug_1.tif"]
    (found,) = recordings([Path(name) for name in names], in_order=True)
    assert names_of(found) == names
    green_and_red = [f"{colour}_{t}.tif" for colour in ("green", "red") for t in (3, 1)]
    (found,) = recordings([Path(name) for name in green_and_red], in_order=True)
    assert found.channels == 2
    assert names_of(found, 1) == ["red_3.tif", "red_1.tif"]


def test_numbers_that_are_left_out() -> None:
    (found,) = grouped([f"f{number}.tif" for number in range(30) if number not in (7, 8, 20)])
    assert found.gaps[0, 0] == [7, 18]
    (stamps,) = grouped([f"f{number**3}.tif" for number in range(30)])
    assert stamps.gaps[0, 0] == []
    (by_twos,) = grouped([f"f{2 * number}.tif" for number in range(30)])
    assert by_twos.gaps[0, 0] == []


def test_two_numbers_that_nothing_tells_apart() -> None:
    for pattern, crossed in (("m_{a}_{b}.tif", True), ("m_cycle{a}_{b}.tif", False)):
        (found,) = grouped([pattern.format(a=a, b=b) for a in (1, 2, 3) for b in (1, 2)])
        assert found.crossed is crossed


def test_projections_by_name() -> None:
    for name in ("AVG_movie.tif", "ChanA_Preview.tif", "MAX_C1-a.tif", "m_mean.tif", "STD_1.tif"):
        assert is_called_projection(Path(name))
    for name in ("movie_1.tif", "meanwhile.tif", "maximilian_2.tif"):
        assert not is_called_projection(Path(name))


def test_fractions_of_a_second_are_in_order_and_chapters_stay() -> None:
    for wanted in (
        [f"t{round(0.05 * number, 2)}s.tif" for number in range(25)],
        [f"run_1.{number}.tif" for number in range(1, 13)],
    ):
        (found,) = grouped(wanted)
        assert names_of(found) == wanted


def test_one_missing_number_is_always_told() -> None:
    (found,) = grouped([f"run_{number}.tif" for number in (1, 2, 3, 5, 6)])
    assert found.gaps[0, 0] == [3]
