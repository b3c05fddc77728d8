"""What every test shares: frugal threads, no windows from matplotlib, the real movie."""

from __future__ import annotations

import gc
import importlib.util
import os
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

import numba
import pytest
from hypothesis import settings

# Read when the libraries load, so set before a test imports them. Two workers share two cores.
for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")
# napari's fixtures have loaded it already. It colours labels, and from then on torch would have as
# many threads as numba: two of them wait for a busy core.
numba.set_num_threads(1)
os.environ.setdefault("MPLBACKEND", "Agg")


class Made:
    """Finds what the tests of several folders make, once it is asked for: `import made_runs`.

    It loads torch, which the process above two workers has no use for.
    """

    @staticmethod
    def find_spec(name: str, *_: object) -> ModuleSpec | None:
        if not name.startswith("made_"):
            return None
        return importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))


sys.meta_path.append(Made)  # type: ignore[arg-type]

# The same examples in every run: a red test is red for its author too. No deadline: a compiled
# function is slow the first time.
settings.register_profile("suite", deadline=None, derandomize=True)
settings.load_profile("suite")


# Files of a few long tests begin early, so that two workers end together: a worker takes the next
# file whenever it has done one. The first compiles what fits a VAR; nothing needs that in the
# second, so that hardly anything is compiled twice.
BEGIN = ("training/test_killed.py", "movie", "batch", "training", "cli", "analysis", "comparison")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes long at the beginning."""

    def turn(item: pytest.Item) -> int:
        place = item.path.relative_to(Path(__file__).parent)
        starts = (n for n, name in enumerate(BEGIN) if place.is_relative_to(name))
        return next(starts, len(BEGIN))

    items.sort(key=turn)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave out what needs a GPU where there is none; torch is asked only then."""
    if item.get_closest_marker("gpu") is not None:
        import torch

        if not torch.cuda.is_available():
            pytest.skip("needs a CUDA card: make gpu")


MANY_MODULES = 50
_known = 0


def pytest_collection_finish() -> None:
    """Let collections of garbage pass over what has been imported."""
    pass_over_modules()


def pytest_runtest_logfinish() -> None:
    """Let them pass over what the test before was the first to import, too."""
    if len(sys.modules) > _known + MANY_MODULES:
        pass_over_modules()


def pass_over_modules() -> None:
    """Keep what there is out of every later collection of garbage.

    napari's fixtures ask for many: with torch and napari loaded, one takes a third of a second.
    """
    global _known
    gc.collect()
    gc.freeze()
    _known = len(sys.modules)


REPOSITORY = Path(__file__).resolve().parents[1]
REAL_MOVIE = REPOSITORY.parent / "shared" / "data" / "mouse_v1_2p_1000f.tif"


@pytest.fixture(scope="session")
def repository() -> Path:
    """Folder that holds ``pyproject.toml``."""
    return REPOSITORY


@pytest.fixture(scope="session")
def real_movie() -> Path:
    """A real two-photon movie, 1000 x 128 x 128 uint16; it lies beside the project, not in it."""
    if not REAL_MOVIE.is_file():
        pytest.skip(f"the real movie is not on this machine: {REAL_MOVIE}")
    return REAL_MOVIE


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small finished run, trained once for all tests that only read it."""
    import napari_sparsevar as sv
    from napari_sparsevar.training.events import Finished

    movie, _ = sv.simulate_movie(
        n_frames=300, shape=(33, 38), seed=0, n_cells=9, n_drivers=2, n_followers=2
    )
    config = sv.TrainConfig(
        steps=4,
        chunk_frames=32,
        chunks=4,
        crop=32,
        model=sv.ModelConfig(stride=4, width=4, lags=2),
    )
    out = tmp_path_factory.mktemp("trained") / "run"
    *_, last = sv.train(movie, config, out=out)
    assert isinstance(last, Finished), last
    return out


@pytest.fixture
def run(run_folder: Path) -> Any:
    """The small finished run, opened."""
    import napari_sparsevar as sv

    return sv.load_run(run_folder)
