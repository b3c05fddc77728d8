"""Names of cells as a file has them, each of them once."""

from __future__ import annotations

from collections.abc import Sequence


def unique_names(names: Sequence[str], what: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return names of which none comes twice, and a note where some did.

    Parameters
    ----------
    names : sequence of str
        A second ``a`` becomes ``a (2)``.
    what : str
        What to call their file in a sentence.
    """
    found: list[str] = []
    given, taken = set(names), set()
    for name in names:
        called, number = name, 1
        while called in taken or (number > 1 and called in given):
            number += 1
            called = f"{name} ({number})"
        taken.add(called)
        found.append(called)
    changed = [(old, new) for old, new in zip(names, found, strict=True) if old != new]
    if not changed:
        return tuple(found), ()
    old, new = changed[0]
    more = f" and {len(changed) - 1} more likewise" if len(changed) > 1 else ""
    return tuple(found), (f"{what} has several cells called {old!r}: one is {new!r}{more}.",)


def text_of(value: object) -> str:
    """Return a name as text: bytes decoded, whole numbers without a point."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
