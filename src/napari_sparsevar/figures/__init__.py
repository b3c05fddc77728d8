"""Figures of a run for print, drawn without a viewer."""
