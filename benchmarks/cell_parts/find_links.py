"""Find links with tigramite's PCMCI. Runs in its own environment and knows only plain files.

    ENVIRONMENT/bin/python find_links.py FOLDER

Reads ``signals.npy`` (T, n) and ``counts.npy`` (T,), the frames to be foretold, and writes
``links.npy``: the momentary conditional correlation of each pair at lag 1 (Runge et al. 2019, Sci.
Adv. 5:eaau4996), (n, n), rows drive columns.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from tigramite.data_processing import DataFrame
from tigramite.independence_tests.parcorr import ParCorr
from tigramite.pcmci import PCMCI

PARENTS_LEVEL, MOST_CONDITIONS = 0.01, 3
TRIED_AT_ONCE = 1  # of the conditions that may explain a parent away: more take hours


def main() -> None:
    folder = Path(sys.argv[1])
    signals = np.load(folder / "signals.npy", allow_pickle=False)
    counts = np.load(folder / "counts.npy", allow_pickle=False)
    left_out = np.repeat(~counts[:, None], signals.shape[1], axis=1)
    test = ParCorr(significance="analytic", mask_type="y")
    found = PCMCI(DataFrame(signals, mask=left_out), test, verbosity=0).run_pcmci(
        tau_min=1,
        tau_max=1,
        pc_alpha=PARENTS_LEVEL,
        max_conds_dim=TRIED_AT_ONCE,
        max_conds_px=MOST_CONDITIONS,
        max_conds_py=MOST_CONDITIONS,
    )
    np.save(folder / "links.npy", found["val_matrix"][:, :, 1], allow_pickle=False)


if __name__ == "__main__":
    main()
