"""Settings of a comparison."""

from __future__ import annotations

from dataclasses import dataclass

from napari_sparsevar.errors import UserError

FEWEST_DRAWS = 99


@dataclass(frozen=True)
class ComparisonOptions:
    """How windows are compared.

    Parameters
    ----------
    draws : int
        Random draws behind every p-value; the smallest is ``1 / (draws + 1)``.
    level : float
        False-positive rate at which a change is called one.
    seed : int
        Same seed, same p-values.
    baseline : str, optional
        Compare every window with the one of this label; None compares all pairs.

    Raises
    ------
    UserError
        If a number is out of range, or the draws are too few for the level.
    """

    draws: int = 1000
    level: float = 0.05
    seed: int = 0
    baseline: str | None = None

    def __post_init__(self) -> None:
        if not 0.0 < self.level < 0.5:
            raise UserError(f"The level is {self.level}: choose one between 0 and 0.5.")
        needed = max(FEWEST_DRAWS, round(1.0 / self.level) - 1)
        if self.draws < needed:
            raise UserError(
                f"{self.draws} draws cannot give p-values at the level {self.level}: "
                f"ask for at least {needed}."
            )
        if self.seed < 0:
            raise UserError(f"The seed is {self.seed}: choose 0 or more.")
