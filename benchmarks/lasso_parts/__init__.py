"""Parts of ``benchmarks/lasso.py``."""
