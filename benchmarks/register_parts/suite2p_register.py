"""Prints the seconds that suite2p's rigid registration takes; run with suite2p's own Python."""

import sys
import time

import numpy as np
from suite2p import default_ops
from suite2p.registration import register

frames = np.load(sys.argv[1])
frames = (frames // 2).astype(np.int16)
ops = {**default_ops(), "nonrigid": False, "Ly": frames.shape[1], "Lx": frames.shape[2]}
register.registration_wrapper(np.empty_like(frames[:60]), frames[:60].copy(), ops=ops)
began = time.perf_counter()
register.registration_wrapper(np.empty_like(frames), frames, ops=ops)
print(time.perf_counter() - began)
