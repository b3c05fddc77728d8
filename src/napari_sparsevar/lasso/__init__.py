"""l1 regression alone: solutions, their paths and their derivatives. Knows torch and numbers."""

from .optimality import optimality_residual, penalty_max
from .solve import solve_lasso

__all__ = ["optimality_residual", "penalty_max", "solve_lasso"]
