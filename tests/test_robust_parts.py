"""Damaged files of every format end in a movie, cells, or one sentence: the benchmark, smaller."""

from __future__ import annotations

import random
import struct
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile

import napari_sparsevar as sv

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="measures memory as Linux tells it")


@pytest.fixture(scope="module", autouse=True)
def benchmarks() -> object:
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(BENCHMARKS))
        yield


def test_no_damage_is_more_than_a_sentence() -> None:
    from robust_parts.files import MAKERS
    from robust_parts.fuzz import fuzzed, summary

    findings = list(fuzzed(4 * len(MAKERS), seed=20, kinds=list(MAKERS), keep=None))
    assert {finding.kind for finding in findings} == set(MAKERS)
    assert {finding.outcome for finding in findings} == {"opened", "sentence"}, summary(findings)


def test_sound_files_are_what_they_should_be(tmp_path: Path) -> None:
    """Else nothing is learnt from damaging them."""
    from robust_parts.files import MAKERS

    cells = {
        "regions",
        "labels",
        "matlab5",
        "matlab5_small",
        "fall",
        "table",
        "parquet",
        "array",
        "arrays",
    }
    for name in set(MAKERS) - {"matlab73"}:
        folder = tmp_path / name
        folder.mkdir()
        path = MAKERS[name](folder)
        if name not in cells | {"caiman"}:
            assert sv.open_movie(path).n_frames > 1, name
        elif name in ("regions", "labels", "fall", "caiman"):
            assert len(sv.open_cells(path)) > 1, name


def test_damage_is_done(tmp_path: Path) -> None:
    from robust_parts.files import imagej
    from robust_parts.mutating import mutated

    (tmp_path / "sound").mkdir()
    sound, rng = imagej(tmp_path / "sound"), random.Random(0)
    whole, changed = sound.read_bytes(), 0
    for number in range(20):
        at = tmp_path / f"{number}"
        at.mkdir()
        changed += mutated(sound, at, b"other", rng).read_bytes() != whole
    assert changed > 15
    assert sound.read_bytes() == whole


def circle(path: Path) -> Path:
    """Write three pages, the last of which is followed by the first."""
    with tifffile.TiffWriter(path) as writer:
        for value in range(3):
            image = np.full((8, 9 + value), value, np.uint16)  # unlike, so that all are looked at
            writer.write(image, metadata=None, contiguous=False)
    with tifffile.TiffFile(path) as file:
        first, last = file.pages[0].offset, file.pages[-1].offset
        n_tags = len(file.pages[-1].tags)
    with path.open("r+b") as stored:
        stored.seek(last + 2 + 12 * n_tags)
        stored.write(struct.pack("<I", first))
    return path


def test_pages_in_a_circle_are_not_gone_round(tmp_path: Path) -> None:
    path = circle(tmp_path / "circle.tif")
    with pytest.raises(sv.UserError, match="in a circle"):
        sv.open_movie(path)
    with pytest.raises(sv.UserError, match="no cells"):
        sv.open_cells(path)
