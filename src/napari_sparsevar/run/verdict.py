"""What a run is worth, in the same words wherever it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from napari_sparsevar.analysis.evidence.words import percent_text
from napari_sparsevar.analysis.fit.fitting import default_penalty
from napari_sparsevar.analysis.results import Results
from napari_sparsevar.analysis.stages import Stage, is_known

ALIKE = 0.5
"""Correlation from which maps of two halves are called alike."""

_SURE = 2.0
"""Standard errors above which something is said to be there."""

_SATURATED, _SHIFTED_PX, _BURSTS = 1e-4, 1.0, 0.1
"""Share of pixel values, pixels, and share of activity in the busiest hundredth of the frames,
from which they limit what can be seen."""


@dataclass(frozen=True)
class Verdict:
    """Whether there is something, how sure, what limits it, and what to do next.

    Attributes
    ----------
    stage : {"map", "drivers", "stability", "all"}
        How far the analysis is; what it has not come to is None.
    drivers : int or None
        Places beyond chance; None where nothing is tested.
    candidates : int
        Places that stand out of the map and are not, or not known to be, beyond chance.
    explained, explained_se : float or None
        Share of the variance in held-out time, of what a place's own past leaves, that other places
        explain at the penalty of the map, and its standard error; below 0 where they mislead.
    agreement : float or None
        Mean correlation between the contribution maps of two halves of the recording.
    headline : str
        The one sentence that says whether there is something.
    findings : tuple of str
        The numbers above, a sentence each.
    limits : tuple of str
        What limits it, a sentence each.
    advice : str
        What to do next.
    """

    stage: Stage
    drivers: int | None
    candidates: int
    explained: float | None
    explained_se: float | None
    agreement: float | None
    headline: str
    findings: tuple[str, ...]
    limits: tuple[str, ...]
    advice: str

    def sentences(self) -> tuple[str, ...]:
        """Return all of it, one sentence after the other."""
        return (self.headline, *self.findings, *self.limits, self.advice)

    def as_json(self) -> dict[str, Any]:
        """Return all of it, ready for JSON."""
        return asdict(self)


def verdict_of(results: Results, metrics: Mapping[str, float | int | str | None]) -> Verdict:
    """Judge the results of a run at the penalty of its analysis.

    Parameters
    ----------
    results : Results
    metrics : mapping
        Of the record: what was seen of the movie itself.
    """
    tested = results.significance.tested
    drivers = len(results.drivers.table) if tested else None
    candidates = len(results.candidates.table)
    explained, error = _explained(results)
    agreement = _agreement(results)
    limits = _limits(results, metrics)
    found = drivers, explained, error, agreement
    return Verdict(
        results.stage,
        drivers,
        candidates,
        explained,
        error,
        agreement,
        _headline(results.stage, drivers, candidates),
        (*_said_of_explained(explained, error), *_said_of_agreement(results, agreement)),
        tuple(limits.values()),
        _advice(results.stage, *found, limits),
    )


def _explained(results: Results) -> tuple[float | None, float | None]:
    """Return what other places explain, and its standard error; None where that is not known."""
    known = results.criterion[results.criterion["cv_error"].notna()]
    if known.empty:
        return None, None
    away = np.log(known["penalty"] / default_penalty(results.fitted.statistics)).abs()
    nearest = known.loc[away.idxmin()]
    return 1.0 - float(nearest["cv_error"]), float(nearest["cv_se"])


def _agreement(results: Results) -> float | None:
    known = results.stability.agreement[np.isfinite(results.stability.agreement)]
    return float(known.mean()) if known.size else None


def _headline(stage: Stage, drivers: int | None, candidates: int) -> str:
    standing = _counted(candidates, "place stands", "places stand")
    if stage == "map":
        return f"Not tested against chance yet: {standing} out of the map, as may well be chance."
    if drivers is None:
        return f"Nothing could be tested against chance: {standing} out of the map, untested."
    if drivers == 0:
        return "No place drives others more than chance would."
    return f"{_counted(drivers, 'place drives', 'places drive')} others more than chance would."


def _counted(number: int, one: str, several: str) -> str:
    return f"{number or 'no'} {one if number == 1 else several}"


def _said_of_explained(explained: float | None, error: float | None) -> tuple[str, ...]:
    if explained is None or error is None:
        return ()
    return (
        f"Other places explain {100 * explained:.2g} ± {100 * error:.2g} % (standard error) of "
        "what a place's own past leaves open in held-out time.",
    )


def _said_of_agreement(results: Results, agreement: float | None) -> tuple[str, ...]:
    if agreement is None:
        return ()
    number = len(results.stability.agreement)
    like = "agree" if agreement >= ALIKE else "agree little" if agreement > 0.2 else "do not agree"
    return (f"Maps of two halves of the recording {like}: r = {agreement:.2f} ({number} splits).",)


def _limits(results: Results, metrics: Mapping[str, Any]) -> dict[str, str]:
    """Return what limits the results, by kind."""
    found: dict[str, str] = {}
    if results.significance.note and results.stage != "map":
        found["short"] = results.significance.note
    shift = metrics.get("largest_shift_px") or 0.0
    if shift >= _SHIFTED_PX:
        found["motion"] = (
            f"The field of view moves by up to {shift:.1f} pixels: moving edges look like "
            "influence."
        )
    saturated = metrics.get("saturated_fraction") or 0.0
    if saturated >= _SATURATED:
        found["saturation"] = (
            f"The detector was saturated in {percent_text(saturated)} of all pixel values: the "
            "brightest moments are cut off."
        )
    bursts = metrics.get("burst_share") or 0.0
    if bursts >= _BURSTS:
        found["bursts"] = (
            f"Bursts: the busiest 1 % of the frames hold {percent_text(bursts)} of the activity; "
            "what everything does together looks like influence of everything on everything."
        )
    return found


def _advice(
    stage: Stage,
    drivers: int | None,
    explained: float | None,
    error: float | None,
    agreement: float | None,
    limits: Mapping[str, str],
) -> str:
    """Return what helps most, one sentence."""
    if not is_known("drivers", stage):
        return "Wait for the test against chance before you believe any of them."
    if "short" in limits:
        return "Next: record longer; until then believe none of the candidates."
    if "motion" in limits:
        return "Next: register the movie, then train again."
    if not drivers:
        predicts = explained is not None and error is not None and explained > _SURE * error
        if predicts:
            return (
                "Next: something predicts, but no single place is sure: record longer, or paint a "
                "region where you expect a source."
            )
        if "saturation" in limits:
            return "Next: record with less gain and longer; there is nothing to interpret here."
        return (
            "Next: record longer, or check the cell diameter and train with a longer preset; there "
            "is nothing to interpret here."
        )
    if agreement is not None and agreement < ALIKE:
        return "Next: trust drivers with a high stability only, and record longer to be sure."
    return "Next: click a driver to see whom it drives."
