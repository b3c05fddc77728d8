"""The names in ``napari_sparsevar`` itself."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version

import pytest

import napari_sparsevar as sv


@pytest.mark.parametrize("name", sv.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(sv, name).__name__ == name


def test_the_version_is_that_of_the_installed_package() -> None:
    assert sv.__version__ == version("napari-sparsevar")


def test_other_names_are_not() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        sv.nothing  # noqa: B018


def test_the_package_alone_loads_nothing_slow() -> None:
    program = (
        "import sys, napari_sparsevar\n"
        "slow = {'torch', 'numpy', 'numba', 'pandas', 'dask', 'matplotlib'} & set(sys.modules)\n"
        "sys.exit(f'importing loads {slow}' if slow else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
