"""Kinds of figures of a fit of cells, a file each: what is drawn, and the caption."""
