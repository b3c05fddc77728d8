"""What a person reads of a training is of now: no old speed, no old time left."""

from pathlib import Path

import pytest

from napari_sparsevar.training.events import (
    Applying,
    Continued,
    Paused,
    Progress,
    Started,
    StepLoss,
    ValidationLoss,
)
from napari_sparsevar.widgets.training.panel import TrainingPanel
from napari_sparsevar.widgets.training.state import Training


@pytest.fixture
def training():
    """A training in the middle of its steps, without its thread."""
    training = Training()
    training._become("training")
    training._settled = False
    training._receive(step(5))
    return training


@pytest.fixture
def shown(qtbot, training):
    panel = TrainingPanel(training)
    qtbot.addWidget(panel)
    return lambda: (panel.remaining.text(), panel.sentence.text())


def step(number):
    return StepLoss(number, 60, {"total": 1.0}, frames_per_second=512.0, eta_seconds=30.0)


def test_a_step_says_how_long_and_how_fast(shown):
    assert shown() == ("about 30 s to the map · 512 frames/s", "Step 5 of 60.")


def test_a_pause_has_neither(training, shown):
    training.pause()
    assert shown() == ("", "Pausing after this step…")
    training._receive(step(6))
    training._receive(Paused(6))
    training._receive(Progress("train", 0.1, "Paused"))
    assert shown() == ("", "Paused after step 6.")
    training._receive(Continued(6))
    assert shown() == ("", "Continued after step 6.")
    training._receive(step(7))
    assert shown()[0] == "about 30 s to the map · 512 frames/s"


def test_a_training_that_goes_on_says_after_which_step(training, shown):
    training._receive(Started("cpu", 60, 900, (64, 64), (1, 16, 16), resumed_from_step=20))
    assert shown()[1] == "Training on cpu: 16 × 16 latents, going on after step 20 of 60."


def test_an_application_says_whose_network_it_is(training, shown):
    training._receive(Applying("cpu", Path("runs/first"), 900, (64, 64), (1, 16, 16)))
    assert shown()[1] == "Applying the network of first on cpu: 16 × 16 latents."
    before = len(training.history.validation["total"].steps)
    training._receive(ValidationLoss(0, {"total": 1.0}, True))
    assert len(training.history.validation["total"].steps) == before


def test_stopping_has_neither(training, shown):
    training.stop()
    assert shown()[0] == ""
    training._receive(step(6))
    assert shown()[0] == ""


def test_the_analysis_has_its_own_time_and_no_speed(training, shown):
    training._receive(Progress("analyse", 0.2, "Encoding"))
    assert shown() == ("", "Encoding")
    training._receive(Progress("analyse", 0.3, "Encoding", eta_seconds=12.0))
    assert shown() == ("about 12 s left", "Encoding")
