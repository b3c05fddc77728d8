"""What the Export dock is made of: figures, results, state, worker."""
