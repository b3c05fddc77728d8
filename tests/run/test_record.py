"""A run as an earlier program wrote it opens, or says why not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import tifffile
from safetensors.torch import load_file, save_file

import napari_sparsevar as sv
from made_runs import made_full_run
from napari_sparsevar.analysis.results import Results
from napari_sparsevar.run.record import FORMAT_VERSION
from napari_sparsevar.run.run import read_record
from napari_sparsevar.run.store import LOSS_COLUMNS, write_results

RECORDED = Path(__file__).with_name("records") / "run-3.json"
"""Written before the fingerprint of the movie was recorded. Never made again: keep it as it is."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "run.json").write_text(RECORDED.read_text(encoding="utf-8"), encoding="utf-8")
    return tmp_path


def as_version_3(folder: Path, results: Results) -> Results:
    """Write results as that version did: all tensors in one file, the map up to 1."""
    write_results(folder, results, 2.0)
    tensors = load_file(folder / "analysis.safetensors")
    tests = load_file(folder / "evidence.safetensors")
    del tests["chance"]
    stability = {"edge_stability": load_file(folder / "stability.safetensors")["edges"]}
    save_file({**tensors, **tests, **stability}, folder / "analysis.safetensors")
    contribution = results.contribution / results.contribution.max()
    tifffile.imwrite(folder / "contribution.tif", contribution)
    listed = results.drivers.table.assign(strength=[1.0, 0.6, 0.4][: len(results.drivers.table)])
    listed.to_csv(folder / "drivers.csv", index=False)
    for name in ("evidence.safetensors", "stability.safetensors", "candidates.csv"):
        (folder / name).unlink()
    (folder / "candidates.tif").unlink()
    return results


def changed(folder: Path, **changes: object) -> None:
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    (folder / "run.json").write_text(json.dumps(record | changes), encoding="utf-8")


def test_a_recorded_run_opens(folder: Path) -> None:
    written = as_version_3(folder, made_full_run(folder).results)
    (folder / "loss.csv").write_text(",".join(LOSS_COLUMNS) + "\n")
    run = sv.load_run(folder)
    assert len(run.drivers) == len(written.drivers.table)
    assert run.contribution_map[run.driver_labels > 0].max() >= 1
    assert (run.candidates["p_adjusted"] > 0.05).all()
    assert run.verdict.agreement is None
    assert (run.fps, run.pixel_size_um, run.movie_name) == (15.0, 2.0, "movie")
    assert run.record.movie.fingerprint is None
    assert run.record.network.lags == 2
    assert not run.edges.empty


def test_its_settings_can_still_be_trained_with(folder: Path) -> None:
    config = sv.TrainConfig.model_validate(read_record(folder).configuration)
    assert config.model.lags == 2


@pytest.mark.parametrize(
    ("version", "said"),
    [(FORMAT_VERSION + 1, "newer version of napari-sparsevar: update"), (2, "train it again")],
)
def test_another_version_is_named_whatever_else_it_holds(
    folder: Path, version: int, said: str
) -> None:
    changed(folder, format_version=version, network={"unheard of": 1}, movie=None)
    with pytest.raises(sv.UserError, match=said):
        sv.load_run(folder)


def test_what_a_later_program_adds_to_the_record_is_ignored(folder: Path) -> None:
    changed(folder, added_later={"a": 1})
    assert read_record(folder).metrics["steps"] == 240
