"""Recordings on this computer, each in a process of its own: a crash loses only that one."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import IO

from napari_sparsevar.batch.listing import Recording
from napari_sparsevar.batch.outcome import Outcome
from napari_sparsevar.training.control import TrainingControl

_LAST_WORDS = 4000
_LOOK_S = 0.2
"""How often it is looked whether it was asked to stop."""


def run_locally(
    recordings: Sequence[Recording],
    out: Path,
    *,
    jobs: int = 1,
    device: str = "auto",
    control: TrainingControl | None = None,
) -> Iterator[Outcome]:
    """Yield the outcome of each recording as it ends; closing it ends the processes too.

    So does ``control.stop()``, from another thread.
    """
    threads = max(1, (os.cpu_count() or 1) // jobs)
    processes = _Processes()
    with ThreadPoolExecutor(jobs) as pool:
        try:
            waiting = [
                pool.submit(processes.analyse, recording, out, device, threads)
                for recording in recordings
            ]
            yield from _as_they_end(waiting, control or TrainingControl())
        finally:
            processes.end()
            pool.shutdown(cancel_futures=True)


def _as_they_end(waiting: Sequence[Future[Outcome]], control: TrainingControl) -> Iterator[Outcome]:
    """Yield outcomes until there are no more, or it was asked to stop."""
    left = set(waiting)
    while left and not control.stop_requested:
        done, left = wait(left, timeout=_LOOK_S, return_when=FIRST_COMPLETED)
        for one in done:
            yield one.result()


class _Processes:
    """The processes at work; none starts any more once they were ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[str]] = set()
        self._ended = False

    def analyse(self, recording: Recording, out: Path, device: str, threads: int) -> Outcome:
        """Analyse one recording in a process and return what became of it."""
        waiting = Outcome.waiting(recording, out)
        task = {
            "recording": recording.model_dump(mode="json"),
            "out": str(out),
            "device": device,
            "threads": threads,
        }
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as words:
            process = self._start(words)
            if process is None:
                return waiting
            try:
                said = _talk(process, json.dumps(task))
            finally:
                with self._lock:
                    self._running.discard(process)
            words.seek(0)
            complaint = words.read()[-_LAST_WORDS:]
        with contextlib.suppress(ValueError, IndexError):
            return Outcome.model_validate_json(said.splitlines()[-1])
        return waiting.failed(
            f"Its process ended with code {process.returncode} before the recording was finished: "
            "run the batch again to go on with it.",
            complaint,
        )

    def end(self) -> None:
        """Kill what is at work; a training goes on from its checkpoint the next time."""
        with self._lock:
            self._ended = True
            for process in self._running:
                process.kill()

    def _start(self, words: IO[str]) -> subprocess.Popen[str] | None:
        with self._lock:
            if self._ended:
                return None
            process = subprocess.Popen(
                [sys.executable, "-m", "napari_sparsevar.batch.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=words,
                text=True,
                encoding="utf-8",
            )
            self._running.add(process)
            return process


def _talk(process: subprocess.Popen[str], task: str) -> str:
    """Give a process its task and return what it says until it ends."""
    assert process.stdin is not None
    assert process.stdout is not None
    with contextlib.suppress(OSError):  # it has died already: its code tells
        process.stdin.write(task + "\n")
        process.stdin.flush()
    said = process.stdout.read()
    process.wait()
    # Open until now: a process whose standard input ends knows that nobody waits for it.
    with contextlib.suppress(OSError):
        process.stdin.close()
    process.stdout.close()
    return said
