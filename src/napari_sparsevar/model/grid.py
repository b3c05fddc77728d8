"""Where each latent sits in the field of view, and which latents are neighbours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_sparsevar.model.config import ModelConfig

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

_PLANES_OF_A_CELL = 1
"""A cell may be seen in so many planes above and below the one that shows it best."""


@dataclass(frozen=True)
class LatentGrid:
    """The latent map of a field of view: ``channels`` numbers every ``stride`` pixels.

    Latents are flattened as (channels, rows, columns), so latent
    ``k = (channel * rows + row) * columns + column``.

    Parameters
    ----------
    shape : tuple of int
        Height and width (Y, X) of the field of view in pixels.
    stride : int
        Pixels from one latent to the next.
    channels : int
        Latents at each place.
    kept : tuple of int, optional
        Numbers of the latents that are there, ascending; all by default. They are numbered anew.
    pitch : int, optional
        Of several planes side by side: pixels from the left edge of one to that of the next.
    """

    shape: tuple[int, int]
    stride: int
    channels: int = 1
    kept: tuple[int, ...] | None = None
    pitch: int | None = None

    @property
    def rows(self) -> int:
        """Latent rows; the last may reach past the field of view."""
        return -(-self.shape[0] // self.stride)

    @property
    def columns(self) -> int:
        """Latent columns; the last may reach past the field of view."""
        return -(-self.shape[1] // self.stride)

    @property
    def padded_shape(self) -> tuple[int, int]:
        """Field of view (Y, X) in pixels rounded up to whole latents."""
        return self.rows * self.stride, self.columns * self.stride

    @property
    def latent_shape(self) -> tuple[int, int, int]:
        """Shape (channels, rows, columns) of one latent map, in which all are there."""
        return self.channels, self.rows, self.columns

    @property
    def size(self) -> int:
        """Number of latents p."""
        whole = self.channels * self.rows * self.columns
        return whole if self.kept is None else len(self.kept)

    def places(self) -> FloatArray:
        """Return the (p, 2) row and column of every latent, in latents."""
        row, column = np.divmod(np.arange(self.rows * self.columns), self.columns)
        one_channel = np.stack([row, column], axis=1).astype(np.float64)
        every = np.tile(one_channel, (self.channels, 1))
        return every if self.kept is None else every[list(self.kept)]

    def centres(self) -> FloatArray:
        """Return the (p, 2) centre (y, x) of every latent, in pixels of the field of view.

        Of the last latents only the pixels inside the field count.
        """
        first = self.places() * self.stride
        beyond = np.minimum(first + self.stride, self.shape)
        return np.asarray((first + beyond - 1) / 2)

    def pixels_of(self, chosen: BoolArray) -> BoolArray:
        """Return the pixels (Y, X) nearest to some of the latents, flagged (p,)."""
        row, column = self.places()[chosen].astype(int).T
        squares = np.zeros((self.rows, self.columns), bool)
        squares[row, column] = True
        whole = squares.repeat(self.stride, axis=0).repeat(self.stride, axis=1)
        return np.asarray(whole[: self.shape[0], : self.shape[1]])

    def planes(self) -> npt.NDArray[np.intp]:
        """Return the (p,) plane of every latent, from 0; of those in a gap the one before it."""
        if self.pitch is None:
            return np.zeros(self.size, np.intp)
        last = (self.places()[:, 1] + 1) * self.stride - 1  # in the plane, if any pixel is
        return np.asarray(last // self.pitch, np.intp)

    def read_before(self) -> BoolArray | None:
        """Return the (p, p) pairs of which the second is read before the first in every frame.

        None where there is one plane, which is read at once.
        """
        if self.pitch is None:
            return None
        planes = self.planes()
        return np.asarray(planes[None] < planes[:, None])

    def _over_each_other(self) -> FloatArray:
        """Return the (p, 2) places as if all planes were one: row and column, in latents."""
        places = self.places()
        if self.pitch is not None:
            places[:, 1] -= self.planes() * (self.pitch / self.stride)
        return places

    def distances(self) -> FloatArray:
        """Return the (p, p) distances between latents, in latents, however deep they lie."""
        places = self._over_each_other()
        return np.asarray(np.linalg.norm(places[:, None] - places[None], axis=-1))

    def own_neighbourhood(self, radius: float) -> BoolArray:
        """Return the (p, p) pairs that count as the same cell: closer than ``radius`` latents.

        Distance is the larger of the row and the column difference, so radius 2 is a square of
        5 x 5 latents. A cell may reach into the next plane: what lies over it there is it as well.
        """
        places = self._over_each_other()
        near = np.abs(places[:, None] - places[None]).max(axis=-1) <= radius
        if self.pitch is not None:
            planes = self.planes()
            near &= np.abs(planes[:, None] - planes[None]) <= _PLANES_OF_A_CELL
        return np.asarray(near)

    def penalty_weights(self, config: ModelConfig) -> FloatArray:
        """Return the (P, p) penalty weights w of the embedded VAR, P = p * lags, lag-major rows.

        0 inside a target's own neighbourhood, else 1 plus ``distance_weight`` times the distance in
        units of the diagonal of the field of view.
        """
        distances = self.distances()
        columns = self.columns if self.pitch is None else -(-self.pitch // self.stride)
        diagonal = max(float(np.hypot(self.rows - 1, columns - 1)), 1.0)
        weights = 1.0 + config.distance_weight * distances / diagonal
        own = self.own_neighbourhood(config.with_typical_cell().free_radius)
        weights[own] = 0.0
        return np.tile(weights, (config.lags, 1))
