"""Imports go one way, nothing below the widgets knows Qt or napari, nothing runs foreign code."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from npe2 import PluginManifest

PACKAGE = "napari_sparsevar"
SOURCE = Path(__file__).resolve().parents[1] / "src" / PACKAGE
GUI = ("qtpy", "PyQt5", "PyQt6", "PySide2", "PySide6", "napari", "superqt", "pyqtgraph", "magicgui")

# Ground floor: any part may import these.
GROUND = {"arguments", "errors", "face", "progress"}

# What each part may import besides itself and the ground floor; docs/architecture.md shows the
# same table. A part stands below all that may import it.
ALLOWED: dict[str, set[str]] = {
    "arguments": set(),
    "errors": set(),
    "face": set(),
    "progress": set(),
    "disk": set(),
    "lasso": set(),
    "movie": {"disk"},
    "model": {"lasso"},
    "analysis": {"model", "movie", "lasso"},
    "cells": {"analysis", "model", "movie", "disk"},
    "run": {"cells", "analysis", "model", "movie", "lasso", "disk"},
    "comparison": {"run", "cells", "analysis", "model", "lasso", "disk"},
    "training": {"run", "cells", "analysis", "model", "movie", "disk"},
    "batch": {"training", "comparison", "run", "model", "movie", "disk"},
    "figures": {"comparison", "run", "cells", "analysis", "model", "disk"},
    "readers": {"figures", "run", "movie"},
    "export": {
        "readers",
        "figures",
        "comparison",
        "run",
        "cells",
        "analysis",
        "movie",
        "disk",
    },
    "writers": {"export", "movie"},
    "sample_data": {"readers", "movie"},
    "cli": {
        "batch",
        "export",
        "figures",
        "comparison",
        "training",
        "run",
        "cells",
        "analysis",
        "model",
        "movie",
    },
    "widgets": {
        "batch",
        "export",
        "readers",
        "figures",
        "comparison",
        "training",
        "run",
        "cells",
        "analysis",
        "movie",
    },
    "__main__": {"cli"},
    "__init__": {"batch", "cells", "comparison", "training", "run", "model", "movie"},
}

# The rooms of `widgets`; the docks and the session stand on all of them.
ROOMS: dict[str, set[str]] = {
    "parts": set(),
    "work": {"parts"},
    "layers": {"parts", "work"},
    "training": {"parts", "work", "layers"},
    "inspecting": {"parts", "work", "layers"},
    "comparing": {"parts", "work", "layers"},
    "exporting": {"parts", "work", "layers"},
    "batching": {"parts", "work"},
    "timeline": {"parts", "work", "layers", "inspecting", "comparing"},
    "cells": {"parts", "work", "layers", "timeline"},
}

LOADS_CODE = {"pickle", "cPickle", "_pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}

# The one reader of a foreign pickle: its unpickler finds no name but five, see its tests.
MAY_UNPICKLE = {"movie/formats/plain_pickle.py"}


@dataclass(frozen=True)
class Module:
    """One file of the package: where it lies, what it is called, what it says."""

    file: Path
    source: str

    @property
    def place(self) -> str:
        """Its place below the package, for messages."""
        return self.file.relative_to(SOURCE).as_posix()

    @property
    def name(self) -> str:
        """Its dotted name."""
        return dotted_name(self.file)

    @property
    def is_face(self) -> bool:
        return self.file.name == "__init__.py"

    @property
    def part(self) -> str:
        """Folder or top-level module it belongs to."""
        return self.file.relative_to(SOURCE).parts[0].removesuffix(".py")

    @property
    def room(self) -> str | None:
        """Room of ``widgets`` it belongs to; None elsewhere and on top of the rooms."""
        parts = self.file.relative_to(SOURCE).parts
        return parts[1] if parts[0] == "widgets" and len(parts) > 2 else None

    def imports(self, *, for_types: bool = True) -> list[str]:
        """Dotted names inside this package that it imports anywhere, also inside functions.

        Parameters
        ----------
        for_types : bool
            Whether imports for type checkers alone count.
        """
        return list(imported(self.source, self.name, self.is_face, for_types=for_types))


def dotted_name(file: Path) -> str:
    parts = [PACKAGE, *file.relative_to(SOURCE).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def modules() -> tuple[Module, ...]:
    files = sorted(SOURCE.rglob("*.py"))
    return tuple(Module(file, file.read_text(encoding="utf-8")) for file in files)


@cache
def parsed(source: str) -> ast.Module:
    return ast.parse(source)


def imported(source: str, name: str, is_face: bool, *, for_types: bool = True) -> Iterator[str]:
    """Names inside this package that the source of a module imports: modules or what is in them."""
    for node in _statements(parsed(source), for_types):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parent = name.split(".")[: len(name.split(".")) - (node.level - is_face)]
                base = ".".join([*parent, base] if base else parent)
            # `from package import part` names the part in the alias.
            names = [f"{base}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (found for found in names if found.split(".")[0] == PACKAGE)


def _statements(node: ast.AST, for_types: bool) -> Iterator[ast.AST]:
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING" and not for_types:
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _statements(child, for_types)


def wrong_imports(source: str, part: str, name: str, *, is_face: bool = False) -> set[str]:
    """Parts that the source imports and may not."""
    found = {f"{name}.".split(".")[1] or "__init__" for name in imported(source, name, is_face)}
    return found - ALLOWED[part] - GROUND - {part}


def test_imports_go_one_way() -> None:
    wrong = {
        module.place: sorted(found)
        for module in modules()
        if (found := wrong_imports(module.source, module.part, module.name, is_face=module.is_face))
    }
    assert not wrong, f"they may not import these parts: {wrong}"


def test_no_part_may_import_more_than_it_does() -> None:
    used: dict[str, set[str]] = {part: set() for part in ALLOWED}
    for module in modules():
        used[module.part] |= {f"{name}.".split(".")[1] for name in module.imports()}
    unused = {part: sorted(may - used[part]) for part, may in ALLOWED.items() if may - used[part]}
    assert not unused, f"the table allows what nobody needs: {unused}"


def test_every_part_has_its_place() -> None:
    """A new folder is put into ``ALLOWED``, and there is a way to go down from every one of them.

    Without a circle in the table there is none between parts, whatever they import.
    """
    assert {module.part for module in modules()} == set(ALLOWED)
    assert {module.room for module in modules()} - {None} == set(ROOMS)
    for table in (ALLOWED, ROOMS):
        assert not circles({name: table[name] for name in table})


@pytest.mark.parametrize(
    ("part", "source"),
    [
        ("lasso", "from napari_sparsevar.movie import Movie"),
        ("lasso", "def f():\n    import napari_sparsevar.model.config"),
        ("movie", "from napari_sparsevar import lasso"),
        ("movie", "from ..lasso import solve_lasso"),
        ("model", "from napari_sparsevar.run.run import Run"),
        ("analysis", "from napari_sparsevar.run.store import RECORD"),
        ("run", "import napari_sparsevar.comparison.store"),
        ("training", "from napari_sparsevar import open_movie"),
        ("analysis", "if TYPE_CHECKING:\n    from napari_sparsevar.training import config"),
        ("figures", "import napari_sparsevar.widgets"),
        ("cli", "from napari_sparsevar.widgets import train_dock"),
    ],
)
def test_an_import_the_wrong_way_is_found(part: str, source: str) -> None:
    assert wrong_imports(source, part, f"{PACKAGE}.{part}.module")


@pytest.mark.parametrize(
    ("part", "source"),
    [
        ("lasso", "from napari_sparsevar.lasso.solve import solve_lasso\nimport torch"),
        ("model", "from napari_sparsevar.errors import UserError"),
        ("training", "from napari_sparsevar.model.config import ModelConfig"),
        ("widgets", "from napari_sparsevar import figures, training"),
    ],
)
def test_an_import_the_right_way_is_not(part: str, source: str) -> None:
    assert not wrong_imports(source, part, f"{PACKAGE}.{part}.module")


def test_rooms_of_the_widgets_import_one_way() -> None:
    wrong = []
    for module in modules():
        if module.room is not None:
            # They are handed the session: its type they may know.
            inside = [name.split(".") for name in module.imports(for_types=False)]
            rooms = {name[2] for name in inside if name[1] == "widgets"}
            found = rooms - ROOMS[module.room] - {module.room}
            wrong += [f"{module.place} imports {room}" for room in sorted(found)]
    assert not wrong


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Groups of nodes each of which leads to every other, by depth-first search (Tarjan 1972)."""
    order: dict[str, int] = {}
    least: dict[str, int] = {}
    open_: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        order[node] = least[node] = len(order)
        open_.append(node)
        for other in graph[node] & graph.keys():
            if other not in order:
                visit(other)
            if other in open_:
                least[node] = min(least[node], least[other])
        if least[node] == order[node]:
            group = open_[open_.index(node) :]
            del open_[open_.index(node) :]
            if len(group) > 1:
                found.append(sorted(group))

    for node in graph:
        if node not in order:
            visit(node)
    return found


def imports_of_modules() -> dict[str, set[str]]:
    """Which module imports which, also inside functions and for type checkers.

    Faces name for type checkers what they load when it is used, which is no import of theirs.
    """
    names = {module.name for module in modules()}
    graph = {}
    for module in modules():
        found = module.imports(for_types=not module.is_face)
        # A name is a module, or something in the module before its last dot.
        homes = {name if name in names else name.rpartition(".")[0] for name in found}
        graph[module.name] = (homes & names) - {module.name}
    return graph


def test_no_module_imports_itself_through_others() -> None:
    assert not circles(imports_of_modules())


def test_a_circle_is_found() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]
    assert not circles({"a": {"b", "c"}, "b": {"c"}, "c": set()})
    hidden = list(imported(f"def f():\n    from {PACKAGE}.run import run", f"{PACKAGE}.a", False))
    assert hidden == [f"{PACKAGE}.run.run"]


def test_faces_of_packages_import_nothing() -> None:
    faces = {
        module.place: module.imports(for_types=False) for module in modules() if module.is_face
    }
    assert "lasso/__init__.py" in faces
    heavy = {
        face: wrong
        for face, names in faces.items()
        if (wrong := [name for name in names if name != f"{PACKAGE}.face.from_home"])
    }
    assert not heavy


def foreign_code(source: str) -> list[str]:
    """Places where the source could run code that came with a file."""
    found = []
    for node in ast.walk(parsed(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            names = []
        found += [n for n in names if n.split(".")[0] in LOADS_CODE or n == "torch.load"]
        if isinstance(node, ast.Call) and runs_code(node):
            found.append(f"line {node.lineno}: {ast.unparse(node)[:80]}")
    return found


def runs_code(call: ast.Call) -> bool:
    """Whether this call evaluates text or unpickles."""
    function = ast.unparse(call.func)
    unpickles = any(
        keyword.arg == "allow_pickle" and ast.unparse(keyword.value) != "False"
        for keyword in call.keywords
    )
    return (
        unpickles
        or function in {"eval", "exec", "torch.load", "builtins.eval", "builtins.exec"}
        or function.endswith((".read_pickle", ".to_pickle"))
    )


def test_nothing_runs_code_from_a_file() -> None:
    found = {module.place: foreign_code(module.source) for module in modules()}
    assert {place for place, code in found.items() if code} == MAY_UNPICKLE
    for module in modules():
        if module.place in MAY_UNPICKLE:
            assert found[module.place] == ["pickle"]
            uses = set(re.findall(r"pickle\.(\w+)", module.source))
            assert uses == {"Unpickler", "UnpicklingError"}
            assert "def find_class" in module.source


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from pickle import loads",
        "import torch\ntorch.load('model.pt')",
        "from torch import load",
        "np.load(path, allow_pickle=True)",
        "np.load(path, allow_pickle=flag)",
        "eval('1')",
        "exec(text)",
        "pandas.read_pickle(path)",
    ],
)
def test_code_that_runs_a_file_is_found(source: str) -> None:
    assert foreign_code(source)


def test_calls_that_only_look_alike_are_not() -> None:
    assert not foreign_code("model.eval()\nnp.load(path, allow_pickle=False)\nrun.load(path)")


# Names are blocked, not merely absent: an import inside a `try` would hide an absent one.
IMPORT_EVERYTHING = """
import importlib, importlib.abc, pathlib, sys, traceback

blocked, package, names = sys.argv[1].split(","), sys.argv[2], sys.argv[3].split(",")

class Wall(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in blocked:
            raise AssertionError(f"{name} was imported")

sys.meta_path.insert(0, Wall())
failed = []
for name in names:
    try:
        importlib.import_module(name)
    except Exception:
        failed.append(name)
        traceback.print_exc(limit=-3)
sys.exit(f"cannot be imported without Qt and napari: {failed}" if failed else 0)
"""


def test_everything_but_the_widgets_imports_without_qt_and_napari() -> None:
    names = [module.name for module in modules() if module.part not in {"widgets", "__main__"}]
    assert f"{PACKAGE}.cli" in names
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_EVERYTHING, ",".join(GUI), PACKAGE, ",".join(names)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_wall_stops_what_it_should() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_EVERYTHING, ",".join(GUI), PACKAGE, "qtpy"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "qtpy was imported" in done.stderr


OPEN_DOCKS = """
import os, sys, threading, traceback
import napari

class Wall:
    def find_spec(self, name, path=None, target=None):
        slow = name in ("torch", "dask.array")
        if slow and threading.current_thread() is threading.main_thread():
            raise AssertionError(f"{name} was imported while a person waits")

sys.meta_path.insert(0, Wall())
viewer = napari.Viewer(show=False)
try:
    for name in sys.argv[1:]:
        viewer.window.add_plugin_dock_widget("napari-sparsevar", name)
except Exception:
    traceback.print_exc()
    os._exit(1)
os._exit(0)  # the Train dock asks torch for devices in the background: nobody waits for that
"""


def test_opening_a_dock_loads_nothing_slow(repository: Path) -> None:
    """It takes a second or two, in which a click on the menu would seem to do nothing."""
    manifest = PluginManifest.from_file(repository / "napari.yaml")
    names = [widget.display_name for widget in manifest.contributions.widgets]
    assert "Train" in names
    done = subprocess.run(
        [sys.executable, "-c", OPEN_DOCKS, *names], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize(
    "path", sorted((SOURCE / "analysis").rglob("*.py")), ids=lambda path: path.stem
)
def test_the_analysis_knows_no_file(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    named = {
        name.split(".")[0]
        for node in imports
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
        )
    }
    assert not named & {"pathlib", "os", "tempfile", "shutil"}
