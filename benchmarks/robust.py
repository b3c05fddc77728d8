"""What damage does: files, kills, a full disk, docks that come and go.

python benchmarks/robust.py fuzz --files 1000     damaged files of every format
python benchmarks/robust.py kill --times 100      whatever writes, killed at random moments
python benchmarks/robust.py disk                  a disk that is full at each write
python benchmarks/robust.py docks --times 200     every dock opened and closed

The exit code is 1 where something did not end as it should.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from robust_parts.files import MAKERS
from robust_parts.fuzz import fuzzed, summary


def main() -> int:
    """Do what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    ways = parser.add_subparsers(dest="way", required=True)
    fuzz = ways.add_parser("fuzz")
    fuzz.add_argument("--files", type=int, default=1000)
    fuzz.add_argument("--seed", type=int, default=0)
    fuzz.add_argument("--formats", nargs="+", choices=MAKERS, default=list(MAKERS))
    fuzz.add_argument("--keep", type=Path, help="where to keep what did not end well")
    kill = ways.add_parser("kill")
    kill.add_argument("--times", type=int, default=100)
    kill.add_argument("--seed", type=int, default=0)
    disk = ways.add_parser("disk")
    disk.add_argument("--steps", type=int, default=30, help="sizes of the disk, for each work")
    disk.add_argument("--works", nargs="+", metavar="WORK", help="of those in the table; else all")
    docks = ways.add_parser("docks")
    docks.add_argument("--times", type=int, default=200)
    docks.add_argument("--docks", nargs="+", metavar="NAME", help="of the Plugins menu; else all")
    docks.add_argument("--run", type=Path, help="a run that is open meanwhile")
    options = parser.parse_args()
    return {"fuzz": _fuzz, "kill": _kill, "disk": _disk, "docks": _docks}[options.way](options)


def _fuzz(options: argparse.Namespace) -> int:
    findings = []
    for finding in fuzzed(options.files, options.seed, options.formats, options.keep):
        findings.append(finding)
        if finding.outcome not in ("opened", "sentence"):
            last = finding.said.strip().splitlines()[-1:] or [""]
            print(finding.kind, finding.outcome, finding.path, last[0][:200], flush=True)
    print(summary(findings))
    return int(any(each.outcome not in ("opened", "sentence") for each in findings))


def _kill(options: argparse.Namespace) -> int:
    from robust_parts.kills import Kills

    faults = []
    print("   work  times  cut short  faults")
    with tempfile.TemporaryDirectory() as folder:
        kills = Kills(Path(folder), options.seed)
        long = kills.trainings, kills.replacements, kills.exports, kills.batches
        short = kills.registrations, kills.annotations, kills.comparisons
        works = dict.fromkeys(long, 1) | dict.fromkeys(short, 2)
        for work, share in works.items():
            found = work(max(1, share * options.times // sum(works.values())))
            faults += found.faults
            print(f"{found.work:>9}  {found.times:5}  {found.cut:9}  {len(found.faults):6}")
            print(*found.faults, sep="\n", end="\n" * bool(found.faults), flush=True)
    return int(bool(faults))


def _disk(options: argparse.Namespace) -> int:
    from robust_parts.disk import Disks

    faults = []
    print("       work  times  done  sentence  faults")
    with tempfile.TemporaryDirectory() as folder:
        for found in Disks(Path(folder), options.steps).all(options.works):
            faults += found.faults
            done, said = (found.outcomes[name] for name in ("done", "sentence"))
            print(f"{found.work:>11}  {found.times:5}  {done:4}  {said:8}  {len(found.faults):6}")
            print(*found.faults, sep="\n", end="\n" * bool(found.faults), flush=True)
    return int(bool(faults))


def _docks(options: argparse.Namespace) -> int:
    from robust_parts.docks import opened_and_closed

    faults = []
    print("           dock  times  widgets  threads  files     MB  seconds")
    for left in opened_and_closed(options.times, options.run, options.docks):
        pairs = zip(left.after, left.before, strict=True)
        more = [f"{after - before:+.0f}" for after, before in pairs]
        print(
            f"{left.dock:>15}  {left.times:5}  {more[0]:>7}  {more[1]:>7}  {more[2]:>5}  "
            f"{more[3]:>5}  {left.seconds:7.1f}",
            flush=True,
        )
        faults += left.faults
    print("\n".join(faults))
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
