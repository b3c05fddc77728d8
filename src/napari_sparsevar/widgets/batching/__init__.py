"""Of the Batch dock: the list of recordings, and what becomes of each."""
