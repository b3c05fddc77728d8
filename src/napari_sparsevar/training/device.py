"""Where to compute, and how much memory is free there."""

from __future__ import annotations

import gc
import sys
from dataclasses import dataclass

import psutil
import torch

from napari_sparsevar.errors import UserError

_MEGABYTE, _GIGABYTE = 2**20, 2**30


@dataclass(frozen=True)
class DeviceChoice:
    """A device a person can choose.

    Attributes
    ----------
    name : str
        As given to ``train``: ``auto``, ``cpu``, ``cuda:0``, ``mps``.
    label : str
        With the free memory, for a menu.
    """

    name: str
    label: str


def available_devices() -> list[DeviceChoice]:
    """Return what there is to choose from, ``auto`` first."""
    chosen = resolve_device("auto")
    choices = [DeviceChoice("auto", f"auto ({chosen})")]
    for index in range(torch.cuda.device_count()):
        free, _ = torch.cuda.mem_get_info(index)
        name = torch.cuda.get_device_name(index)
        label = f"cuda:{index} ({name}, {free / _GIGABYTE:.1f} GB free)"
        choices.append(DeviceChoice(f"cuda:{index}", label))
    if torch.backends.mps.is_available():
        choices.append(DeviceChoice("mps", "mps (Apple GPU)"))
    free = psutil.virtual_memory().available
    choices.append(DeviceChoice("cpu", f"cpu ({free / _GIGABYTE:.1f} GB free)"))
    return choices


def resolve_device(name: str) -> torch.device:
    """Return the device; ``auto`` takes CUDA, then MPS, then the CPU.

    Raises
    ------
    UserError
        If there is no such device here.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda", 0)
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise UserError(
            f"There is no device '{name}': use auto, cpu, cuda, cuda:0 or mps."
        ) from None
    present = {
        "cpu": 1,
        "cuda": torch.cuda.device_count(),
        "mps": int(torch.backends.mps.is_available()),
    }.get(device.type, 0)
    if (device.index or 0) >= present:
        raise UserError(f"The device '{name}' is not available here: use auto or cpu.")
    return torch.device("cuda", device.index or 0) if device.type == "cuda" else device


def give_memory_back(device: torch.device) -> None:
    """Return cached accelerator memory to the system, so that other programs can have it."""
    if device.type == "cpu":
        return
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()


def peak_memory_mb() -> float:
    """Return the largest resident memory of this process so far, in MB."""
    if sys.platform == "win32":
        return float(psutil.Process().memory_info().peak_wset) / _MEGABYTE
    import resource  # not on Windows

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / _MEGABYTE if sys.platform == "darwin" else peak / 1024
