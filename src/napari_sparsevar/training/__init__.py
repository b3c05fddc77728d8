"""From a movie and settings to a run: a generator of typed events."""
