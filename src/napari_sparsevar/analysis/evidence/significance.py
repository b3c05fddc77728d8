"""Which sources and edges can be trusted: effects with intervals, adjusted p-values."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from napari_sparsevar.analysis.evidence.adjusted_p_values import (
    NOTABLE,
    AdjustedPValues,
    adjusted_p_values,
)
from napari_sparsevar.analysis.evidence.chance import drive_of_scores
from napari_sparsevar.analysis.evidence.chosen_nulls import ChosenNull, against_each, chosen_nulls
from napari_sparsevar.analysis.evidence.direction import led
from napari_sparsevar.analysis.evidence.echoes import Echoes
from napari_sparsevar.analysis.evidence.found_cells import CellsAtPlaces, either, surer
from napari_sparsevar.analysis.evidence.inference import PlaceEffects, place_effects
from napari_sparsevar.analysis.evidence.level import LEVEL
from napari_sparsevar.analysis.evidence.nulls.pairing import TooShortError, centred_effects
from napari_sparsevar.analysis.evidence.nulls.trials import WholeTrials, trials_among
from napari_sparsevar.analysis.fit.fitting import FittedVar
from napari_sparsevar.analysis.fit.lagged_rows import LaggedRows, chosen_rows
from napari_sparsevar.analysis.heap import trim_heap
from napari_sparsevar.model.embedded_var import LaggedPairs
from napari_sparsevar.progress import part

_DRAWS, _FEWER_DRAWS, _MANY = 199, 59, 512
"""Draws of the null distribution; fewer for many latents, whose draws cost more. A test at 5 % is
exact with both, and hardly loses power. Smaller p-values than 1 / 60 come from the tail."""

_MOST_NUMBERS, _STRETCHES = 2**26, 16
"""Frames times predictors that are tested, 32,768 frames of 2,048 places: of a longer recording
stretches spread over it. More would not fit into memory."""

_RESERVE = 1.0
"""By how much more notable than a positive effect a negative one has to be to count for a place:
silencing is rarer than exciting, and is not to cost others their evidence."""

_MOST_ECHOES = 2048
"""Places up to which echoes are looked for in every draw."""


NO_CELLS = torch.empty((0, 3), dtype=torch.float64)


@dataclass(frozen=True, eq=False)
class Significance:
    """What the tests say, the same at every penalty; NaN where nothing could be tested.

    Attributes
    ----------
    estimate, standard_error : Tensor, shape (P, p), float32
        Debiased effect of every source on every distant target.
    edge_p : Tensor, shape (P, p), float32
        Family-wise adjusted p-values of the edges: that source and target have nothing to do with
        each other, or the source does not lead (``leading``), whichever is larger; by the places or
        by cells that were found there.
    place_p : Tensor, shape (p,), float32
        The same of "this source drives none", by its place or by a cell that was found there.
    place_evidence : Tensor, shape (p,), float32
        How sure it is that each place has to do with others, on a scale on which 1 is p = 0.05.
    silencing : Tensor of bool, shape (P, p)
        Negative effects of places that drive others beyond chance, as far as these are notable
        themselves and no ``Echoes``.
    chance : Tensor, shape (p,), float32
        What the drive of each place reaches by chance at the fitted penalty: in 5 % of recordings
        without any influence some place reaches more.
    note : str
        Why nothing was tested; empty if it was.
    needed : int
        Frames a test needs, where there are too few; else 0.
    null : str
        What chance is where there are trials, or everything bursts together, and how much of a
        long recording was tested, in sentences.
    cells : Tensor, shape (m, 3), float64
        Middles y, x of cells that were found and drive others beyond chance, and 1, or -1 where
        they silence.
    """

    estimate: Tensor
    standard_error: Tensor
    edge_p: Tensor
    place_p: Tensor
    place_evidence: Tensor
    chance: Tensor
    silencing: Tensor
    note: str = ""
    needed: int = 0
    null: str = ""
    cells: Tensor = NO_CELLS

    @classmethod
    def unknown(cls, fitted: FittedVar) -> Significance:
        """Return what is known before a test: nothing."""
        pairs = torch.full((), torch.nan).expand(fitted.nonzero.shape)
        none = torch.zeros((), dtype=torch.bool).expand(pairs.shape)
        return cls(pairs, pairs, pairs, pairs[0], pairs[0], pairs[0], none)

    def sureness(self) -> Tensor:
        """Return ``place_evidence``, at least 1 where p <= 0.05 and less elsewhere, (n,).

        The p-values are step-down: they reject a little more than the limit for the largest does.
        """
        rejected = self.place_p <= LEVEL
        known = self.place_evidence.nan_to_num(0.0)
        return torch.where(rejected, known.clamp_min(1.0), known.clamp_max(1.0 - 1e-3))

    @property
    def leaderless(self) -> Tensor:
        """Places that have to do with others beyond chance and are not sure to lead, (n,)."""
        return (self.place_evidence >= 1.0) & (self.place_p > LEVEL)

    @property
    def tested(self) -> bool:
        """Whether any place could be tested."""
        return bool(self.place_p.isfinite().any())


def significance(
    rows: LaggedRows,
    fitted: FittedVar,
    amplitude: Tensor | None = None,
    echoes: Echoes | None = None,
    unclear: Tensor | None = None,
    rare_events: bool = False,
    cells: CellsAtPlaces | None = None,
) -> Generator[float, None, Significance]:
    """Test every source and edge; yield the fraction done.

    Parameters
    ----------
    rows : LaggedRows
        Those the VAR was fitted to.
    fitted : FittedVar
    amplitude : Tensor, shape (n,), optional
        What each target counts in the drive of a place; by default all the same.
    echoes : Echoes, optional
        Tells negative effects from echoes; by default there are none.
    unclear : Tensor of bool, shape (n, n), optional
        Pairs, source by target, of which nobody can tell who leads: see ``Asked``.
    rare_events : bool
        Whether series are events that seldom meet: see ``adjusted_p_values``.
    cells : CellsAtPlaces, optional
        What cells that were found say of places: ``FoundCells.at``.
    """
    near = torch.from_numpy(fitted.near)
    looked_at = rows_to_test(rows.n_rows, fitted.weights.shape[0])
    trials, said_of_trials = trials_among(rows.frames, rows.starts, looked_at)
    effects = _effects(chosen_rows(rows, looked_at), fitted, near, trials)
    yield 0.3
    if echoes is not None:
        real = echoes.without(effects.z.nan_to_num(0.0))
        effects = replace(effects, z=effects.z.where(effects.z.isnan(), real))
    nulls = chosen_nulls(effects, trials)
    counted = torch.ones(len(near)) if amplitude is None else amplitude.float()
    counting = _Counting.of(effects, fitted, counted, echoes)

    def tested(chosen: ChosenNull) -> Generator[float, None, AdjustedPValues]:
        drawing = adjusted_p_values(
            chosen.effects,
            _DRAWS if len(near) <= _MANY else _FEWER_DRAWS,
            pairing=chosen.pairing,
            drive=counting.drive,
            near=near,
            rates=False,
            counted=counting.for_places,
            rare_events=rare_events,
            level=LEVEL if cells is None else LEVEL / 2,
        )
        found = yield from part(drawing, 0.0, 0.7)
        asking = led(
            found,
            effects.z.sign(),
            lambda: chosen_rows(rows, looked_at),
            fitted,
            negative=effects.z < 0,
            unclear=unclear,
        )
        return (yield from part(asking, 0.7, 1.0))

    known = replace(
        Significance.unknown(fitted),
        estimate=effects.estimate.float(),
        standard_error=effects.standard_error.float(),
        silencing=torch.zeros_like(effects.z, dtype=torch.bool),
    )
    try:
        found = yield from part(against_each(nulls.each, tested), 0.3, 1.0)
    except TooShortError as error:
        return replace(known, note=str(error), needed=error.needed)
    if cells is not None:
        found = _told_by_either(found, cells)
    sure = (found.place <= LEVEL).repeat(fitted.lags)
    said = said_of_trials, nulls.said, _said_of_rows(rows.n_rows, len(looked_at))
    return replace(
        known,
        edge_p=found.edge.float(),
        place_p=found.place.float(),
        place_evidence=found.place_evidence.float(),
        chance=(found.reach / fitted.statistics.n**0.5).float(),
        silencing=sure[:, None] & (effects.z <= -NOTABLE - _RESERVE),
        null=" ".join(filter(None, said)),
    )


def _told_by_either(places: AdjustedPValues, cells: CellsAtPlaces) -> AdjustedPValues:
    """Return what places or cells say, adjusted for both being asked."""
    edge = either(places.edge, cells.edge).where(places.edge.isfinite(), torch.nan)
    evidence = surer(places.place_evidence, cells.place)
    return replace(
        places, edge=edge, place=either(places.place, cells.place), place_evidence=evidence
    )


def _effects(
    pairs: LaggedPairs, fitted: FittedVar, near: Tensor, trials: WholeTrials | None
) -> PlaceEffects:
    effects = place_effects(pairs.past, pairs.following, fitted.coefficients, fitted.weights, near)
    if trials is not None:
        effects = centred_effects(effects, trials)
    del pairs  # the draws need their residuals alone
    trim_heap()
    return effects


@dataclass(frozen=True, eq=False)
class _Counting:
    """What of the scores of all pairs (D, P, p) counts, observed and in each draw.

    Attributes
    ----------
    coincidence : Tensor, shape (P, p)
        As ``PlaceEffects`` has it; 0 of what is not tested, which is no part of the map either.
    counted : Tensor, shape (p,)
        What each target counts in the drive of a place.
    threshold : float
        What the lasso leaves of scores is beyond it.
    of_chance : Echoes, optional
        Tells echoes in the draws.
    """

    coincidence: Tensor
    counted: Tensor
    threshold: float
    of_chance: Echoes | None

    @classmethod
    def of(
        cls, effects: PlaceEffects, fitted: FittedVar, counted: Tensor, echoes: Echoes | None
    ) -> _Counting:
        coincidence = effects.coincidence.masked_fill(~effects.z.isfinite(), 0.0)
        # To look for the echoes of chance costs much; with them a test only asks for more.
        of_chance = echoes if len(counted) <= _MOST_ECHOES else None
        return cls(coincidence, counted, fitted.penalty * fitted.statistics.n**0.5, of_chance)

    def drive(self, scores: Tensor) -> Tensor:
        """Return what the lasso would leave of scores, for each place, (D, p)."""
        return drive_of_scores(scores * self.coincidence, self.counted, self.threshold)

    def for_places(self, scores: Tensor) -> Tensor:
        """Return what of scores counts for places."""
        if self.of_chance is not None:
            scores = self.of_chance.without(scores.nan_to_num(0.0))
        return torch.maximum(scores, -scores - _RESERVE)


def _said_of_rows(total: int, tested: int) -> str:
    if tested == total:
        return ""
    return (
        f"Of {total:,} frames {tested:,} were tested, in {_STRETCHES} stretches spread over the "
        "recording: more would not fit into memory."
    )


def rows_to_test(total: int, predictors: int) -> Tensor:
    """Return the rows the tests look at: all, or stretches spread evenly over a long recording."""
    most = _MOST_NUMBERS // predictors
    if total <= most:
        return torch.arange(total)
    length = most // _STRETCHES
    starts = torch.linspace(0, total - length, _STRETCHES).long()
    return (starts[:, None] + torch.arange(length)).flatten()
