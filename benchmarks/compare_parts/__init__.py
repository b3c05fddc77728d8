"""Parts of the benchmark of comparing two windows."""
