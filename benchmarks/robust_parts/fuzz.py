"""Damaged files, each opened by a process that may not hang nor grow."""

from __future__ import annotations

import json
import os
import random
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from robust_parts.files import MAKERS
from robust_parts.mutating import HEAD, mutated

MOST_SECONDS, MOST_MEGABYTES = 10.0, 1000.0
OPENER = Path(__file__).with_name("opener.py")


class Finding(NamedTuple):
    """What came of one damaged file."""

    kind: str
    outcome: str
    seconds: float
    megabytes: float
    said: str
    path: Path


class Opener:
    """A process that opens files, begun anew where it hung or died."""

    def __init__(self) -> None:
        self._begin()

    def __call__(self, kind: str, path: Path) -> Finding:
        """Open a file; say what came of it."""
        began = time.monotonic()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{path}\n")
        self._process.stdin.flush()
        ready, _, _ = select.select([self._process.stdout], [], [], MOST_SECONDS)
        seconds = time.monotonic() - began
        line = self._process.stdout.readline() if ready else ""
        if not line:
            outcome = "died" if ready else "hung"
            self.end()
            self._begin()
            return Finding(kind, outcome, seconds, 0.0, "", path)
        answer = json.loads(line)
        outcomes = [outcome for outcome, _ in answer["found"].values()]
        bad = [name for name in outcomes if name not in ("opened", "sentence")]
        said = "\n".join(text for name, text in answer["found"].values() if name in bad)
        if answer["megabytes"] > MOST_MEGABYTES:
            bad.insert(0, "memory")
        outcome = bad[0] if bad else "opened" if "opened" in outcomes else "sentence"
        return Finding(kind, outcome, seconds, answer["megabytes"], said, path)

    def end(self) -> None:
        """End the process."""
        self._process.kill()
        with self._process:  # closes its pipes
            pass

    def _begin(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(OPENER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        with tempfile.TemporaryDirectory() as folder:  # its imports are none of a file's time
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(f"{MAKERS['imagej'](Path(folder))}\n")
            self._process.stdin.flush()
            self._process.stdout.readline()


def fuzzed(n_files: int, seed: int, kinds: list[str], keep: Path | None) -> Iterator[Finding]:
    """Damage files of the formats in turn, and yield what came of each.

    Parameters
    ----------
    n_files, seed : int
    kinds : list of str
        Names of formats.
    keep : Path or None
        Where files that did not end well are kept.
    """
    rng, opener = random.Random(seed), Opener()
    with tempfile.TemporaryDirectory() as sound_folder:
        sound = {kind: _made(kind, Path(sound_folder)) for kind in kinds}
        heads = [_head(path) for path in sound.values()]
        try:
            for number in range(n_files):
                kind = kinds[number % len(kinds)]
                with tempfile.TemporaryDirectory() as at:
                    path = mutated(sound[kind], Path(at), rng.choice(heads), rng)
                    finding = opener(kind, path)
                    if keep is not None and finding.outcome not in ("opened", "sentence"):
                        kept = keep / f"{seed}-{number}-{kind}-{finding.outcome.split()[0]}"
                        shutil.copytree(at, kept, dirs_exist_ok=True)
                        finding = finding._replace(path=kept / path.name)
                    yield finding
        finally:
            opener.end()


def summary(findings: list[Finding]) -> str:
    """Return a table: a row a format."""
    outcomes = sorted({finding.outcome for finding in findings} | {"opened", "sentence"})
    lines = [["format", "files", *outcomes, "slowest s", "most MB"]]
    for kind in dict.fromkeys(finding.kind for finding in findings):
        of_kind = [finding for finding in findings if finding.kind == kind]
        counts = Counter(finding.outcome for finding in of_kind)
        slowest = max(finding.seconds for finding in of_kind)
        largest = max(finding.megabytes for finding in of_kind)
        row = [kind, len(of_kind), *(counts[name] for name in outcomes)]
        lines.append([*map(str, row), f"{slowest:.1f}", f"{largest:.0f}"])
    return "\n".join("  ".join(cell.rjust(14) for cell in line) for line in lines)


def _made(kind: str, folder: Path) -> Path:
    home = folder / kind
    home.mkdir()
    return MAKERS[kind](home)


def _head(path: Path) -> bytes:
    file = path if path.is_file() else next(each for each in path.rglob("*") if each.is_file())
    with file.open("rb") as stream:
        return stream.read(HEAD)
