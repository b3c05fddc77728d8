"""Imports go one way, nothing below the widgets knows Qt or napari, nothing runs foreign code."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = "napari_sparsevar"
SOURCE = Path(__file__).resolve().parents[1] / "src" / PACKAGE
GUI = ("qtpy", "PyQt5", "PyQt6", "PySide2", "PySide6", "napari", "superqt", "pyqtgraph", "magicgui")

# What each part may import besides itself, `errors` and `face`.
BELOW_MODEL = {"lasso", "movie", "disk"}
BELOW_RUN = {"analysis", "model", "progress", *BELOW_MODEL}
BELOW_TRAINING = {"run", *BELOW_RUN}
BELOW_FIGURES = {"training", "comparison", *BELOW_TRAINING}
BELOW_WIDGETS = {"export", "figures", *BELOW_FIGURES}
MAY_IMPORT = {
    "errors": set(),
    "disk": set(),
    "lasso": set(),
    "movie": {"disk"},
    "model": BELOW_MODEL,
    "face": set(),
    "progress": set(),
    "analysis": {"model", "progress", *BELOW_MODEL},
    "run": BELOW_RUN,
    "comparison": BELOW_TRAINING,
    "training": BELOW_TRAINING,
    "batch": {"training", *BELOW_TRAINING},
    "figures": BELOW_FIGURES,
    "export": {"readers", "figures", *BELOW_FIGURES},
    "readers": BELOW_WIDGETS - {"export"},
    "sample_data": {"readers", *BELOW_WIDGETS},
    "writers": BELOW_WIDGETS,
    "widgets": {"readers", "sample_data", *BELOW_WIDGETS},
    "cli": {"batch", *BELOW_WIDGETS},
    "__main__": {"cli"},
    "__init__": {"batch", *BELOW_WIDGETS},
}
LOADS_CODE = {"pickle", "cPickle", "_pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}

# The one reader of a foreign pickle: its unpickler finds no name but five, see its tests.
MAY_UNPICKLE = {"movie/formats/plain_pickle.py"}

MODULES = sorted(SOURCE.rglob("*.py"))


def part_of(path: Path) -> str:
    """Name of the folder or top-level module a file belongs to."""
    first = path.relative_to(SOURCE).parts[0]
    return first.removesuffix(".py")


def module_of(path: Path) -> str:
    """Dotted name of a file."""
    parts = [PACKAGE, *path.relative_to(SOURCE).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_parts(tree: ast.AST, module: str, is_package: bool) -> Iterator[str]:
    """Parts of this package that the code imports anywhere, also for type checkers only."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                drop = node.level - is_package
                parent = module.split(".")[: len(module.split(".")) - drop]
                base = ".".join([*parent, base] if base else parent)
            # `from package import part` names the part in the alias.
            names = [f"{base}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            head, *rest = name.split(".")
            if head == PACKAGE:
                yield rest[0] if rest else "__init__"


def forbidden_parts(source: str, part: str, module: str, *, is_package: bool = False) -> set[str]:
    """Parts the source imports and may not."""
    found = set(imported_parts(ast.parse(source), module, is_package))
    return found - MAY_IMPORT[part] - {part, "errors", "face"}


def foreign_code(source: str) -> list[str]:
    """Places where the source could run code that came with a file."""
    found = []
    for node in ast.walk(ast.parse(source)):
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


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_go_one_way(path: Path) -> None:
    part = part_of(path)
    assert part in MAY_IMPORT, f"{part} is a new part: say in this test what it may import"
    source = path.read_text(encoding="utf-8")
    wrong = forbidden_parts(source, part, module_of(path), is_package=path.stem == "__init__")
    assert not wrong, f"{part} may not import {', '.join(sorted(wrong))}"


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
        (
            "analysis",
            "if TYPE_CHECKING:\n    from napari_sparsevar.training import config",
        ),
        ("figures", "import napari_sparsevar.widgets"),
        ("cli", "from napari_sparsevar.widgets import train_dock"),
    ],
)
def test_an_import_the_wrong_way_is_found(part: str, source: str) -> None:
    assert forbidden_parts(source, part, f"{PACKAGE}.{part}.module")


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
    assert not forbidden_parts(source, part, f"{PACKAGE}.{part}.module")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_nothing_runs_code_from_a_file(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    if str(path.relative_to(SOURCE).as_posix()) in MAY_UNPICKLE:
        assert foreign_code(source) == ["pickle"]
        assert set(re.findall(r"pickle\.(\w+)", source)) == {"Unpickler", "UnpicklingError"}
        assert "def find_class" in source
    else:
        assert not foreign_code(source)


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
    names = [module_of(path) for path in MODULES if part_of(path) not in {"widgets", "__main__"}]
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
