"""Make the exported figures that the documentation shows: simulate, train, draw.

python scripts/figures_for_docs.py                 into docs/images, with a run made for it
python scripts/figures_for_docs.py --run RUN          of a run that is there, to look at
python scripts/figures_for_docs.py --out folder
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

import napari_sparsevar as sv
from napari_sparsevar.figures.saving import caption_path
from napari_sparsevar.figures.style import figure_style, new_figure
from napari_sparsevar.figures.write import FigureOptions, write_figure
from napari_sparsevar.movie import write_movie

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
DPI = 90
WORDS = ("mean", "one frame")
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
    draw_simulated(options.out / "simulated.png")


def draw_simulated(out: Path) -> None:
    """Draw what tidy and realistic simulated movies look like: mean, one frame, traces."""
    with figure_style():
        figure = new_figure(180, 105)
        rows = figure.subplots(2, 3, width_ratios=(1, 1, 1.6))
        for axes, regime in zip(rows, ("easy", "optics"), strict=True):
            movie, truth = sv.simulate_movie(900, regime=regime, seed=3)
            frames = np.asarray(movie.data, dtype=np.float32)
            for ax, image, words in zip(
                axes, (frames.mean(axis=0), frames[450]), WORDS, strict=False
            ):
                ax.imshow(image, cmap="gray", vmax=np.quantile(image, 0.998))
                ax.set(xticks=[], yticks=[], title=f"{regime}: {words}")
            shown = truth.traces[:, :8] / truth.traces[:, :8].max(axis=0) + np.arange(8)
            axes[2].plot(np.arange(900) / movie.fps, shown, color="black", linewidth=0.6)
            axes[2].set(yticks=[], xlabel="seconds", title="light of 8 cells, without noise")
        figure.savefig(out, dpi=DPI)


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
