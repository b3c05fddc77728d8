"""What the columns of tables mean, for files that carry it along."""

from __future__ import annotations

COLUMN_MEANINGS = {
    "source": "latent that drives",
    "target": "latent that is driven",
    "lag": "frames from source to target",
    "coefficient": "standard deviations of the target's innovation for one of the source's drive",
    "effect": "how much one standard deviation of the source moves the predicted frame, in noise "
    "scales of a pixel",
    "estimate": "coefficient without shrinkage, of the source's whole cell",
    "low": "lower end of the 95 % interval",
    "high": "upper end of the 95 % interval",
    "p_adjusted": "family-wise adjusted p-value",
    "p_fdr": "p-value adjusted for the false discovery rate",
    "p_value": "p-value",
    "stability": "share of parts of the movie in which it is found again",
    "source_y": "row of the source in pixels",
    "source_x": "column of the source in pixels",
    "target_y": "row of the target in pixels",
    "target_x": "column of the target in pixels",
    "penalty": "penalty of the sparse VAR",
    "edges": "number of edges between different places",
    "ebic": "extended BIC",
    "cv_error": "share of variance left in stretches of time the fit did not see",
    "cv_se": "standard error of cv_error",
    "rank": "1 is the strongest",
    "label": "label in the label image",
    "y": "row of the centre in pixels",
    "x": "column of the centre in pixels",
    "area_px": "area in pixels",
    "strength": "peak of the contribution map inside, below 0 where the place silences others",
    "change": "change of the coefficient from window a to window b",
    "balance": "1 if all edges of the place rose from a to b, -1 if all fell",
    "start": "first frame",
    "stop": "frame after the last",
}
