"""XML as microscopes write it beside their frames; nothing in it is expanded or fetched."""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from napari_sparsevar.errors import UserError

_HEAD_BYTES = 4096
_ENCODING = re.compile(r"""^\s*<\?xml[^>]*encoding\s*=\s*["']([^"']*)""")
_ENCODINGS = ("utf-8", "utf-16", "us-ascii", "ascii", "iso-8859-1", "windows-1252")
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


def read_xml(path: Path) -> Element:
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
    *_, outermost = ended_elements(path)
    return outermost


def ended_elements(path: Path) -> Iterator[Element]:
    """Yield the elements of a file as they end, so that each can be cleared when it was looked at.

    Raises
    ------
    UserError
        As `read_xml`.
    """
    if path.stat().st_size > _MOST_BYTES:
        raise UserError(f"{path} is too large to describe a recording; choose another file.")
    with path.open("rb") as file:
        _check_plain(file, path)
        try:
            for _, element in ElementTree.iterparse(file):
                yield element
        except (ElementTree.ParseError, ValueError, LookupError) as error:
            raise UserError(f"{path} is damaged or no XML ({error}); copy it again.") from error


def _check_plain(file: BinaryIO, path: Path) -> None:
    """Refuse declarations, wherever they stand, and encodings in which they could hide."""
    named = _ENCODING.search(_text(file.read(_HEAD_BYTES), whole=True))
    known = named is None or named[1].lower() in _ENCODINGS
    file.seek(0)
    if path.stat().st_size:
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            for mark in ("<!DOCTYPE", "<!ENTITY"):
                codings = ("utf-8", "utf-16-le", "utf-16-be")
                known &= all(content.find(mark.encode(coding)) < 0 for coding in codings)
    if not known:
        raise UserError(
            f"{path} has declarations of its own (DTD) or an unusual encoding, which no microscope "
            "writes, and was not read: it may come from somebody who wants to harm this computer."
        )


def number(element: Element | None, name: str, default: float = 0.0) -> float:
    """Return an attribute of an element as a number; the default where it is none."""
    try:
        value = float("" if element is None else element.get(name, ""))
    except ValueError:
        return default
    return value if abs(value) < _LARGEST else default  # not where it is nan


def _text(raw: bytes, *, whole: bool = False) -> str:
    utf_16 = raw.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = raw.decode("utf-16" if utf_16 else "utf-8-sig", errors="replace")
    declared = text.startswith("<?xml") and not whole
    return text.partition("?>")[2] if declared else text
