"""Kinds of figures of a run, a file each: what is drawn, and the caption."""
