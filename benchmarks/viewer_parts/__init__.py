"""Parts of the benchmarks that need a window."""
