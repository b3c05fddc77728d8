"""Stability: complementary halves of a recording, and how far they agree."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
import torch

from napari_sparsevar.analysis.evidence.stability import N_BLOCKS, Stability, selection_stability
from napari_sparsevar.analysis.fit.fitting import FittedVar, fit_whole
from napari_sparsevar.analysis.fit.lagged_rows import block_moments, pool
from napari_sparsevar.analysis.fit.own_dynamics import OwnDynamics
from napari_sparsevar.model.embedded_var import LaggedPairs, Moments
from napari_sparsevar.model.temporal import PLAIN
from napari_sparsevar.progress import WithResult, returned

N, P = 800, 6


def recording(first: float, second: float) -> tuple[FittedVar, list[Moments]]:
    """Place 0 drives place 5, in the first and in the second half of the recording."""
    generator = torch.Generator().manual_seed(0)
    past, following = torch.randn(2, N, P, generator=generator)
    effect = torch.tensor([first, second]).repeat_interleave(N // 2)
    following[:, 5] += effect * past[:, 0]
    blocks = block_moments(LaggedPairs(past, following), N_BLOCKS)
    ones = torch.ones(P, dtype=torch.float64)
    own = OwnDynamics(0 * ones, ones, ones, ones, ones, PLAIN)
    apart = 1.0 - torch.eye(P, dtype=torch.float64)
    return fit_whole(own, pool(blocks), apart, 1), blocks


def strengths(fitted: FittedVar) -> npt.NDArray[np.float32]:
    return fitted.coefficients.abs().sum(dim=1).float().numpy()


def drives(image: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    return np.array([image[0] > 0.3, image[3] > 0.3])


def stability(first: float, second: float) -> Stability:
    return returned(selection_stability(*recording(first, second), strengths, drives))


def test_what_is_there_throughout_is_found_in_every_half() -> None:
    found = stability(0.8, 0.8)
    assert found.edges[0, 5] == 1.0
    np.testing.assert_array_equal(found.others, [1.0, 0.0])
    assert (found.agreement > 0.9).all()


def test_the_first_pair_is_the_first_half_against_the_second() -> None:
    found = stability(1.5, 0.0)
    assert found.halves.shape == (2, P)
    assert found.halves[0].argmax() == 0
    assert found.halves[0, 0] > 1.0
    assert found.halves[1, 0] < 0.2
    expected = np.corrcoef(*found.halves)[0, 1]
    assert found.agreement[0] == pytest.approx(expected)
    assert found.agreement[0] < found.agreement[1:].min()


def test_every_share_counts_both_halves_of_each_pair() -> None:
    work = WithResult(selection_stability(*recording(0.2, 0.0)))
    fractions = list(work)
    shares = work.result.edges * len(fractions)
    torch.testing.assert_close(shares, shares.round())
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert not work.result.agreement.size
    assert not work.result.halves.size


def test_halves_that_show_nothing_do_not_agree() -> None:
    found = returned(selection_stability(*recording(0.5, 0.5), lambda _: np.zeros((3, 4), "f4")))
    assert np.isnan(found.agreement).all()
