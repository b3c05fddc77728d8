r"""What the model says of a frame: decoded from its own code, or foretold by the frames before it.

In grey values, with the background of the frame put back,

.. math:: \hat x_t = \mu + \sigma (D(\hat z_t, S) + g_t),

where :math:`\hat z_t` is the code of the frame itself (reconstruction) or what its past foretells
(prediction, ``embedded_var``), :math:`\mu` and :math:`\sigma` mean and noise scale of each pixel, D
the decoder and :math:`g_t` the wide background, which the latents never see.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal
from uuid import uuid4

import dask.array as da
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from napari_sparsevar.analysis.fit.deconvolution import foretold_by_calcium, remembered
from napari_sparsevar.analysis.fit.own_dynamics import added_up
from napari_sparsevar.analysis.maps.projection import FloatImage, to_image
from napari_sparsevar.analysis.results import Results
from napari_sparsevar.errors import UserError
from napari_sparsevar.model.neuropil import background
from napari_sparsevar.model.temporal import calcium_filter, memory
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.reading.compute import compute
from napari_sparsevar.movie.reading.standardised import inside_field
from napari_sparsevar.run.run import Run

Kind = Literal["reconstruction", "prediction", "residual"]
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Decoding:
    """Frames on demand: none is kept, and none but the wanted one is decoded.

    Parameters
    ----------
    run : Run
    movie : Movie, optional
        Where the background of a frame comes from; without it there is none.

    Raises
    ------
    UserError
        If the movie is of another size than the one the run was trained on.
    """

    run: Run
    movie: Movie | None = None

    def __post_init__(self) -> None:
        if self.movie is not None:
            check_size(self.run, self.movie)

    def lazy(self, kind: Kind) -> da.Array:
        """Return all frames as a lazy array of float32, (T, Y, X), one block a frame.

        Raises
        ------
        UserError
            If residuals are wanted and there is no movie.
        """
        if kind == "residual" and self.movie is None:
            raise UserError("The movie of this run is not there: residuals need it.")
        shape = self.run.record.movie.shape
        chunks = ((1,) * shape[0], (shape[1],), (shape[2],))

        def block(block_info: Any = None) -> FloatImage:
            return self.frame(kind, int(block_info[None]["chunk-location"][0]))[None]

        meta = np.empty((0, 0, 0), np.float32)
        # A name of its own: dask would pickle the whole run to find one.
        name = f"{kind}-{uuid4().hex}"
        return da.map_blocks(  # type: ignore[no-untyped-call, no-any-return]
            block, chunks=chunks, dtype=np.float32, meta=meta, name=name
        )

    def frame(self, kind: Kind, index: int) -> FloatImage:
        """Return one frame in grey values, (Y, X); the residual is movie minus prediction."""
        results = self.run.results
        latents = coded(results, index) if kind == "reconstruction" else foretold(results, index)
        decoded = to_image(results.footprints.T @ latents, results.grid)
        raw = None if self.movie is None else _read(self.movie, index)
        said = results.mean + results.noise * (decoded + self._background(raw))
        if kind == "residual" and raw is not None:
            return np.asarray(raw - said, np.float32)
        return np.asarray(said, np.float32)

    def _background(self, raw: FloatImage | None) -> FloatImage:
        results = self.run.results
        counted = results.counted
        if raw is None or not np.isfinite(raw[counted]).all():
            return np.zeros_like(results.mean)
        height, width = results.grid.shape
        padded = torch.zeros(1, *results.grid.padded_shape)
        standard = np.where(counted, (raw - results.mean) / results.noise, np.float32(0.0))
        padded[0, :height, :width] = torch.from_numpy(standard)
        diameter = self.run.record.network.with_typical_cell().background_diameter
        found = background(padded, self._inside, diameter)
        return np.asarray(found[0, :height, :width].numpy())

    @cached_property
    def _inside(self) -> Tensor:
        results = self.run.results
        return torch.from_numpy(inside_field(results.mean, results.grid.padded_shape))


def check_size(run: Run, movie: Movie) -> None:
    """Raise UserError if a movie is of another size than the one a run was trained on."""
    shape = (movie.n_frames, *movie.shape)
    if shape != tuple(run.record.movie.shape):
        raise UserError(
            f"The movie {movie.name} is {' x '.join(map(str, shape))}, but the run was trained on "
            f"one of {' x '.join(map(str, run.record.movie.shape))}: open that one."
        )


def coded(results: Results, index: int) -> FloatArray:
    """Return the code of a frame, (p,)."""
    return np.asarray(results.latents[index], np.float64)


def foretold(results: Results, index: int) -> FloatArray:
    """Return what the frames before, and covariates, foretell of the code of a frame, (p,).

    The filter forgets: it is begun anew a little before, where no more than 1e-6 of what it would
    remember is lost.
    """
    fitted, own = results.fitted, results.fitted.own
    begun = max((start for start in results.activity.starts if start <= index), default=0)
    events = results.activity.events
    before = memory(own.dynamics) if events is None else remembered(events.decay)
    seen = slice(max(begun, index - before - fitted.lags), index + 1)
    good = np.array(results.good[seen])
    values = torch.from_numpy(np.array(results.activity.series[seen], np.float64))
    standard = own.standardised(values)[None]
    expected, _, drive = calcium_filter(standard, torch.from_numpy(good)[None], own.dynamics)
    partial, known = results.partial, min(fitted.lags, index - seen.start)
    past = torch.zeros(fitted.lags, fitted.n_series, dtype=torch.float64)
    nothing = torch.zeros(own.recent - 1, fitted.n_series, dtype=torch.float64)
    drives = added_up(torch.cat([nothing, drive[0]]), own.recent)
    past[:known] = drives[-1 - known : -1].flip(0) / own.drive_scale
    if partial is not None:
        of_past = partial.columns[index] @ partial.past
        past[:known] -= of_past.reshape(past.shape)[:known]
    driven = torch.from_numpy(fitted.nonzero.T @ past.ravel().numpy())
    if partial is not None:
        driven += partial.columns[index] @ partial.following
    if events is None:
        by_itself = (own.mean + own.deviation * expected[0, -1]).numpy()
    else:
        codes = np.array(results.latents[seen], np.float64) - events.baseline
        usual = own.mean.numpy()
        told = foretold_by_calcium(codes, values.numpy(), good, (), events.decay, usual)
        by_itself = events.baseline + told[-1]
    return np.asarray(by_itself + (own.innovation * driven).numpy())


def _read(movie: Movie, index: int) -> FloatImage:
    return np.asarray(compute(movie.data[index]), np.float32)
