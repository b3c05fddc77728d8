"""What the Train dock is made of: choices, state, worker, curves."""
