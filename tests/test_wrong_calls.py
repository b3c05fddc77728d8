"""Public functions called wrongly: one sentence that names the argument, never Python's error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

import made_fits
import napari_sparsevar as sv
from napari_sparsevar.arguments import checked, shown
from napari_sparsevar.training.events import Failed

NAN = float("nan")
FRAMES = np.random.default_rng(0).random((60, 32, 32)).astype(np.float32)
TRACES = FRAMES[:, 0, :4]
MOVIE = sv.open_movie(FRAMES, fps=10)
CONFIG = sv.TrainConfig()


@dataclass(frozen=True)
class Given:
    """What a call may need."""

    fit: sv.CellFit
    folder: Path

    @property
    def out(self) -> Path:
        return self.folder / "out"


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Given:
    return Given(made_fits.made_fit(), tmp_path_factory.mktemp("given"))


Call = Callable[[Given], Any]
A, B = (0, 30), (30, 60)

# The argument that is wrong, what the sentence says of it, and the call.
WRONG: list[tuple[str, str, Call]] = [
    ("fps", "a positive number, not 'fast'", lambda g: sv.open_movie("a.tif", fps="fast")),
    ("fps", "a positive number, not -3", lambda g: sv.open_movie(FRAMES, fps=-3)),
    ("fps", "a positive number, not nan", lambda g: sv.open_movie(FRAMES, fps=NAN)),
    ("fps", "a positive number, not inf", lambda g: sv.open_movie(FRAMES, fps=np.float32("inf"))),
    ("fps", "a positive number, not True", lambda g: sv.open_movie(FRAMES, fps=True)),
    ("pixel_size_um", "not '1'", lambda g: sv.open_movie(FRAMES, pixel_size_um="1")),
    ("channel", "a whole number", lambda g: sv.open_movie(FRAMES, channel="red")),
    ("plane", "a whole number", lambda g: sv.open_movie(FRAMES, plane=1.5)),
    ("planes", "'all'", lambda g: sv.open_movie(FRAMES, planes="some")),
    ("channels", "a whole number", lambda g: sv.open_movie(FRAMES, channels="2")),
    ("shape", "(whole number, whole number)", lambda g: sv.open_movie(FRAMES, shape=64)),
    ("dataset", "text", lambda g: sv.open_movie(FRAMES, dataset=3)),
    ("axes", "text", lambda g: sv.open_movie(FRAMES, axes=3)),
    ("movie", "NoneType", lambda g: sv.open_movie(None)),
    ("array", "time axis", lambda g: sv.open_movie(TRACES)),
    ("array", "no pixels", lambda g: sv.open_movie(FRAMES[:0])),
    ("movie", "not 'a.tif': sv.open_movie opens one", lambda g: sv.register("a.tif")),
    ("movie", "not ndarray of shape (60, 32, 32)", lambda g: sv.register(FRAMES)),
    ("movie", "a Movie, not 'rigid'", lambda g: sv.register("rigid", MOVIE)),
    ("kind", "one of 'rigid', 'piecewise'", lambda g: sv.register(MOVIE, "affine")),
    ("by", "a Movie or a whole number", lambda g: sv.register(MOVIE, by="red")),
    ("n_frames", "a whole number", lambda g: sv.simulate_movie("many")),
    ("n_frames", "a whole number", lambda g: sv.simulate_movie(100.5)),
    ("shape", "not 64", lambda g: sv.simulate_movie(50, 64)),
    ("shape", "not (3, 64, 64)", lambda g: sv.simulate_movie(50, (3, 64, 64))),
    ("seed", "a whole number from 0, not -1", lambda g: sv.simulate_movie(50, seed=-1)),
    ("regime", "text or a Regime", lambda g: sv.simulate_movie(50, regime=["easy"])),
    ("nuisances", "a Nuisances", lambda g: sv.simulate_movie(50, nuisances="motion")),
    ("signal", "a number, not nan", lambda g: sv.simulate_movie(50, signal=NAN)),
    ("fps", "a number", lambda g: sv.simulate_movie(50, fps="fast")),
    ("n_cells", "a whole number", lambda g: sv.simulate_movie(50, n_cells="a")),
    ("decay_s", "a number", lambda g: sv.simulate_movie(50, decay_s="a")),
    ("movie", "sv.open_movie", lambda g: sv.add_simulated_cells("a.tif")),
    ("seed", "a whole number", lambda g: sv.add_simulated_cells(MOVIE, seed="a")),
    ("movie", "sv.open_movie", lambda g: sv.train("a.tif", CONFIG, out=g.out)),
    ("movie", "not a TrainConfig", lambda g: sv.train(CONFIG, MOVIE, out=g.out)),
    ("config", "sv.TrainConfig.from_preset", lambda g: sv.train(MOVIE, "fast", out=g.out)),
    ("config", "{'steps': 3}", lambda g: sv.train(MOVIE, {"steps": 3}, out=g.out)),
    ("out", "a path, not None", lambda g: sv.train(MOVIE, CONFIG, out=None)),
    ("device", "text", lambda g: sv.train(MOVIE, CONFIG, out=g.out, device=0)),
    ("overwrite", "True or False", lambda g: sv.train(MOVIE, CONFIG, out=g.out, overwrite="no")),
    ("control", "a TrainingControl", lambda g: sv.train(MOVIE, CONFIG, out=g.out, control="x")),
    ("threads", "positive whole number", lambda g: sv.train(MOVIE, CONFIG, out=g.out, threads=0)),
    ("until", "'stability'", lambda g: sv.train(MOVIE, CONFIG, out=g.out, until="now")),
    ("register", "'rigid'", lambda g: sv.train(MOVIE, CONFIG, out=g.out, register=True)),
    ("by_channel", "whole", lambda g: sv.train(MOVIE, CONFIG, out=g.out, by_channel="red")),
    ("trials", "starts and stops", lambda g: sv.train(MOVIE, CONFIG, out=g.out, trials="t.csv")),
    ("trials", "[0, 10, 20]", lambda g: sv.train(MOVIE, CONFIG, out=g.out, trials=[0, 10, 20])),
    ("trials", "(nan, 3)", lambda g: sv.train(MOVIE, CONFIG, out=g.out, trials=[(NAN, 3)])),
    ("covariates", "shape ()", lambda g: sv.train(MOVIE, CONFIG, out=g.out, covariates=3)),
    ("run", "a Run or a path", lambda g: sv.apply_run(None, MOVIE, out=g.out)),
    ("run", "not a Movie: sv.load_run opens one", lambda g: sv.apply_run(MOVIE, "r", out=g.out)),
    ("recordings", "not ['a.tif']", lambda g: sv.run_batch(["a.tif"], out=g.out)),
    ("recordings", "not None", lambda g: sv.run_batch(None, out=g.out)),
    ("out", "a path", lambda g: sv.run_batch("list.csv", out=3)),
    ("jobs", "a positive whole number, not 0", lambda g: sv.run_batch([], out=g.out, jobs=0)),
    ("movie", "sv.open_movie", lambda g: sv.detect_cells("a.tif")),
    ("diameter_px", "a number", lambda g: sv.detect_cells(MOVIE, "big")),
    ("Cells", "NoneType", lambda g: sv.open_cells(None)),
    ("label image", "(20, 20)", lambda g: sv.open_cells(np.zeros((20, 20)))),
    ("kind", "'dff'", lambda g: sv.open_cells(np.eye(9, dtype=int), kind="df")),
    ("plane", "a whole number", lambda g: sv.open_cells(np.eye(9, dtype=int), plane="a")),
    ("fps", "a positive number", lambda g: sv.open_cells(np.eye(9, dtype=int), fps=0)),
    ("Traces", "numbers", lambda g: sv.fit_traces("F.npy")),
    ("Traces", "numbers", lambda g: sv.fit_traces([["a", "b"]])),
    ("Traces", "(4,)", lambda g: sv.fit_traces(TRACES[0])),
    ("Traces", "(0, 4)", lambda g: sv.fit_traces(TRACES[:0])),
    ("fps", "not 'fast'", lambda g: sv.fit_traces(TRACES, fps="fast")),
    ("fps", "not -3", lambda g: sv.fit_traces(TRACES, -3)),
    ("lags", "a whole number, not 1.5", lambda g: sv.fit_traces(TRACES, lags=1.5)),
    ("names", "not 'abcd'", lambda g: sv.fit_traces(TRACES, names="abcd")),
    ("names", "not 4", lambda g: sv.fit_traces(TRACES, names=4)),
    ("Positions", "y and x", lambda g: sv.fit_traces(TRACES, positions="a")),
    ("trials", "not 3", lambda g: sv.fit_traces(TRACES, trials=3)),
    ("seed", "not -1", lambda g: sv.fit_traces(TRACES, seed=-1)),
    ("preparation", "a Preparation", lambda g: sv.fit_traces(TRACES, preparation="dff")),
    ("fit", "sv.fit_traces makes one", lambda g: sv.save_fit(g.out, g.fit)),
    ("path", "a path, not 3", lambda g: sv.save_fit(g.fit, 3)),
    ("path", "a path, not None", lambda g: sv.load_fit(None)),
    ("path", "a path, not 3", lambda g: sv.load_run(3)),
    ("source", "a Run or a CellFit, not 'run'", lambda g: sv.compare("run", [])),
    ("windows", "sv.Window makes one", lambda g: sv.compare(g.fit, [A, B])),
    ("windows", "a list of Window", lambda g: sv.compare(g.fit, "A,B")),
    ("source", "not (0, 30)", lambda g: sv.compare_windows(A, B, g.fit)),
    ("window A", "not '0:30'", lambda g: sv.compare_windows(g.fit, "0:30", "30:60")),
    ("window A", "not 30", lambda g: sv.compare_windows(g.fit, 30, 60)),
    ("window A", "(nan, 30)", lambda g: sv.compare_windows(g.fit, (NAN, 30), B)),
    ("draws", "a whole number", lambda g: sv.compare_windows(g.fit, A, B, draws=1000.5)),
    ("level", "a number, not '5%'", lambda g: sv.compare_windows(g.fit, A, B, level="5%")),
    ("Sequences", "numbers", lambda g: sv.compare_sequences("a", "b")),
    ("Sequence a", "empty", lambda g: sv.compare_sequences([], TRACES)),
    ("Sequences", "numbers", lambda g: sv.compare_sequences([[1, 2], [3]], TRACES)),
    ("dynamics", "'calcium'", lambda g: sv.compare_sequences(TRACES, TRACES, dynamics="calc")),
    ("path", "a path", lambda g: sv.read_windows(None)),
    ("fps", "a positive number", lambda g: sv.read_windows("trials.csv", fps=-1)),
    ("window A", "not (0, 30)", lambda g: sv.Window("A", A)),
    ("window A", "not '0:30'", lambda g: sv.Window("A", "0:30")),
    ("data", "sv.open_movie", lambda g: sv.Movie("a.tif")),
    ("data", "(60, 4)", lambda g: sv.Movie(TRACES)),
    ("names", "not None", lambda g: sv.Cells(None)),
    ("traces", "(4,)", lambda g: sv.Cells(["a"], traces={"raw": TRACES[0]})),
    ("traces", "(60, 4)", lambda g: sv.Cells(["a"], traces=TRACES)),
    ("steps", "is 'many'", lambda g: sv.TrainConfig(steps="many")),
    ("stepz", "no such setting", lambda g: sv.TrainConfig(stepz=3)),
    ("TrainConfig", "by name", lambda g: sv.TrainConfig("fast")),
    ("name", "'thorough'", lambda g: sv.TrainConfig.from_preset("quick")),
    ("steps", "is -1", lambda g: sv.TrainConfig.from_preset("fast", steps=-1)),
    ("cell_diameter", "is 'big'", lambda g: sv.ModelConfig(cell_diameter="big")),
    ("motion", "is 'strong'", lambda g: sv.Nuisances(motion="strong")),
    ("kind", "'p_adjusted'", lambda g: g.fit.matrix("p")),
    ("lag", "a whole number", lambda g: g.fit.matrix(lag="a")),
    ("cell", "text", lambda g: g.fit.trace(0)),
]


def sentence_of(call: Call, given: Given) -> str:
    """What a call says: as it is refused, or as its last event."""
    try:
        *_, last = call(given)
    except sv.UserError as error:
        return str(error)
    assert isinstance(last, Failed)
    assert not last.details
    return last.message


@pytest.mark.parametrize(("argument", "said", "call"), WRONG)
def test_a_wrong_call_is_one_sentence(argument: str, said: str, call: Call, given: Given) -> None:
    sentence = sentence_of(call, given)
    assert argument in sentence
    assert said in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert not given.out.exists()


def test_trainings_end_with_failed_and_can_be_closed(tmp_path: Path) -> None:
    events = sv.train("a.tif", CONFIG, out=tmp_path / "out")
    assert [type(event) for event in events] == [Failed]
    sv.apply_run(None, MOVIE, out=tmp_path / "out").close()  # as that of a generator


def test_numbers_of_numpy_are_numbers() -> None:
    movie = sv.open_movie(FRAMES, fps=np.float32(10), pixel_size_um=np.int64(2))
    assert (movie.fps, movie.pixel_size_um) == (10.0, 2.0)
    assert sv.Window.of("A", np.array([0, 30])) == sv.Window("A", np.array([[0, 30]]))


def test_settings_of_a_file_keep_the_errors_of_pydantic() -> None:
    with pytest.raises(ValidationError):
        sv.TrainConfig.model_validate({"steps": -1})
    assert sv.TrainConfig.model_validate({"steps": 3}) == sv.TrainConfig(steps=3)


def test_what_is_left_out_or_has_many_forms_is_not_looked_at() -> None:
    @checked
    def function(array: np.ndarray[Any, Any] | list[float], fps: float | None = None) -> str:
        return "called"

    assert function("anything") == function([1.0], fps=None) == "called"
    with pytest.raises(TypeError, match="array"):
        function()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.float64(-3), "-3.0"),
        (np.zeros((2, 3)), "ndarray of shape (2, 3)"),
        (Path("a.tif"), "'a.tif'"),
        (["a\nb"], r"['a\nb']"),
        (MOVIE, "a Movie"),
    ],
)
def test_a_value_is_shown_in_a_line(value: object, text: str) -> None:
    assert shown(value) == text
