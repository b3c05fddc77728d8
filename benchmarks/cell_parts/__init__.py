"""Parts of the benchmark of cells: simulated spiking networks, and what others find in them."""
