"""The network: encoder, decoder, static skip and the sparse VAR between them."""

from napari_sparsevar.model.config import ModelConfig
from napari_sparsevar.model.grid import LatentGrid
from napari_sparsevar.model.network import SparseVarAutoencoder

__all__ = ["LatentGrid", "ModelConfig", "SparseVarAutoencoder"]
