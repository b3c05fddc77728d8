"""Parts that figures are made of: maps, lists, curves, tables."""
