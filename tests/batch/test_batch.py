"""A batch ends whatever happens to one of its recordings, and goes on where it was."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest
from typer.testing import CliRunner

import napari_sparsevar as sv
from napari_sparsevar import cli
from napari_sparsevar.batch.cluster import run_on_cluster
from napari_sparsevar.batch.listing import Recording
from napari_sparsevar.batch.outcome import Outcome
from napari_sparsevar.batch.work import analyse_recording
from napari_sparsevar.cli.batch import in_words
from napari_sparsevar.disk.lock import LOCK
from napari_sparsevar.training.control import TrainingControl
from napari_sparsevar.training.events import Finished

Write = Callable[[str], Path]


def table(out: Path) -> pd.DataFrame:
    return pd.read_csv(out / "results.csv").set_index("name")


def test_one_that_fails_leaves_the_others_alone(
    listed: Write, short_movie: Path, tmp_path: Path
) -> None:
    path = listed(f"movie,name,steps\n{short_movie},good,2\nmissing.tif,bad,\n")
    out = tmp_path / "out"
    options = ["--out", str(out), "--jobs", "2", "--device", "cpu"]
    done = CliRunner().invoke(cli.app, ["batch", str(path), *options])
    assert done.exit_code == 1
    assert "1 failed: bad" in done.stderr
    found = table(out)
    assert list(found["status"]) == ["finished", "failed"]
    assert "missing.tif: it does not exist" in found.loc["bad", "error"]
    assert found.loc["good", "steps"] == 2
    assert pd.isna(found.loc["good", "drivers"])  # too short to test
    assert sv.load_run(out / "good").drivers.empty
    assert sorted(p.name for p in out.iterdir()) == ["good", "results.csv"]


def analysed(out: Path, movie: Path, name: str = "run", **columns: object) -> Outcome:
    recording = Recording.model_validate({"movie": movie, "name": name, **columns})
    return analyse_recording(recording, out, "cpu")


def test_frames_are_left_out_and_covariates_known(short_movie: Path, tmp_path: Path) -> None:
    speed = tmp_path / "speed.csv"
    speed.write_text("speed\n" + "".join(f"{number % 13}\n" for number in range(200)))
    columns = {"steps": 2, "bad_frames": "20-29", "covariates": speed, "registration": "rigid"}
    found = analysed(tmp_path, short_movie, **columns)
    assert found.status == "finished", found.error
    run = sv.load_run(tmp_path / "run")
    assert not run.results.good[20:30].any()
    assert run.results.good.sum() == 190
    assert [one.name for one in run.record.covariates] == ["speed"]
    assert any("registered already" in notice for notice in run.record.notices)


def test_trials_are_apart(short_movie: Path, tmp_path: Path) -> None:
    """In a training as where a network is applied; a list that does not fit is one sentence."""
    listed = tmp_path / "trials.csv"
    listed.write_text("start,stop\n0,80\n80,150\n160,200\n")
    assert analysed(tmp_path, short_movie, steps=2, trials=listed).status == "finished"
    applied = {"apply_from": tmp_path / "run", "trials": listed}
    assert analysed(tmp_path, short_movie, "applied", **applied).status == "finished"
    for name in ("run", "applied"):
        results = sv.load_run(tmp_path / name).results
        assert np.flatnonzero(~results.good).tolist() == list(range(150, 160))
        assert tuple(results.activity.starts) == (80, 160)
    listed.write_text("start,stop\n0,80\n70,150\n")
    assert "overlap" in str(analysed(tmp_path, short_movie, "wrong", trials=listed).error)


def test_finished_is_skipped_cut_is_resumed_and_changed_is_refused(
    short_movie: Path, tmp_path: Path
) -> None:
    first = analysed(tmp_path, short_movie, steps=2)
    assert (first.status, first.skipped) == ("finished", False), first
    again = analysed(tmp_path, short_movie, steps=2)
    assert again == first.model_copy(update={"skipped": True})
    changed = analysed(tmp_path, short_movie, steps=3)
    assert changed.status == "failed"
    assert "other settings" in changed.error

    config = Recording(movie=short_movie, name="cut", steps=21).configuration()
    events = sv.train(sv.open_movie(short_movie), config, out=tmp_path / "cut", device="cpu")
    for event in events:
        if type(event).__name__ == "CheckpointSaved":
            break
    events.close()  # type: ignore[attr-defined]
    resumed = analysed(tmp_path, short_movie, "cut", steps=21)
    assert (resumed.status, resumed.steps) == ("finished", 21), resumed
    log = (tmp_path / "cut" / "events.jsonl").read_text()
    assert '"resumed_from_step": 20' in log

    applied = sv.apply_run(
        tmp_path / "run",
        sv.open_movie(short_movie),
        out=tmp_path / "applied",
        device="cpu",
        until="map",
    )
    assert [type(event).__name__ for event in applied][-1] == "Finished"
    applied = analysed(tmp_path, short_movie, "applied", apply_from=tmp_path / "run")
    assert sv.load_run(tmp_path / "applied").stage == "all"
    assert (applied.status, applied.steps) == ("finished", 0), applied
    assert analysed(tmp_path, short_movie, "applied", apply_from=tmp_path / "run").skipped


def test_an_analysis_that_was_cut_short_goes_on(short_movie: Path, tmp_path: Path) -> None:
    """The row is of the whole run; the training is not done again."""
    config = Recording(movie=short_movie, name="cut", steps=2).configuration()
    movie, out = sv.open_movie(short_movie), tmp_path / "cut"
    *_, end = sv.train(movie, config, out=out, device="cpu", until="map")
    assert isinstance(end, Finished)
    trained = (out / "model.safetensors").stat().st_mtime_ns
    changed = analysed(tmp_path, short_movie, "cut", steps=3)
    assert "other settings" in changed.error
    done = analysed(tmp_path, short_movie, "cut", steps=2)
    run = sv.load_run(out)
    assert (done.status, done.skipped, run.stage) == ("finished", False, "all")
    assert done.drivers == run.record.metrics["drivers"]
    assert done.steps == 2
    assert (out / "model.safetensors").stat().st_mtime_ns == trained
    assert analysed(tmp_path, short_movie, "cut", steps=2).skipped


@pytest.mark.parametrize(
    ("drivers", "edges", "said"),
    [
        (0, 1, "0 drivers, 1 edge"),
        (1, 2, "1 driver, 2 edges"),
        (None, 0, "too short to test for drivers, 0 edges"),
    ],
)
def test_a_line_says_what_was_found(drivers: int | None, edges: int, said: str) -> None:
    outcome = Outcome(
        name="a",
        movie="m",
        status="finished",
        run="r",
        drivers=drivers,
        edges=edges,
        seconds=1.25,
    )
    assert in_words(outcome) == f"a: {said} (1.2 s)"


def test_a_process_that_is_killed_is_one_failed_row(
    short_movie: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from napari_sparsevar.batch import local, run_batch

    started = local._Processes._start

    def killed(self: local._Processes, words: object) -> object:
        process = started(self, words)  # type: ignore[arg-type]
        assert process is not None
        process.kill()
        return process

    monkeypatch.setattr(local._Processes, "_start", killed)
    recording = Recording(movie=short_movie, name="run")
    (outcome,) = run_batch([recording], out=tmp_path, device="cpu")
    assert outcome.status == "failed"
    assert "run the batch again" in outcome.error


def test_what_is_at_work_ends_when_it_is_asked_to_stop(
    short_movie: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from napari_sparsevar.batch import local, run_batch

    control, processes = TrainingControl(), []
    started = local._Processes._start

    def stopped(self: local._Processes, words: object) -> object:
        processes.append(started(self, words))  # type: ignore[arg-type]
        control.stop()
        return processes[-1]

    monkeypatch.setattr(local._Processes, "_start", stopped)
    recordings = [Recording(movie=short_movie, name=name) for name in ("one", "two")]
    assert list(run_batch(recordings, out=tmp_path, device="cpu", control=control)) == []
    [process] = processes
    assert process is not None
    assert process.wait(timeout=5) == -signal.SIGKILL
    assert list(table(tmp_path).status) == ["waiting", "waiting"]


# All is loaded once, and then there are two of it: each a process without a nanny.
WORKERS = """
import asyncio, os, sys
import distributed, torch._dynamo, napari_sparsevar.batch.work

async def serve():
    async with distributed.Worker(sys.argv[1], nthreads=1, dashboard=False) as worker:
        await worker.finished()

for _ in range(2):
    if os.fork() == 0:
        asyncio.run(serve())
        os._exit(0)
os.wait()
os.wait()
"""


# Two tests at once would want the same port for their pages.
ANY_PORT = {"dashboard": False, "dashboard_address": ":0"}


@pytest.fixture
def cluster() -> Iterator[tuple[str, psutil.Process]]:
    """The address of a scheduler, and the process whose children are its two workers."""
    distributed = pytest.importorskip("distributed")
    scheduler = {"cls": distributed.Scheduler, "options": ANY_PORT}
    with distributed.SpecCluster(workers={}, scheduler=scheduler) as cluster:
        address = cluster.scheduler_address
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        with subprocess.Popen([sys.executable, "-c", WORKERS, address], **quiet) as parent:  # type: ignore[call-overload]
            try:
                yield address, psutil.Process(parent.pid)
            finally:
                for worker in psutil.Process(parent.pid).children():
                    worker.kill()
                parent.kill()


def wait_for(there: Callable[[], object], seconds: float = 240.0) -> None:
    until = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_worker_that_is_killed_on_the_way(
    listed: Write, short_movie: Path, tmp_path: Path, cluster: tuple[str, psutil.Process]
) -> None:
    address, parent = cluster
    names = ["a", "b"]
    path = listed("movie,name,steps\n" + "".join(f"{short_movie},{n},24\n" for n in names))
    out = tmp_path / "out"

    def kill() -> Path:
        wait_for(lambda: list(out.glob("*/checkpoint.safetensors")))
        begun = next(out.glob("*/checkpoint.safetensors")).parent
        holder(begun / LOCK, parent).kill()
        return begun

    with ThreadPoolExecutor(1) as beside:
        killed = beside.submit(kill)
        command = ["batch", str(path), "--out", str(out), "--scheduler", address]
        done = CliRunner().invoke(cli.app, [*command, "--device", "cpu"])
    assert done.exit_code == 0, done.output
    assert "2 of 2 are finished" in done.stdout
    assert list(table(out)["status"]) == ["finished"] * 2
    for name in names:
        assert sv.load_run(out / name).record.metrics["steps"] == 24
    begun = killed.result()
    assert '"resumed_from_step": 20' in (begun / "events.jsonl").read_text()  # by the other worker


def holder(lock: Path, parent: psutil.Process) -> psutil.Process:
    """Return the worker that writes to a folder."""
    (found,) = [
        worker
        for worker in parent.children()
        if str(lock) in {file.path for file in worker.open_files()}
    ]
    return found


def test_a_missing_library_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(sv.UserError, match=r"napari-sparsevar\[batch\]"):
        next(run_on_cluster([], tmp_path, "tcp://127.0.0.1:1"))


def test_a_scheduler_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("napari_sparsevar.batch.cluster._PATIENCE", "0.5s")
    with pytest.raises(sv.UserError, match="No scheduler answers at tcp"):
        next(run_on_cluster([], tmp_path, "tcp://127.0.0.1:1"))


@pytest.mark.parametrize(("device", "chosen"), [("cuda", {"card"}), ("cpu", {"card", "plain"})])
def test_a_recording_on_cuda_waits_for_a_worker_with_a_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, device: str, chosen: set[str]
) -> None:
    distributed = pytest.importorskip("distributed")

    def answer(recording: Recording, out: Path, _: str) -> Outcome:
        time.sleep(0.2)
        return Outcome.waiting(recording, out).failed(str(distributed.get_worker().name))

    monkeypatch.setattr("napari_sparsevar.batch.cluster.analyse_recording", answer)
    workers = {
        name: {"cls": distributed.Worker, "options": {"nthreads": 1, "resources": resources}}
        for name, resources in (("plain", {}), ("card", {"GPU": 1}))
    }
    scheduler = {"cls": distributed.Scheduler, "options": ANY_PORT}
    movies = [Recording(movie=tmp_path / f"{number}.tif", name=str(number)) for number in range(6)]
    with distributed.SpecCluster(workers=workers, scheduler=scheduler) as cluster:
        address = cluster.scheduler_address
        found = sv.run_batch(movies, out=tmp_path, scheduler=address, device=device)
        assert {outcome.error for outcome in found} == chosen
