"""Colours of what has a sign, as napari wants them."""

from __future__ import annotations

from napari.utils import Colormap

from napari_sparsevar.figures.colours import SIGNED, SIGNED_COLOURS, SIGNED_PLACES

DIVERGING = Colormap(SIGNED_COLOURS, controls=SIGNED_PLACES, name=SIGNED)
