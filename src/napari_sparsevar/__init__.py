"""See which places in the tissue drive the activity that follows.

>>> import napari_sparsevar as sv
>>> movie, truth = sv.simulate_movie(n_frames=3000, seed=0)  # doctest: +SKIP
>>> for event in sv.train(movie, sv.TrainConfig(), out="run"):  # doctest: +SKIP
...     print(event)
>>> sv.load_run("run").drivers  # doctest: +SKIP
>>> sv.compare_windows(sv.load_run("run"), (0, 1500), (1500, 3000)).p_value  # doctest: +SKIP
"""

from typing import TYPE_CHECKING, Any

from napari_sparsevar.face import from_home

if TYPE_CHECKING:
    from napari_sparsevar.batch import run_batch
    from napari_sparsevar.cells import (
        CellFit,
        Cells,
        detect_cells,
        fit_traces,
        load_fit,
        open_cells,
        save_fit,
    )
    from napari_sparsevar.comparison.compare import compare, compare_sequences, compare_windows
    from napari_sparsevar.comparison.result import Comparison
    from napari_sparsevar.comparison.windows import Window, read_windows
    from napari_sparsevar.errors import UserError
    from napari_sparsevar.model.config import ModelConfig
    from napari_sparsevar.movie import (
        Movie,
        Nuisances,
        Truth,
        add_simulated_cells,
        open_movie,
        register,
        simulate_movie,
    )
    from napari_sparsevar.run.run import Run, load_run
    from napari_sparsevar.training.apply import apply_run
    from napari_sparsevar.training.config import TrainConfig
    from napari_sparsevar.training.control import TrainingControl
    from napari_sparsevar.training.train import train

    __version__: str

__all__ = [
    "CellFit",
    "Cells",
    "Comparison",
    "ModelConfig",
    "Movie",
    "Nuisances",
    "Run",
    "TrainConfig",
    "TrainingControl",
    "Truth",
    "UserError",
    "Window",
    "add_simulated_cells",
    "apply_run",
    "compare",
    "compare_sequences",
    "compare_windows",
    "detect_cells",
    "fit_traces",
    "load_fit",
    "load_run",
    "open_cells",
    "open_movie",
    "read_windows",
    "register",
    "run_batch",
    "save_fit",
    "simulate_movie",
    "train",
]

_look_up = from_home(
    __name__,
    {
        "CellFit": "cells",
        "Cells": "cells",
        "Comparison": "comparison.result",
        "ModelConfig": "model.config",
        "Movie": "movie",
        "Nuisances": "movie",
        "Run": "run.run",
        "TrainConfig": "training.config",
        "TrainingControl": "training.control",
        "Truth": "movie",
        "UserError": "errors",
        "Window": "comparison.windows",
        "add_simulated_cells": "movie",
        "apply_run": "training.apply",
        "compare": "comparison.compare",
        "compare_sequences": "comparison.compare",
        "compare_windows": "comparison.compare",
        "detect_cells": "cells",
        "fit_traces": "cells",
        "load_fit": "cells",
        "load_run": "run.run",
        "open_cells": "cells",
        "open_movie": "movie",
        "read_windows": "comparison.windows",
        "register": "movie",
        "run_batch": "batch",
        "save_fit": "cells",
        "simulate_movie": "movie",
        "train": "training.train",
    },
)

if not TYPE_CHECKING:  # a type checker would believe in any name

    def __getattr__(name: str) -> Any:
        if name == "__version__":
            from importlib.metadata import version

            return version("napari-sparsevar")
        return _look_up(name)
