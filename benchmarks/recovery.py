"""Find known drivers in simulated movies: our method, its variants and its rivals.

    python benchmarks/recovery.py [--cases ...] [--seeds 11-18] [--methods ...] [--out FILE.csv]
    python benchmarks/recovery.py --report --out FILE.csv

Every movie and method adds one row to the CSV file as soon as it is done, and rows that are there
are not made again: an interrupted benchmark goes on where it was. After a change of the code, take
another file. Cases optics and all are realistic, only_NAME has one nuisance, without_NAME all of
optics but one (docs/simulate.md). The rivals' settings were chosen on seeds 101-106; report other
seeds. suite2p runs in an environment of its own, which `make suite2p` makes.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from pathlib import Path

from napari_sparsevar.training.config import PRESETS
from recovery_parts.cases import CASES, MAIN_CASES, name_of
from recovery_parts.network import VARIANTS, NetworkOptions
from recovery_parts.report import report
from recovery_parts.rows import Key, Row, append_row, key_of, read_rows
from recovery_parts.suite2p_regions import NOT_INSTALLED, is_installed
from recovery_parts.work import METHODS, Task, do


def main() -> int:
    options = parse()
    if not options.report:
        tasks = list(missing_tasks(options))
        failed = run(tasks, options.jobs, options.out)
    print(report([row for row in read_rows(options.out) if wanted(row, options)]))
    return 1 if not options.report and failed else 0


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", nargs="+", choices=CASES, default=MAIN_CASES)
    parser.add_argument("--seeds", type=seeds, default=seeds("11-18"), help="such as 11-18 or 1,4")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS)
    parser.add_argument("--preset", choices=PRESETS, default="standard", help="of the network")
    parser.add_argument("--jobs", type=int, default=1, help="processes, one thread each")
    parser.add_argument("--device", default="cpu", help="of the network: cpu, cuda ...")
    parser.add_argument("--out", type=Path, default=Path("recovery.csv"), help="CSV of results")
    parser.add_argument("--report", action="store_true", help="only print tables from the CSV")
    parser.add_argument("--frames", type=int, help="shorter movies, to try it out")
    return parser.parse_args()


def seeds(text: str) -> list[int]:
    """Read seeds such as ``11-18`` or ``1,4,7-9``."""
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def missing_tasks(options: argparse.Namespace) -> Iterator[Task]:
    """List what has no row yet; methods of one movie follow each other."""
    done = {key_of(row) for row in read_rows(options.out)}
    methods = list(options.methods)
    if any(method.startswith("suite2p") for method in methods) and not is_installed():
        print(NOT_INSTALLED, file=sys.stderr)
        methods = [method for method in methods if not method.startswith("suite2p")]
    network = NetworkOptions(options.preset, options.device, 1)
    for case in options.cases:
        for seed in options.seeds:
            for method in methods:
                name = name_of(case, options.frames)
                key: Key = (name, seed, method, preset_of(method, options))
                if key not in done:
                    yield Task(key, case, options.frames, network)


def preset_of(method: str, options: argparse.Namespace) -> str:
    """Return the preset a method is trained with, nothing where it has none."""
    return str(options.preset) if method in VARIANTS else ""


def wanted(row: Row, options: argparse.Namespace) -> bool:
    """Tell whether a row belongs in the report."""
    names = [name_of(case, options.frames) for case in options.cases]
    return row.case in names and row.seed in options.seeds and row.method in options.methods


def run(tasks: list[Task], jobs: int, out: Path) -> int:
    """Do all tasks, write each row when it is there, and return how many failed."""
    # Read when libraries load, so set before the processes start.
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ[name] = "1"
    failed = 0
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        futures: dict[Future[Row], Task] = {pool.submit(do, task): task for task in tasks}
        try:
            for count, future in enumerate(as_completed(futures), start=1):
                failed += not keep(future, futures[future], out, f"{count}/{len(tasks)}")
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return failed


def keep(future: Future[Row], task: Task, out: Path, count: str) -> bool:
    """Write the row of a finished task; return whether there is one."""
    name = " ".join(str(part) for part in task.key if part != "")
    error = future.exception()
    if error is not None:
        print(f"{count} {name}: {type(error).__name__}: {error}", file=sys.stderr)
        return False
    row = future.result()
    append_row(out, row)
    said = f"AUROC {row.auroc:.3f}, {row.seconds:.1f} s"
    print(f"{count} {name}: {said} {row.note}".rstrip(), file=sys.stderr, flush=True)
    return True


if __name__ == "__main__":
    sys.exit(main())
