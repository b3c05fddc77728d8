"""XML as microscopes write it beside their frames; nothing in it is expanded or fetched."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from napari_sparsevar.errors import UserError

_HEAD_BYTES = 4096
_LARGEST = 1e12
_MOST_BYTES = 2**29  # a line a frame and channel


def begins_with(path: Path, root: str) -> bool:
    """Return whether a file is XML whose outermost element has this name, by its beginning."""
    try:
        with path.open("rb") as file:
            head = _text(file.read(_HEAD_BYTES))
    except OSError:
        return False
    return f"<{root}" in head and head.lstrip().startswith("<")


def find_xml(folder: Path, root: str) -> Path | None:
    """Return the XML file in a folder whose outermost element has this name.

    Parameters
    ----------
    folder : pathlib.Path
        Of several such files the one that is called as the folder is meant.
    root : str
        Name of the element.
    """
    found = sorted(path for path in folder.glob("*.xml") if begins_with(path, root))
    named = [path for path in found if path.stem == folder.name]
    return next(iter(named or found), None)


def read_xml(path: Path) -> ElementTree.Element:
    """Return the outermost element of a file.

    Parameters
    ----------
    path : pathlib.Path
        The file; one with declarations of its own (DTD, entities) is refused.

    Raises
    ------
    UserError
        If it is no XML, or no such XML as microscopes write.
    """
    if path.stat().st_size > _MOST_BYTES:
        raise UserError(f"{path} is too large to describe a recording; choose another file.")
    text = _text(path.read_bytes())
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise UserError(
            f"{path} has declarations of its own (DTD), which no microscope writes, and was not "
            "read: it may come from somebody who wants to harm this computer."
        )
    try:
        return ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError) as error:
        raise UserError(f"{path} is damaged or no XML ({error}); copy it again.") from error


def number(element: ElementTree.Element | None, name: str, default: float = 0.0) -> float:
    """Return an attribute of an element as a number; the default where it is none."""
    try:
        value = float("" if element is None else element.get(name, ""))
    except ValueError:
        return default
    return value if abs(value) < _LARGEST else default  # not where it is nan


def _text(raw: bytes) -> str:
    utf_16 = raw.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = raw.decode("utf-16" if utf_16 else "utf-8-sig", errors="replace")
    return text.partition("?>")[2] if text.startswith("<?xml") else text
