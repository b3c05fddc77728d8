"""ScanImage: files in the documented layout, taken apart into channels and planes."""

from __future__ import annotations

import struct
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import open_movie
from napari_sparsevar.movie.formats import scanimage, tiff
from napari_sparsevar.movie.formats.tiff_family import raw
from napari_sparsevar.movie.formats.tiff_family.scanimage_header import acquisition_start
from napari_sparsevar.movie.formats.tiff_family.scanimage_times import frame_times

FRAMES = np.random.default_rng(0).integers(-50, 4000, (60, 12, 16)).astype(np.int16)
FIELD = "SI.hRoiManager.imagingFovUm = [-16 -12;16 -12;16 12;-16 12]"
PLANAR = ["SI.hChannels.channelSave = 1", "SI.hRoiManager.scanFrameRate = 30", FIELD]
VOLUME = [
    "SI.hChannels.channelSave = [1;3]",
    "SI.hRoiManager.scanFrameRate = 30",
    "SI.hRoiManager.scanVolumeRate = 7.5",
    "SI.hStackManager.enable = true",
    "SI.hStackManager.actualNumSlices = 3",
    "SI.hStackManager.framesPerSlice = 1",
    "SI.hStackManager.numFramesPerVolume = 3",
    "SI.hStackManager.numFramesPerVolumeWithFlyback = 4",
    "SI.hFastZ.enable = true",
    FIELD,
]


def write(
    path: Path,
    frames: NDArray[np.int16],
    header: list[str],
    *,
    began: int = 0,
    channels: int = 1,
    ragged: bool = False,
    seconds: NDArray[np.float64] | None = None,
    epoch: str = "",
) -> None:
    """Write a BigTIFF as ScanImage does: header, settings, then a table, text and pixels a page."""
    settings = "\n".join(header).encode() + b"\0"
    regions = b"null\0"
    fixed = struct.pack("<4I", 0x07030301, 4, len(settings), len(regions)) + settings + regions
    fixed += b"\0" * (-len(fixed) % 8)
    content = bytearray(b"II" + struct.pack("<3HQ", 43, 8, 0, 16 + len(fixed)) + fixed)
    height, width = frames.shape[1:]
    for number, frame in enumerate(frames):
        taken = began + number // channels + 1
        text: Any = f"frameNumbers = {taken}\nframeNumberAcquisition = {taken}\n"
        if seconds is not None:
            text += f"frameTimestamps_sec = {seconds[number // channels]:.9f}\n"
            text += f"epoch = [{epoch}]\n" if epoch else ""
        text = text.encode().ljust(80 if seconds is None else 160)
        text = text + b"\0" * (8 * (1 + number % 3) if ragged else 8)
        here = len(content)
        after_table = here + 8 + 13 * 20 + 8
        pixels = after_table + len(text)
        tags = [
            (256, 4, 1, width),
            (257, 4, 1, height),
            (258, 3, 1, 16),
            (259, 3, 1, 1),
            (262, 3, 1, 1),
            (270, 2, len(text), after_table),
            (273, 16, 1, pixels),
            (274, 3, 1, 1),
            (277, 3, 1, 1),
            (278, 4, 1, height),
            (279, 16, 1, frame.nbytes),
            (305, 2, len(settings), 32),
        ]
        tags.append((339, 3, 1, 2))
        after = pixels + frame.nbytes
        table = struct.pack("<Q", len(tags)) + b"".join(struct.pack("<HHQQ", *tag) for tag in tags)
        table += struct.pack("<Q", after if number < len(frames) - 1 else 0)
        content += table.ljust(after_table - here, b"\0") + text + frame.tobytes()
    path.write_bytes(content)


@pytest.mark.parametrize("ragged", [False, True])
def test_one_plane_with_its_rate_and_pixel_size(tmp_path: Path, ragged: bool) -> None:
    path = tmp_path / "session_00001.tif"
    write(path, FRAMES, PLANAR, ragged=ragged)
    movie = open_movie(path)
    np.testing.assert_array_equal(movie.data, FRAMES)
    assert (movie.fps, movie.pixel_size_um) == (30.0, 2.0)
    assert movie.units == ("s", "um", "um")
    assert movie.notes == ()


@pytest.mark.parametrize("ragged", [False, True])
def test_channels_and_planes_without_flyback(tmp_path: Path, ragged: bool) -> None:
    path = tmp_path / "volume.tif"
    write(path, FRAMES[:56], VOLUME, channels=2, ragged=ragged)
    stack = FRAMES[:56].reshape(7, 4, 2, 12, 16)
    for plane in (1, 2, 3):
        for channel in (1, 2):
            movie = open_movie(path, plane=plane, channel=channel)
            np.testing.assert_array_equal(movie.data, stack[:, plane - 1, channel - 1])
            assert movie.fps == 7.5
            assert movie.notes == ()
    movie = open_movie(path)
    assert (movie.offer.channels, movie.offer.planes) == (2, 3)
    assert (movie.choice.channel, movie.choice.plane) == (1, 1)
    assert "--channel" in movie.notes[0]
    assert "--plane" in movie.notes[1]
    with pytest.raises(UserError, match="no plane 4"):
        open_movie(path, plane=4)


def test_a_file_that_begins_within_a_volume(tmp_path: Path) -> None:
    """ScanImage cuts an acquisition into files without regard to volumes."""
    one_channel = ["SI.hChannels.channelSave = 2", *VOLUME[1:]]
    write(tmp_path / "a_00001.tif", FRAMES[:30], one_channel)
    write(tmp_path / "a_00002.tif", FRAMES[30:], one_channel, began=30)
    movie = open_movie(tmp_path, plane=2)
    np.testing.assert_array_equal(movie.data, FRAMES[1::4])
    assert movie.choice.plane == 2


def test_a_slow_stack_and_averaged_frames(tmp_path: Path) -> None:
    header = [*PLANAR, "SI.hScan2D.logAverageFactor = 2", "SI.hStackManager.enable = true"]
    header += ["SI.hStackManager.numSlices = 3", "SI.hStackManager.framesPerSlice = 40"]
    path = tmp_path / "stack.tif"
    write(path, FRAMES, header)
    movie = open_movie(path, plane=3)
    np.testing.assert_array_equal(movie.data, FRAMES[40:])
    assert movie.fps == 15.0


def test_a_stack_that_was_switched_off_is_no_stack(tmp_path: Path) -> None:
    path = tmp_path / "stale.tif"
    write(path, FRAMES, [*PLANAR, "SI.hStackManager.numSlices = 11"])
    assert open_movie(path).n_frames == 60


@pytest.mark.parametrize("ragged", [False, True])
@pytest.mark.parametrize("lost", [1, 100, 600, 5000])
def test_of_a_file_cut_short_all_whole_frames_open(tmp_path: Path, ragged: bool, lost: int) -> None:
    path = tmp_path / "cut.tif"
    write(path, FRAMES, PLANAR, ragged=ragged)
    whole = path.read_bytes()
    path.write_bytes(whole[:-lost])
    movie = open_movie(path)
    assert movie.n_frames in (59 - lost // 784, 59 - lost // 750)
    np.testing.assert_array_equal(movie.data, FRAMES[: movie.n_frames])
    assert "cut short" in movie.notes[0]
    path.write_bytes(whole[: len(whole) // 100])
    with pytest.raises(UserError, match=r"cut\.tif"):
        open_movie(path)


def test_of_a_cut_volume_all_whole_frames_of_a_plane_open(tmp_path: Path) -> None:
    path = tmp_path / "cut.tif"
    write(path, FRAMES, VOLUME, channels=2)
    path.write_bytes(path.read_bytes()[:-2000])  # the last three pages
    movie = open_movie(path, channel=2, plane=3)
    np.testing.assert_array_equal(movie.data, FRAMES[5::8][: movie.n_frames])
    assert movie.n_frames == 7


def test_pages_at_equal_distances_are_not_walked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "movie.tif"
    write(path, FRAMES, PLANAR)
    seen: list[object] = []
    look = raw._is_like
    monkeypatch.setattr(raw, "_LOOKED_AT", 4)
    monkeypatch.setattr(raw, "_is_like", lambda *a: (seen.append(a[0]), look(*a))[1])
    np.testing.assert_array_equal(open_movie(path).data, FRAMES)
    assert len(seen) < 8


def test_other_tiff_files_are_left_to_others(tmp_path: Path) -> None:
    import tifffile

    path = tmp_path / "plain.tif"
    tifffile.imwrite(path, FRAMES)
    assert tiff.claims(path)
    assert not scanimage.claims(path)
    write(path, FRAMES, PLANAR)
    assert scanimage.claims(path)


@pytest.mark.parametrize(
    ("said", "began"),
    [
        ("epoch = [2026 5 1 10 30 12.5]", datetime(2026, 5, 1, 10, 30, 12, 500_000)),
        ("epoch = [2026, 5, 1, 10, 30, 60.0]", datetime(2026, 5, 1, 10, 31)),
        ("epoch = []", None),
        ("epoch = [inf 5 1 10 30 12.5]", None),
        ("epoch = [2026 13 1 10 30 12.5]", None),
        ("frameNumbers = 1", None),
    ],
)
def test_the_beginning_of_the_acquisition(said: str, began: datetime | None) -> None:
    assert acquisition_start(f"frameNumbers = 1\n{said}\nacqTriggerTimestamps_sec = ") == began


def test_a_series_whose_files_end_with_few_frames_or_are_cut(tmp_path: Path) -> None:
    header = ["SI.hChannels.channelSave = [1;2]", *PLANAR[1:]]
    paths = [tmp_path / f"m_00001_0000{number}.tif" for number in (1, 2, 3)]
    for path, (first, last) in zip(paths, ((0, 20), (20, 29), (29, 30)), strict=True):
        write(path, FRAMES[2 * first : 2 * last], header, channels=2, began=first)
    for channel in (1, 2):
        movie = open_movie(tmp_path, channel=channel)
        np.testing.assert_array_equal(movie.data, FRAMES[channel - 1 :: 2])
        assert (movie.notes, movie.jumps) == ((), ())
    paths[0].write_bytes(paths[0].read_bytes()[:-5])
    movie = open_movie(tmp_path, channel=1)
    np.testing.assert_array_equal(movie.data, np.delete(FRAMES[::2], 19, 0))
    assert movie.jumps == (19,)


def times_with(pauses: dict[int, float], n: int = 60, rate: float = 29.93) -> NDArray[np.float64]:
    """Frames at a rate that is not quite the one of the settings, with seconds lost before some."""
    steps = np.full(n, 1.0 / rate)
    for frame, lost in pauses.items():
        steps[frame] += lost
    return np.cumsum(steps) - steps[0]


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(
    "pauses", [{}, {20: 4.0}, {1: 1.0, 2: 1.0, 59: 9.0}, {31: 1 / 29.93}], ids=str
)
def test_gaps_between_acquisitions_are_pauses(
    tmp_path: Path, channels: int, pauses: dict[int, float]
) -> None:
    path, seconds = tmp_path / "loop.tif", times_with(pauses)
    header = [f"SI.hChannels.channelSave = {[1, 2][:channels]}".replace(",", ";"), *PLANAR[1:]]
    frames = np.repeat(FRAMES, channels, axis=0)
    write(path, frames, header, channels=channels, seconds=seconds, epoch="2026 5 1 10 30 12.5")
    movie = open_movie(path, channel=1 if channels > 1 else None)
    assert movie.jumps == tuple(pauses)
    assert movie.fps == 30.0
    assert any("pauses before frame" in note for note in movie.notes) == bool(pauses)
    assert (movie.times is not None) == bool(pauses)
    if pauses:
        np.testing.assert_allclose(np.diff(movie.times), np.diff(seconds), atol=1e-5)


def test_few_texts_are_looked_at_where_nothing_pauses(tmp_path: Path) -> None:
    path, pages = tmp_path / "even.tif", np.arange(60)
    write(path, FRAMES, PLANAR, seconds=times_with({40: 7.0}), epoch="2026 5 1 10 30 12.5")
    looked: list[int] = []

    class Pages:
        def __getitem__(self, number: int) -> Any:
            looked.append(number)
            return file.pages[number]

    with tifffile.TiffFile(path) as file:
        times = frame_times(SimpleNamespace(pages=Pages()), pages)  # type: ignore[arg-type]
    assert times is not None
    assert len(looked) < 25


@pytest.mark.parametrize(
    ("second", "jumps"),
    [("2026 5 1 10 30 14.00467758", ()), ("2026 5 1 10 31 0", (45,)), ("", (45,))],
)
def test_files_of_a_series_have_epochs_of_their_own(
    tmp_path: Path, second: str, jumps: tuple[int, ...]
) -> None:
    """45 frames at 29.93 Hz take 1.5035 s; a clock that begins anew begins a stretch."""
    rate = {"seconds": times_with({})[:45], "epoch": "2026 5 1 10 30 12.501169"}
    write(tmp_path / "s_00001.tif", FRAMES[:45], PLANAR, **rate)  # type: ignore[arg-type]
    later = {"seconds": times_with({})[:15], "epoch": second}
    write(tmp_path / "s_00002.tif", FRAMES[45:], PLANAR, **later)  # type: ignore[arg-type]
    movie = open_movie(tmp_path)
    np.testing.assert_array_equal(movie.data, FRAMES)
    assert movie.jumps == jumps
    assert any("before frame 45 " in note for note in movie.notes) == bool(jumps)


def test_acquisitions_in_one_file_whose_clock_begins_anew(tmp_path: Path) -> None:
    """Appended to each other, without saying when each began."""
    seconds = np.concatenate([times_with({})[:25], times_with({})[:35]])
    write(tmp_path / "a.tif", FRAMES, PLANAR, seconds=seconds)
    movie = open_movie(tmp_path / "a.tif")
    assert (movie.jumps, movie.fps) == ((25,), 30.0)
    assert any("time anew" in note and "frame 25 " in note for note in movie.notes)


@pytest.mark.parametrize(("began", "jumps"), [(45, ()), (0, (45,)), (60, (45,))])
def test_running_numbers_stand_in_for_times(
    tmp_path: Path, began: int, jumps: tuple[int, ...]
) -> None:
    """A second file goes on counting, counts anew, or numbers are left out in between."""
    write(tmp_path / "s_00001.tif", FRAMES[:45], PLANAR)
    write(tmp_path / "s_00002.tif", FRAMES[45:], PLANAR, began=began)
    assert open_movie(tmp_path).jumps == jumps


@pytest.mark.parametrize(
    "written", ["frameTimestamps_sec = nan", "frameTimestamps_sec = 1.2.3", ""]
)
def test_times_that_are_none_are_not_used(tmp_path: Path, written: str) -> None:
    write(tmp_path / "a.tif", FRAMES, PLANAR, seconds=np.zeros(60), epoch="0 0 0 0 0 0")
    content = (tmp_path / "a.tif").read_bytes()
    old = b"frameTimestamps_sec = 0.000000000"
    (tmp_path / "a.tif").write_bytes(content.replace(old, written.encode().ljust(len(old))))
    movie = open_movie(tmp_path / "a.tif")
    assert (movie.jumps, movie.times, movie.fps) == ((), None, 30.0)


def test_a_volume_is_one_movie_and_flies_back(tmp_path: Path) -> None:
    one_channel = ["SI.hChannels.channelSave = 1", *VOLUME[1:]]
    write(tmp_path / "volume.tif", FRAMES, one_channel)
    movie = open_movie(tmp_path / "volume.tif", planes="all")
    assert movie.stack is not None
    assert (movie.stack.planes, movie.stack.turns) == ((1, 2, 3), 4.0)
    assert movie.fps == 7.5
    pages = FRAMES.reshape(-1, 4, 12, 16)[:, :3]
    np.testing.assert_array_equal(movie.stack.unfolded(movie.data.compute()), pages)


def write_classic(path: Path, texts: list[str]) -> None:
    """Write a TIFF below 4 GB as ScanImage did up to 2015: all is said beside each page."""
    with tifffile.TiffWriter(path) as stream:
        for frame, text in zip(FRAMES, texts, strict=False):
            stream.write(frame, description=text, metadata=None, contiguous=False)


def test_channels_of_the_third_version_are_counted(tmp_path: Path) -> None:
    said = (
        "state.software.version=3.8\rstate.acq.numberOfChannelsSave=2\rstate.acq.savingChannel1=1"
        "\rstate.acq.savingChannel2=1\rstate.acq.frameRate=15.6\r"
    )
    write_classic(tmp_path / "old.tif", [said] * 60)
    movie = open_movie(tmp_path / "old.tif")
    np.testing.assert_array_equal(movie.data, FRAMES[::2])
    assert (movie.offer.channels, movie.fps) == (2, 15.6)


def test_gaps_in_a_classic_file_are_pauses(tmp_path: Path) -> None:
    numbers = [number if number < 20 else number + 10 for number in range(60)]
    texts = [
        f"Frame Number = {number}\nFrame Timestamp(s) = {number / 30:.6f}\n"
        "scanimage.SI4.channelsSave = 1\nscanimage.SI4.scanFrameRate = 30\n"
        for number in numbers
    ]
    write_classic(tmp_path / "gap.tif", texts)
    movie = open_movie(tmp_path / "gap.tif")
    assert movie.jumps == (20,)
    assert any("pause" in note or "gap" in note for note in movie.notes)
