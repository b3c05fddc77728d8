"""Find regions of interest with suite2p. Runs in its own environment and knows only plain files.

    .venv-suite2p/bin/python suite2p_extract.py FRAMES.npy OUT FPS TAU DIAMETER THRESHOLD

Writes to OUT ``fluorescence.npy`` and ``neuropil.npy`` (regions, frames), ``is_cell.npy`` (regions)
and ``pixels.npy``, one row (region, y, x, weight) a pixel. No file is ever unpickled.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch


def import_suite2p() -> Any:
    """Import suite2p, also where torchvision's compiled part does not fit a CPU build of torch.

    suite2p imports torchvision only for resizing images; the functions of the compiled part must
    be declared and are never called.
    """
    try:
        import suite2p
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
        for name in ("nms", "qnms"):
            arguments = "(Tensor boxes, Tensor scores, float threshold) -> Tensor"
            torch.library.define(f"torchvision::{name}", arguments)
        import suite2p
    return suite2p


def extract(
    frames: np.ndarray[Any, np.dtype[Any]],
    fps: float,
    tau: float,
    diameter: float,
    threshold: float,
) -> dict[str, np.ndarray[Any, np.dtype[Any]]]:
    """Detect regions and read their traces; motion is not corrected, the movie has none."""
    suite2p = import_suite2p()
    settings = suite2p.default_settings()
    settings.update(fs=fps, tau=tau, diameter=[diameter, diameter], torch_device="cpu")
    settings["detection"]["threshold_scaling"] = threshold
    settings["run"]["do_deconvolution"] = False
    settings["classification"]["use_builtin_classifier"] = True
    with tempfile.TemporaryDirectory() as folder:
        outputs = suite2p.pipeline(
            folder,
            frames,
            run_registration=False,
            settings=settings,
            device=torch.device("cpu"),
        )
    _, _, regions, fluorescence, neuropil, _, _, _, is_cell, *_ = outputs
    if regions is None or len(regions) == 0:
        none = np.zeros((0, len(frames)), np.float32)
        return _files(none, none, np.zeros(0, bool), np.zeros((0, 4)))
    rows = [
        np.stack([np.full(len(r["ypix"]), k), r["ypix"], r["xpix"], r["lam"]], axis=1)
        for k, r in enumerate(regions)
    ]
    return _files(fluorescence, neuropil, is_cell[:, 0] > 0, np.concatenate(rows))


def _files(
    fluorescence: np.ndarray[Any, np.dtype[Any]],
    neuropil: np.ndarray[Any, np.dtype[Any]],
    is_cell: np.ndarray[Any, np.dtype[Any]],
    pixels: np.ndarray[Any, np.dtype[Any]],
) -> dict[str, np.ndarray[Any, np.dtype[Any]]]:
    return {
        "fluorescence": fluorescence,
        "neuropil": neuropil,
        "is_cell": is_cell,
        "pixels": pixels,
    }


def main() -> None:
    if sys.argv[1:] == ["--check"]:
        print(f"suite2p {import_suite2p().version} is ready.")
        return
    frames, out = np.load(sys.argv[1], allow_pickle=False), Path(sys.argv[2])
    numbers = [float(value) for value in sys.argv[3:7]]
    torch.set_num_threads(1)
    for name, values in extract(frames, *numbers).items():
        np.save(out / f"{name}.npy", values, allow_pickle=False)


if __name__ == "__main__":
    main()
