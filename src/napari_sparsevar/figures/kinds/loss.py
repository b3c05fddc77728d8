"""The figure of the training: reconstruction and prediction error over its steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from napari_sparsevar.figures.captions import data_words, paragraphs, settings_paragraph
from napari_sparsevar.figures.colours import GREY, PALETTE
from napari_sparsevar.figures.options import Drawn, FigureOptions
from napari_sparsevar.figures.style import columns, figure_style, head, new_figure, say_instead
from napari_sparsevar.run.annotations import Marks
from napari_sparsevar.run.run import Run

# Not the total: it jumps when the prediction joins in and would flatten the curves that matter.
TERMS: Final = ("reconstruction", "prediction")

COLOURS = {"reconstruction": PALETTE[0], "prediction": PALETTE[4]}

NO_LOSSES = "the run keeps no losses"

_HEIGHT_MM = 50.0


def draw(run: Run, options: FigureOptions, marks: Marks, tell: Callable[[str], None]) -> Drawn:
    """Draw both errors over the steps of the training, on training and on held-out blocks."""
    with figure_style():
        figure = new_figure(options.width_mm, _HEIGHT_MM)
        for letter, term, part in zip("ab", TERMS, columns(figure, [1, 1]), strict=True):
            axes = part.subplots()
            draw_loss(axes, run, [term])
            head(axes, letter, f"{term.capitalize()} error")
    return Drawn(figure, _caption(run))


def draw_loss(axes: Axes, run: Run, terms: Sequence[str]) -> None:
    """Draw errors over steps: a thin line of the training blocks, dots of the held-out ones."""
    losses = run.losses
    if losses.empty:
        say_instead(axes, NO_LOSSES)
        return
    handles = []
    for term in terms:
        colour = COLOURS[term]
        training, held_out = (
            losses[losses["split"] == split].dropna(subset=[term])
            for split in ("training", "validation")
        )
        (line,) = axes.plot(training["step"], training[term], color=colour, linewidth=0.5)
        (dots,) = axes.plot(
            held_out["step"], held_out[term], "o-", color=colour, linewidth=1, markersize=2.5
        )
        handles += [(line, f"{term}, training"), (dots, f"{term}, held out")]
    _mark_steps(axes, run)
    shown = handles if len(terms) > 1 else [(one, name.split(", ")[1]) for one, name in handles]
    _legend(axes, shown)
    axes.set_xlabel("step")
    axes.set_ylabel("error (noise = 1)")
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(4))


def warm_up_end(run: Run) -> int | None:
    """Return the step up to which only the reconstruction trains; None where it is not known."""
    steps, share = (run.record.configuration.get(key) for key in ("steps", "warmup_fraction"))
    if not isinstance(steps, int) or not isinstance(share, int | float):
        return None
    return round(share * steps)


def best_step(run: Run) -> int | None:
    """Return the step whose weights were kept; None where it is not known."""
    step = run.record.metrics.get("best_step")
    return step if isinstance(step, int) else None


def last_losses(losses: pd.DataFrame, step: int | None) -> dict[str, float]:
    """Return the held-out errors at a step, by default the last; none where there are none."""
    if losses.empty:
        return {}
    held_out = losses[losses["split"] == "validation"]
    chosen = held_out[held_out["step"] == step] if step is not None else held_out
    if chosen.empty:
        return {}
    return {term: float(chosen[term].iloc[-1]) for term in TERMS}


def _mark_steps(axes: Axes, run: Run) -> None:
    """Draw where the warm-up ended."""
    end = warm_up_end(run)
    if end is not None and end <= run.losses["step"].max():
        axes.axvline(end, color=GREY, linewidth=0.6, linestyle=(0, (3, 2)), zorder=0)


def _legend(axes: Axes, handles: list[tuple[Line2D, str]]) -> None:
    axes.legend(
        [line for line, _ in handles],
        [name for _, name in handles],
        frameon=False,
        loc="upper right",
        handlelength=1.2,
        borderpad=0.1,
        labelspacing=0.25,
        fontsize=6,
    )
    # Room above the curves for the words.
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.17 * len(handles) * (high - low))


def _caption(run: Run) -> str:
    return paragraphs(
        f"Training of the network on {data_words(run)}.",
        f"(a) Blind-spot reconstruction error and (b) error of predicting the next frame. "
        f"{loss_words(run)}",
        settings_paragraph(run),
    )


def loss_words(run: Run) -> str:
    """Return what the loss curves show."""
    end, step = warm_up_end(run), best_step(run)
    known = last_losses(run.losses, step)
    numbers = "; ".join(f"{name} {value:.4g}" for name, value in known.items())
    kept = f" of the weights that were kept (step {step})" if step is not None else ""
    return (
        "Mean square over pixels, the noise of a pixel being 1. Thin lines: training blocks; dots: "
        "held-out blocks of time."
        + (f" Dashed: the prediction joins in after step {end}." if end is not None else "")
        + (f" Held-out errors{kept}: {numbers}." if numbers else "")
    )
