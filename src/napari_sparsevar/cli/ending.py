"""How a command ends: one sentence on standard error and an exit code."""

from __future__ import annotations

import functools
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from napari_sparsevar.errors import UserError

if TYPE_CHECKING:
    from napari_sparsevar.training.events import Failed, Finished

USER_ERROR, UNEXPECTED, INTERRUPTED = 2, 1, 130


class OneSentenceGroup(TyperGroup):
    """Commands that answer a wrong option with one sentence and exit code 2."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the command line; like typer's, but without its box around errors."""
        try:
            code = super().main(args, prog_name, complete_var, False, windows_expand_args, **extra)
        except Exception as error:
            # Typer's own errors know how to say what is wrong; their class is not public.
            if not hasattr(error, "format_message"):
                raise
            fail(f"{str(error.format_message()).rstrip('.')}; see sparsevar --help.")
            code = USER_ERROR
        if standalone_mode:
            sys.exit(code)
        return code


def fail(sentence: str) -> None:
    """Print one sentence on standard error."""
    typer.echo(" ".join(sentence.split()), err=True)


def explained(command: Callable[..., None]) -> Callable[..., None]:
    """Turn what a command raises into one sentence and an exit code."""

    @functools.wraps(command)
    def run(*args: Any, **options: Any) -> None:
        try:
            command(*args, **options)
        except UserError as error:
            fail(error.with_options)
            raise typer.Exit(USER_ERROR) from None
        except KeyboardInterrupt:
            fail("Interrupted.")
            raise typer.Exit(INTERRUPTED) from None
        except typer.Exit:
            raise
        except BrokenPipeError:
            # Whoever read the output has seen enough; Python would complain when it flushes.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(UNEXPECTED) from None
        except MemoryError:
            fail("The memory of this computer does not suffice; ask for less or close programs.")
            raise typer.Exit(USER_ERROR) from None
        except Exception as error:
            if options.get("debug"):
                raise
            report(f"{type(error).__name__}: {error}", traceback.format_exc(), options.get("out"))
            raise typer.Exit(UNEXPECTED) from None

    return run


def report(sentence: str, details: str, out: Path | None) -> None:
    """Say what went wrong and keep the details in a file for a bug report."""
    sentence = " ".join(sentence.split()).rstrip(".")
    try:
        # A log in any other folder would be in the user's way.
        log = (_begun(out) or Path(tempfile.mkdtemp(prefix="sparsevar-"))) / "error.log"
        log.write_text(details, encoding="utf-8")
    except OSError:
        fail(f"{sentence}; run it again with --debug to see the details.")
        return
    fail(f"{sentence}; the details for a bug report are in {log}.")


def _begun(out: Path | None) -> Path | None:
    from napari_sparsevar.run.replacement import begun_folder

    return None if out is None else begun_folder(out)


def finished(end: Finished | Failed, out: Path, *, debug: bool) -> Finished:
    """Return how a training or an application came out, or end the command if it failed.

    Raises
    ------
    UserError
        If a person can mend it.
    typer.Exit
        Otherwise, once it has been said.
    """
    from napari_sparsevar.training.events import Failed

    if not isinstance(end, Failed):
        return end
    if not end.details:
        raise UserError(end.message)
    if debug:
        typer.echo(end.details, err=True)
        fail(end.message)
    else:
        report(end.message, end.details, out)
    raise typer.Exit(UNEXPECTED)
