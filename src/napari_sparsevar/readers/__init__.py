"""Movies and runs as napari layers; neither napari nor Qt is imported here."""
