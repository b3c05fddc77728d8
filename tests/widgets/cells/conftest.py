"""Cells at hand with a fit that is made once."""

import numpy as np
import pytest

from made_fits import made_fit
from napari_sparsevar.widgets.session import get_session


@pytest.fixture
def fit():
    """Five cells on 6 x 20 pixels: the second drives the third and fourth, the last is still."""
    return made_fit()


@pytest.fixture
def session(viewer):
    return get_session(viewer)


@pytest.fixture
def brought(session, fit):
    """The cells of the fit, with it."""
    session.cells.take(fit.cells, fit)
    return session.cells


@pytest.fixture
def until_fitted(qtbot, session):
    """Wait until nothing is opened or fitted."""

    def wait(timeout=60_000):
        qtbot.waitUntil(
            lambda: session.cells.state == "idle" and not session.cells.busy, timeout=timeout
        )

    return wait


@pytest.fixture
def middle():
    """Return the middle of a cell of the fit in pixels (y, x)."""
    return lambda cell: np.array([2.5, 4.0 * cell + 0.5])
