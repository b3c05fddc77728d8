"""What goes wrong while a movie is read, in one sentence."""

from __future__ import annotations

import contextlib
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from tokenize import TokenError

from napari_sparsevar.disk.files import explain
from napari_sparsevar.errors import UserError

DAMAGED = (
    ValueError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    EOFError,
    SyntaxError,
    TokenError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
"""What a damaged file makes the libraries that read it raise besides OSError."""

_LONGEST = 200
"""Letters of what a library says: it may quote what is in the file."""


@contextlib.contextmanager
def explained(path: Path, complaint: str, *also: type[Exception]) -> Iterator[None]:
    """Turn what a library raises while a file is read into one sentence.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    complaint : str
        What is said of a damaged one, for example that it is no TIFF file; the reason follows.
    *also : type of exception
        What else a damaged one can raise.

    Raises
    ------
    UserError
        In place of any other error.
    """
    expected: tuple[type[Exception], ...] = (OSError, *DAMAGED, *also)
    try:
        yield
    except MemoryError as error:
        raise UserError(
            f"{path} asks for more memory than there is: it is damaged, or too large for this "
            "computer; copy it again."
        ) from error
    except expected as error:
        if isinstance(error, OSError) and error.errno:
            raise UserError(f"Cannot read {path}: {explain(error)}.") from error
        reason = " ".join(str(error).split())[:_LONGEST]
        raise UserError(f"{complaint} ({reason}); copy or export it again.") from error
