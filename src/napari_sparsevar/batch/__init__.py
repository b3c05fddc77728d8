"""Many recordings: one list, one run directory each, one table of results."""

from napari_sparsevar.batch.listing import Recording, read_list
from napari_sparsevar.batch.outcome import Outcome
from napari_sparsevar.batch.run import run_batch

__all__ = ["Outcome", "Recording", "read_list", "run_batch"]
