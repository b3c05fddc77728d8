"""Which nuisances a simulated movie has."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from napari_sparsevar.arguments import Settings
from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.simulation.nuisances.activity import (
    Bursts,
    Hidden,
    Kinetics,
    Spread,
    State,
    Stimuli,
    Wiring,
)
from napari_sparsevar.movie.simulation.nuisances.light import (
    Anatomy,
    AxialMotion,
    Bleaching,
    Detector,
    LinePhase,
    Motion,
    Neuropil,
    OutOfFocus,
    Vessels,
)


class Nuisances(Settings):
    """The nuisances of a simulated movie: one that is None is off.

    >>> Nuisances(motion=Motion(px=1.0)).names
    ['motion']

    Parameters
    ----------
    wiring : Wiring, optional
        Lags, inhibition, chains, mutual pairs.
    spread : Spread, optional
        Cells that differ in rate and brightness.
    kinetics : Kinetics, optional
        Rise, decay and saturation of an indicator.
    anatomy : Anatomy, optional
        Rings, dendrites, overlap.
    out_of_focus : OutOfFocus, optional
        Blurred cells.
    neuropil : Neuropil, optional
        Light that follows what cells around do.
    vessels : Vessels, optional
        More and wider ones.
    detector : Detector, optional
        Photons that are counted.
    bleaching : Bleaching, optional
        Light that fades.
    motion : Motion, optional
        What registration leaves.
    axial_motion : AxialMotion, optional
        Moments out of focus.
    line_phase : LinePhase, optional
        Every other line shifted.
    state : State, optional
        Running bouts.
    bursts : Bursts, optional
        Bursts of the whole field.
    stimuli : Stimuli, optional
        Stimuli with latencies.
    hidden : Hidden, optional
        Drivers outside of the field.
    """

    wiring: Wiring | None = None
    spread: Spread | None = None
    kinetics: Kinetics | None = None
    anatomy: Anatomy | None = None
    out_of_focus: OutOfFocus | None = None
    neuropil: Neuropil | None = None
    vessels: Vessels | None = None
    detector: Detector | None = None
    bleaching: Bleaching | None = None
    motion: Motion | None = None
    axial_motion: AxialMotion | None = None
    line_phase: LinePhase | None = None
    state: State | None = None
    bursts: Bursts | None = None
    stimuli: Stimuli | None = None
    hidden: Hidden | None = None

    @property
    def names(self) -> list[str]:
        """Which are on."""
        return [name for name, value in self if value is not None]

    def without(self, *names: str) -> Nuisances:
        """Return the others.

        Parameters
        ----------
        *names : str
            Which to switch off.

        Raises
        ------
        UserError
            If there is no nuisance of a name.
        """
        for name in names:
            _known(name)
        return Nuisances(**{name: value for name, value in self if name not in names})

    def adding(self, *texts: str) -> Nuisances:
        """Return these and more.

        Parameters
        ----------
        *texts : str
            Such as ``motion``, or ``motion:px=1,memory_s=0.5``; a range is
            ``kinetics:decay_s=0.2..0.5``. What is not named keeps its value.

        Raises
        ------
        UserError
            If a name or a value is none.
        """
        chosen = dict(self)
        for text in texts:
            name, _, rest = text.partition(":")
            settings = dict(_setting(text, part) for part in rest.split(",") if part)
            before = {} if chosen.get(_known(name)) is None else dict(chosen[name])
            try:
                made = Nuisances.model_validate({name: {**before, **settings}})
            except ValidationError as error:
                first = error.errors()[0]
                where = ".".join(str(part) for part in first["loc"] if isinstance(part, str))
                said = first["msg"][0].lower() + first["msg"][1:]
                raise UserError(f"{where} of {text!r}: {said}.") from None
            chosen[name] = getattr(made, name)
        return Nuisances(**chosen)


def _known(name: str) -> str:
    if name not in Nuisances.model_fields:
        known = ", ".join(Nuisances.model_fields)
        raise UserError(f"There is no nuisance {name!r}; choose from {known}.")
    return name


def _setting(text: str, part: str) -> tuple[str, Any]:
    name, equals, value = part.partition("=")
    if not equals:
        raise UserError(f"{text!r}: write a setting as name=value, as in motion:px=1.")
    return name.strip(), value.split("..") if ".." in value else value.strip()
