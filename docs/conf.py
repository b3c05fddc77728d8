"""How Sphinx builds these pages: ``make docs``."""

project = "napari-sparsevar"
author = "the napari-sparsevar developers"

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]

html_theme = "furo"
html_title = "napari-sparsevar"
html_show_sphinx = False
html_show_copyright = False

# Headings get anchors as they do where the pages are read as plain Markdown.
myst_heading_anchors = 4
myst_enable_extensions = ["dollarmath"]
