"""Movies with known drivers."""
