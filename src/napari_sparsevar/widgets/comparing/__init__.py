"""What the Compare dock is made of: windows, state, worker, tables."""
