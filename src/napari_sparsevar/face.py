"""Faces of packages: names that are imported from their home when they are first used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def from_home(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """Return the ``__getattr__`` of a package that imports nothing by itself.

    torch takes seconds to import: whoever opens a dock or lists a command must not wait for it.

    Parameters
    ----------
    package : str
        Its ``__name__``.
    homes : mapping of str to str
        The module below the package that defines each public name.
    """

    def look_up(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{homes[name]}"), name)

    return look_up
