"""Where a training writes: nobody's results are lost, whenever the process is killed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import napari_sparsevar as sv
from napari_sparsevar.disk import folder as folders
from napari_sparsevar.errors import UserError
from napari_sparsevar.run.replacement import working_folder
from napari_sparsevar.training import finish, run_folder
from napari_sparsevar.training.checkpoint import CHECKPOINT
from napari_sparsevar.training.events import Failed, Finished, StepLoss, TrainingEvent
from napari_sparsevar.training.run_folder import prepare_folder


class Killed(BaseException):
    """Ends everything like a killed process: nothing catches it."""


@pytest.fixture(scope="module")
def small_config(small_config: sv.TrainConfig) -> sv.TrainConfig:
    return small_config.model_copy(update={"steps": 4})


@pytest.fixture(scope="module")
def first(small_movie: sv.Movie, tmp_path_factory: pytest.TempPathFactory) -> Path:
    config = sv.TrainConfig(
        steps=2, chunk_frames=24, chunks=4, crop=32, model=sv.ModelConfig(width=4)
    )
    out = tmp_path_factory.mktemp("first") / "run"
    *_, last = sv.train(small_movie, config, out=out)
    assert isinstance(last, Finished)
    return out


@pytest.fixture
def out(first: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(first, tmp_path / "run"))


def trained(movie: sv.Movie, config: sv.TrainConfig, out: Path, **options: bool) -> TrainingEvent:
    *_, last = training(movie, config, out, **options)
    return last


def training(
    movie: sv.Movie, config: sv.TrainConfig, out: Path, **options: bool
) -> Iterator[TrainingEvent]:
    """Begin a training that ends with the first map: what comes after it is no matter here."""
    return sv.train(movie, config, out=out, until="map", **options)


def test_copies_beside_a_run_are_left_alone(
    small_movie: sv.Movie, small_config: sv.TrainConfig, out: Path
) -> None:
    for name in ("run.new", "run.old"):
        shutil.copytree(out, out.with_name(name))
    assert isinstance(trained(small_movie, small_config, out, overwrite=True), Finished)
    assert sv.load_run(out).record.metrics["steps"] == 4
    for name in ("run.new", "run.old"):
        assert sv.load_run(out.with_name(name)).record.metrics["steps"] == 2
    assert sorted(path.name for path in out.parent.iterdir()) == ["run", "run.new", "run.old"]


@pytest.mark.parametrize("exchanges", [True, False])
@pytest.mark.parametrize("renames", [0, 1, 2])
def test_killed_while_a_run_is_replaced(
    small_movie: sv.Movie,
    small_config: sv.TrainConfig,
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
    renames: int,
    exchanges: bool,
) -> None:
    rename, done, exchange = Path.rename, [], folders.exchange

    def until_killed_exchange(one: Path, other: Path) -> bool:
        if not exchanges:
            return False
        if len(done) == renames:
            raise Killed
        done.append(one)
        return exchange(one, other)

    def until_killed(path: Path, target: Path) -> Path:
        if len(done) == renames:
            raise Killed
        done.append(path)
        return rename(path, target)

    def killed(path: Path, **options: object) -> None:
        if renames == 2 and len(done) == renames:
            raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", until_killed)
        patched.setattr(folders, "exchange", until_killed_exchange)
        patched.setattr(run_folder.shutil, "rmtree", killed)
        with pytest.raises(Killed):
            trained(small_movie, small_config, out, overwrite=True)
    failure = trained(small_movie, small_config, out)  # looks, and puts things in order
    assert isinstance(failure, Failed)
    assert "exists already" in failure.message
    assert sv.load_run(out).record.metrics["steps"] == 4
    assert [path.name for path in out.parent.iterdir()] == ["run"]


def test_killed_before_the_result_is_published_resumes(
    small_movie: sv.Movie,
    small_config: sv.TrainConfig,
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def killed(*args: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(finish, "write_stage", killed)
        with pytest.raises(Killed):
            trained(small_movie, small_config, out, overwrite=True)
    assert sv.load_run(out).record.metrics["steps"] == 2
    (working_folder(out) / ".model-abcd1234.safetensors").write_text("half")
    assert isinstance(trained(small_movie, small_config, out, resume=True), Finished)
    assert sv.load_run(out).record.metrics["steps"] == 4
    assert [path.name for path in out.parent.iterdir()] == ["run"]
    assert not [path for path in out.iterdir() if path.name.startswith(".")]
    assert not (out / CHECKPOINT).exists()


def test_early_stopping_is_remembered_by_a_resumed_training(
    small_movie: sv.Movie,
    small_config: sv.TrainConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = small_config.model_copy(update={"patience": 1, "learning_rate": 0.9, "steps": 40})
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    expected = trained(small_movie, config, whole)
    assert isinstance(expected, Finished)
    assert expected.reason == "early-stopping"

    def killed(*args: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(finish, "write_stage", killed)
        with pytest.raises(Killed):
            trained(small_movie, config, cut)
    resumed = trained(small_movie, config, cut, resume=True)
    assert isinstance(resumed, Finished)
    assert (resumed.steps, resumed.reason) == (expected.steps, expected.reason)


def test_two_trainings_never_share_a_folder(
    small_movie: sv.Movie, small_config: sv.TrainConfig, tmp_path: Path
) -> None:
    events = training(small_movie, small_config, tmp_path / "run")
    for event in events:
        if isinstance(event, StepLoss) and event.step == 3:
            break
    for again in ({}, {"overwrite": True}, {"resume": True}):
        second = trained(small_movie, small_config, tmp_path / "run", **again)
        assert isinstance(second, Failed)
        assert "Another training" in second.message
    *_, last = events
    assert isinstance(last, Finished)
    assert not (tmp_path / "run" / ".lock").exists()


def test_two_replacements_of_one_run(
    small_movie: sv.Movie, small_config: sv.TrainConfig, out: Path
) -> None:
    events = training(small_movie, small_config, out, overwrite=True)
    for event in events:
        if isinstance(event, StepLoss):
            break
    second = trained(small_movie, small_config, out, overwrite=True)
    assert isinstance(second, Failed)
    assert "Another training" in second.message
    *_, last = events
    assert isinstance(last, Finished)
    assert sv.load_run(out).record.metrics["steps"] == 4


def test_a_refused_movie_leaves_no_folder(small_config: sv.TrainConfig, tmp_path: Path) -> None:
    movie, _ = sv.simulate_movie(n_frames=5, shape=(32, 32), n_cells=6, n_drivers=2, n_followers=2)
    assert isinstance(trained(movie, small_config, tmp_path / "a" / "run"), Failed)
    assert not list(tmp_path.iterdir())
    (tmp_path / "mine").mkdir()
    assert isinstance(trained(movie, small_config, tmp_path / "mine"), Failed)
    assert not list((tmp_path / "mine").iterdir())


def test_stopped_before_the_first_step_leaves_the_place_free(
    small_movie: sv.Movie, small_config: sv.TrainConfig, tmp_path: Path
) -> None:
    control = sv.TrainingControl()
    control.stop()
    *_, last = sv.train(small_movie, small_config, out=tmp_path / "run", control=control)
    assert isinstance(last, Finished)
    assert not list(tmp_path.iterdir())


def test_a_run_is_replaced_from_inside_its_folder(
    small_movie: sv.Movie,
    small_config: sv.TrainConfig,
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(out)
    assert isinstance(trained(small_movie, small_config, Path(), overwrite=True), Finished)
    assert sv.load_run(out).record.metrics["steps"] == 4


def test_a_linked_run_is_replaced_where_it_lies(
    small_movie: sv.Movie, small_config: sv.TrainConfig, out: Path, tmp_path: Path
) -> None:
    link = tmp_path / "elsewhere" / "link"
    link.parent.mkdir()
    link.symlink_to(out)
    assert isinstance(trained(small_movie, small_config, link, overwrite=True), Finished)
    assert link.is_symlink()
    assert sv.load_run(out).record.metrics["steps"] == 4


def test_a_foreign_folder_is_not_offered_to_overwrite(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    for overwrite in (False, True):
        with pytest.raises(UserError, match="exists already, is not a run directory"):
            prepare_folder(tmp_path, resume=False, overwrite=overwrite)


def test_an_unfinished_run_without_checkpoint_says_what_to_do(first: Path, out: Path) -> None:
    record = json.loads((out / "run.json").read_text())
    (out / "run.json").write_text(json.dumps({**record, "status": "training"}))
    with pytest.raises(UserError, match="before its first checkpoint"):
        prepare_folder(out, resume=True, overwrite=False)


@pytest.fixture(scope="module")
def begun(
    small_movie: sv.Movie, small_config: sv.TrainConfig, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A training that ended after its first checkpoint; for copies."""
    out = tmp_path_factory.mktemp("begun") / "run"
    events = training(small_movie, small_config, out)
    for event in events:
        if isinstance(event, StepLoss) and event.step == 3:
            events.close()  # type: ignore[attr-defined]
            break
    return out


@pytest.mark.parametrize("damage", ["cut", "foreign", "losses", "record"])
def test_damage_to_what_is_resumed_is_one_sentence(
    small_movie: sv.Movie, small_config: sv.TrainConfig, begun: Path, tmp_path: Path, damage: str
) -> None:
    out = Path(shutil.copytree(begun, tmp_path / "run"))
    checkpoint = out / CHECKPOINT
    if damage == "cut":
        checkpoint.write_bytes(checkpoint.read_bytes()[:1000])
    elif damage == "foreign":
        from safetensors.torch import save_file
        from torch import zeros

        save_file({"network.encoder": zeros(3)}, checkpoint)
    elif damage == "losses":
        (out / "loss.csv").write_text("what,is,this\n1,2,3\n")
    else:
        (out / "run.json").write_bytes(b"\xff\xfe\x00")
    failure = trained(small_movie, small_config, out, resume=True)
    assert isinstance(failure, Failed)
    assert failure.details == ""
    assert failure.message.count("\n") == 0
