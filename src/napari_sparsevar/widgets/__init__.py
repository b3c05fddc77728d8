"""The docks: the only part of the package that imports Qt and napari."""
