"""What the coefficients of latents mean in the field of view: maps, drivers, influence."""
