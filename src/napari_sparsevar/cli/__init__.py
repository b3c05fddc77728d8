"""The command ``sparsevar``."""

from napari_sparsevar.cli.commands import app, main

__all__ = ["app", "main"]
