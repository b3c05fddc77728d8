"""Architecture of the network: what must be known to rebuild it from its weights."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from napari_sparsevar.arguments import Settings

Auto = Literal["auto"]

MOST_PREDICTORS = 2048
"""The VAR has at most this many; of more latents those with most activity are analysed."""

MOST_PLACES = 16384
"""``auto`` widens the latent spacing until the field has at most this many latents."""

TYPICAL_CELL_PX = 6.5
"""Cell diameter where neither the user nor the movie says one."""

_FINEST, _COARSEST, _WIDEST = 2, 16, 64  # spacing in pixels: by cell size, and by memory
SPACING, _OWN, _BACKGROUND = 0.6, 1.25, 1.85  # cell diameters
_LEAST_BACKGROUND_PX = 8.0


Dynamics = Literal["calcium", "none"]
"""What is taken out of series before anything drives anything."""
AsEvents = Literal["auto", "yes", "no"]


class ModelConfig(Settings):
    """Encoder, decoder, static skip and embedded sparse VAR."""

    cell_diameter: Auto | Annotated[float, Field(gt=0.0, le=500.0)] = Field(
        "auto",
        title="Cell diameter",
        description="Width of a typical cell: in micrometres where the pixel size is known, else "
        "in pixels. The latent spacing, the own neighbourhood and the background scale follow "
        "from it. auto: guessed from the movie.",
        json_schema_extra={"unit": "px", "group": "basic", "typical": TYPICAL_CELL_PX},
    )
    lags: int = Field(
        1,
        ge=1,
        le=10,
        title="Lags",
        description="How many past frames predict the next one. Cells that are found in the movie "
        "are asked for as many as lie within 0.07 s.",
        json_schema_extra={"unit": "frames", "group": "basic"},
    )
    dynamics: Dynamics = Field(
        "calcium",
        title="Own dynamics",
        description="calcium: each latent's slow decay and noise are estimated and taken out "
        "before asking what drives it. none: the VAR works on the latents themselves.",
        json_schema_extra={"group": "advanced"},
    )
    events: AsEvents = Field(
        "auto",
        title="Events",
        description="Whether the analysis takes calcium out by deconvolution, which sees more "
        "where transients are clear, or by a filter, which sees more in noise. auto: deconvolution "
        "where the transients of the busiest places stand out of the noise.",
        json_schema_extra={"group": "advanced"},
    )
    stride: Auto | Annotated[int, Field(ge=_FINEST, le=_WIDEST)] = Field(
        "auto",
        title="Latent spacing",
        description="Pixels from one latent to the next. auto: 0.6 cell diameters, more for a "
        "large field of view.",
        json_schema_extra={"unit": "px", "group": "advanced", "typical": 4},
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
    free_radius: Auto | Annotated[float, Field(ge=0.0, le=10.0)] = Field(
        "auto",
        title="Own neighbourhood",
        description="Latents within this distance belong to the same cell: "
        "their influence is not penalised and not counted as driving. auto: 1.25 cell diameters.",
        json_schema_extra={"unit": "latents", "group": "advanced", "typical": 2.0},
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
    background_diameter: Auto | Annotated[float, Field(gt=1.0, le=1000.0)] = Field(
        "auto",
        title="Background scale",
        description="Structure wider than this is background (neuropil) and "
        "is kept out of the latents. auto: 1.85 cell diameters.",
        json_schema_extra={"unit": "px", "group": "advanced", "typical": 12.0},
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

    def resolved(
        self,
        shape: tuple[int, int],
        cell_diameter_px: float | None = None,
        pixel_size_um: float | None = None,
    ) -> ResolvedConfig:
        """Return the configuration with every ``auto`` replaced by what fits a movie.

        Parameters
        ----------
        shape : tuple of int
            Height and width (Y, X) of the field of view in pixels.
        cell_diameter_px : float, optional
            Diameter of a typical cell as guessed from the movie; used where none is set.
        pixel_size_um : float, optional
            Edge of a pixel in micrometres.

        Returns
        -------
        ResolvedConfig
        """
        scale = pixel_size_um or 1.0
        if self.cell_diameter == "auto":
            diameter = cell_diameter_px or TYPICAL_CELL_PX
        else:
            diameter = self.cell_diameter / scale
        stride = self._affordable(shape, diameter) if self.stride == "auto" else self.stride
        return self._with_derived(diameter, stride, scale)

    def n_analysed(self, n_latents: int) -> int:
        """Return how many of so many latents are analysed: all, where the VAR has room for them."""
        return min(n_latents, MOST_PREDICTORS // self.lags)

    def with_typical_cell(self) -> ResolvedConfig:
        """Return the configuration where no movie is at hand, ``auto`` as for a typical cell.

        Raises
        ------
        ValueError
            If the latent spacing is ``auto``: it depends on the movie.
        """
        return self._with_derived(TYPICAL_CELL_PX, self.pixels_per_latent, 1.0)

    def _with_derived(self, diameter: float, stride: int, scale: float) -> ResolvedConfig:
        values: dict[str, Any] = {
            "cell_diameter": diameter * scale,
            "stride": stride,
            "free_radius": min(max(1.0, float(round(_OWN * diameter / stride))), 10.0),
            "background_diameter": max(_BACKGROUND * diameter, _LEAST_BACKGROUND_PX),
        }
        given = {name: value for name, value in self if value != "auto"}
        return ResolvedConfig(**values | given)

    def _affordable(self, shape: tuple[int, int], diameter: float) -> int:
        """Return the spacing for a cell, or the next wider one that can be afforded."""
        first = min(max(round(SPACING * diameter), _FINEST), _COARSEST)
        for stride in range(first, _WIDEST):
            places = -(-shape[0] // stride) * -(-shape[1] // stride)
            if places * self.channels <= MOST_PLACES:
                return stride
        return _WIDEST


class ResolvedConfig(ModelConfig):
    """A configuration in which everything that depends on the movie is a number."""

    cell_diameter: float
    stride: int
    free_radius: float
    background_diameter: float
