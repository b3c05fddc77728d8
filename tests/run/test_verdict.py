"""What a run is worth, in words: every finding, every limit, one advice that fits them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from made_runs import made_full_run
from napari_sparsevar.analysis.evidence.significance import Significance
from napari_sparsevar.analysis.evidence.stability import Stability
from napari_sparsevar.analysis.fit.criterion import COLUMNS
from napari_sparsevar.analysis.fit.deconvolution import Events
from napari_sparsevar.analysis.fit.fitting import default_penalty
from napari_sparsevar.analysis.maps.drivers import Drivers
from napari_sparsevar.analysis.results import Results
from napari_sparsevar.run.store import read_results, write_results
from napari_sparsevar.run.verdict import AS_EVENTS, Verdict, verdict_of

MANY_FRAMES = 6000
"""Enough for the places of the made-up run."""


@pytest.fixture(scope="module")
def results() -> Results:
    """One place is beyond chance, halves agree, other places explain 10 %; enough frames."""
    found = made_full_run(Path("run")).results
    activity = replace(found.activity, good=np.ones(MANY_FRAMES, bool))
    return explaining(replace(found, activity=activity), 0.1, 0.01)


def explaining(results: Results, share: float, error: float) -> Results:
    criterion = {name: [0.0] for name in COLUMNS}
    criterion |= {
        "penalty": [default_penalty(results.fitted.statistics)],
        "cv_error": [1 - share],
        "cv_se": [error],
    }
    return replace(results, criterion=pd.DataFrame(criterion))


def with_places(results: Results, drivers: int, candidates: int) -> Results:
    def some(number: int) -> Drivers:
        table = results.drivers.table
        rows = pd.concat([table.head(1)] * number, ignore_index=True) if number else table[:0]
        return Drivers(results.drivers.labels, rows)

    return replace(results, drivers=some(drivers), candidates=some(candidates))


def untested(results: Results, needed: int = 800, candidates: int = 3) -> Results:
    unknown = replace(Significance.unknown(results.fitted), note="Too few.", needed=needed)
    return with_places(replace(results, significance=unknown), 0, candidates)


def only_mapped(results: Results, candidates: int) -> Results:
    return replace(
        untested(results, 0, candidates),
        stage="map",
        stability=Stability.unknown(results.fitted),
        criterion=results.criterion[:0],
    )


def with_agreement(results: Results, *agreement: float) -> Results:
    return replace(results, stability=results.stability._replace(agreement=np.array(agreement)))


def verdict(results: Results, fps: float | None = 10.0, **metrics: Any) -> Verdict:
    found = verdict_of(results, metrics, fps)
    text = " ".join(found.sentences())
    assert text.lower().count("record ") <= 1, text  # nobody is told twice, or two things
    assert all(said.endswith(".") and not said[0].islower() for said in found.sentences()), text
    return found


@pytest.mark.parametrize(
    ("drivers", "said"),
    [
        (0, "No place drives others more than chance would."),
        (1, "1 place drives others more than chance would."),
        (4, "4 places drive others more than chance would."),
    ],
)
def test_the_headline_counts_what_is_beyond_chance(
    results: Results, drivers: int, said: str
) -> None:
    found = verdict(with_places(results, drivers, 2))
    assert found.headline == said
    assert (found.drivers, found.candidates, found.stage) == (drivers, 2, "all")


@pytest.mark.parametrize(
    ("candidates", "said"),
    [
        (0, "no place stands out of the map."),
        (1, "1 place stands out of the map, which may well be chance."),
        (7, "7 places stand out of the map, which may well be chance."),
    ],
)
def test_what_is_not_tested_is_said_to_be_maybe_chance(
    results: Results, candidates: int, said: str
) -> None:
    early = verdict(only_mapped(results, candidates))
    assert early.headline == f"Not tested against chance yet: {said}"
    assert early.drivers is None
    assert early.findings == ()
    assert early.advice.startswith("Believe none of it before it is tested")
    never = verdict(untested(results, candidates=candidates))
    assert never.headline == f"Nothing could be tested against chance: {said}"
    assert never.drivers is None


def test_a_recording_too_short_to_test_says_how_long_it_must_be(results: Results) -> None:
    found = verdict(untested(results, 801))
    assert found.limits == (
        "Too short: activity this slow needs at least 810 frames (81 s) for a test against chance, "
        "and there are 6,000.",
    )
    assert found.advice == (
        "Next: record at least 810 frames (81 s); until then believe none of the candidates."
    )
    assert "810 frames;" in verdict(untested(results, 801), fps=None).advice
    assert "at least 12,000 frames (20 min)" in verdict(untested(results, 12_000)).advice
    older = verdict(untested(results, needed=0))
    assert older.limits == ("The recording is too short for a test against chance.",)
    assert older.advice.startswith("Next: record longer;")


def test_what_is_there_is_said_with_its_error_and_one_click_is_next(results: Results) -> None:
    found = verdict(results)
    assert found.findings == (
        "Other places explain 10 ± 1 % (standard error) of what a place's own past leaves open in "
        "held-out time.",
        "Maps of two halves of the recording agree: r = 0.75 (3 splits).",
    )
    assert found.limits == ()
    assert found.advice == "Next: click a driver to see whom it drives."
    assert (found.explained, found.explained_se) == pytest.approx((0.1, 0.01))
    assert found.agreement == pytest.approx(0.75)
    assert found.sentences()[0] == found.headline
    assert json.loads(json.dumps(found.as_json()))["headline"] == found.headline


@pytest.mark.parametrize(
    ("share", "error", "said"),
    [
        (-0.05, 0.012, "Other places explain nothing of what a place's own past leaves open in"),
        (-0.05, 0.012, "the many edges of the map the prediction is worse, by 5 ± 1 %"),
        (0.003, 0.004, "explain nothing for sure of what a place's own past leaves open in"),
        (0.003, 0.004, "held-out time: 0.3 ± 0.4 % (standard error)."),
        (-0.0003, 0.0004, "held-out time: −0.03 ± 0.04 % (standard error)."),
        (0.0, 0.0, "held-out time: 0.0 ± 0.0 % (standard error)."),
        (0.999, 0.05, "Other places explain 100 ± 5 %"),
    ],
)
def test_what_explains_nothing_is_not_said_to_explain(
    results: Results, share: float, error: float, said: str
) -> None:
    assert said in verdict(explaining(results, share, error)).findings[0]


def test_edges_of_the_map_that_mislead_where_fewer_explain(results: Results) -> None:
    worse = explaining(results, -0.05, 0.01).criterion
    sparser = worse.assign(penalty=10 * worse["penalty"], cv_error=0.997)
    both = replace(results, criterion=pd.concat([sparser, worse], ignore_index=True))
    assert verdict(both).findings[0] == (
        "Other places explain at most 0.3 % of what a place's own past leaves open in held-out "
        "time, with few edges; with the many edges of the map the prediction is worse, by 5 ± 1 % "
        "(standard error)."
    )


def test_nothing_there_is_nothing_to_interpret(results: Results) -> None:
    nothing = explaining(with_agreement(with_places(results, 0, 3), 0.1, np.nan), -0.01, 0.01)
    found = verdict(nothing)
    assert found.findings[1] == (
        "Maps of two halves of the recording do not agree: r = 0.10 (1 split)."
    )
    assert found.advice == (
        "Next: bring cells that you drew or sorted (the Cells dock, 'sparsevar cells RUN PATH'), "
        "or record at least 12,000 frames (20 min); there is nothing to interpret in this map."
    )
    saturated = verdict(nothing, saturated_fraction=0.003).advice
    assert saturated.startswith("Next: record with less gain or laser power")


def test_something_there_and_no_place_sure(results: Results) -> None:
    for found in (
        verdict(with_places(results, 0, 3)),
        verdict(explaining(with_places(results, 0, 3), 0.0, 0.01)),  # halves agree all the same
    ):
        assert "something is there, but no single place is sure" in found.advice
        assert "paint a region" in found.advice
    early = replace(
        with_agreement(with_places(results, 0, 3)),
        stage="drivers",
        criterion=results.criterion[:0],
    )
    assert "see what the rest of the analysis says" in verdict(early).advice


def test_where_transients_are_clear_it_is_said(results: Results) -> None:
    latents = results.activity.latents
    events = Events(latents, 0.9, np.zeros(latents.shape[1], np.float32))
    clear = replace(results, activity=replace(results.activity, events=events))
    assert AS_EVENTS in verdict(with_places(clear, 0, 3)).findings
    assert verdict(clear).advice == verdict(results).advice  # there are drivers to look at


def test_places_that_go_together_and_do_not_lead_are_said(results: Results) -> None:
    known = results.significance
    sure = torch.full_like(known.place_p, 2.0)
    not_leading = replace(known, place_evidence=sure, place_p=torch.full_like(sure, 0.3))
    (said, *_) = verdict(with_places(replace(results, significance=not_leading), 0, 1)).findings
    assert said.startswith("1 place has to do with others beyond chance but is not sure to lead")
    leading = replace(known, place_evidence=sure, place_p=torch.full_like(sure, 0.01))
    told = verdict(with_places(replace(results, significance=leading), 0, 1)).findings
    assert not any("lead" in sentence for sentence in told)


def test_halves_that_disagree_leave_only_the_stable(results: Results) -> None:
    assert "agree little: r = 0.30 (1 split)." in verdict(with_agreement(results, 0.3)).findings[1]
    assert "stability of 90 % or more" in verdict(with_agreement(results, 0.3)).advice


def test_what_limits_the_results_and_what_to_do(results: Results) -> None:
    moving = verdict(results, largest_shift_px=1.26, burst_share=0.4, saturated_fraction=0.0003)
    assert moving.limits == (
        "The field of view moves by up to 1.3 pixels: moving edges look like influence.",
        "The detector was saturated in 0.03 % of all pixel values: the brightest moments are cut "
        "off.",
        "Bursts: the busiest 1 % of the frames hold 40 % of the activity; what everything does "
        "together looks like influence of everything on everything.",
    )
    assert moving.advice.startswith("Next: register the movie")
    assert "under Events" in verdict(results, burst_share=0.4).advice
    still = {"largest_shift_px": 0.9, "burst_share": 0.05, "saturated_fraction": 0.0}
    assert verdict(results, **still).limits == ()
    assert verdict(results, largest_shift_px=None, burst_share=None).limits == ()


def test_few_frames_are_told_and_enough_are_named(results: Results) -> None:
    short = replace(results, activity=replace(results.activity, good=np.ones(600, bool)))
    assert verdict(short).limits == (
        "600 frames (60 s) are few for 162 possible sources: weak influences are missed.",
    )
    nothing = explaining(with_agreement(with_places(short, 0, 0), 0.0), 0.0, 0.01)
    assert "record at least 1,200 frames (2 min)" in verdict(nothing).advice
    many = torch.zeros(2000, 1)
    wide = replace(nothing, fitted=replace(nothing.fitted, weights=many))
    assert "record at least 1,600 frames (3 min)" in verdict(wide).advice


def test_how_long_is_needed_is_kept_in_the_run(tmp_path: Path) -> None:
    run = made_full_run(tmp_path)
    write_results(tmp_path, untested(run.results, 801), 2.0)
    kept = read_results(tmp_path, run.record)
    assert "at least 810 frames (54 s)" in verdict_of(kept, {}, 15.0).advice


def test_what_chance_is_in_a_movie_of_trials_is_kept_in_the_run(tmp_path: Path) -> None:
    run = made_full_run(tmp_path)
    told = replace(run.results.significance, null="Chance is told by 30 whole trials.")
    write_results(tmp_path, replace(run.results, significance=told), 2.0)
    kept = read_results(tmp_path, run.record)
    assert "Chance is told by 30 whole trials." in verdict(kept).findings
    assert not any("Chance" in found for found in verdict(run.results).findings)
