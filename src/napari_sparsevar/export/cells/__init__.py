"""Cells of a person in the formats of other programs."""
