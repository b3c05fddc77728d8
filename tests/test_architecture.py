"""The page about the layout says what the code is: parts, who imports whom, names that exist."""

from __future__ import annotations

import importlib
import inspect
import re
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PAGE = (TESTS.parent / "docs" / "architecture.md").read_text(encoding="utf-8")
TABLES, WALKS = PAGE.split("## Walk 1", 1)
FILES = (".csv", ".json", ".py", ".tif")
NAMES = sorted(
    name for name in set(re.findall(r"`([a-z_]+(?:\.\w+)+)`", WALKS)) if not name.endswith(FILES)
)


def tables(text: str) -> Iterator[dict[str, set[str]]]:
    """First and last column of every table: a part, and what it may import."""
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        rows = [line.strip("|\n").split("|") for line in table.splitlines()[2:]]
        yield {name.strip(" `"): set(re.findall(r"`(\w+)`", last)) for name, *_, last in rows}


def found(name: str) -> object:
    """What a dotted name of the package stands for: the longest module, then its attributes."""
    parts = ["napari_sparsevar", *name.split(".")]
    for n in range(len(parts), 0, -1):
        try:
            thing: object = importlib.import_module(".".join(parts[:n]))
        except ModuleNotFoundError as error:
            if not ".".join(parts).startswith(str(error.name)):
                raise
            continue
        home = ".".join(parts[:n])
        for attribute in parts[n:]:
            thing = getattr(thing, attribute)
            if inspect.isclass(thing) or inspect.isfunction(thing):
                assert thing.__module__ == home, f"{name} is from {thing.__module__}"
        return thing
    raise AssertionError(name)


def test_its_tables_are_those_of_the_test_of_imports() -> None:
    of_imports = runpy.run_path(str(TESTS / "test_imports.py"))
    parts, rooms = tables(TABLES)
    assert parts == of_imports["ALLOWED"]
    assert rooms == of_imports["ROOMS"]


def test_the_walks_name_something() -> None:
    assert len(NAMES) > 40


@pytest.mark.parametrize("name", NAMES)
def test_what_a_walk_names_exists(name: str) -> None:
    assert found(name) is not None


def test_a_name_that_has_gone_is_found() -> None:
    with pytest.raises(AttributeError):
        found("movie.open.close_movie")
