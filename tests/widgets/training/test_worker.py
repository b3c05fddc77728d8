"""Nothing escapes the generator, nothing floods the event loop, nothing is lost."""

import threading
import warnings
from functools import partial
from pathlib import Path

import dask.array as da
import pytest

from napari_sparsevar.analysis.stages import STAGES
from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.readers.placement import Placement
from napari_sparsevar.training.config import TrainConfig
from napari_sparsevar.training.control import TrainingControl
from napari_sparsevar.training.events import Failed, Finished, StepLoss
from napari_sparsevar.widgets.training import worker
from napari_sparsevar.widgets.training.state import Training
from napari_sparsevar.widgets.training.worker import RunReady, TrainingRequest, training_stream
from napari_sparsevar.widgets.work.failure import Failure
from napari_sparsevar.widgets.work.thread import guarded


@pytest.fixture
def request_(tmp_path):
    movie = Movie(da.zeros((10, 4, 4)))
    return TrainingRequest(movie, TrainConfig(), tmp_path / "run", "cpu", Placement((1.0, 1.0)))


def stream(request, abandoned=None):
    """What the thread of a training delivers."""
    make = partial(training_stream, request, TrainingControl())
    return guarded(make, abandoned or threading.Event(), "The training")


def flat(news):
    """Events out of their batches; a failure comes by itself."""
    return [event for each in news for event in (each if isinstance(each, tuple) else [each])]


def test_every_event_arrives_in_order_and_the_run_with_each_stage(fake_train, request_):
    fake_train.steps, fake_train.step_seconds = 30, 0.0
    events = flat(stream(request_))
    assert [e.step for e in events if isinstance(e, StepLoss)] == list(range(1, 31))
    assert [type(event) for event in events[-5:]] == [*[RunReady] * len(STAGES), Finished]
    assert fake_train.closed == 1


def test_fast_steps_are_delivered_together(fake_train, request_):
    fake_train.steps, fake_train.step_seconds = 400, 0.0
    batches = list(stream(request_))
    # Validation losses are delivered at once; the steps between them are not.
    assert len(batches) < 0.5 * len(flat(batches))


@pytest.mark.parametrize(
    "error", [RuntimeError("CUDA out of memory"), MemoryError(), ValueError("odd"), OSError("disk")]
)
def test_an_error_becomes_one_event(fake_train, request_, error):
    fake_train.error = error
    last = flat(stream(request_))[-1]
    assert isinstance(last, Failure)
    assert type(error).__name__ in last.sentence
    assert "Traceback" in last.details


def test_a_user_error_is_its_own_sentence(fake_train, request_):
    fake_train.error = UserError("The movie is constant; record another one.")
    last = flat(stream(request_))[-1]
    assert last == Failure("The movie is constant; record another one.")


def test_an_error_while_the_run_is_loaded_becomes_one_event(fake_train, request_, monkeypatch):
    def broken(path: Path):
        raise RuntimeError("no such map")

    monkeypatch.setattr("napari_sparsevar.run.run.load_run", broken)
    assert isinstance(flat(stream(request_))[-1], Failure)


def test_a_training_that_just_ends_is_a_failure(monkeypatch, request_):
    monkeypatch.setattr(worker, "library_train", lambda *_: (event for event in ()))
    assert isinstance(flat(stream(request_))[-1], Failure)


def test_abandoned_training_is_closed_without_result(fake_train, request_):
    abandoned = threading.Event()
    batches = stream(request_, abandoned=abandoned)
    next(batches)
    abandoned.set()
    assert not any(isinstance(e, Finished | Failure) for e in flat(batches))
    assert fake_train.closed == 1


def test_each_warning_is_shown_once(qapp, request_, monkeypatch, until_idle):
    from napari.utils.notifications import notification_manager

    shown = []
    monkeypatch.setattr(notification_manager, "dispatch", lambda said: shown.append(said.message))

    def noisy(request, control):
        for _ in range(50):
            warnings.warn("lr is small", UserWarning, stacklevel=1)
            warnings.warn("loss is flat", UserWarning, stacklevel=1)
            yield StepLoss(1, 1, {}, 1.0, 0.0)
        yield Failed("enough")

    monkeypatch.setattr(worker, "library_train", noisy)
    training = Training()
    # As in a running napari, which looks at warnings from all threads.
    with warnings.catch_warnings(), notification_manager:
        warnings.simplefilter("always", UserWarning)
        training.start(request_)
        until_idle(training)
    assert sorted(shown) == ["enough", "loss is flat", "lr is small"]
