"""One file a format: each declares a `format.CellFormat`, found by looking in this folder."""
