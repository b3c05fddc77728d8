"""Cells that a person brings: opened, fitted, shown, changed."""
