"""The scripts open what a person would open."""

import importlib.util
from pathlib import Path

import pytest

DEMO = Path(__file__).parents[2] / "scripts" / "demo.py"


@pytest.fixture
def demo():
    spec = importlib.util.spec_from_file_location("demo_script", DEMO)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_demo_opens_the_dock_of_the_menu(viewer, demo):
    dock = demo.open_train_dock(viewer)
    assert dock.panel.begin_button.text() == "Train"
    assert demo.open_train_dock(viewer) is dock
    assert list(viewer.window.dock_widgets) == ["Train (SparseVAR)"]


def test_demo_opens_the_sample_without_a_movie(viewer, demo, monkeypatch):
    from napari_sparsevar import sample_data

    monkeypatch.setattr(sample_data, "SAMPLE_FRAMES", 40)
    demo.open_movie(viewer, None)
    assert [layer.name for layer in viewer.layers] == ["simulated movie"]


def test_demo_of_what_is_no_movie_is_one_sentence(viewer, demo, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(demo, "_window", lambda options: viewer)
    monkeypatch.setattr("sys.argv", ["demo.py", "--movie", str(tmp_path / "missing.tif")])
    assert demo.main() == 2
    said = capsys.readouterr().err
    assert "missing.tif" in said
    assert "Traceback" not in said
