"""A network on another movie: the same network, everything else of the new movie."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import napari_sparsevar as sv
from napari_sparsevar.run.store import write_record
from napari_sparsevar.training.events import Applying, Failed, Finished, Notice, TrainingEvent


@pytest.fixture(scope="module")
def parent(
    small_movie: sv.Movie, small_config: sv.TrainConfig, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    out = tmp_path_factory.mktemp("parent") / "run"
    *_, last = sv.train(small_movie, small_config, out=out, device="cpu")
    assert isinstance(last, Finished)
    return out


def applied(parent: Path, movie: sv.Movie, out: Path, **options: bool) -> list[TrainingEvent]:
    return list(sv.apply_run(parent, movie, out=out, device="cpu", **options))


def other_movie(shape: tuple[int, int] = (40, 33)) -> sv.Movie:
    movie, _ = sv.simulate_movie(260, shape, seed=1, n_cells=8, n_drivers=2, n_followers=2)
    return movie


def test_on_its_own_movie_it_finds_what_the_training_found(
    parent: Path, small_movie: sv.Movie, tmp_path: Path
) -> None:
    events = applied(parent, small_movie, tmp_path / "again")
    assert isinstance(events[-1], Finished)
    first, second = sv.load_run(parent), sv.load_run(tmp_path / "again")
    np.testing.assert_allclose(first.contribution_map, second.contribution_map, atol=1e-5)
    np.testing.assert_allclose(first.results.latents, second.results.latents, atol=1e-5)
    assert second.record.parent is not None
    assert second.record.parent.path == str(parent)
    assert not second.record.metrics["steps"]


def test_another_field_of_view(parent: Path, tmp_path: Path) -> None:
    movie = other_movie()
    events = applied(parent, movie, tmp_path / "run")
    assert isinstance(events[-1], Finished), events[-1]
    (started,) = [event for event in events if isinstance(event, Applying)]
    assert (started.n_frames, started.shape, started.latent_shape) == (260, (40, 33), (1, 10, 9))
    run = sv.load_run(tmp_path / "run")
    assert run.contribution_map.shape == (40, 33)
    mean = np.asarray(movie.data).mean(axis=0)
    np.testing.assert_allclose(run.results.mean, mean, rtol=0.2)
    for name, weight in load_file(parent / "model.safetensors").items():
        assert torch.equal(weight, load_file(tmp_path / "run" / "model.safetensors")[name])


def test_another_kind_of_movie_is_noticed(parent: Path, tmp_path: Path) -> None:
    movie = replace(other_movie(), pixel_size_um=1.0, fps=30.0)
    events = applied(parent, movie, tmp_path / "run")
    said = " ".join(event.message for event in events if isinstance(event, Notice))
    assert "pixels of 1 um" in said
    assert "a frame rate of 30 Hz" in said
    assert "pixels of 1 um" in " ".join(sv.load_run(tmp_path / "run").record.notices)


def test_what_is_there_is_left_alone_unless_it_was_killed(parent: Path, tmp_path: Path) -> None:
    movie, out = other_movie(), tmp_path / "run"
    assert isinstance(applied(parent, movie, out)[-1], Finished)
    refused = applied(parent, movie, out)[-1]
    assert isinstance(refused, Failed)
    assert "exists already" in refused.message
    assert isinstance(applied(parent, movie, out, overwrite=True)[-1], Finished)
    record = sv.load_run(out).record
    write_record(out, record.model_copy(update={"status": "training"}))
    with pytest.raises(sv.UserError, match="sparsevar apply"):
        sv.load_run(out)
    assert isinstance(applied(parent, movie, out)[-1], Finished)
    assert sv.load_run(out).record.parent is not None


def test_a_run_without_its_network_is_one_sentence(
    parent: Path, small_movie: sv.Movie, tmp_path: Path
) -> None:
    run = sv.load_run(parent)
    gone = replace(run, path=tmp_path)
    *_, last = sv.apply_run(gone, small_movie, out=tmp_path / "run", device="cpu")
    assert isinstance(last, Failed)
    assert "model.safetensors" in last.message
    assert not last.details
