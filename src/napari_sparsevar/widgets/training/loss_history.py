"""The losses of a training so far, as columns a plot can draw."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from napari_sparsevar.training.events import StepLoss, ValidationLoss

TERMS = ("reconstruction", "prediction", "total")


@dataclass
class LossCurve:
    """Steps and values of one loss term."""

    steps: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)


class LossHistory:
    """Every loss term on training and on validation blocks.

    Attributes
    ----------
    training, validation : dict of str to LossCurve
        One curve for each of ``TERMS``; a term that is not trained yet has no points.
    """

    def __init__(self) -> None:
        self.training = {term: LossCurve() for term in TERMS}
        self.validation = {term: LossCurve() for term in TERMS}

    def add(self, event: StepLoss | ValidationLoss) -> None:
        """Append the terms of one event."""
        curves = self.training if isinstance(event, StepLoss) else self.validation
        for term, value in event.terms.items():
            # A term that is not computed yet, or has diverged, has no place on the axis.
            if term in curves and math.isfinite(value):
                curves[term].steps.append(float(event.step))
                curves[term].values.append(float(value))
