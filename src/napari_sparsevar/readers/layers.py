"""What a layer is before napari makes it, and what of it is ours."""

from __future__ import annotations

import warnings
from typing import Any

LayerData = tuple[Any, dict[str, Any], str]

METADATA_KEY = "napari_sparsevar"
"""The one key this package uses in ``layer.metadata``."""


def warn(sentence: str) -> None:
    """Warn: napari shows a warning as a notification."""
    warnings.warn(sentence, UserWarning, stacklevel=2)
