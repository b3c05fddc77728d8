"""The result in plain words."""

from __future__ import annotations

from dataclasses import replace

from made_comparisons import made_set
from napari_sparsevar.comparison.sentence import sentence


def test_the_sentence_follows_the_p_values() -> None:
    pair = made_set(2, changed=4).pairs[0]
    different = replace(pair, dynamics=replace(pair.dynamics, p_value=0.003))
    said = sentence(different)
    assert "The dynamics differ between A and B (p = 0.003; 4 of" in said
    assert "activity level alone would not explain it" in said
    assert "adjusted p = 0.30" in sentence(different, 0.3)
    assert sentence(different, 0.3).startswith("No difference")


def test_a_change_of_activity_is_not_called_dynamics() -> None:
    pair = made_set(2, changed=0).pairs[0]
    pair = replace(pair, dynamics=replace(pair.dynamics, p_value=0.4))
    louder = replace(pair, anything=replace(pair.anything, p_value=0.002, what="variance"))
    assert "something else changed, most of all the variance (p = 0.002)" in sentence(louder)
    quiet = replace(pair, anything=replace(pair.anything, p_value=0.6))
    assert "That is no proof" in sentence(quiet)
