"""The scores of the benchmark give the answers that are known beforehand."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import pytest

from napari_sparsevar import Truth, simulate_movie

RADIUS = 3.0


class Parts(NamedTuple):
    """The modules of the benchmark that are tested here."""

    answer: ModuleType
    frames: ModuleType
    pooling: ModuleType
    region_scores: ModuleType
    report: ModuleType
    rows: ModuleType
    scores: ModuleType
    sparse_var: ModuleType


@pytest.fixture(scope="module")
def parts(repository: Path) -> Iterator[Parts]:
    sys.path.insert(0, str(repository / "benchmarks"))
    yield Parts(*(import_module(f"recovery_parts.{name}") for name in Parts._fields))
    sys.path.remove(str(repository / "benchmarks"))


@pytest.fixture(scope="module")
def truth() -> Truth:
    return simulate_movie(n_frames=20, seed=1, cell_radius_px=RADIUS)[1]


def true_edges(parts: Parts, truth: Truth) -> Any:
    return parts.answer.edges_between(truth.coupling, truth.centres.astype(float))


def row(parts: Parts, method: str, seed: int, auroc: float, regions: Any = (0.9, 0.8)) -> Any:
    scores = parts.scores.Scores(auroc, 0.5, 0.4, 0.3, True, 24, 3.0, 1.0)
    painted = parts.region_scores.RegionScores(*regions)
    key = ("easy", seed, method, "")
    return parts.rows.make_row(key, scores, painted, 1.5, "cpu", "a, note")


def test_the_truth_scores_one(parts: Parts, truth: Truth) -> None:
    drivers = truth.footprints[truth.drivers].sum(axis=0).astype(float)
    listed = truth.centres[truth.is_driver].astype(float)
    answer = parts.answer.Answer(drivers, true_edges(parts, truth), listed=listed)
    scores = parts.scores.score(answer, truth, RADIUS)
    n_edges = np.count_nonzero(truth.coupling)
    assert scores == parts.scores.Scores(1.0, 1.0, 1.0, 1.0, True, n_edges, len(listed), 0.0)


def test_the_opposite_of_the_truth_scores_nothing(parts: Parts, truth: Truth) -> None:
    others = truth.footprints[~truth.is_driver].sum(axis=0).astype(float)
    forward = true_edges(parts, truth)
    backward = parts.answer.Edges(forward.targets, forward.sources, forward.strengths)
    scores = parts.scores.score(parts.answer.Answer(others, backward), truth, RADIUS)
    assert scores.auroc == 0.0
    assert (scores.edge_precision, scores.edge_recall) == (0.0, 0.0)
    assert not scores.localised


def test_an_even_map_is_chance(parts: Parts, truth: Truth) -> None:
    for level in (0.0, 0.1, 7.3):
        image = np.full(truth.footprints.shape[1:], level)
        none = parts.answer.nothing_found(image.shape, "").edges
        scores = parts.scores.score(parts.answer.Answer(image, none), truth, RADIUS)
        assert scores.auroc == 0.5
        assert scores.average_precision == pytest.approx(truth.is_driver.mean())
        assert not scores.localised
        assert scores[2:4] == (0.0, 0.0)


def test_auroc_counts_pairs_in_the_right_order(parts: Parts, truth: Truth) -> None:
    rng = np.random.default_rng(0)
    image = rng.random(truth.footprints.shape[1:])
    found = parts.scores.neuron_scores(image, truth.footprints)
    right = found[truth.is_driver][:, None] > found[~truth.is_driver][None]
    none = parts.answer.nothing_found(image.shape, "").edges
    scores = parts.scores.score(parts.answer.Answer(image, none), truth, RADIUS)
    assert scores.auroc == pytest.approx(right.mean())


def test_neuron_scores_are_weighted_means(parts: Parts) -> None:
    footprints = np.zeros((1, 2, 2), np.float32)
    footprints[0, 0] = [1.0, 0.5]
    image = np.array([[3.0, 6.0], [100.0, 100.0]])
    assert parts.scores.neuron_scores(image, footprints) == pytest.approx([4.0])


def test_a_listed_place_is_right_near_a_driver_and_counts_once(parts: Parts, truth: Truth) -> None:
    driver, other = truth.centres[truth.is_driver][0], truth.centres[~truth.is_driver][0]
    listed = np.array([driver, driver + 1.0, other], dtype=float)
    assert parts.scores.listed_scores(listed, truth, RADIUS) == (1.0, 1.0)
    assert parts.scores.listed_scores(np.zeros((0, 2)), truth, RADIUS) == (0.0, 0.0)
    assert np.isnan(parts.scores.listed_scores(None, truth, RADIUS)).all()


def test_an_older_file_gets_the_columns_it_lacks(parts: Parts, tmp_path: Path) -> None:
    path, first = tmp_path / "rows.csv", row(parts, "pooling", 1, 0.75)
    fields = [name for name in first._fields if not name.startswith("listed")]
    values = [str(getattr(first, name)).replace(",", ";") for name in fields]
    path.write_text(",".join(fields) + "\n" + ",".join(values) + "\n")
    second = row(parts, "pooling", 2, 1.0)
    parts.rows.append_row(path, second)
    old, new = parts.rows.read_rows(path)
    assert (old.auroc, old.outgoing_auroc, np.isnan(old.listed_right)) == (0.75, 0.9, True)
    assert new == second


def test_ends_of_edges_may_miss_by_one_and_a_half_radii(parts: Parts, truth: Truth) -> None:
    centre = truth.centres[:1].astype(float)
    # Away from all others, so that no other neuron is nearer.
    away = centre - truth.centres.mean(axis=0)
    away /= np.linalg.norm(away)
    for distance, neuron in ((0.0, 0), (2.0, 0), (400.0, -1)):
        places = centre + distance * away
        assert parts.scores.nearest_neuron(places, truth.centres, 1.5 * RADIUS)[0] == neuron
    edge = parts.scores.nearest_neuron(np.array([[0.0, 4.5], [0.0, 4.6]]), np.zeros((1, 2)), 4.5)
    assert edge.tolist() == [0, -1]


def test_edges_within_a_neuron_and_repetitions_do_not_count(parts: Parts, truth: Truth) -> None:
    edges = true_edges(parts, truth)
    inside = truth.centres.astype(float)
    strong = np.full(len(inside), 9.0)
    doubled = parts.answer.Edges(
        np.concatenate([inside, edges.sources + 0.5, edges.sources]),
        np.concatenate([inside, edges.targets - 0.5, edges.targets]),
        np.concatenate([strong, 0.5 * edges.strengths, edges.strengths]),
    )
    n_edges = len(edges.strengths)
    assert parts.scores.edge_scores(doubled, truth, RADIUS) == (1.0, 1.0, n_edges)


def test_edges_from_nowhere_are_false(parts: Parts, truth: Truth) -> None:
    edges = true_edges(parts, truth)
    half = len(edges.strengths) // 2
    nowhere = np.full((half, 2), -100.0)
    mixed = parts.answer.Edges(
        np.concatenate([nowhere, edges.sources]),
        np.concatenate([edges.targets[:half], edges.targets]),
        np.concatenate([np.full(half, 9.0), edges.strengths]),
    )
    found = parts.scores.edge_scores(mixed, truth, RADIUS)
    expected = 1 - half / len(edges.strengths)
    assert found == (expected, expected, half + len(edges.strengths))


def test_few_edges_are_judged_by_themselves(parts: Parts, truth: Truth) -> None:
    edges = true_edges(parts, truth)
    first = parts.answer.Edges(*(values[:3] for values in edges))
    found = parts.scores.edge_scores(first, truth, RADIUS)
    assert found == (1.0, 3 / len(edges.strengths), 3)


def test_painting_scales_units_to_their_peak(parts: Parts) -> None:
    images = np.zeros((2, 1, 3))
    images[0, 0, :2] = [4.0, 2.0]
    images[1, 0, 2] = 0.1
    painted = parts.answer.paint(np.array([2.0, 3.0]), images)
    assert painted == pytest.approx(np.array([[2.0, 1.0, 3.0]]))


def test_background_removal_keeps_cells_and_takes_the_even_part(parts: Parts) -> None:
    even = np.full((1, 32, 32), 5.0, np.float32)
    assert np.abs(parts.frames.without_background(even)).max() < 1e-4
    spot = np.zeros((1, 32, 32), np.float32)
    spot[0, 16, 16] = 1.0
    assert parts.frames.without_background(spot)[0, 16, 16] > 0.9


def test_the_sparse_var_finds_who_drives_whom(parts: Parts) -> None:
    rng = np.random.default_rng(0)
    traces = rng.standard_normal((2000, 8)).astype(np.float32)
    traces[1:, 5] += 2.0 * traces[:-1, 2]
    free = parts.sparse_var.own_history(8)
    coefficients = parts.sparse_var.fit_sparse_var(traces, free, 1.0)
    assert np.argmax(coefficients) == 2 * 8 + 5
    assert np.count_nonzero(np.abs(coefficients) > 0.05) == 1


def test_neighbours_on_the_grid_are_a_square(parts: Parts) -> None:
    free = parts.pooling.neighbours(7, 7)
    assert free[24].reshape(7, 7).sum() == 25
    assert np.array_equal(free, free.T)
    assert free.diagonal().all()


def test_rows_come_back_and_a_torn_one_is_passed_over(parts: Parts, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    first, second = row(parts, "pooling", 1, 0.75), row(parts, "pooling", 2, 1.0)
    parts.rows.append_row(path, first)
    with path.open("a") as file:
        file.write("easy,2,pool")
    assert parts.rows.read_rows(path) == [first]
    parts.rows.append_row(path, second)
    assert parts.rows.read_rows(path) == [first, second]


def test_paired_differences_use_only_movies_both_have_seen(parts: Parts) -> None:
    ours = [row(parts, "end_to_end", seed, auroc) for seed, auroc in ((1, 0.9), (2, 0.7), (3, 1.0))]
    rival = [row(parts, "pooling", seed, auroc) for seed, auroc in ((1, 0.8), (2, 0.8))]
    gains = parts.report.paired_gains(ours + rival, "end_to_end", "pooling")
    assert gains.tolist() == [0.1, -0.1]
    text = parts.report.report(ours + rival)
    assert "| end_to_end - pooling | +0.000 | 0.100 | 1 / 1 / 0 |" in text
    assert "| pooling | 0.80 | 0.80 |  |" in text
