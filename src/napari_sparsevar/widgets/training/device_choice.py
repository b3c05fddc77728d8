"""Choosing the device: asks torch in the background, because loading it takes seconds."""

from __future__ import annotations

import sys
from typing import Any

from napari_sparsevar.widgets.parts.fields import Choice, tooltip
from napari_sparsevar.widgets.work.thread import Background


def library_devices() -> list[Any]:
    """Return the devices of this machine; whatever goes wrong, ``auto`` remains."""
    try:
        from napari_sparsevar.training.device import available_devices

        return list(available_devices())
    except Exception:  # noqa: BLE001 - a broken driver must not keep the dock from opening
        return []


class DeviceBox(Choice):
    """``auto`` at once; CPU, CUDA and MPS with their free memory as soon as torch is loaded.

    Its value is the name that ``train`` understands.
    """

    def __init__(self) -> None:
        self._labels = {"auto": "Automatic"}
        super().__init__(
            label="Device",
            choices=lambda _: [(label, name) for name, label in self._labels.items()],
            tooltip=tooltip("Automatic takes CUDA, then Apple's MPS, then the CPU."),
        )
        if "torch" in sys.modules:
            self._fill(library_devices())
        else:
            self._look = Background(
                lambda: iter([library_devices()]), self._fill, lambda: None, what="Finding devices"
            )
            self.native.destroyed.connect(self._look.drop)
            self._look.start()

    def _fill(self, devices: list[Any]) -> None:
        self._labels |= {device.name: device.label for device in devices}
        self.reset_choices()
