"""How sure the estimates are: intervals, p-values against chance, stability."""
