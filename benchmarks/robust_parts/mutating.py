"""Files that were damaged on their way: bytes flipped, cut, doubled, headers swapped."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

HEAD = 512


def mutated(sound: Path, at: Path, other: bytes, rng: random.Random) -> Path:
    """Copy a file, or a folder, and damage it.

    Parameters
    ----------
    sound : Path
    at : Path
        Folder of the copy.
    other : bytes
        Head of a file of another format.
    rng : random.Random

    Returns
    -------
    Path
        The copy.
    """
    copy = at / sound.name
    beside = sound if sound.is_dir() else sound.parent
    if sound.is_dir():
        shutil.copytree(sound, copy)
    else:
        shutil.copytree(beside, at, dirs_exist_ok=True)  # what lies beside it says how it is read
    inside = copy if copy.is_dir() else at
    files = sorted(path for path in inside.rglob("*") if path.is_file() and path.stat().st_size)
    file = copy if copy.is_file() and rng.random() < 0.7 else rng.choice(files)
    raw = bytearray(file.read_bytes())
    for _ in range(rng.choice((1, 1, 2, 4))):
        damage = rng.choice(DAMAGES)
        raw = damage(raw, other, rng)
    file.write_bytes(raw)
    return copy


def flipped(raw: bytearray, _: bytes, rng: random.Random) -> bytearray:
    """Change a few bits, most of them in the head."""
    for _ in range(rng.randint(1, 8)):
        if raw:
            reach = min(len(raw), HEAD) if rng.random() < 0.7 else len(raw)
            raw[rng.randrange(reach)] ^= 1 << rng.randrange(8)
    return raw


def extreme(raw: bytearray, _: bytes, rng: random.Random) -> bytearray:
    """Put a number that is as large, as small or as negative as it can be."""
    size = rng.choice((1, 2, 4, 8))
    number = rng.choice((b"\xff" * size, b"\0" * size, b"\xff" * (size - 1) + b"\x7f"))
    if len(raw) > size:
        reach = min(len(raw), HEAD) if rng.random() < 0.7 else len(raw)
        where = rng.randrange(max(1, reach - size))
        raw[where : where + size] = number
    return raw


def cut(raw: bytearray, _: bytes, rng: random.Random) -> bytearray:
    """End it early."""
    return raw[: rng.randrange(len(raw) + 1)]


def lost(raw: bytearray, _: bytes, rng: random.Random) -> bytearray:
    """Leave out a piece in the middle."""
    start = rng.randrange(len(raw) + 1)
    return raw[:start] + raw[start + rng.randint(1, 64) :]


def doubled(raw: bytearray, _: bytes, rng: random.Random) -> bytearray:
    """Repeat a piece."""
    start = rng.randrange(len(raw) + 1)
    return raw[:start] + raw[max(0, start - rng.randint(1, 256)) :]


def swapped(raw: bytearray, other: bytes, rng: random.Random) -> bytearray:
    """Put the head of another format in front."""
    length = min(len(other), len(raw), rng.choice((4, 8, 64, HEAD)))
    raw[:length] = other[:length]
    return raw


def zeroed(raw: bytearray, _: bytes, rng: random.Random) -> bytearray:
    """Lose a block of the disk."""
    start = rng.randrange(len(raw) + 1)
    length = min(len(raw) - start, rng.choice((16, 512, 4096)))
    raw[start : start + length] = bytes(length)
    return raw


DAMAGES: tuple[Callable[[bytearray, bytes, random.Random], bytearray], ...] = (
    flipped,
    flipped,
    extreme,
    extreme,
    cut,
    lost,
    doubled,
    swapped,
    zeroed,
)
