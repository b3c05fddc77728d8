"""What `benchmarks/recovery.py` is made of: movies, rivals, scores, tables."""
