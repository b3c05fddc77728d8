"""The benchmark of a GPU runs where there is none, and says which card is missing."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch


@pytest.fixture
def benchmark(repository: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    folder = repository / "benchmarks"
    monkeypatch.syspath_prepend(folder)  # it shares problems with the benchmark of the lasso
    spec = importlib.util.spec_from_file_location("benchmark_of_a_gpu", folder / "gpu.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.modules.pop("lasso", None)


def test_every_row_is_measured_on_both(
    benchmark: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    small = "--edge 48 --frames 160 --cells 6 --columns 16 --repeats 1 --steps 2"
    benchmark.main([*small.split(), "--device", "cpu", "--threads", str(torch.get_num_threads())])
    printed = capsys.readouterr().out
    rows = [line.split("|")[1:-1] for line in printed.splitlines() if line.startswith("| ")]
    assert len(rows) == 6  # the heading, three of the network, two of the lasso
    assert all(float(value) > 0 for row in rows[1:] for value in row[2:])
    assert "stability" in printed


def test_a_missing_card_is_a_sentence(benchmark: ModuleType) -> None:
    with pytest.raises(SystemExit, match="cuda:99"):
        benchmark.main(["--device", "cuda:99"])
