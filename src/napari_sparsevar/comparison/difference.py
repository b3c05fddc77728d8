"""Where the dynamics differ, as an image."""

from __future__ import annotations

import numpy as np

from napari_sparsevar.analysis.maps.projection import FloatImage, to_image
from napari_sparsevar.analysis.results import Results
from napari_sparsevar.comparison.multiplier import EdgeTests


def difference_map(found: EdgeTests, results: Results) -> FloatImage:
    r"""Return where places drive others more in B (positive) or in A (negative), (Y, X).

    Each latent counts by what its edges reach beyond 2 standard errors,

    .. math:: D_k = \sum_{j, l} \max(|T_{kj}| - 2, 0)^2,

    less what the largest of all latents reaches by chance half of the time; the sign says whether
    more of it comes from edges that rose or that fell. The square root is spread over the latent's
    footprint; of several latents, the one that counts most in a pixel. Zero everywhere means that
    no place differs more than chance lets one.
    """
    beyond = (found.place_statistic - found.place_chance).clamp_min(0.0).sqrt()
    signed = (beyond * found.place_balance.sign()).double().numpy()
    footprints = abs(results.footprints)
    peak = np.asarray(footprints.max(axis=1).todense()).ravel()
    spread = footprints.multiply((signed / np.maximum(peak, 1e-12))[:, None]).tocsc()
    highest, lowest = (np.asarray(end.todense()).ravel() for end in (spread.max(0), spread.min(0)))
    return to_image(np.where(highest >= -lowest, highest, lowest), results.grid)
