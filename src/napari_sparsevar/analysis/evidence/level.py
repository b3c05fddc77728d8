"""The level at which evidence is called beyond chance, the same in every table and picture."""

LEVEL = 0.05
"""Adjusted p-value up to which an edge, a cell or a place is beyond chance."""
