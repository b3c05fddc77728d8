"""Make the exported figures that the documentation shows: simulate, train, draw.

python scripts/figures_for_docs.py                 into docs/images, with a run made for it
python scripts/figures_for_docs.py --run RUN          of a run that is there, to look at
python scripts/figures_for_docs.py --out folder
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import napari_sparsevar as sv
from napari_sparsevar.figures.saving import caption_path
from napari_sparsevar.figures.write import FigureOptions, write_figure
from napari_sparsevar.movie import write_movie

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
DPI = 90
FIGURES: tuple[tuple[str, str, FigureOptions], ...] = (
    ("figure-overview", "overview", FigureOptions()),
    ("figure-drivers", "drivers", FigureOptions()),
    ("figure-influence", "influence", FigureOptions(driver=1)),
)


def main() -> None:
    """Draw the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, help="a run directory; trained anew if left out")
    parser.add_argument("--out", type=Path, default=IMAGES, help="folder for the pictures")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run = sv.load_run(options.run or train(Path(folder)))
        options.out.mkdir(parents=True, exist_ok=True)
        for name, kind, chosen in FIGURES:
            out = options.out / f"{name}.png"
            write_figure(run, out, kind, chosen, dpi=DPI, overwrite=True)
            print(caption_path(out).read_text(encoding="utf-8"))
            caption_path(out).unlink()  # the page says what is to be seen


def train(folder: Path) -> Path:
    """Train on a simulated movie with known drivers and return the run directory."""
    movie, _ = sv.simulate_movie(n_frames=3000, shape=(64, 64), seed=0)
    path = folder / "simulated.tif"
    write_movie(movie.data, path, fps=movie.fps, pixel_size_um=movie.pixel_size_um)
    config = sv.TrainConfig.from_preset("fast", seed=0)
    for _ in sv.train(sv.open_movie(path), config, out=folder / "run", device="cpu"):
        pass
    return folder / "run"


if __name__ == "__main__":
    main()
