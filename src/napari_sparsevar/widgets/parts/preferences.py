"""Settings that napari remembers from one session to the next, in its Preferences.

They are declared under ``configurations`` in the manifest; napari keeps them in a file of theirs.
"""

from __future__ import annotations

from typing import Any

from napari.settings import get_plugin_settings

from napari_sparsevar.widgets.parts.dock import PLUGIN


def preferred(section: str, name: str, otherwise: Any) -> Any:
    """Return what is remembered, or ``otherwise`` where napari does not know this plugin.

    Parameters
    ----------
    section, name : str
        As in the manifest.
    otherwise : object
        Used where the docks are opened without the plugin's manifest.
    """
    known = _section(section)
    return otherwise if known is None else getattr(known, name)


def remember(section: str, **values: Any) -> None:
    """Keep values for the next session; nothing is kept where napari does not know this plugin."""
    known = _section(section)
    if known is not None:
        for name, value in values.items():
            setattr(known, name, value)


def _section(name: str) -> Any:
    try:
        return getattr(get_plugin_settings(PLUGIN), name)
    except KeyError:
        return None
