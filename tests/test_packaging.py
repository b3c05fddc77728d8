"""What is installed: a wheel that carries the manifest, and a command."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from npe2 import PluginManifest


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Path:
    """The wheel, made from the source distribution as an index would have it."""
    folder = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(repository)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = folder.glob("*.whl")
    return path


def test_wheel_carries_manifest_and_type_marker(wheel: Path, repository: Path) -> None:
    package = repository / "src" / "napari_sparsevar"
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        manifest = archive.read("napari_sparsevar/napari.yaml")
    assert manifest == (package / "napari.yaml").read_bytes()
    assert "napari_sparsevar/py.typed" in names
    modules = {str(path.relative_to(package.parent)) for path in package.rglob("*.py")}
    assert modules <= names, f"missing from the wheel: {modules - names}"


def test_wheel_carries_the_template_of_the_report(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        assert "napari_sparsevar/figures/templates/report.html.j2" in archive.namelist()


def test_wheel_carries_nothing_but_the_package(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"napari_sparsevar"}


def test_top_level_manifest_is_a_link_to_the_package_s(repository: Path) -> None:
    link = repository / "napari.yaml"
    assert link.is_symlink()
    assert link.resolve() == repository / "src" / "napari_sparsevar" / "napari.yaml"
    assert not Path(link.readlink()).is_absolute()


def test_manifest_is_valid_and_its_commands_exist(repository: Path) -> None:
    manifest = PluginManifest.from_file(repository / "napari.yaml")
    manifest.validate_imports()
    assert manifest.name == "napari-sparsevar"


def test_napari_finds_the_installed_manifest() -> None:
    (entry,) = entry_points(group="napari.manifest", name="napari-sparsevar")
    assert PluginManifest.from_distribution("napari-sparsevar").name == entry.name


def test_command_is_installed() -> None:
    (entry,) = entry_points(group="console_scripts", name="sparsevar")
    assert callable(entry.load())
