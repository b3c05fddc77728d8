"""What a run is worth, in the same words wherever it is shown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from napari_sparsevar.analysis.evidence.words import percent_text
from napari_sparsevar.analysis.fit.fitting import default_penalty
from napari_sparsevar.analysis.maps.tested_drivers import place_p_values
from napari_sparsevar.analysis.results import Results
from napari_sparsevar.analysis.stages import Stage
from napari_sparsevar.model.embedded_var import enough_rows

ALIKE = 0.5
"""Correlation from which maps of two halves are called alike."""

AS_EVENTS = "Transients stand out of the noise: the events behind them were analysed."

_BRING = "bring cells that you drew or sorted (the Cells dock, 'sparsevar cells RUN PATH')"

_AGREE_LITTLE = 0.2
"""Correlation from which they agree at all."""

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


def verdict_of(
    results: Results,
    metrics: Mapping[str, float | int | str | None],
    fps: float | None = None,
) -> Verdict:
    """Judge the results of a run at the penalty of its analysis.

    Parameters
    ----------
    results : Results
    metrics : mapping
        Of the record: what was seen of the movie itself.
    fps : float, optional
        Frames per second, where known: lengths of time are said in minutes too.
    """
    drivers = len(results.drivers.table) if results.significance.tested else None
    candidates = len(results.candidates.table)
    explained, error = _explained(results)
    agreement = _agreement(results)
    limits = _limits(results, metrics, fps)
    predicts = explained is not None and error is not None and explained > _SURE * error
    return Verdict(
        results.stage,
        drivers,
        candidates,
        explained,
        error,
        agreement,
        _headline(results.stage, drivers, candidates),
        (
            *([results.significance.null] if results.significance.null else []),
            *_said_of_silencing(results),
            *_said_of_leaderless(results),
            *_said_of_explained(results, explained, error),
            *_said_of_agreement(results, agreement),
            *([AS_EVENTS] if results.activity.events is not None else []),
        ),
        tuple(limits.values()),
        _advice(results, fps, limits, predicts=predicts, agreement=agreement),
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
    if drivers is None:
        begin = (
            "Not tested against chance yet"
            if stage == "map"
            else "Nothing could be tested against chance"
        )
        if not candidates:
            return f"{begin}: no place stands out of the map."
        stand = _counted(candidates, "place stands", "places stand")
        return f"{begin}: {stand} out of the map, which may well be chance."
    if drivers == 0:
        return "No place drives others more than chance would."
    return f"{_counted(drivers, 'place drives', 'places drive')} others more than chance would."


def _counted(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"


def _said_of_silencing(results: Results) -> tuple[str, ...]:
    """Say after how many drivers others go down."""
    silencing = int((results.drivers.table["strength"] < 0).sum())
    if not silencing or not results.significance.tested:
        return ()
    others = _counted(silencing, "of them silences", "of them silence")
    return (f"{others} others: what follows goes down.",)


def _said_of_leaderless(results: Results) -> tuple[str, ...]:
    """Say how many places go together with others, and none is sure to lead."""
    places, one_way = results.candidates, (~results.significance.leaderless).float().numpy()
    labels = places.table["label"].to_numpy(int)
    found = place_p_values(one_way, places.labels, labels, results.grid) == 0
    if not found.any():
        return ()
    more = _counted(int(found.sum()), "place has", "places have")
    return (
        f"{more} to do with others beyond chance but {'is' if found.sum() == 1 else 'are'} not "
        "sure to lead: light that is shared and noise look the same.",
    )


def _said_of_explained(
    results: Results, explained: float | None, error: float | None
) -> tuple[str, ...]:
    if explained is None or error is None:
        return ()
    left = "of what a place's own past leaves open in held-out time"
    digits = 1 if error <= 0 else min(max(-math.floor(math.log10(100 * error)), 0), 3)
    share, about = f"{100 * abs(explained):.{digits}f}", f"{100 * error:.{digits}f}"
    if explained > _SURE * error:
        return (f"Other places explain {share} ± {about} % (standard error) {left}.",)
    if explained < -_SURE * error:
        most = 1.0 - float(results.criterion["cv_error"].min())
        nothing = f"explain at most {100 * most:.1g} %" if most > 0 else "explain nothing"
        few = ", with few edges" if most > 0 else ""
        return (
            f"Other places {nothing} {left}{few}; with the many edges of the map the prediction is "
            f"worse, by {share} ± {about} % (standard error).",
        )
    sign = "−" if explained < 0 else ""
    return (
        f"Other places explain nothing for sure {left}: {sign}{share} ± {about} % (standard "
        "error).",
    )


def _said_of_agreement(results: Results, agreement: float | None) -> tuple[str, ...]:
    if agreement is None:
        return ()
    splits = _counted(int(np.isfinite(results.stability.agreement).sum()), "split", "splits")
    like = (
        "agree"
        if agreement >= ALIKE
        else "agree little"
        if agreement > _AGREE_LITTLE
        else "do not agree"
    )
    return (f"Maps of two halves of the recording {like}: r = {agreement:.2f} ({splits}).",)


def _limits(results: Results, metrics: Mapping[str, Any], fps: float | None) -> dict[str, str]:
    """Return what limits the results, by kind."""
    found: dict[str, str] = {}
    frames, places = int(results.good.sum()), results.fitted.weights.shape[0]
    if results.stage != "map" and not results.significance.tested:
        needed = results.significance.needed
        found["short"] = (
            f"Too short: activity this slow needs {_at_least(needed, fps)} for a test against "
            f"chance, and there are {frames:,}."
            if needed
            else "The recording is too short for a test against chance."
        )
    elif frames < enough_rows(places):
        found["few"] = (
            f"{_long(frames, fps)} are few for {places:,} possible sources: weak influences are "
            "missed."
        )
    shift = metrics.get("largest_shift_px") or 0.0
    if shift >= _SHIFTED_PX:
        found["motion"] = (
            f"The field of view moves by up to {shift:.1f} pixels: moving edges look like "
            "influence."
        )
    saturated = metrics.get("saturated_fraction") or 0.0
    if saturated >= _SATURATED:
        found["saturation"] = (
            f"The detector was saturated in {100 * saturated:.2g} % of all pixel values: the "
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
    results: Results,
    fps: float | None,
    limits: Mapping[str, str],
    *,
    predicts: bool,
    agreement: float | None,
) -> str:
    """Return what helps most, one sentence."""
    if results.stage == "map":
        return "Believe none of it before it is tested; in the viewer the test follows by itself."
    if "short" in limits:
        needed = results.significance.needed
        longer = _at_least(needed, fps) if needed else "longer"
        return f"Next: record {longer}; until then believe none of the candidates."
    if "motion" in limits:
        return (
            "Next: register the movie (Register in the Train dock, 'sparsevar register', suite2p, "
            "NoRMCorre) and train on what comes out."
        )
    alike = agreement is not None and agreement >= ALIKE
    if results.drivers.table.empty:
        return _advice_without_drivers(results, fps, limits, something=predicts or alike)
    if agreement is not None and not alike:
        return (
            "Next: trust only drivers with a stability of 90 % or more, and record longer to be "
            "sure of the others."
        )
    if "bursts" in limits:
        return (
            "Next: click a driver, choose a partner and look under Events whether it follows, or "
            "whether both only take part in the bursts."
        )
    return "Next: click a driver to see whom it drives."


def _advice_without_drivers(
    results: Results, fps: float | None, limits: Mapping[str, str], *, something: bool
) -> str:
    """Return what helps where nothing is beyond chance."""
    enough = enough_rows(results.fitted.weights.shape[0])
    longer = f"record {_at_least(max(2 * int(results.good.sum()), enough), fps)}"
    if something:
        return (
            f"Next: something is there, but no single place is sure: {longer}, or paint a region "
            "where you expect a source."
        )
    if results.stage != "all":
        return (
            "Next: see what the rest of the analysis says of the recording as a whole; no place of "
            "this map is to be interpreted."
        )
    if "few" not in limits and "saturation" in limits:
        return (
            "Next: record with less gain or laser power, and longer; there is nothing to interpret "
            "here."
        )
    return f"Next: {_BRING}, or {longer}; there is nothing to interpret in this map."


def _at_least(frames: int, fps: float | None) -> str:
    """Say a length of time, rounded up to two digits."""
    unit = 10 ** max(math.floor(math.log10(max(frames, 1))) - 1, 0)
    return f"at least {_long(math.ceil(frames / unit) * unit, fps)}"


def _long(frames: int, fps: float | None) -> str:
    """Say a length of time, in minutes too where the frame rate is known."""
    if not fps:
        return f"{frames:,} frames"
    seconds = frames / fps
    lasting = f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
    return f"{frames:,} frames ({lasting})"
