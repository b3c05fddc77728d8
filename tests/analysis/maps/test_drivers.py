"""The peaks of a map are its drivers."""

from __future__ import annotations

import numpy as np

from napari_sparsevar.analysis.maps.drivers import find_drivers


def test_separate_peaks_become_ranked_drivers() -> None:
    y, x = np.mgrid[:64, :64]

    def bump(cy: float, cx: float) -> np.ndarray:
        return np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / (2 * 2.5**2))

    image = (bump(12, 15) + 0.6 * bump(40, 50) + 0.3 * bump(52, 10)).astype(np.float32)
    drivers = find_drivers(image, spacing=4)
    centres = drivers.table[["y", "x"]].to_numpy()
    np.testing.assert_allclose(centres, [(12, 15), (40, 50), (52, 10)], atol=1.0)
    assert drivers.table["strength"].is_monotonic_decreasing
    assert (drivers.labels[12, 15], drivers.labels[40, 50]) == (1, 2)


def test_the_list_has_no_fixed_end() -> None:
    y, x = np.mgrid[:200, :240]
    places = [(row, column) for row in range(12, 200, 16) for column in range(12, 240, 16)]
    image = sum(
        (1 + 0.01 * index) * np.exp(-((y - row) ** 2 + (x - column) ** 2) / (2 * 2.5**2))
        for index, (row, column) in enumerate(places)
    )
    found = find_drivers(np.asarray(image, np.float32), spacing=4)
    assert len(found.table) == len(places) > 150
    np.testing.assert_allclose(found.table[["y", "x"]], places[::-1], atol=0.5)
    assert set(np.unique(found.labels)) == set(range(len(places) + 1))


def test_a_place_that_is_sure_has_a_region_though_the_map_has_no_peak_there() -> None:
    y, x = np.mgrid[:64, :64]
    image = np.exp(-((y - 12) ** 2 + (x - 15) ** 2) / (2 * 2.5**2)).astype(np.float32)
    image += np.float32(1e-3) * (x > 30)  # nothing at all at (50, 5)
    sure = np.array([(13.0, 16.0), (40.0, 50.0), (41.0, 51.0), (18.0, 18.0), (50.0, 5.0)])
    found = find_drivers(image, spacing=4, also=sure)
    assert len(found.table) == 2
    assert found.labels[12, 15] == 1
    assert found.labels[40, 50] == 2


def test_an_empty_map_has_no_drivers() -> None:
    drivers = find_drivers(np.zeros((32, 32), np.float32), spacing=4, also=np.array([[9.0, 9.0]]))
    assert drivers.table.empty
    assert not drivers.labels.any()


def test_each_cell_that_drives_has_a_region_however_near_another_is() -> None:
    y, x = np.mgrid[:64, :64]
    near = [(20.0, 20.0), (20.0, 29.0)]  # closer than peaks of the map are told apart
    image = sum(
        np.exp(-((y - row) ** 2 + (x - column) ** 2) / (2 * 2.5**2)) for row, column in near
    )
    image = np.asarray(image + 0.8 * np.exp(-((y - 50) ** 2 + (x - 50) ** 2) / 12), np.float32)
    image[:, :4] = 0.0
    assert len(find_drivers(image, spacing=4).table) == 2
    cells = np.array(
        [(20.0, 20.0, 1.0), (20.0, 29.0, -1.0), (60.0, 1.0, 1.0)]
    )  # where the map is 0 no cell drives
    found = find_drivers(image, spacing=4, cells=cells)
    centres = found.table.sort_values("y")[["y", "x"]].to_numpy()
    np.testing.assert_allclose(centres, [(20, 20), (20, 29), (50, 50)], atol=1.0)
    assert found.labels[20, 20] != found.labels[20, 29]
    table = found.table.set_index("label")["strength"]
    assert table[found.labels[20, 20]] > 0 > table[found.labels[20, 29]]  # it silences
    alone = find_drivers(image, spacing=4, cells=np.empty((0, 3)))
    assert len(alone.table) == 2


def test_a_known_cell_is_as_wide_as_what_is_told_of_it() -> None:
    """Its region follows the map that is shown, within the pixels that count."""
    y, x = np.ogrid[:40, :40]
    away = np.hypot(y - 20, x - 20)
    broad, counted = np.exp(-((away / 12) ** 2)).astype(np.float32), x + 0 * y < 22
    shown = (broad * (1 + 9 * (away <= 4))).astype(np.float32)
    cell = np.array([[20.0, 20.0, 1.0]])
    alone = find_drivers(broad, 4, cells=cell)
    told = find_drivers(broad, 4, shown=shown, counted=counted, cells=cell)
    assert alone.table["area_px"].item() > 2 * told.table["area_px"].item()
    inside = told.labels > 0
    assert away[inside].max() <= 5
    assert not inside[~counted].any()
