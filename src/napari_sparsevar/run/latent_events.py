"""Latents read as events, kept beside them in the run directory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from napari_sparsevar.analysis.fit.deconvolution import (
    Events,
    events_behind,
    transients_are_clear,
)
from napari_sparsevar.analysis.fit.own_dynamics import Series
from napari_sparsevar.analysis.maps.latents import LatentActivity
from napari_sparsevar.run.latents import mapped_latents

LATENT_EVENTS = "latent_events.npy"


def read_as_events(activity: LatentActivity, file: Path | None = None) -> LatentActivity:
    """Return activity with the events behind its latents, where these are to be analysed.

    Parameters
    ----------
    activity : LatentActivity
    file : Path, optional
        Where to write them (``.npy``); otherwise they are kept in memory.
    """
    series, config = Series.of(activity), activity.config
    wanted = config.events == "yes" or (config.events == "auto" and transients_are_clear(series))
    if config.dynamics == "none" or not wanted:
        return activity
    if file is None:
        return replace(activity, events=events_behind(series))
    shape = (len(series.values), series.size)
    room = np.lib.format.open_memmap(file, mode="w+", dtype="<f4", shape=shape)
    found = events_behind(series, room)
    room.flush()
    return replace(activity, events=found._replace(values=mapped_latents(file)))


def event_tensors(events: Events | None) -> dict[str, Tensor]:
    """Return all but the events themselves, ready to be written."""
    if events is None:
        return {}
    return {
        "events.decay": torch.tensor(events.decay, dtype=torch.float64),
        "events.baseline": torch.from_numpy(events.baseline),
    }


def kept_events(folder: Path, tensors: dict[str, Tensor]) -> Events | None:
    """Read the events that a run was analysed with; None where its latents were filtered."""
    if "events.decay" not in tensors:
        return None
    values = mapped_latents(folder / LATENT_EVENTS)
    return Events(values, float(tensors["events.decay"]), tensors["events.baseline"].numpy())
