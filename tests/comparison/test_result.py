"""Which of several compared pairs is meant."""

from __future__ import annotations

import pytest

from made_comparisons import made_set
from napari_sparsevar.errors import UserError


def test_the_clearest_pair_is_shown_unless_another_is_asked_for() -> None:
    found = made_set(3, changed=0)
    least = min(found.pairs, key=lambda pair: pair.p_value)
    assert found.clearest().p_value == least.p_value
    assert found.pair_called("B-C") is found.pair_called("C-B") is found.pairs[2]
    with pytest.raises(UserError, match="A-B, A-C, B-C"):
        found.pair_called("A-D")
