"""What is installed: a wheel that carries the manifest, and a command."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import entry_points, packages_distributions
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


def imports(source: str) -> Iterator[str]:
    """The packages a source imports anywhere, also for type checkers only."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def normal(name: str) -> str:
    """A distribution's name without version and extras, as indexes compare it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", name)[0]).lower()


def test_what_is_imported_is_declared_and_the_reverse(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    needed = {normal(each) for each in project["dependencies"]}
    declared = needed | {normal(each) for part in extras for each in part}
    distributions = packages_distributions()
    package = repository / "src" / "napari_sparsevar"
    imported = {
        name for path in package.rglob("*.py") for name in imports(path.read_text(encoding="utf-8"))
    }
    foreign = imported - sys.stdlib_module_names - {package.name}
    assert {"numpy", "torch", "qtpy"} <= foreign
    homes = {name: {normal(each) for each in distributions.get(name, [name])} for name in foreign}
    undeclared = {name for name, home in homes.items() if not home & declared}
    assert not undeclared, f"pyproject.toml does not declare {', '.join(sorted(undeclared))}"
    unused = needed - set().union(*homes.values())
    assert not unused, f"pyproject.toml declares {', '.join(sorted(unused))} for nothing"


def test_hooks_format_as_the_environment_does(repository: Path) -> None:
    project = (repository / "pyproject.toml").read_text(encoding="utf-8")
    hooks = (repository / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    pinned = re.search(r'"ruff==([\d.]+)"', project)
    hooked = re.search(r"ruff-pre-commit\n +rev: v([\d.]+)", hooks)
    assert pinned
    assert hooked
    assert pinned[1] == hooked[1]
