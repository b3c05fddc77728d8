"""A channel that was chosen is the one a run, a layer and a resumed training open again."""

from dataclasses import asdict

import numpy as np
import pytest
import tifffile

from napari_sparsevar.movie import open_movie
from napari_sparsevar.run.record import MovieIdentity

FRAMES = np.random.default_rng(0).integers(0, 4000, (12, 16, 18)).astype(np.uint16)


@pytest.fixture
def path(tmp_path):
    stack = np.stack([FRAMES, FRAMES + 1], axis=1)
    tifffile.imwrite(tmp_path / "two.tif", stack, imagej=True, metadata={"axes": "TCYX"})
    return tmp_path / "two.tif"


def test_the_record_opens_the_same_movie(path):
    identity = MovieIdentity.of(open_movie(path, channel=2))
    read = MovieIdentity.model_validate_json(identity.model_dump_json())
    assert read == identity
    movie = open_movie(read.source, **asdict(read.choice))
    np.testing.assert_array_equal(movie.data, FRAMES + 1)
    assert MovieIdentity.of(movie).content == identity.content


def test_a_record_from_before_there_was_a_choice_opens(path):
    written = MovieIdentity.of(open_movie(path)).model_dump(mode="json")
    del written["choice"]
    assert MovieIdentity.model_validate(written).choice.channel is None


def test_a_shape_that_was_given_travels_too(tmp_path):
    raw = tmp_path / "data.bin"
    FRAMES.astype(np.int16).tofile(raw)
    identity = MovieIdentity.of(open_movie(raw, shape=(16, 18)))
    read = MovieIdentity.model_validate_json(identity.model_dump_json())
    np.testing.assert_array_equal(open_movie(raw, **asdict(read.choice)).data, FRAMES)
