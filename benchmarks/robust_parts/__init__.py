"""Parts of the benchmark of robustness."""
