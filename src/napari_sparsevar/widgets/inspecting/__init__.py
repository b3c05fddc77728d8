"""What the Drivers dock is made of: places, partners, the solution path."""
