"""The benchmark's scores of painted regions give the answers that are known beforehand."""

from __future__ import annotations

import csv
import math
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from napari_sparsevar import Truth, simulate_movie

Map = Callable[[NDArray[np.bool_], str], NDArray[np.float32]]

LATER = ["outgoing_auroc", "incoming_auroc"]
"""Columns that older files lack."""


class Parts(NamedTuple):
    """The modules of the benchmark that are tested here."""

    answer: ModuleType
    region_scores: ModuleType
    report: ModuleType
    rows: ModuleType
    scores: ModuleType


@pytest.fixture(scope="module")
def parts(repository: Path) -> Iterator[Parts]:
    sys.path.insert(0, str(repository / "benchmarks"))
    yield Parts(*(import_module(f"recovery_parts.{name}") for name in Parts._fields))
    sys.path.remove(str(repository / "benchmarks"))


@pytest.fixture(scope="module")
def truth() -> Truth:
    return simulate_movie(n_frames=20, seed=1)[1]


def known(truth: Truth, own: float = 0.0, sign: float = 1.0) -> Map:
    """Return an influence that knows the truth; ``own`` lights what only the painted cell holds."""

    def influence(region: NDArray[np.bool_], direction: str) -> NDArray[np.float32]:
        (cell,) = np.flatnonzero(((truth.footprints >= 0.5) == region).all(axis=(1, 2)))
        coupling = truth.coupling if direction == "outgoing" else truth.coupling.T
        partners = truth.footprints[coupling[cell] > 0].sum(axis=0)
        alone = (truth.footprints > 0).sum(axis=0) == 1
        inside = alone & (truth.footprints[cell] > 0)
        assert inside.any()
        return np.asarray(sign * partners + own * inside, dtype=np.float32)

    return influence


def row(parts: Parts, method: str, seed: int, regions: tuple[float, float] | None) -> Any:
    painted = parts.region_scores.RegionScores(*regions or (math.nan, math.nan))
    scores = parts.scores.Scores(1.0, 0.5, 0.4, 0.3, True, 24, 3.0, 1.0)
    return parts.rows.make_row(("easy", seed, method, ""), scores, painted, 1.5, "cpu", "a, note")


def write_old(parts: Parts, path: Path, rows: list[Any]) -> None:
    """Write rows as the benchmark did before regions were painted."""
    names = [name for name in parts.rows.Row._fields if name not in LATER]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([getattr(each, name) for name in names] for each in rows)


def test_the_truth_scores_one(parts: Parts, truth: Truth) -> None:
    assert parts.region_scores.region_scores(known(truth), truth) == (1.0, 1.0)


def test_the_truth_turned_round_scores_nothing(parts: Parts, truth: Truth) -> None:
    assert parts.region_scores.region_scores(known(truth, sign=-1.0), truth) == (0.0, 0.0)


@pytest.mark.parametrize("level", [0.0, 0.1, -7.3])
def test_an_even_map_is_chance(parts: Parts, truth: Truth, level: float) -> None:
    even = np.full(truth.footprints.shape[1:], level, np.float32)
    assert parts.region_scores.region_scores(lambda *_: even, truth) == (0.5, 0.5)


@pytest.mark.parametrize("own", [-1e3, 1e3])
def test_the_painted_cell_itself_never_counts(parts: Parts, truth: Truth, own: float) -> None:
    region_scores = parts.region_scores.region_scores
    assert region_scores(known(truth, own), truth) == (1.0, 1.0)
    assert region_scores(known(truth, own, sign=-1.0), truth) == (0.0, 0.0)


def test_a_map_of_the_wrong_direction_is_no_better_than_chance(parts: Parts, truth: Truth) -> None:
    other = {"outgoing": "incoming", "incoming": "outgoing"}
    influence = known(truth)
    found = parts.region_scores.region_scores(lambda m, d: influence(m, other[d]), truth)
    # Nothing drives a driver and a follower drives nothing: both maps are dark.
    assert found == (0.5, 0.5)


def test_a_map_that_ignores_who_was_painted_scores_by_roles_alone(
    parts: Parts, truth: Truth
) -> None:
    def influence(_: NDArray[np.bool_], direction: str) -> NDArray[np.float32]:
        lit = truth.followers if direction == "outgoing" else truth.drivers
        return np.asarray(truth.footprints[lit].sum(axis=0))

    # 6 drivers of 4 followers in 36 cells: of 31 cells that are no partners 20 follow another
    # driver and tie, of 34 that do not drive a follower 5 drive another.
    found = parts.region_scores.region_scores(influence, truth)
    assert found == pytest.approx(((11 + 0.5 * 20) / 31, (29 + 0.5 * 5) / 34))


def test_methods_without_such_maps_have_no_score(parts: Parts, truth: Truth) -> None:
    answer = parts.answer.nothing_found((4, 4), "")
    assert np.isnan(parts.region_scores.region_scores(answer.influence, truth)).all()


def test_a_movie_without_influence_has_no_score(parts: Parts, truth: Truth) -> None:
    none = Truth(**{**vars(truth), "coupling": np.zeros_like(truth.coupling)})
    assert np.isnan(parts.region_scores.region_scores(known(none), none)).all()


def test_missing_scores_come_back_as_missing(parts: Parts, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    parts.rows.append_row(path, row(parts, "pooling", 1, None))
    (found,) = parts.rows.read_rows(path)
    assert np.isnan([found.outgoing_auroc, found.incoming_auroc]).all()
    assert found.note == "a, note"


def test_files_from_before_are_read_and_gone_on_with(parts: Parts, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    write_old(parts, path, [row(parts, "two_stage", 1, (0.9, 0.8))])
    (old,) = parts.rows.read_rows(path)
    assert (old.auroc, old.seconds, old.note) == (1.0, 1.5, "a, note")
    assert np.isnan([old.outgoing_auroc, old.incoming_auroc]).all()
    new = row(parts, "two_stage", 2, (0.9, 0.8))
    parts.rows.append_row(path, new)
    first, second = parts.rows.read_rows(path)
    assert (first.seed, first.note, math.isnan(first.incoming_auroc)) == (1, "a, note", True)
    assert second == new


def test_a_row_torn_before_its_scores_is_passed_over(parts: Parts, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    parts.rows.append_row(path, row(parts, "two_stage", 1, (0.9, 0.8)))
    text = path.read_text()
    path.write_text(text[: text.rindex(",0.9,0.8,")])
    assert parts.rows.read_rows(path) == []


def test_other_files_keep_what_they_hold(parts: Parts, tmp_path: Path) -> None:
    path = tmp_path / "notes.csv"
    path.write_text("something,else\n1,2\n")
    parts.rows.append_row(path, row(parts, "two_stage", 1, (0.9, 0.8)))
    assert path.read_text().startswith("something,else\n1,2\neasy,1,two_stage,")


def test_the_report_pairs_movies_and_leaves_out_other_methods(parts: Parts) -> None:
    ours = [row(parts, "end_to_end", 1, (1.0, 0.9)), row(parts, "end_to_end", 2, (0.8, 0.7))]
    two_stage = [row(parts, "two_stage", 1, (0.8, 0.8)), row(parts, "two_stage", 2, (0.8, 0.8))]
    found = parts.report.regions_table([*ours, *two_stage, row(parts, "pooling", 1, None)])
    assert "| end_to_end | 0.900 | 0.800 | 2 |" in found
    assert "| end_to_end - two_stage | +0.100 ± 0.100 | +0.000 ± 0.100 | 2 |" in found
    assert "pooling" not in found
    assert parts.report.regions_table([row(parts, "pooling", 1, None)]) == ""
