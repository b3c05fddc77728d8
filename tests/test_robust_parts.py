"""Damaged files of every format end in a movie, cells, or one sentence: the benchmark, smaller."""

from __future__ import annotations

import os
import random
import shutil
import struct
import subprocess
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


def robust(*arguments: str, before: tuple[str, ...] = ()) -> list[list[str]]:
    """Return the rows of a table of the benchmark, which ends with 0 where nothing was lost."""
    command = [*before, sys.executable, str(BENCHMARKS / "robust.py"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return [line.split() for line in done.stdout.splitlines()[1:] if line.strip()]


def test_nothing_that_was_saved_is_lost_by_a_kill() -> None:
    """While runs, exports, batches, movies, regions and comparisons are written."""
    rows = robust("kill", "--times", "14", "--seed", "3")
    assert [row[0] for row in rows] == [
        *("train", "replace", "export", "batch", "register", "annotate", "compare")
    ]
    assert sum(int(row[2]) for row in rows) >= 7  # were cut short


def test_a_full_disk_is_one_sentence_and_nothing_is_lost() -> None:
    root = () if os.geteuid() == 0 else ("unshare", "--map-root-user", "--mount")
    mounting = [*root, "unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    if shutil.which("unshare") is None or subprocess.run(mounting, capture_output=True).returncode:
        pytest.skip("needs the right to mount a small disk")
    works = "annotate", "fit", "export"
    rows = robust("disk", "--steps", "3", "--works", *works, before=root)
    assert {row[0] for row in rows} == {"annotate", "fit", "export"}
