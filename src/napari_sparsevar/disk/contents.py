"""Tables and tensors as files, each written whole or not at all."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

import pandas as pd
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from napari_sparsevar.disk.files import replacing


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write a table as CSV."""
    with replacing(path, overwrite=True) as temporary:
        table.to_csv(temporary, index=False)


def read_table(path: Path, columns: list[str]) -> pd.DataFrame:
    """Read a table that must have these columns (it may have more); KeyError if it has not."""
    table = pd.read_csv(path)
    return table[[*columns, *(name for name in table.columns if name not in columns)]]


def write_tensors(
    path: Path, tensors: dict[str, Tensor], texts: dict[str, str] | None = None
) -> None:
    """Write tensors, with texts about them if there are any; UserError if the disk refuses."""
    kept = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    with replacing(path, overwrite=True) as temporary:
        try:
            save_file(kept, temporary, texts)
        except SafetensorError as error:
            # It hides what the system said in its text.
            said = re.search(r"os error (\d+)", str(error))
            code = int(said[1]) if said else errno.EIO
            raise OSError(code, os.strerror(code), str(path)) from error
