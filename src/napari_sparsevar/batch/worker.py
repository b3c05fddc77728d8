"""The process of one recording: a task on standard input, its outcome on standard output."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path

ORPHANED = 3


def main() -> None:
    """Do one task; end with whoever gave it."""
    # Ctrl-C reaches every process of a terminal: the one that gave the task decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    task = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()

    from napari_sparsevar.batch.listing import Recording
    from napari_sparsevar.batch.work import analyse_recording

    recording = Recording.model_validate(task["recording"])
    outcome = analyse_recording(recording, Path(task["out"]), task["device"], task["threads"])
    print(outcome.model_dump_json(), flush=True)
    os._exit(0)  # the thread that waits for the parent would keep the interpreter from ending


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(ORPHANED)


if __name__ == "__main__":
    main()
