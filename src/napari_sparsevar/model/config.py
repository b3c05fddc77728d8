"""Architecture of the network: what must be known to rebuild it from its weights."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Stride = Literal["auto", 2, 4, 8, 16]

MOST_PREDICTORS = 2048
"""``auto`` widens the latent spacing until the VAR has at most this many predictors."""


Dynamics = Literal["calcium", "none"]


class ModelConfig(BaseModel):
    """Encoder, decoder, static skip and embedded sparse VAR."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stride: Stride = Field(
        "auto",
        title="Latent spacing",
        description="Pixels from one latent to the next; a cell should span 2 to 3 latents. "
        "auto: 4 pixels, more for a large field of view.",
        json_schema_extra={"unit": "px", "group": "basic"},
    )
    lags: int = Field(
        1,
        ge=1,
        le=10,
        title="Lags",
        description="How many past frames predict the next one.",
        json_schema_extra={"unit": "frames", "group": "basic"},
    )
    dynamics: Dynamics = Field(
        "calcium",
        title="Own dynamics",
        description="calcium: each latent's slow decay and noise are estimated and taken out "
        "before asking what drives it. none: the VAR works on the latents themselves.",
        json_schema_extra={"group": "advanced"},
    )
    channels: int = Field(
        1,
        ge=1,
        le=4,
        title="Channels per latent",
        description="Numbers that describe the activity at one place of the latent map.",
        json_schema_extra={"group": "advanced"},
    )
    width: int = Field(
        16,
        ge=4,
        le=128,
        title="Network width",
        description="Feature maps of the encoder's first layer.",
        json_schema_extra={"group": "advanced"},
    )
    skip: bool = Field(
        True,
        title="Static skip",
        description="Hand the static images (mean, noise, correlation) past the latent space "
        "to the decoder, so that the latents carry only what changes.",
        json_schema_extra={"group": "advanced"},
    )
    free_radius: float = Field(
        2.0,
        ge=0.0,
        le=10.0,
        title="Own neighbourhood",
        description="Latents within this distance belong to the same cell: "
        "their influence is not penalised and not counted as driving.",
        json_schema_extra={"unit": "latents", "group": "advanced"},
    )
    distance_weight: float = Field(
        0.0,
        ge=0.0,
        le=10.0,
        title="Distance penalty",
        description="How much the penalty grows across the field of view; 0 treats all "
        "distant places alike, 1 doubles it from one edge to the other.",
        json_schema_extra={"group": "advanced"},
    )
    background_diameter: float = Field(
        12.0,
        gt=1.0,
        le=500.0,
        title="Background scale",
        description="Structure wider than this is background (neuropil) and "
        "is kept out of the latents.",
        json_schema_extra={"unit": "px", "group": "advanced"},
    )

    @property
    def pixels_per_latent(self) -> int:
        """The latent spacing in pixels.

        Raises
        ------
        ValueError
            If it is still ``auto``: call ``resolved`` first.
        """
        if self.stride == "auto":
            raise ValueError("stride is 'auto': resolve it for a field of view first")
        return int(self.stride)

    def resolved(self, shape: tuple[int, int]) -> ModelConfig:
        """Return the configuration with ``auto`` replaced by what fits a field of view (Y, X)."""
        if self.stride != "auto":
            return self
        choices: tuple[Literal[4, 8, 16], ...] = (4, 8, 16)
        for stride in choices:
            places = -(-shape[0] // stride) * -(-shape[1] // stride)
            if places * self.channels * self.lags <= MOST_PREDICTORS:
                break
        return self.model_copy(update={"stride": stride})
