r"""Generalised transfer entropy (Stetter et al. 2012, PLoS Comput. Biol. 8:e1002653, equation 5).

.. math:: \sum P(x_t, x_{t-1}, x_{t-2}, y_t, y_{t-1}) \log
   \frac{P(x_t | x_{t-1}, x_{t-2}, y_t, y_{t-1})}{P(x_t | x_{t-1}, x_{t-2})}

for y driving x, over frames in which the network is quiet. Changes from frame to frame fall into
classes; a neuron may act within the frame.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from napari_sparsevar.lasso.compiled import compiled

FloatArray = npt.NDArray[np.float64]


def transfer_entropy(
    traces: npt.NDArray[np.float32], quiet: npt.NDArray[np.bool_], edges: tuple[float, ...]
) -> FloatArray:
    """Return the entropy that flows between neurons in bits, (n, n): rows drive columns.

    Parameters
    ----------
    traces : ndarray of float32, shape (T, n)
    quiet : ndarray of bool, shape (T,)
        Frames t that count.
    edges : tuple of float
        Between the classes of changes from frame to frame.
    """
    changes = np.diff(traces, axis=0, prepend=traces[:1])
    classes = np.ascontiguousarray(np.digitize(changes, edges).T, dtype=np.int64)
    times = np.flatnonzero(quiet)
    found = np.zeros((len(classes),) * 2)
    _transfer(classes, times[times >= 3], len(edges) + 1, found)
    return found


@compiled
def _transfer(
    classes: npt.NDArray[np.int64],
    times: npt.NDArray[np.int64],
    n_classes: int,
    found: FloatArray,
) -> None:
    """Write the entropy of every pair."""
    n, square = len(classes), n_classes * n_classes
    own = np.empty(len(times), np.int64)
    for target in range(n):
        for k in range(len(times)):
            t = times[k]
            x = classes[target]
            own[k] = ((x[t - 1] * n_classes + x[t - 2]) * n_classes + x[t]) * square
        for source in range(n):
            if source == target:
                continue
            counts = np.zeros((square, n_classes, square))
            flat = counts.ravel()
            for k in range(len(times)):
                t = times[k]
                flat[own[k] + classes[source, t] * n_classes + classes[source, t - 1]] += 1.0
            total = 0.0
            for past in range(square):
                with_now = counts[past].sum(axis=1)
                with_source = counts[past].sum(axis=0)
                all_past = with_now.sum()
                for now in range(n_classes):
                    for other in range(square):
                        count = counts[past, now, other]
                        if count > 0.0:
                            ratio = count * all_past / (with_source[other] * with_now[now])
                            total += count * np.log2(ratio)
            found[source, target] = total / max(len(times), 1)
