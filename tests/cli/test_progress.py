"""What is shown while it trains, and Ctrl-C."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from napari_sparsevar.cli import progress
from napari_sparsevar.training.control import TrainingControl
from napari_sparsevar.training.events import (
    Finished,
    Notice,
    ResultsReady,
    TrainingEvent,
)


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


def test_an_interrupt_of_the_analysis_does_not_speak_of_training(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def analysing() -> Iterator[TrainingEvent]:
        yield ResultsReady("map", Path("run"))
        yield from interrupted(control, 1)

    control = TrainingControl()
    progress.follow(analysing(), control)
    said = capsys.readouterr().err
    assert "what is known of the run is kept" in said
    assert "best model" not in said


def test_the_second_interrupt_aborts() -> None:
    control, outside = TrainingControl(), signal.getsignal(signal.SIGINT)
    before = signal.default_int_handler  # a shell in the background has it ignored
    signal.signal(signal.SIGINT, before)
    try:
        with pytest.raises(KeyboardInterrupt):
            progress.follow(interrupted(control, 2), control)
        assert signal.getsignal(signal.SIGINT) is before
    finally:
        signal.signal(signal.SIGINT, outside)


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
