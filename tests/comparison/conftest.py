"""Sequences for the tests of this folder."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

# ``import comparison_sequences`` in the tests beside this file.
_spec = importlib.util.spec_from_file_location(
    "comparison_sequences", Path(__file__).with_name("sequences.py")
)
assert _spec is not None
assert _spec.loader is not None
_module = importlib.util.module_from_spec(_spec)
sys.modules["comparison_sequences"] = _module
_spec.loader.exec_module(_module)
