"""The sample movies open as one layer each and know their drivers."""

import pytest

from napari_sparsevar import sample_data
from napari_sparsevar.readers.layers import METADATA_KEY

SAMPLES = [
    sample_data.known_drivers,
    sample_data.strong_noise,
    sample_data.changing_coupling,
    sample_data.realistic,
]


@pytest.mark.parametrize("sample", SAMPLES)
def test_sample_is_a_movie_with_units_and_truth(monkeypatch, sample):
    monkeypatch.setattr(sample_data, "SAMPLE_FRAMES", 60)
    monkeypatch.setattr(sample_data, "SAMPLE_SHAPE", (100, 90))
    [(data, meta, kind)] = sample()
    assert (data.shape, kind) == ((60, 100, 90), "image")
    assert meta["units"] == ("s", "um", "um")
    low, high = meta["contrast_limits"]
    assert low < high
    assert len(meta["metadata"][METADATA_KEY]["truth"].drivers) > 0
