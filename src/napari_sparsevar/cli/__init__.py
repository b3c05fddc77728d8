"""The command ``sparsevar``."""

from typing import TYPE_CHECKING

from napari_sparsevar.face import from_home

if TYPE_CHECKING:
    from napari_sparsevar.cli.command import app, main

__all__ = ["app", "main"]

__getattr__ = from_home(__name__, {"app": "command", "main": "command"})
