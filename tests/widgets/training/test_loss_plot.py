"""The plot draws what the history holds, and only while somebody can see it."""

import pytest

from napari_sparsevar.training.events import StepLoss, ValidationLoss
from napari_sparsevar.widgets.training.loss_plot import LossPlot
from napari_sparsevar.widgets.training.state import LossHistory


@pytest.fixture
def plot(qtbot):
    plot = LossPlot("dark")
    qtbot.addWidget(plot)
    return plot


@pytest.fixture
def history():
    history = LossHistory()
    for step in range(1, 4):
        history.add(StepLoss(step, 3, {"reconstruction": 1.0, "total": 2.0}, 10.0, 0.0))
    history.add(ValidationLoss(2, {"reconstruction": 1.5, "prediction": float("nan")}, True))
    return history


def test_history_keeps_training_and_validation_apart(history):
    assert history.training["reconstruction"].steps == [1, 2, 3]
    assert history.validation["reconstruction"].values == [1.5]
    assert history.training["prediction"].steps == []


def test_every_point_is_drawn(plot, history):
    plot.set_history(history)
    plot.redraw()
    assert list(plot._training["reconstruction"].xData) == [1, 2, 3]
    assert list(plot._validation["reconstruction"].yData) == [1.5]


def test_hidden_plot_does_not_redraw_and_catches_up_when_shown(qtbot, plot, history):
    plot.set_history(history)
    qtbot.wait(200)
    assert plot._training["reconstruction"].xData is None
    plot.show()
    assert list(plot._training["reconstruction"].xData) == [1, 2, 3]


def test_many_events_make_few_redraws(qtbot, plot, history):
    plot.show()
    redraws = []
    plot._redraw_soon.triggered.connect(lambda: redraws.append(1))
    for _ in range(100):
        plot.set_history(history)
    qtbot.wait(300)
    assert 1 <= len(redraws) <= 2


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_colours_follow_the_theme(plot, theme):
    from napari.utils.theme import get_theme

    plot.set_theme(theme)
    shown = plot._plot.backgroundBrush().color().name()
    assert shown == get_theme(theme).background.as_hex(format="long")


def test_the_untrained_network_is_the_first_point(plot):
    history = LossHistory()
    plot.set_history(history)
    plot.redraw()
    assert plot.empty
    history.add(ValidationLoss(0, {"reconstruction": 1.5, "prediction": 1.6}, True))
    plot.redraw()
    assert not plot.empty
