"""Parts of the benchmark of registration."""
