"""l1 regression alone: solutions, their paths and their derivatives. Knows torch and numbers."""

from typing import TYPE_CHECKING

from napari_sparsevar.face import from_home

if TYPE_CHECKING:
    from napari_sparsevar.lasso.optimality import optimality_residual, penalty_max
    from napari_sparsevar.lasso.path import LassoPath, lasso_path, lasso_paths
    from napari_sparsevar.lasso.solve import solve_lasso

__all__ = [
    "LassoPath",
    "lasso_path",
    "lasso_paths",
    "optimality_residual",
    "penalty_max",
    "solve_lasso",
]

if not TYPE_CHECKING:  # a type checker would believe in any name
    __getattr__ = from_home(
        __name__,
        {
            "LassoPath": "path",
            "lasso_path": "path",
            "lasso_paths": "path",
            "optimality_residual": "optimality",
            "penalty_max": "optimality",
            "solve_lasso": "solve",
        },
    )
