"""What tells one movie on disk from another without reading it whole or decoding a frame."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from napari_sparsevar.movie.formats.format import formats

STRETCHES = 32
STRETCH_BYTES = 4096


class Fingerprint(NamedTuple):
    """Size of a file, or of all files of a folder, and a hash of their sizes and sampled bytes."""

    size_bytes: int
    digest: str


def fingerprint(path: Path) -> Fingerprint:
    """Look at a few dozen short stretches of a movie, spread over all of it.

    Parameters
    ----------
    path : pathlib.Path
        A file; a Zarr folder, which counts with everything in it; or the folder of a series, which
        counts with the files that lie directly in it. Neither the place nor the name of ``path``
        itself matters, nor do the times of the files.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    digest = hashlib.blake2b(digest_size=16)
    if not path.is_dir():
        size = path.stat().st_size
        _add_file(digest, path, size, STRETCHES)
        return Fingerprint(size, digest.hexdigest())
    files = sorted(_files_of(path))
    sizes = [os.stat(path / name).st_size for name in files]  # noqa: PTH116
    for name, size in zip(files, sizes, strict=True):
        digest.update(f"{name}\0{size}\0".encode("utf-8", "surrogateescape"))
    for index in _spread(len(files), STRETCHES):
        _add_file(digest, path / files[index], sizes[index], 1)
    return Fingerprint(sum(sizes), digest.hexdigest())


def _files_of(folder: Path) -> Iterator[str]:
    """Yield names relative to the folder, with forward slashes."""
    deep = any(kind.whole_folder and kind.claims(folder) for kind in formats())
    for parent, folders, names in os.walk(folder):
        if not deep:
            folders.clear()
        relative = Path(parent).relative_to(folder)
        yield from ((relative / name).as_posix() for name in names)


def _add_file(digest: hashlib.blake2b, path: Path, size: int, stretches: int) -> None:
    digest.update(f"{size}\0".encode())
    with path.open("rb", buffering=0) as file:
        for index in _spread(max(1, size - STRETCH_BYTES + 1), stretches):
            file.seek(index)
            digest.update(file.read(STRETCH_BYTES))


def _spread(count: int, wanted: int) -> list[int]:
    """Return up to ``wanted`` different numbers below ``count``, evenly spread, ends included."""
    if wanted == 1:
        return [(count - 1) // 2] if count else []
    return sorted({(count - 1) * step // (wanted - 1) for step in range(wanted)}) if count else []
