"""Covariates as they come: tables, arrays, NWB; brought to a value a frame."""
