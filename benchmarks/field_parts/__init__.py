"""Parts of the benchmark of large fields."""
