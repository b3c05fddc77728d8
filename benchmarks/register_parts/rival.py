"""The time that suite2p's rigid registration takes, in an environment of its own."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

PYTHON = Path(__file__).parents[2] / ".venv-suite2p" / "bin" / "python"
SCRIPT = Path(__file__).with_name("suite2p_register.py")


def is_installed() -> bool:
    """Tell whether the environment of suite2p is there."""
    return PYTHON.is_file()


def seconds_of_suite2p(frames: NDArray[np.uint16]) -> float:
    """Return the seconds that its reference and its shifts take; imports do not count."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "frames.npy"
        np.save(path, frames)
        done = subprocess.run(
            [PYTHON, SCRIPT, path], check=True, capture_output=True, text=True, timeout=600
        )
    return float(done.stdout.split()[-1])
