"""Covariates beside what was fitted, on disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor

from napari_sparsevar.analysis.covariates.basis import Kernels
from napari_sparsevar.analysis.covariates.covariates import CovariateKind, Covariates

VALUES, SHARES = "covariates.values", "covariates.shares"
KERNELS = "covariates.kernels.{}"


class CovariateRecord(BaseModel):
    """What a record says of one covariate: see ``Covariates``."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: str
    unit: str = ""
    kind: CovariateKind = "continuous"


def covariate_records(covariates: Covariates | None) -> tuple[CovariateRecord, ...]:
    """Return what a record says; nothing where there are none."""
    if covariates is None:
        return ()
    each = zip(covariates.names, covariates.units, covariates.kinds, strict=True)
    return tuple(CovariateRecord(name=name, unit=unit, kind=kind) for name, unit, kind in each)


def covariate_tensors(covariates: Covariates | None) -> dict[str, Tensor]:
    """Return what is kept beside the record; nothing where there are none."""
    if covariates is None:
        return {}
    kernels = covariates.kernels._asdict()
    kept = {VALUES: covariates.values, **{KERNELS.format(kind): kernels[kind] for kind in kernels}}
    return {name: torch.from_numpy(np.ascontiguousarray(kept[name])) for name in kept}


def kept_covariates(
    records: Sequence[CovariateRecord], tensors: Mapping[str, Tensor]
) -> Covariates | None:
    """Return covariates as they were; None where there were none."""
    if not records:
        return None
    return Covariates(
        tuple(record.name for record in records),
        tuple(record.unit for record in records),
        tuple(record.kind for record in records),
        tensors[VALUES].numpy(),
        Kernels(*(tensors[KERNELS.format(kind)].numpy() for kind in Kernels._fields)),
    )


def kept_shares(tensors: Mapping[str, Tensor]) -> npt.NDArray[np.float64] | None:
    """Return the share of the variance of each series that each covariate tells, (c, n)."""
    return tensors[SHARES].double().numpy() if SHARES in tensors else None
