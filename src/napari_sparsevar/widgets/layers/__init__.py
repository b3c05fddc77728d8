"""Layers of a viewer as movies, runs and regions."""
