"""One method on one movie, in a process of its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import lru_cache, partial
from typing import NamedTuple

import torch

from napari_sparsevar.lasso import solve_lasso
from recovery_parts.answer import Answer
from recovery_parts.cases import Trial, make_trial
from recovery_parts.cell_fits import detected_fit, footprints_fit, suite2p_fit
from recovery_parts.components import nmf, oracle, oracle_drives, pca
from recovery_parts.network import VARIANTS, NetworkOptions, train_network
from recovery_parts.pooling import pooling, pooling_naive
from recovery_parts.region_scores import region_scores
from recovery_parts.rows import Key, Row, make_row
from recovery_parts.scores import score
from recovery_parts.suite2p_regions import suite2p

SIMPLE: dict[str, Callable[[Trial], Answer]] = {
    "pooling_naive": pooling_naive,
    "pooling": pooling,
    "pca": pca,
    "nmf": nmf,
    "suite2p": suite2p,
    "suite2p_fit": suite2p_fit,
    "detected_fit": detected_fit,
    "footprints_fit": footprints_fit,
    "oracle": oracle,
    "oracle_drives": oracle_drives,
}
METHODS = [*SIMPLE, *VARIANTS]


class Task(NamedTuple):
    """A method on a movie.

    Attributes
    ----------
    key : tuple
        What tells its row from others: name of the case, seed, method and preset.
    case : str
        A key of `CASES`.
    frames : int or None
        Length of the movie, where a quick look is enough.
    options : NetworkOptions
    """

    key: Key
    case: str
    frames: int | None
    options: NetworkOptions


def do(task: Task) -> Row:
    """Run a method on a movie and score what it says."""
    _warm_up()
    _, seed, method, _ = task.key
    trial = make_trial(task.case, seed, task.frames)
    trained = method in VARIANTS
    run = (
        partial(train_network, variant=method, options=task.options) if trained else SIMPLE[method]
    )
    began = time.perf_counter()
    answer = run(trial)
    seconds = time.perf_counter() - began
    scores = score(answer, trial.truth, trial.cell_radius_px)
    painted = region_scores(answer.influence, trial.truth)
    device = task.options.device if trained else "cpu"
    return make_row(task.key, scores, painted, seconds, device, answer.note)


@lru_cache(maxsize=1)
def _warm_up() -> None:
    """Keep to one thread, and load what is compiled before the clock starts."""
    torch.set_num_threads(1)
    one = torch.eye(2, dtype=torch.float64)
    solve_lasso(one, one, 0.1)
