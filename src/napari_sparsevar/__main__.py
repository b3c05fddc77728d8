"""``python -m napari_sparsevar`` is the command ``sparsevar``."""

from napari_sparsevar.cli import main

if __name__ == "__main__":
    main()
