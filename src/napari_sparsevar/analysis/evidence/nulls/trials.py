r"""Whole trials: sources of one trial meet targets of another at the same moment of it.

What a stimulus does at each moment of a trial stays, on average and in how much activity varies. So
this null asks for influence beyond it: in how trials differ from each other. On average over
permutations of T trials, with means over trials at each moment m,

.. math:: \sum_t N_{tk} R_{\pi(t),j} \to T \sum_m \bar N_{mk} \bar R_{mj},

which is as much in what is observed. It is taken off both, by centring each moment: else pairs that
a stimulus reaches one after the other would decide what all others must exceed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from napari_sparsevar.analysis.evidence.nulls.pairing import Paired

FEWEST_TRIALS = 20
"""With fewer trials their average is too rough, and permutations are few and alike."""

ALIKE = 0.8
"""Trials are of similar length if a short one (10 % are shorter) has as much of a long one."""

_SEVERAL = 5
"""Jumps of time from which a movie is spoken of as trials: one or two are pauses."""


@dataclass(frozen=True, eq=False)
class WholeTrials:
    """A ``Pairing`` that permutes trials.

    Attributes
    ----------
    n_rows : int
        Of the recording.
    rows : Tensor of int, shape (trials, moments)
        Their numbers; -1 where a trial has no row. Moments that less than half of the trials have
        are left out.
    """

    n_rows: int
    rows: Tensor

    @property
    def needed(self) -> int:
        """A recording of fewer rows is refused: none, trials have been counted."""
        return 0

    def among(self, chosen: Tensor) -> WholeTrials | None:
        """Return those trials of which all rows are chosen, numbered anew; None if they are few.

        Parameters
        ----------
        chosen : Tensor of int
            Numbers of rows, ascending.
        """
        number = torch.full((self.n_rows + 1,), -1)  # the last is that of -1
        number[chosen] = torch.arange(len(chosen))
        rows = number[self.rows]
        found = rows[((rows >= 0) == (self.rows >= 0)).all(dim=1)]
        return WholeTrials(len(chosen), found) if len(found) >= FEWEST_TRIALS else None

    def most_draws(self) -> int:
        """Return how many permutations there are: enough."""
        return 2**31

    def batches(self, draws: int, together: int, width: int, seed: int) -> Iterator[Paired]:
        """Yield so many draws of trials that have about ``width`` rows."""
        rng, trials = np.random.default_rng(seed), len(self.rows)
        chosen = min(max(round(trials * width / self.n_rows), 2), trials)
        for first in range(0, draws, together):
            sources = np.sort(rng.permutation(trials)[:chosen])
            rows = self.rows[torch.from_numpy(sources)].flatten()
            orders = [rng.permutation(trials)[:chosen] for _ in range(min(together, draws - first))]
            partners = torch.stack(
                [self.rows[torch.from_numpy(order)].flatten() for order in orders], dim=1
            )
            yield Paired(rows[rows >= 0], partners[rows >= 0])

    def centred(self, values: Tensor) -> Tensor:
        """Return rows (n, m) less the mean over trials at their moment; 0 where few have it."""
        found = torch.zeros_like(values)
        for moment in self.rows.T:
            rows = moment[moment >= 0].to(values.device)
            here = values[rows]
            found[rows] = here - here.mean(dim=0)
        return found


def trials_of(frames: Tensor, starts: Sequence[int]) -> tuple[WholeTrials | None, str]:
    """Find trials between jumps of time; say whether they are the null, or why not.

    Parameters
    ----------
    frames : Tensor of int, shape (n,)
        The frame of each row, ascending.
    starts : sequence of int
        Frames at which time jumps.

    Returns
    -------
    WholeTrials or None
    str
        A sentence; empty where time does not jump.
    """
    if not len(starts) or not len(frames):
        return None, ""
    begins = torch.tensor([0, *starts])
    stretch = torch.bucketize(frames, begins, right=True) - 1
    moment = frames - begins[stretch]
    _, trial, counts = stretch.unique_consecutive(return_inverse=True, return_counts=True)
    size = len(counts)
    length = torch.zeros(size).scatter_reduce_(0, trial, moment + 1.0, "amax")
    if size < FEWEST_TRIALS:
        why = f"{size} trials are fewer than {FEWEST_TRIALS}"
    elif length.quantile(0.1) < ALIKE * length.quantile(0.9):
        why = f"{size} trials are of different length"
    else:
        table = torch.full((size, int(moment.max()) + 1), -1)
        table[trial, moment] = torch.arange(len(frames))
        often = (table >= 0).sum(dim=0) >= size / 2
        return WholeTrials(len(frames), table[:, often]), (
            f"Chance is told by {size} whole trials that trade places: what each moment of a trial "
            "has in common is kept, and p-values are of influence beyond it."
        )
    return None, _shifted_because(why)


def trials_among(
    frames: Tensor, starts: Sequence[int], chosen: Tensor
) -> tuple[WholeTrials | None, str]:
    """Do as ``trials_of`` does for those rows that are tested, given by ascending numbers.

    Jumps of time that are fewer than trials could be are not spoken of.
    """
    trials, said = trials_of(frames, starts)
    if trials is None:
        return None, said if len(starts) >= _SEVERAL else ""
    found = trials.among(chosen)
    return found, said if found is not None else _shifted_because("few trials fit into the test")


def _shifted_because(why: str) -> str:
    return (
        f"Chance is told by shifts in time, because {why}: what all trials do at the same moment "
        "can pass for influence."
    )
