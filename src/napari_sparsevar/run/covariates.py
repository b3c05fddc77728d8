"""Covariates of a run on disk, and what they explained of its latents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from safetensors.torch import load_file
from torch import Tensor

from napari_sparsevar.analysis.covariates.covariates import Covariates
from napari_sparsevar.analysis.covariates.partialling import Partial, columns_of
from napari_sparsevar.cells.covariates.keeping import covariate_tensors, kept_covariates
from napari_sparsevar.disk.contents import write_tensors
from napari_sparsevar.run.record import RunRecord

COVARIATES = "covariates.safetensors"

_PARTIAL = ("past", "following", "shares")


def write_covariates(folder: Path, covariates: Covariates | None) -> None:
    """Keep covariates in a run directory; an earlier file goes where there are none."""
    if covariates is None:
        (folder / COVARIATES).unlink(missing_ok=True)
    else:
        write_tensors(folder / COVARIATES, covariate_tensors(covariates))


def read_covariates(folder: Path, record: RunRecord) -> Covariates | None:
    """Return the covariates of a run; None where it has none."""
    if not record.covariates:
        return None
    return kept_covariates(record.covariates, load_file(folder / COVARIATES))


def partial_tensors(partial: Partial | None) -> dict[str, Tensor]:
    """Return what covariates explained, to be kept with an analysis."""
    if partial is None:
        return {}
    return {f"partial.{name}": getattr(partial, name).contiguous() for name in _PARTIAL}


def kept_partial(
    tensors: Mapping[str, Tensor], covariates: Covariates | None, starts: Sequence[int]
) -> Partial | None:
    """Return what covariates explained, as it was kept.

    Parameters
    ----------
    tensors : mapping of str to Tensor
        Of the analysis.
    covariates : Covariates or None
        Those of the run.
    starts : sequence of int
        Frames before which time jumps: the past of a covariate ends there.
    """
    if covariates is None:
        return None
    found = {name: tensors[f"partial.{name}"] for name in _PARTIAL}
    return Partial(columns=columns_of(covariates.design(starts)), **found)
