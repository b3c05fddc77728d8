"""What is remembered from one session to the next."""

import pytest
from napari import settings
from npe2 import PluginManifest

from napari_sparsevar.widgets.parts.preferences import preferred, remember
from napari_sparsevar.widgets.train_dock import FIRST_PRESET


@pytest.fixture
def known(npe2pm, repository):
    """The plugin, as napari knows it once it is installed."""
    npe2pm.register(PluginManifest.from_file(repository / "napari.yaml"))
    settings._clear_plugin_settings_cache()


def test_what_is_remembered_is_there_in_the_next_session(known):
    assert preferred("training", "preset", "?") == FIRST_PRESET
    remember("training", preset="thorough")
    remember("figures", width_mm=85.0, resolution=600, format="pdf")
    settings._clear_plugin_settings_cache()
    assert preferred("training", "preset", "?") == "thorough"
    assert preferred("figures", "width_mm", None) == 85.0
    assert preferred("figures", "resolution", None) == 600
    assert preferred("figures", "format", None) == "pdf"


def test_a_value_that_makes_no_sense_is_refused(known):
    with pytest.raises(ValueError, match="preset"):
        remember("training", preset="for ever")


def test_without_the_manifest_there_are_defaults(npe2pm):
    assert preferred("training", "preset", "fast") == "fast"
    remember("training", preset="thorough")
    assert preferred("training", "preset", "fast") == "fast"
