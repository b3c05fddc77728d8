"""Do two stretches of time follow the same dynamics? Tests, and what they found."""
