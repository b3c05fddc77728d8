"""What is said of a fit: nothing that was not tested sounds as if it were."""

from dataclasses import replace

import numpy as np

from made_fits import made_fit
from napari_sparsevar.cells.words import advice, sentence


def test_nothing_that_was_not_tested_sounds_as_if_it_were() -> None:
    fit = made_fit()
    assert sentence(fit).startswith("2 edges are beyond chance")
    unknown = replace(fit.evidence, note="too short", source_p=fit.evidence.source_p * np.nan)
    assert "could be tested" in sentence(replace(fit, evidence=unknown))
    nobody = replace(fit.evidence, edge_p=fit.evidence.edge_p * 0 + 1.0)
    assert "No edge among 4 cells" in sentence(replace(fit, evidence=nobody))


def test_advice_is_given_where_nothing_was_found() -> None:
    fit = made_fit()
    assert advice(fit) == ""
    nobody = replace(fit.evidence, edge_p=fit.evidence.edge_p * 0 + 1.0)
    assert "12 pairs were tested in 400 frames" in advice(replace(fit, evidence=nobody))
