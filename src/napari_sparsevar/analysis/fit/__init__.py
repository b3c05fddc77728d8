"""The sparse VAR fitted to a whole recording, at any penalty of its solution path."""
