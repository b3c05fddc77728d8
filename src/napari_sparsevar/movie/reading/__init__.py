"""Frames read from disk: lazily, mapped, ahead of time, standardised."""
