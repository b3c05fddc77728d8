"""Compare windows of a run or of cells, or any two sequences."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from datetime import UTC, datetime
from itertools import combinations

import numpy as np
import numpy.typing as npt

from napari_sparsevar.analysis.evidence.adjustments import holm
from napari_sparsevar.arguments import checked
from napari_sparsevar.cells.cell_fit import CellFit
from napari_sparsevar.comparison.anything import anything_test
from napari_sparsevar.comparison.difference import difference_map
from napari_sparsevar.comparison.dynamics import dynamics_test
from napari_sparsevar.comparison.options import ComparisonOptions
from napari_sparsevar.comparison.prediction import prediction
from napari_sparsevar.comparison.result import Comparison, ComparisonSet
from napari_sparsevar.comparison.rows import (
    Rows,
    check_rows,
    rows_of_activity,
    rows_of_sequences,
)
from napari_sparsevar.comparison.subject import (
    FittedActivity,
    Subject,
    filtered_activity,
)
from napari_sparsevar.comparison.windows import Piece, Window, check_windows
from napari_sparsevar.errors import UserError
from napari_sparsevar.model.config import Dynamics
from napari_sparsevar.progress import Step, part, returned, stage
from napari_sparsevar.run.run import Run

Frames = Window | Piece | Sequence[Piece]
Pieces = npt.ArrayLike | Sequence[npt.ArrayLike]


def comparing(
    source: Run | CellFit, windows: Sequence[Window], options: ComparisonOptions | None = None
) -> Generator[Step, None, ComparisonSet]:
    """Compare several windows of a run or of cells in pairs; yield what is done.

    Parameters
    ----------
    source : Run or CellFit
    windows : sequence of Window
        Two or more that do not overlap.
    options : ComparisonOptions, optional
        With a ``baseline``, every other window is compared with that one, else all with all.

    Raises
    ------
    UserError
        If the windows cannot be compared; the sentence says what to change.
    """
    options = options or ComparisonOptions()
    fitted = filtered_activity(source if isinstance(source, CellFit) else source.results)
    check_windows(windows, len(fitted.activity.good))
    pairs = window_pairs(windows, options.baseline)
    yield 0.0, "Preparing the windows"
    found = rows_of_activity(fitted, windows)
    check_rows(found, [window.label for window in windows], fitted.fitted.lags)
    rows = dict(zip([window.label for window in windows], found, strict=True))
    subject = _subject(source, fitted)
    compared = []
    for index, (a, b) in enumerate(pairs):
        steps = _compare(a, b, [rows[a.label], rows[b.label]], subject, options)
        message = f"Comparing {a.label} and {b.label}"
        start, stop = index / len(pairs), (index + 1) / len(pairs)
        compared.append((yield from stage(steps, start, stop, message)))
    return ComparisonSet(
        "",
        tuple(windows),
        options.baseline,
        tuple(compared),
        tuple(holm([pair.p_value for pair in compared])),
        datetime.now(UTC).isoformat(timespec="seconds"),
    )


@checked
def compare(
    source: Run | CellFit,
    windows: Sequence[Window],
    *,
    baseline: str | None = None,
    draws: int = 1000,
    level: float = 0.05,
    seed: int = 0,
) -> ComparisonSet:
    """Test in pairs whether several windows of a run or of cells follow the same dynamics.

    Parameters
    ----------
    source : Run or CellFit
    windows : sequence of Window
        Two or more that do not overlap; trials of one label are one (``read_windows``).
    baseline : str, optional
        Label of the window that every other is compared with; all pairs by default.
    draws, level, seed
        As in ``compare_windows``.

    Returns
    -------
    ComparisonSet
        ``pairs``, and their p-values ``adjusted`` together.

    Raises
    ------
    UserError
        If windows overlap, or are too short for a test at this level.
    """
    return returned(comparing(source, windows, ComparisonOptions(draws, level, seed, baseline)))


@checked
def compare_windows(
    source: Run | CellFit,
    a: Frames,
    b: Frames,
    *,
    draws: int = 1000,
    level: float = 0.05,
    seed: int = 0,
) -> Comparison:
    """Test whether two windows of a run or of cells follow the same dynamics.

    Edges between distant places or different cells are compared. What happens within a cell (its
    decay, its noise) is fitted but not tested: it changes with the level of noise.

    Parameters
    ----------
    source : Run or CellFit
    a, b : Window, (start, stop) or several of them
        Frames, stop exclusive; pieces are never joined across a gap.
    draws : int
    level : float
        False-positive rate at which a change is called one.
    seed : int

    Returns
    -------
    Comparison

    Raises
    ------
    UserError
        If the windows overlap, or are too short for a test at this level.
    """
    options = ComparisonOptions(draws, level, seed)
    return returned(comparing(source, [Window.of("A", a), Window.of("B", b)], options)).pairs[0]


@checked
def compare_sequences(
    a: Pieces,
    b: Pieces,
    *,
    lags: int = 1,
    dynamics: Dynamics = "none",
    own_history: bool = False,
    draws: int = 1000,
    level: float = 0.05,
    seed: int = 0,
) -> Comparison:
    """Test whether two sequences follow the same dynamics.

    Parameters
    ----------
    a, b : array (T, p), or a list of such arrays
        Pieces of a list are never joined.
    lags : int
        How many past frames predict the next one.
    dynamics : {"none", "calcium"}
        ``none`` fits a plain VAR. ``calcium`` takes a decay and white noise out first, as a run
        does: right for recorded traces.
    own_history : bool
        Compare what each latent does by itself as well. Not with noisy traces: with the noise, the
        memory of a latent seems to change.
    draws, level, seed
        As in ``compare_windows``.

    Returns
    -------
    Comparison
        Its windows count the frames of a and b one after the other.

    Raises
    ------
    UserError
        If the sequences do not fit each other, hold a latent that never changes or are too short.
    """
    options = ComparisonOptions(draws, level, seed)
    if lags < 1:
        raise UserError(f"The number of lags is {lags}: choose 1 or more.")
    parts = [_pieces(a), _pieces(b)]
    rows = rows_of_sequences(parts, lags, dynamics)
    check_rows(rows, ("A", "B"), lags)
    size = rows[0].following.shape[1]
    subject = Subject.of_sequences(size, lags, own_history=own_history)
    return returned(_compare(*_numbered(parts), rows, subject, options))


def _compare(
    a: Window,
    b: Window,
    rows: Sequence[Rows],
    subject: Subject,
    options: ComparisonOptions,
) -> Generator[float, None, Comparison]:
    """Make every test of one pair; yield the fraction done."""
    labels = a.label, b.label
    if not bool(subject.tested.any()):
        raise UserError("There is no edge between different places to compare.")
    testing = dynamics_test(rows, labels, subject.weights, subject.tested, options)
    found = yield from part(testing, 0.0, 0.7)
    anything = anything_test(rows, labels, subject.weights, options)
    yield 0.8
    predicting = prediction(rows, subject.weights, found.test.block_length, subject.metric)
    predicted = yield from part(predicting, 0.8, 1.0)
    results = subject.results
    difference = None if results is None else difference_map(found.edges, results)
    return Comparison(
        a,
        b,
        subject.placed(found.test),
        anything,
        predicted,
        difference,
        options.level,
        options.draws,
        options.seed,
    )


def _subject(source: Run | CellFit, compared: FittedActivity) -> Subject:
    if isinstance(source, CellFit):
        return Subject.of_cells(source)
    return Subject.of_results(source.results, compared)


def window_pairs(
    windows: Sequence[Window], baseline: str | None = None
) -> list[tuple[Window, Window]]:
    """Return all pairs, or each window with the one whose label is the baseline.

    Raises
    ------
    UserError
        If no window has that label.
    """
    if baseline is None:
        return list(combinations(windows, 2))
    first = next((window for window in windows if window.label == baseline), None)
    if first is None:
        known = ", ".join(window.label for window in windows)
        raise UserError(f"The baseline {baseline} is no window: choose one of {known}.")
    return [(first, window) for window in windows if window is not first]


def _pieces(given: Pieces) -> list[npt.ArrayLike]:
    """Return a list of arrays from one array or several."""
    if isinstance(given, (list, tuple)) and all(np.ndim(piece) == 2 for piece in given):
        return list(given)
    return [given]  # type: ignore[list-item]


def _numbered(parts: Sequence[Sequence[npt.ArrayLike]]) -> tuple[Window, Window]:
    """Return windows that count the frames of all pieces one after the other."""
    windows, first = [], 0
    for label, pieces in zip("AB", parts, strict=True):
        bounds = []
        for piece in pieces:
            bounds.append((first, first + len(np.asarray(piece))))
            first = bounds[-1][1]
        windows.append(Window(label, tuple(bounds)))
    return windows[0], windows[1]
