"""Many recordings: one list, one run directory each, one table of results."""

from typing import TYPE_CHECKING

from napari_sparsevar.face import from_home

if TYPE_CHECKING:
    from napari_sparsevar.batch.listing import read_list
    from napari_sparsevar.batch.run import run_batch

__all__ = ["read_list", "run_batch"]

if not TYPE_CHECKING:  # a type checker would believe in any name
    __getattr__ = from_home(__name__, {"read_list": "listing", "run_batch": "run"})
