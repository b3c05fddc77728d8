"""When the results come: seconds of training and of every stage of the analysis, on one thread.

128 x 128 pixels, 104 cells, 2000 frames, 1849 latents, the preset *fast*, unless told otherwise.

    python benchmarks/stages.py [--out RUN] [--frames N] [--seed N] [--threads N]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import napari_sparsevar as sv
from napari_sparsevar.training.events import Failed, Finished, Progress, ResultsReady, StepLoss

CELL_RADIUS_PX, LATENT_EVERY_PX = 2.5, 3
WHAT = {
    "train": "training",
    "encode": "encoding",
    "map": "fit and map",
    "drivers": "p-values and drivers",
    "stability": "stability",
    "all": "criterion",
}


def seconds_of(movie: sv.Movie, config: sv.TrainConfig, out: Path, threads: int) -> dict[str, list]:
    """Return when each part ended: wall clock and processor time, in seconds from the start."""
    began = time.perf_counter(), time.process_time()
    ended: dict[str, list[float]] = {}

    def now() -> list[float]:
        return [time.perf_counter() - began[0], time.process_time() - began[1]]

    for event in sv.train(movie, config, out=out, threads=threads, overwrite=True):
        match event:
            case StepLoss(step=1):
                ended["first step"] = now()
            case Progress(phase="encode", fraction=fraction):
                ended.setdefault("train", now())
                if fraction == 1.0:
                    ended.setdefault("encode", now())
            case ResultsReady(stage=stage):
                ended[stage] = now()
            case Failed():
                raise SystemExit(event.message)
            case Finished():
                pass
    return ended


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path)
    parser.add_argument("--frames", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    movie, _ = sv.simulate_movie(
        options.frames,
        (128, 128),
        seed=options.seed,
        n_cells=104,
        n_drivers=12,
        cell_radius_px=CELL_RADIUS_PX,
    )
    model = sv.ModelConfig(stride=LATENT_EVERY_PX, cell_diameter=4 * CELL_RADIUS_PX)
    config = sv.TrainConfig.from_preset("fast", seed=options.seed, model=model)
    with tempfile.TemporaryDirectory() as folder:
        out = options.out or Path(folder) / "run"
        ended = seconds_of(movie, config, out, options.threads)
        verdict = sv.load_run(out).verdict
    before = [0.0, 0.0]
    training = ended["train"][1]
    print("| part | wall clock, s | processor, s | in trainings | known, s after the last step |")
    print("|---|---:|---:|---:|---:|")
    for name, what in WHAT.items():
        wall, processor = (now - then for now, then in zip(ended[name], before, strict=True))
        known = ended[name][0] - ended["train"][0]
        share = processor / training
        print(f"| {what} | {wall:.1f} | {processor:.1f} | {share:.2f} | {known:.1f} |")
        before = ended[name]
    analysis = ended["all"][1] - training
    print(f"\nAnalysis in all: {analysis / training:.2f} times the training.")
    print("\n".join(verdict.sentences()))


if __name__ == "__main__":
    main()
