"""The kinds of figures: listed without what draws them, and a module for each."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pkgutil import iter_modules

from napari_sparsevar.figures import kinds
from napari_sparsevar.figures.options import KINDS


def test_every_kind_has_a_module_and_every_module_a_kind() -> None:
    assert {module.name for module in iter_modules(kinds.__path__)} == set(KINDS)
    for name in KINDS:
        assert callable(import_module(f"{kinds.__name__}.{name}").draw)


def test_a_list_of_kinds_needs_neither_matplotlib_nor_torch() -> None:
    code = (
        "import sys; from napari_sparsevar.figures.options import KINDS; "
        "assert not {'matplotlib', 'torch', 'pandas'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
