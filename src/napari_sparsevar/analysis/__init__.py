"""What a finished run says: contribution, drivers, edges, influence."""

from napari_sparsevar.analysis.run import Run, load_run
from napari_sparsevar.analysis.store import is_run_directory

__all__ = ["Run", "is_run_directory", "load_run"]
