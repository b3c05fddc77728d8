"""What a person is told of work that failed."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from napari.utils.notifications import show_error

from napari_sparsevar.errors import UserError

LONGEST = 300
"""Letters of somebody else's error that are shown."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Failure:
    """Work that ended with an error.

    Parameters
    ----------
    sentence : str
        What went wrong, for a person.
    details : str
        The traceback; empty where a person can mend it.
    """

    sentence: str
    details: str = ""

    @classmethod
    def of(cls, error: Exception, what: str) -> Failure:
        """Return what to say of the error being handled.

        Parameters
        ----------
        error : Exception
        what : str
            Name of the work at the beginning of a sentence, for example ``The comparison``.
        """
        if isinstance(error, UserError):
            return cls(str(error))
        said = " ".join(str(error).split())[:LONGEST]
        sentence = f"{what} failed: {type(error).__name__}{f': {said}' if said else ''}."
        return cls(sentence, traceback.format_exc())

    def log(self) -> None:
        """Keep the details, where there are any."""
        if self.details:
            _log.error("%s\n%s", self.sentence, self.details)

    def report(self) -> None:
        """Show the sentence to the person and keep the details."""
        self.log()
        show_error(self.sentence)


@contextmanager
def refusals_shown() -> Iterator[None]:
    """Show the person the ``UserError`` that ends what is done inside."""
    try:
        yield
    except UserError as error:
        show_error(str(error))
