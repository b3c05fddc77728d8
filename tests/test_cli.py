"""The command line says what happened in one sentence and an exit code."""

from __future__ import annotations

import inspect
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, get_args

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from napari_sparsevar import cli
from napari_sparsevar.analysis.record import MovieIdentity, RunRecord
from napari_sparsevar.analysis.store import write_record
from napari_sparsevar.cli import commands, progress, summary
from napari_sparsevar.cli.summary import TOP_DRIVERS
from napari_sparsevar.errors import UserError
from napari_sparsevar.model.config import ModelConfig
from napari_sparsevar.movie import REGIMES, Truth, open_movie, simulate_movie, write_movie
from napari_sparsevar.training import config
from napari_sparsevar.training.control import TrainingControl
from napari_sparsevar.training.events import (
    Failed,
    Finished,
    Notice,
    Progress,
    Started,
    StepLoss,
    TrainingEvent,
    ValidationLoss,
)

SMALL = ["--frames", "40", "--size", "64", "64"]
LOSSES = {"reconstruction": 1.0, "prediction": 0.5, "total": 1.5}
FINISHED = Finished("completed", Path("run"), 60, 12.34, 1234.5)


def sparsevar(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


def one_sentence(text: str) -> bool:
    return text.count("\n") == 1 and text.endswith("\n") and bool(text.strip())


@pytest.fixture(scope="module")
def movie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("movie")
    path = folder / "movie.tif"
    done = sparsevar("simulate", "--out", path, "--truth", folder / "truth.npz", *SMALL)
    assert done.exit_code == 0, done.output
    return path


Calls = list[dict[str, Any]]


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Calls]:
    """Put a training that only yields these events in the place of the real one."""

    def install(*events: TrainingEvent | Exception) -> Calls:
        calls: Calls = []

        def train(movie: Any, config: Any, **options: Any) -> Iterator[TrainingEvent]:
            calls.append({"movie": movie, "config": config, **options})
            for event in events:
                if isinstance(event, Exception):
                    raise event
                yield event

        module = ModuleType("train")
        module.train = train  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "napari_sparsevar.training.train", module)
        return calls

    return install


# The whole command


def test_help_needs_neither_torch_nor_numpy() -> None:
    program = (
        "import sys\n"
        "from napari_sparsevar.cli import app\n"
        "assert app(['--help'], standalone_mode=False) == 0\n"
        "slow = {'torch', 'numpy', 'numba', 'pandas', 'dask'} & set(sys.modules)\n"
        "sys.exit(f'help imports {slow}' if slow else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for name in ("simulate", "train", "info"):
        assert name in done.stdout


def test_a_process_ends_with_one_sentence_and_code_2(tmp_path: Path) -> None:
    missing = tmp_path / "missing.tif"
    done = subprocess.run(
        [sys.executable, "-m", "napari_sparsevar", "info", str(missing)],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert one_sentence(done.stderr), done.stderr
    assert "missing.tif" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["train"], "MOVIE"),
        (["train", "movie.tif"], "--out"),
        (["train", "movie.tif", "--out", "run", "--preset", "slow"], "--preset"),
        (["train", "movie.tif", "--out", "run", "--lags", "two"], "--lags"),
        (["train", "movie.tif", "--out", "run", "--colour", "red"], "--colour"),
        (["simulate", "--out", "a.tif"], "--truth"),
        (["simulate", "--out", "a.tif", "--truth", "t.npz", "--size", "64"], "--size"),
        (["fly"], "fly"),
        ([], "help"),
    ],
)
def test_a_wrong_command_line_is_one_sentence(arguments: list[str], named: str) -> None:
    done = sparsevar(*arguments)
    assert done.exit_code == 2
    assert one_sentence(done.stderr), done.stderr
    assert named in done.stderr


def test_choices_are_those_of_the_library() -> None:
    assert [choice.value for choice in commands.Preset] == list(config.PRESETS)
    assert [choice.value for choice in commands.Mode] == list(get_args(config.Mode))
    for name in REGIMES:
        assert name in sparsevar("simulate", "--help").output


# simulate


def test_simulated_movie_and_truth_belong_together(movie: Path) -> None:
    opened = open_movie(movie)
    known = Truth.load(movie.with_name("truth.npz"))
    expected, _ = simulate_movie(40, (64, 64), seed=0)
    assert np.array_equal(np.asarray(opened.data), np.asarray(expected.data))
    assert (opened.fps, opened.pixel_size_um) == pytest.approx((15.0, 2.0))
    assert known.traces.shape[0] == opened.n_frames


def test_simulate_has_the_defaults_of_the_library() -> None:
    command = inspect.signature(commands.simulate).parameters
    library = inspect.signature(simulate_movie).parameters
    names = {
        "seed": "seed",
        "frames": "n_frames",
        "size": "shape",
        "regime": "regime",
        "fps": "fps",
        "pixel_size": "pixel_size_um",
    }
    for ours, theirs in names.items():
        assert command[ours].default == library[theirs].default


@pytest.mark.parametrize("existing", ["movie.tif", "truth.npz"])
def test_simulate_never_replaces_a_file_unasked(tmp_path: Path, existing: str) -> None:
    (tmp_path / existing).write_text("precious")
    arguments = ["--out", tmp_path / "movie.tif", "--truth", tmp_path / "truth.npz", *SMALL]
    done = sparsevar("simulate", *arguments)
    assert done.exit_code == 2
    assert one_sentence(done.stderr)
    assert existing in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == [existing]
    assert (tmp_path / existing).read_text() == "precious"
    assert sparsevar("simulate", *arguments, "--overwrite").exit_code == 0
    assert open_movie(tmp_path / "movie.tif").n_frames == 40


def test_movie_and_truth_need_two_files(tmp_path: Path) -> None:
    both = tmp_path / "m.tif"
    done = sparsevar("simulate", "--out", both, "--truth", both, "--overwrite", *SMALL)
    assert done.exit_code == 2
    assert one_sentence(done.stderr)
    assert not both.exists()


def test_simulate_names_an_unknown_regime(tmp_path: Path) -> None:
    paths = ["--out", tmp_path / "m.tif", "--truth", tmp_path / "t.npz"]
    done = sparsevar("simulate", *paths, "--regime", "impossible")
    assert done.exit_code == 2
    assert one_sentence(done.stderr)
    assert "impossible" in done.stderr
    assert not list(tmp_path.iterdir())


# info


def test_info_of_a_movie_in_words_and_as_json(movie: Path) -> None:
    words = sparsevar("info", movie)
    assert words.exit_code == 0
    for expected in ("40", "uint16", "15"):
        assert expected in words.stdout
    summary = json.loads(sparsevar("info", movie, "--json").stdout)
    assert (summary["frames"], summary["height_px"], summary["width_px"]) == (40, 64, 64)
    assert summary["frames_per_second"] == pytest.approx(15.0)
    assert summary["pixel_size_um"] == pytest.approx(2.0)
    assert summary["bad_frames"] == 0
    assert summary["minimum"] < summary["maximum"]


def test_info_of_the_real_movie_reports_its_saturation(real_movie: Path) -> None:
    summary = json.loads(sparsevar("info", real_movie, "--json").stdout)
    assert summary["frames"] == 1000
    assert 50_000 < summary["saturation_level"] < 60_000
    assert summary["saturated_fraction"] > 0


@pytest.mark.parametrize("content", ["{}", "null", "[" * 100_000, '{"a": ' + "9" * 9999 + "}"])
def test_info_of_a_folder_that_is_no_run(tmp_path: Path, content: str) -> None:
    (tmp_path / "run.json").write_text(content)
    done = sparsevar("info", tmp_path)
    assert done.exit_code == 2
    assert one_sentence(done.stderr)


def test_a_summary_is_aligned_and_says_what_is_not_known(
    capsys: pytest.CaptureFixture[str],
) -> None:
    summary.print_values({"fps": None, "pixel_size": 0.5, "network": {"lags": 1}, "notes": []})
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "fps         not known",
        "pixel size  0.5",
        "network",
        "  lags  1",
        "notes       none",
    ]


def test_a_table_has_one_line_a_row() -> None:
    table = summary.as_table([{"rank": 1, "strength": 0.5}, {"rank": 2, "strength": None}])
    assert table.splitlines() == ["rank   strength", "   1        0.5", "   2  not known"]
    assert summary.as_table([]) == "none"


# train


def test_train_hands_over_every_option(movie: Path, tmp_path: Path, pretend: Any) -> None:
    calls = pretend(FINISHED)
    options = ["--preset", "fast", "--device", "cpu", "--seed", "7", "--fps", "30"]
    options += ["--pixel-size", "0.8", "--mode", "two-stage", "--lags", "3", "--no-skip"]
    out = tmp_path / "run"
    done = sparsevar("train", movie, "--out", out, *options, "--overwrite")
    assert done.exit_code == 0, done.output
    (call,) = calls
    settings = call["config"]
    assert settings.steps == config.PRESETS["fast"]["steps"]
    assert (settings.seed, settings.mode) == (7, "two-stage")
    assert (settings.model.lags, settings.model.skip) == (3, False)
    assert (call["movie"].fps, call["movie"].pixel_size_um) == (30, 0.8)
    assert (call["out"], call["device"]) == (out, "cpu")
    assert call["resume"] is False
    assert call["overwrite"] is True


def test_resume_takes_the_settings_it_was_started_with(
    movie: Path, tmp_path: Path, pretend: Any
) -> None:
    settings = config.TrainConfig(seed=7, steps=33, model=ModelConfig(stride=8, lags=2))
    record = RunRecord(
        movie=MovieIdentity.of(open_movie(movie)),
        configuration=settings.model_dump(),
        network=settings.model,
        device="cpu",
    )
    out = tmp_path / "run"
    out.mkdir()
    write_record(out, record)
    calls = pretend(FINISHED)
    done = sparsevar("train", movie, "--out", out, "--resume")
    assert done.exit_code == 0, done.output
    assert calls[0]["config"] == settings
    assert calls[0]["resume"] is True


def test_nothing_to_resume_is_one_sentence(movie: Path, tmp_path: Path, pretend: Any) -> None:
    calls = pretend(FINISHED)
    done = sparsevar("train", movie, "--out", tmp_path / "run", "--resume")
    assert done.exit_code == 2
    assert one_sentence(done.stderr), done.stderr
    assert not calls


def test_train_without_options_is_the_standard_preset(
    movie: Path, tmp_path: Path, pretend: Any
) -> None:
    calls = pretend(FINISHED)
    done = sparsevar("train", movie, "--out", tmp_path / "run")
    assert done.exit_code == 0
    assert calls[0]["config"] == config.TrainConfig.from_preset("standard")
    assert calls[0]["resume"] is False
    assert calls[0]["overwrite"] is False


def test_train_shows_progress_apart_from_the_result(
    movie: Path, tmp_path: Path, pretend: Any
) -> None:
    pretend(
        Started("cpu", 60, 40, (64, 64), (1, 16, 16)),
        Progress("prepare", 0.5, "Reading the movie"),
        Notice("2 frames were skipped."),
        StepLoss(20, 60, LOSSES, 900.0, 65.0),
        ValidationLoss(20, LOSSES, True),
        FINISHED,
    )
    done = sparsevar("train", movie, "--out", tmp_path / "run")
    assert one_sentence(done.stdout)
    for expected in ("run", "60 steps", "12.3 s", "1,234 MB"):
        assert expected in done.stdout
    for expected in ("cpu", "Reading the movie", "2 frames were skipped.", "1.5000"):
        assert expected in done.stderr


def test_a_failure_of_the_user_is_code_2(movie: Path, tmp_path: Path, pretend: Any) -> None:
    pretend(Failed("The run directory run exists already; add --overwrite."))
    done = sparsevar("train", movie, "--out", tmp_path / "run")
    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr.splitlines()[-1] == "The run directory run exists already; add --overwrite."


def test_an_unexpected_failure_is_code_1_and_keeps_the_details(
    movie: Path, tmp_path: Path, pretend: Any
) -> None:
    pretend(Failed("The network diverged.", details="Traceback: secret details"))
    out = tmp_path / "run"
    out.mkdir()
    (out / "run.json").write_text("{}")
    done = sparsevar("train", movie, "--out", out)
    assert done.exit_code == 1
    assert "The network diverged" in done.stderr
    assert "secret details" not in done.output
    assert str(out / "error.log") in done.stderr.replace("\n", "")
    assert "secret details" in (out / "error.log").read_text()
    shown = sparsevar("train", movie, "--out", out, "--debug")
    assert shown.exit_code == 1
    assert "secret details" in shown.stderr


def test_a_log_never_blocks_the_next_try(movie: Path, tmp_path: Path, pretend: Any) -> None:
    pretend(Failed("No luck.", details="Traceback: details"))
    out = tmp_path / "run"
    out.mkdir()
    assert sparsevar("train", movie, "--out", out).exit_code == 1
    assert not list(out.iterdir())


def test_nothing_to_keep_is_not_called_a_run(movie: Path, tmp_path: Path, pretend: Any) -> None:
    pretend(Finished("stopped", None, 0, 1.0, 100.0))
    done = sparsevar("train", movie, "--out", tmp_path / "run")
    assert done.exit_code == 130
    assert done.stdout == ""
    assert "nothing to keep" in done.stderr


@pytest.mark.parametrize("wrong", [RuntimeError("boom"), OSError("too much")])
def test_an_exception_is_never_a_traceback(
    movie: Path, tmp_path: Path, pretend: Any, wrong: Exception
) -> None:
    pretend(wrong)
    done = sparsevar("train", movie, "--out", tmp_path / "run")
    assert done.exit_code == 1
    assert str(wrong) in done.stderr
    assert "Traceback" not in done.output


def test_too_little_memory_is_code_2(movie: Path, tmp_path: Path, pretend: Any) -> None:
    pretend(MemoryError("13 TiB"))
    done = sparsevar("train", movie, "--out", tmp_path / "run")
    assert done.exit_code == 2
    assert "memory" in done.stderr


def test_a_run_is_no_movie_to_train_on(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{}")
    done = sparsevar("train", tmp_path, "--out", tmp_path / "other")
    assert done.exit_code == 2
    assert one_sentence(done.stderr)
    assert "not a movie" in done.stderr


def test_a_reader_that_has_seen_enough_hears_no_complaint(movie: Path) -> None:
    command = [sys.executable, "-m", "napari_sparsevar", "info", str(movie)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    _, complaint = process.communicate()
    assert complaint == b""


def test_a_user_error_that_is_raised_is_code_2(movie: Path, tmp_path: Path, pretend: Any) -> None:
    pretend(UserError("There is no GPU here; choose --device cpu."))
    done = sparsevar("train", movie, "--out", tmp_path / "run")
    assert done.exit_code == 2
    assert done.stderr.splitlines()[-1] == "There is no GPU here; choose --device cpu."


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--lags", "0"),
        ("--lags", "1000"),
        ("--seed", "-1"),
        ("--fps", "-3"),
        ("--seed", "99999999999999999999"),
    ],
)
def test_a_number_out_of_range_is_named(
    movie: Path, tmp_path: Path, pretend: Any, option: str, value: str
) -> None:
    calls = pretend(FINISHED)
    done = sparsevar("train", movie, "--out", tmp_path / "run", option, value)
    assert done.exit_code == 2
    assert one_sentence(done.stderr)
    assert option.removeprefix("--") in done.stderr
    assert value in done.stderr
    assert not calls


# The real training, on a movie so small that it takes seconds


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("small") / "small.tif"
    frames, _ = simulate_movie(150, (32, 32), n_cells=6, n_drivers=2, n_followers=2)
    write_movie(frames.data, path, fps=15.0, pixel_size_um=2.0)
    return path


@pytest.fixture(scope="module")
def run(small: Path) -> Path:
    out = small.with_name("run")
    done = sparsevar("train", small, "--out", out, "--preset", "fast", "--device", "cpu")
    assert done.exit_code == 0, done.output
    assert one_sentence(done.stdout)
    assert str(out) in done.stdout
    return out


def test_a_run_holds_every_file(run: Path) -> None:
    expected = {"run.json", "model.safetensors", "events.jsonl", "loss.csv", "contribution.tif"}
    expected |= {"drivers.tif", "drivers.csv", "edges.csv"}
    assert expected <= {path.name for path in run.iterdir()}


def test_info_of_a_finished_run(run: Path) -> None:
    summary = json.loads(sparsevar("info", run, "--json").stdout)
    assert summary["movie"]["shape"] == [150, 32, 32]
    assert summary["configuration"]["steps"] == config.PRESETS["fast"]["steps"]
    words = sparsevar("info", run)
    assert words.exit_code == 0
    assert "strongest drivers" in words.stdout


@pytest.mark.parametrize("option", [None, "--resume"])
def test_a_finished_run_is_never_lost(run: Path, small: Path, option: str | None) -> None:
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    done = sparsevar("train", small, "--out", run, "--preset", "fast", *([option] * bool(option)))
    assert done.exit_code == 2
    assert one_sentence(done.stderr), done.stderr
    assert str(run) in done.stderr
    assert {path.name: path.read_bytes() for path in run.iterdir()} == before


def test_an_unknown_device_is_one_sentence(small: Path, tmp_path: Path) -> None:
    done = sparsevar("train", small, "--out", tmp_path / "run", "--device", "abacus")
    assert done.exit_code == 2
    assert one_sentence(done.stderr), done.stderr
    assert "abacus" in done.stderr


def test_interrupting_the_process_keeps_the_best_model(small: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    command = ["train", str(small), "--out", str(out), "--preset", "thorough", "--device", "cpu"]
    with subprocess.Popen(
        [sys.executable, "-m", "napari_sparsevar", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("Step 20"):
                break
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert "stopped" in output
    assert "best model" in errors
    told = sparsevar("info", out, "--json")
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout)["status"] == "finished"


# Ctrl-C


def interrupted(control: TrainingControl, times: int) -> Iterator[TrainingEvent]:
    for _ in range(times):
        os.kill(os.getpid(), signal.SIGINT)
        yield Notice("a step")
    yield Finished("stopped" if control.stop_requested else "completed", None, 1, 1.0, 1.0)


def test_the_first_interrupt_stops_and_keeps_the_best_model(
    capsys: pytest.CaptureFixture[str],
) -> None:
    control, before = TrainingControl(), signal.getsignal(signal.SIGINT)
    end = progress.follow(interrupted(control, 1), control)
    assert isinstance(end, Finished)
    assert end.reason == "stopped"
    assert "best model" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGINT) is before


def test_the_second_interrupt_aborts() -> None:
    control, before = TrainingControl(), signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        progress.follow(interrupted(control, 2), control)
    assert signal.getsignal(signal.SIGINT) is before


def test_an_interrupt_while_printing_is_no_error() -> None:
    class Printing(io.RawIOBase):
        def writable(self) -> bool:
            return True

        def write(self, data: Any) -> int:
            if not control.stop_requested:
                os.kill(os.getpid(), signal.SIGINT)  # in the middle of a line
            return len(data)

    control = TrainingControl()
    buffered = io.BufferedWriter(Printing())
    with pytest.MonkeyPatch.context() as patch, progress.stop_on_interrupt(control):
        patch.setattr(sys, "stderr", io.TextIOWrapper(buffered, write_through=True))
        print("a line", file=sys.stderr)
        sys.stderr.flush()
        assert control.stop_requested


def test_a_training_that_ends_in_silence_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="without saying how"):
        progress.follow(iter([]), TrainingControl())


@pytest.mark.parametrize(
    ("seconds", "said"), [(None, ""), (5.4, "0:05 left"), (59.6, "1:00 left"), (754, "12:34 left")]
)
def test_remaining_time(seconds: float | None, said: str) -> None:
    assert progress.remaining(seconds) == said


def test_info_of_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pandas as pd

    from napari_sparsevar import analysis

    record = {"metrics": {"validation": 0.5}, "device": "cpu"}
    run = SimpleNamespace(
        record=SimpleNamespace(model_dump_json=lambda: json.dumps(record)),
        drivers=pd.DataFrame({"rank": range(1, 21), "stability": [np.nan] * 20}),
        edges=pd.DataFrame({"source": [1, 2]}),
    )
    monkeypatch.setattr(analysis, "load_run", lambda path: run, raising=False)
    (tmp_path / "run.json").write_text("{}")
    summary = json.loads(sparsevar("info", tmp_path, "--json").stdout)
    assert summary["metrics"] == {"validation": 0.5}
    assert summary["edges"] == 2
    assert [row["rank"] for row in summary["drivers"]] == list(range(1, TOP_DRIVERS + 1))
    assert summary["drivers"][0]["stability"] is None
    words = sparsevar("info", tmp_path).stdout
    assert "strongest drivers" in words
    assert "cpu" in words


@pytest.mark.parametrize("value", ["0", "-3", "nan", "1e9"])
def test_an_impossible_cell_size_is_one_sentence(movie: Path, tmp_path: Path, value: str) -> None:
    done = sparsevar("train", movie, "--out", tmp_path / "run", "--cell-size", value)
    assert done.exit_code == 2
    assert one_sentence(done.stderr), done.stderr
    assert "--cell-size" in done.stderr


def test_the_cell_size_reaches_the_training(
    movie: Path, tmp_path: Path, pretend: Callable[..., Calls]
) -> None:
    calls = pretend(FINISHED)
    done = sparsevar("train", movie, "--out", tmp_path / "run", "--cell-size", "13")
    assert done.exit_code == 0, done.output
    assert calls[0]["config"].model.cell_diameter == 13
