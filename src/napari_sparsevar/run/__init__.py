"""A finished run on disk: its record, its files, and what they say when they are opened."""
