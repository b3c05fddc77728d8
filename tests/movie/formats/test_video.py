"""AVI and MP4: exactly the frame that was asked for, wherever decoding has to begin."""

from __future__ import annotations

import builtins
import pickle
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import open_movie
from napari_sparsevar.movie.formats import video

av = pytest.importorskip("av")
FRAMES = np.random.default_rng(0).integers(0, 255, (50, 48, 62)).astype(np.uint8)
# Frame numbers as brightness survive any compression.
STEPS = np.broadcast_to((20 + 4 * np.arange(50, dtype=np.uint8))[:, None, None], FRAMES.shape)


def write(path: Path, frames: Any, codec: str, pixels: str, **options: str) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=15, options=options)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = pixels
        kind = {"uint8": "gray", "uint16": "gray16le"}[str(frames.dtype)]
        kind = kind if frames.ndim == 3 else "rgb24"
        for frame in frames:
            image = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format=kind)
            container.mux(stream.encode(image.reformat(format=pixels)))
        container.mux(stream.encode())


@pytest.mark.parametrize(
    ("name", "codec", "pixels"),
    [
        ("a.avi", "ffv1", "gray"),
        ("a.avi", "rawvideo", "gray"),
        ("a.mov", "png", "rgb24"),
        ("a.mkv", "ffv1", "gray"),
    ],
)
def test_lossless_video_gives_the_frames(
    tmp_path: Path, name: str, codec: str, pixels: str
) -> None:
    path = tmp_path / name
    write(path, FRAMES, codec, pixels)
    movie = open_movie(path)
    np.testing.assert_array_equal(movie.data, FRAMES)
    assert movie.fps == pytest.approx(15.0)
    assert movie.notes == ()


def test_sixteen_bits(tmp_path: Path) -> None:
    path = tmp_path / "deep.avi"
    frames = FRAMES[:8].astype(np.uint16) * 100
    write(path, frames, "ffv1", "gray16le")
    np.testing.assert_array_equal(open_movie(path).data, frames)


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mp4", "libx264"), ("a.mp4", "mpeg4"), ("a.avi", "mpeg4"), ("a.mkv", "libx264")],
)
def test_frames_between_key_frames_are_exact(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, codec: str
) -> None:
    monkeypatch.setattr(
        "napari_sparsevar.movie.reading.lazy_frames.BLOCK_BYTES", 3 * FRAMES[0].nbytes
    )
    path = tmp_path / name
    write(path, STEPS, codec, "yuv420p", g="12", bf="2")
    with av.open(str(path)) as container:
        every = [
            np.frombuffer(frame.planes[0], np.uint8).reshape(48, -1)[:, :62]
            for frame in container.decode(video=0)
        ]
    movie = open_movie(path)
    assert movie.n_frames == len(every) == 50
    for number in np.random.default_rng(1).permutation(50).tolist():
        np.testing.assert_array_equal(movie.data[number], every[number])
    np.testing.assert_array_equal(movie.data, every)
    assert (np.diff(np.asarray(movie.data).mean(axis=(1, 2))) >= 0).all()
    again = pickle.loads(pickle.dumps(movie.data.dask[(movie.data.name, 5, 0, 0)][0]))
    np.testing.assert_array_equal(again(15, 18), every[15:18])


def test_colour_is_said(tmp_path: Path) -> None:
    path = tmp_path / "colour.mp4"
    colour = np.stack([FRAMES, FRAMES // 2, FRAMES // 4], -1)
    write(path, colour, "libx264", "yuv420p")
    assert "colour video" in open_movie(path).notes[0]


def test_without_the_package_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.avi"
    write(path, FRAMES[:3], "rawvideo", "gray")
    found = builtins.__import__

    def refuse(name: str, *rest: Any) -> Any:
        if name == "av":
            raise ImportError(name)
        return found(name, *rest)

    monkeypatch.setattr(builtins, "__import__", refuse)
    assert video.claims(path)
    with pytest.raises(UserError, match=r"pip install 'napari-sparsevar\[video\]'"):
        open_movie(path)


def test_damaged_video(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    write(path, STEPS, "libx264", "yuv420p")
    whole = path.read_bytes()
    for content in (whole[:40], whole[: len(whole) // 2], whole[:12]):
        path.write_bytes(content)
        with pytest.raises(UserError, match=r"a\.mp4 is damaged"):
            open_movie(path)


@pytest.mark.parametrize("codec", ["ffv1", "rawvideo"])
def test_a_frame_that_is_cut_is_left_out(tmp_path: Path, codec: str) -> None:
    path = tmp_path / "cut.avi"
    write(path, FRAMES, codec, "gray")
    path.write_bytes(path.read_bytes()[: -len(FRAMES[0].tobytes()) - 1000])
    movie = open_movie(path)
    assert movie.n_frames < 50
    assert f"{movie.n_frames} whole frames" in movie.notes[0]
    np.testing.assert_array_equal(movie.data, FRAMES[: movie.n_frames])


def test_a_pause_is_not_part_of_the_rate(tmp_path: Path) -> None:
    path = tmp_path / "paused.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=20)
        stream.height, stream.width, stream.pix_fmt = *FRAMES.shape[1:3], "gray"
        for number, pixels in enumerate(FRAMES):
            frame = av.VideoFrame.from_ndarray(pixels, format="gray")
            frame.pts, frame.time_base = number + 1200 * (number >= 30), Fraction(1, 20)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    movie = open_movie(path)
    np.testing.assert_array_equal(movie.data, FRAMES)
    assert (movie.fps, movie.jumps) == (pytest.approx(20.0), (30,))
