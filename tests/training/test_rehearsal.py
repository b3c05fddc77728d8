"""A rehearsal loads what a training needs, and leaves no trace in what one computes."""

from __future__ import annotations

import subprocess
import sys

import torch

from napari_sparsevar.training.rehearsal import rehearse

LOADED = """
import sys
from napari_sparsevar.training.rehearsal import rehearse
rehearse()
before = set(sys.modules)
import numpy as np, torch
from napari_sparsevar.movie import open_movie
from napari_sparsevar.training.config import TrainConfig
from napari_sparsevar.training.train import train
movie = open_movie(np.random.default_rng(1).normal(size=(80, 32, 32)).astype("f4"))
config = TrainConfig.from_preset("fast", steps=2)
for event in train(movie, config, out=sys.argv[1], device="cpu"):
    if type(event).__name__ == "StepLoss":
        break
new = sorted(name for name in set(sys.modules) - before if name.split(".")[0] != "napari_sparsevar")
print(len(new), new)
assert len(new) < 20, new
"""


def test_nothing_is_left_to_import_before_the_first_step(tmp_path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED, str(tmp_path / "run")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_random_numbers_go_on_as_they_were() -> None:
    torch.manual_seed(3)
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    rehearse()
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads
