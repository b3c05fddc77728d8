"""Batches: which stretches of time and which places a step looks at."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

import napari_sparsevar as sv
from napari_sparsevar.movie.reading import lazy_frames, standardised
from napari_sparsevar.training.batches import Batcher
from napari_sparsevar.training.config import TrainConfig
from napari_sparsevar.training.preparation import prepare
from napari_sparsevar.training.trainer import Trainer

FRAMES, EDGE, CROP = 90, 80, 16


def movie_read_by(reads: list[tuple[int, int]]) -> sv.Movie:
    """A movie whose pixels say frame and place, and which notes every reading of its file."""
    y, x = np.indices((EDGE, EDGE))
    pattern = (y * EDGE + x).astype(np.float32)

    def read(start: int, stop: int) -> np.ndarray:
        reads.append((start, stop))
        flicker = np.random.default_rng(start).random((stop - start, EDGE, EDGE), np.float32)
        return pattern * (1.0 + flicker) + np.arange(start, stop, dtype=np.float32)[:, None, None]

    return sv.Movie(data=lazy_frames.from_reader(read, (FRAMES, EDGE, EDGE), np.float32, length=7))


def trainer_of(movie: sv.Movie, small_config: TrainConfig, **changes: int) -> Trainer:
    settings = {"crop": CROP, "chunks": 4, "chunk_frames": 8, **changes}
    config = small_config.model_copy(update=settings)
    return prepare(movie, config, torch.device("cpu")).trainer


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    monkeypatch.setattr(standardised, "CACHE_BYTES", 0)  # from the file, not from memory
    return []


@pytest.fixture
def trainer(reads: list[tuple[int, int]], small_config: TrainConfig) -> Trainer:
    return trainer_of(movie_read_by(reads), small_config)


def drawn(batcher: Batcher, trainer: Trainer, group: int) -> list[torch.Tensor]:
    batches = batcher.drawn(group, trainer.blocks.training, trainer.chunks)
    return [batch.frames for batch in batches]


def test_a_crop_of_a_quarter_of_the_field_has_stretches_of_its_own(
    reads: list[tuple[int, int]], small_config: TrainConfig
) -> None:
    trainer = trainer_of(movie_read_by(reads), small_config, crop=EDGE // 2)
    assert trainer.batcher.steps_together(trainer.chunks) == 1


def test_the_crops_of_one_stretch_cover_a_quarter_of_the_field_at_most(trainer: Trainer) -> None:
    together = trainer.batcher.steps_together(trainer.chunks)
    assert together > 1
    assert together * CROP**2 <= EDGE**2 / 4


def test_more_chunks_do_not_take_more_memory(trainer: Trainer) -> None:
    batcher = trainer.batcher
    assert batcher.steps_together(100_000) == 1
    assert batcher.steps_together(4) >= batcher.steps_together(4_000)


def test_steps_that_share_stretches_read_each_once(
    trainer: Trainer, reads: list[tuple[int, int]]
) -> None:
    reads.clear()
    batches = drawn(trainer.batcher, trainer, 0)
    assert len(batches) > 1
    most = trainer.chunks * 3  # a stretch of 8 frames lies in three blocks of 7 at most
    assert len(reads) <= most


def test_places_of_a_group_differ_and_times_do_not(trainer: Trainer) -> None:
    source, batcher = trainer.batcher.source, trainer.batcher
    first, second, *_ = drawn(batcher, trainer, 0)
    assert not torch.equal(first, second)
    later = drawn(batcher, trainer, 1)[0]
    assert not torch.equal(first, later)
    whole = source.read(0, FRAMES)
    for frames in (first, second):
        starts = [found_at(whole, stretch.numpy()) for stretch in frames]
        assert starts == [found_at(whole, stretch.numpy()) for stretch in first]


def found_at(whole: np.ndarray, stretch: np.ndarray) -> int:
    """First frame of the one stretch of the movie that holds these pixels somewhere."""
    matches = [
        start
        for start in range(len(whole) - len(stretch) + 1)
        for y in range(0, EDGE - CROP + 1, 4)
        for x in range(0, EDGE - CROP + 1, 4)
        if whole[start, y, x] == stretch[0, 0, 0]
        and np.array_equal(whole[start : start + len(stretch), y : y + CROP, x : x + CROP], stretch)
    ]
    assert len(matches) == 1
    return matches[0]


def test_from_memory_and_from_disk_the_same_to_the_last_bit(
    trainer: Trainer, small_config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standardised, "CACHE_BYTES", 10**12)
    kept = trainer_of(trainer.batcher.source.movie, small_config)
    for one, other in zip(
        drawn(trainer.batcher, trainer, 2), drawn(kept.batcher, kept, 2), strict=True
    ):
        assert torch.equal(one, other)


def test_groups_read_ahead_are_those_read_one_by_one(trainer: Trainer) -> None:
    together = trainer.batcher.steps_together(trainer.chunks)
    with trainer.reading_ahead():
        # A resumed training begins anywhere, and halved chunks make other groups.
        for chunks, step in ((4, 1), (4, 2), (4, together), (4, 3 * together + 2), (2, 5)):
            trainer.step, trainer.chunks = step, chunks
            alone = trainer.batcher.training(step, trainer.blocks.training, chunks)
            taken = trainer._batch()
            assert all(torch.equal(*pair) for pair in zip(taken, alone, strict=True))


def test_no_pair_of_frames_reaches_across_a_pause(
    reads: list[tuple[int, int]], small_config: TrainConfig
) -> None:
    movie = replace(movie_read_by(reads), jumps=(31, 60))
    batcher = trainer_of(movie, small_config).batcher
    connected = batcher.source.connected
    assert np.flatnonzero(~connected).tolist() == [31, 60]
    assert batcher.source.good.all()  # the frames themselves are there
