"""The command ``sparsevar``."""

from typing import TYPE_CHECKING

from napari_sparsevar.face import from_home

if TYPE_CHECKING:
    from napari_sparsevar.cli.command import app, main

__all__ = ["app", "main"]

if not TYPE_CHECKING:  # a type checker would believe in any name
    __getattr__ = from_home(__name__, {"app": "command", "main": "command"})
