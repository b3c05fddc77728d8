"""What covariates explained comes back as it was, also where time jumps."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_sparsevar.analysis.covariates.basis import kernels_at
from napari_sparsevar.analysis.covariates.covariates import Covariates
from napari_sparsevar.analysis.covariates.partialling import Partial, columns_of
from napari_sparsevar.run.covariates import kept_partial, partial_tensors


@pytest.mark.parametrize("starts", [(), (60, 130)])
def test_columns_are_those_that_were_taken_out(starts: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    speed = rng.normal(size=(200, 1)).astype(np.float32)
    covariates = Covariates(("speed",), ("cm/s",), ("continuous",), speed, kernels_at(15.0))
    columns = columns_of(covariates.design(starts))
    n = columns.shape[1]
    partial = Partial(columns, torch.rand(n, 3), torch.rand(n, 3), torch.rand(1, 3))
    kept = kept_partial(partial_tensors(partial), covariates, starts)
    assert kept is not None
    for name in ("columns", "past", "following", "shares"):
        torch.testing.assert_close(getattr(kept, name), getattr(partial, name))


def test_no_covariates_no_partial() -> None:
    assert kept_partial({}, None, ()) is None
