"""What `benchmarks/real_movie.py` is made of: models, baselines, maps, controls, tables."""
