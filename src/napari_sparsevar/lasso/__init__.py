"""l1 regression alone: solutions, their paths and their derivatives. Knows torch and numbers."""

from .optimality import optimality_residual, penalty_max
from .path import LassoPath, lasso_path, lasso_paths
from .solve import solve_lasso

__all__ = [
    "LassoPath",
    "lasso_path",
    "lasso_paths",
    "optimality_residual",
    "penalty_max",
    "solve_lasso",
]
