"""A movie whose field of view moves, held still."""
