"""Choosing the device: asks torch in the background, because loading it takes seconds."""

from __future__ import annotations

import sys
from typing import Any

from napari.qt.threading import create_worker
from qtpy.QtCore import Slot
from qtpy.QtWidgets import QWidget

from napari_sparsevar.widgets.parts.form import NarrowComboBox


def library_devices() -> list[Any]:
    """Return the devices of this machine; whatever goes wrong, ``auto`` remains."""
    try:
        from napari_sparsevar.training.device import available_devices

        return list(available_devices())
    except Exception:  # noqa: BLE001 - a broken driver must not keep the dock from opening
        return []


class DeviceCombo(NarrowComboBox):
    """``auto`` at once; CPU, CUDA and MPS with their free memory as soon as torch is loaded."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.addItem("Automatic", "auto")
        self.setToolTip("<qt>Automatic takes CUDA, then Apple's MPS, then the CPU.</qt>")
        if "torch" in sys.modules:
            self._fill(library_devices())
        else:
            worker = create_worker(library_devices, _start_thread=False)
            worker.returned.connect(self._fill)
            worker.start()

    @property
    def device(self) -> str:
        """The name ``train`` understands."""
        return str(self.currentData())

    @Slot(object)
    def _fill(self, devices: list[Any]) -> None:
        for device in devices:
            if device.name == "auto":
                self.setItemText(0, device.label)
            else:
                self.addItem(device.label, device.name)
