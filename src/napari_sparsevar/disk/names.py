"""Names for files, made from labels a person typed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import count

LONGEST_LABEL = 24
"""Characters kept of a label: two of four bytes each and an ending fit in a file name."""

LONGEST_NAME = 48


def file_label(label: str) -> str:
    """Return a label as a part of a file name: letters and digits of any script, ``_`` for others.

    >>> file_label("after drug / 2 µM")
    'after_drug_2_μM'
    """
    known = unicodedata.normalize("NFKC", label)
    return re.sub(r"\W+", "_", known).strip("_")[:LONGEST_LABEL] or "_"


def joined(labels: Iterable[str]) -> str:
    """Return labels as one file name, ``A-B-C``."""
    return "-".join(map(file_label, labels))[:LONGEST_NAME].rstrip("-")


def is_file_name(text: str) -> bool:
    """Return whether a text could be a name made here: such a name cannot leave its folder."""
    return re.fullmatch(r"\w+(-\w+)*", text) is not None


def free_names(name: str, taken: Iterable[str]) -> Iterator[str]:
    """Yield ``name``, ``name-2``, ``name-3``, ... without those taken.

    Upper and lower case are one: they are for the file systems of macOS and Windows.
    """
    occupied = {other.casefold() for other in taken}
    for number in count(1):
        candidate = name if number == 1 else f"{name}-{number}"
        if candidate.casefold() not in occupied:
            yield candidate
