"""Settings of a training: the one model behind the form, the command line and ``run.json``."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from napari_sparsevar.arguments import Settings, checked
from napari_sparsevar.model.config import ModelConfig

PresetName = Literal["fast", "standard", "thorough"]
Mode = Literal["end-to-end", "two-stage"]

PRESETS: dict[PresetName, dict[str, Any]] = {
    "fast": {"steps": 60},
    "standard": {"steps": 240},
    "thorough": {"steps": 800},
}
"""What each preset changes; everything else keeps its default."""


class TrainConfig(Settings):
    """Everything a training depends on besides the movie.

    Titles and descriptions make the form of the Train dock; ``json_schema_extra["group"]`` says
    whether a field is always shown (``basic``) or folded away (``advanced``).
    """

    mode: Mode = Field(
        "end-to-end",
        title="Mode",
        description="end-to-end: the prediction error of the sparse VAR also trains the network. "
        "two-stage: the autoencoder first, the VAR fitted after it.",
        json_schema_extra={"group": "basic"},
    )
    steps: int = Field(
        PRESETS["standard"]["steps"],
        ge=1,
        le=100_000,
        title="Training steps",
        description="Most steps taken; early stopping may end sooner.",
        json_schema_extra={"group": "basic"},
    )
    seed: int = Field(
        0,
        ge=0,
        le=2**31 - 1,
        title="Seed",
        description="Same seed, same movie, same result on the CPU.",
        json_schema_extra={"group": "basic"},
    )
    model: ModelConfig = Field(default_factory=ModelConfig, title="Network and VAR")
    find_cells: bool = Field(
        True,
        title="Test cells too",
        description="Also find the cells of the movie and test each for whom it drives: what "
        "places or cells say is listed, adjusted for both. Off: places alone.",
        json_schema_extra={"group": "advanced"},
    )
    warmup_fraction: float = Field(
        0.4,
        ge=0.0,
        le=1.0,
        title="Warm-up",
        description="Share of the steps that train reconstruction alone, "
        "before the prediction error joins in.",
        json_schema_extra={"group": "advanced"},
    )
    prediction_weight: float = Field(
        5.0,
        ge=0.0,
        le=100.0,
        title="Prediction weight",
        description="Weight of the one-step prediction error beside the reconstruction error.",
        json_schema_extra={"group": "advanced"},
    )
    penalty_scale: float = Field(
        1.0,
        gt=0.0,
        le=20.0,
        title="Training penalty",
        description="Penalty of the embedded VAR while training, in units of "
        "sqrt(2 log(predictors) / frames).",
        json_schema_extra={"group": "advanced"},
    )
    chunk_frames: int = Field(
        64,
        ge=8,
        le=1024,
        title="Frames per chunk",
        description="Length of one uninterrupted stretch of movie.",
        json_schema_extra={"unit": "frames", "group": "advanced"},
    )
    chunks: int = Field(
        8,
        ge=2,
        le=64,
        title="Chunks per step",
        description="Stretches per training step: half of them fit the VAR, half score it.",
        json_schema_extra={"group": "advanced"},
    )
    crop: int = Field(
        64,
        ge=16,
        le=1024,
        title="Crop",
        description="Edge of the square of the field of view one step looks at.",
        json_schema_extra={"unit": "px", "group": "advanced"},
    )
    learning_rate: float = Field(
        2e-3,
        gt=0.0,
        lt=1.0,
        title="Learning rate",
        description="Largest step of the optimiser (Adam, one cycle).",
        json_schema_extra={"group": "advanced"},
    )
    validation_fraction: float = Field(
        0.2,
        gt=0.0,
        le=0.5,
        title="Held-out time",
        description="Share of the frames, in whole blocks of time, that never trains.",
        json_schema_extra={"group": "advanced"},
    )
    validate_every: int = Field(
        20,
        ge=1,
        title="Validate every",
        description="Steps between two looks at the held-out blocks.",
        json_schema_extra={"unit": "steps", "group": "advanced"},
    )
    patience: int = Field(
        8,
        ge=1,
        title="Patience",
        description="Validations without improvement before training stops early.",
        json_schema_extra={"group": "advanced"},
    )
    checkpoint_every: int = Field(
        20,
        ge=1,
        title="Checkpoint every",
        description="Steps between two checkpoints on disk.",
        json_schema_extra={"unit": "steps", "group": "advanced"},
    )

    @classmethod
    @checked
    def from_preset(cls, name: PresetName, **changes: Any) -> TrainConfig:
        """Return the preset's settings with ``changes`` on top.

        Raises
        ------
        UserError
            If there is no such preset, or a setting is out of range.
        """
        return cls(**{**PRESETS[name], **changes})
