"""Nuisances are off unless asked for, are asked for in words, and say what they are not."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.simulation.nuisances.chosen import Nuisances
from napari_sparsevar.movie.simulation.nuisances.light import Motion


def test_all_are_off_by_default() -> None:
    assert Nuisances().names == []


def test_words_say_the_same_as_numbers() -> None:
    said = Nuisances().adding("motion:px=1,memory_s=0.5", "kinetics:indicator=GCaMP6f")
    assert said == Nuisances(motion={"px": 1.0, "memory_s": 0.5}, kinetics={"indicator": "GCaMP6f"})
    assert Nuisances().adding("neuropil:share=0.2..0.4").neuropil.share == (0.2, 0.4)
    assert Nuisances().adding("motion").motion == Motion()


def test_what_is_not_named_keeps_its_value() -> None:
    before = Nuisances(motion=Motion(px=2.0, memory_s=0.1))
    assert before.adding("motion:px=1").motion == Motion(px=1.0, memory_s=0.1)


def test_one_can_be_left_out() -> None:
    assert Nuisances().adding("motion", "bursts").without("motion").names == ["bursts"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("weather", "no nuisance 'weather'; choose from wiring"),
        ("motion:wind=3", "motion.wind"),
        ("motion:px=fast", "motion.px"),
        ("motion:px=-1", "motion.px"),
        ("motion:px", "name=value"),
        ("kinetics:indicator=OGB", "GCaMP6s"),
        ("kinetics:decay_s=0.5..0.2", "goes up"),
        ("kinetics:decay_s=0..0.2", "above 0"),
        ("wiring:lags=0..2", "above 0"),
    ],
)
def test_what_is_none_is_said_in_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        Nuisances().adding(text)


def test_leaving_out_what_is_none_is_said() -> None:
    with pytest.raises(UserError, match="no nuisance 'weather'"):
        Nuisances().without("weather")


def test_they_do_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Nuisances().motion = Motion()
