"""Prints the seconds that suite2p's rigid registration takes; run with suite2p's own Python."""

import sys
import time
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "recovery_parts"))

from suite2p_extract import import_suite2p

suite2p = import_suite2p()
frames = (np.load(sys.argv[1]) // 2).astype(np.int16)
settings = {**suite2p.default_settings()["registration"], "nonrigid": False}


def register(some: np.ndarray) -> None:
    """Estimate a reference and shifts, and apply them in place."""
    suite2p.registration.registration_wrapper(some, settings=settings, device=torch.device("cpu"))


register(frames[:60].copy())
began = time.perf_counter()
register(frames)
print(time.perf_counter() - began)
