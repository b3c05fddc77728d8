"""Units in every spelling that files have for them."""

from __future__ import annotations

import pytest

from napari_sparsevar.movie.units import about_square, frames_per_second, is_time, micrometres


@pytest.mark.parametrize(
    "unit",
    [
        *("um", "µm", "μm", "\\u00B5m", "\\u00b5m", "Âµm", "Î¼m", "㎛", "UM", " um ", "um\0"),
        *("micron", "microns", "Micron", "micrometer", "micrometers", "micrometre", "micrometres"),
        *("[um]", "(µm)", "um/pixel", "µm per pixel", "micron/px", "u"),
    ],
)
def test_a_micrometre_however_it_is_spelt(unit: str) -> None:
    assert micrometres(0.8, unit) == 0.8


@pytest.mark.parametrize(
    ("value", "unit"),
    [
        *((500.0, "nm"), (500.0, "nanometres"), (5e-4, "mm"), (5e-5, "cm"), (5e-7, "m")),
        *((5e-7, "metres"), (5e-4, "㎜"), (0.5 / 25400, "inch"), (0.5 / 25400, "inches")),
        *((5000.0, "Å"), (5000.0, "angstroms")),
    ],
)
def test_other_units_of_length(value: float, unit: str) -> None:
    assert micrometres(value, unit) == pytest.approx(0.5)


@pytest.mark.parametrize("unit", ["", "pixel", "px", "Mm", "s", "none", None])
def test_what_is_no_length_is_not_known(unit: str | None) -> None:
    assert micrometres(1.0, unit) is None


def test_times() -> None:
    assert frames_per_second(50_000, "µs") == frames_per_second(50_000, "μs") == 20.0
    assert is_time("µs")
    assert not is_time("µm")


def test_pixels_that_are_not_square_are_told() -> None:
    (note,) = about_square(1.0, 0.5, "The movie")
    assert "0.5 x 1 um" in note
    assert about_square(0.5, 0.5, "") == about_square(None, 0.5, "") == ()
