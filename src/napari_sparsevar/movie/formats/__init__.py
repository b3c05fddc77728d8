"""One file a format: each declares a `format.Format`, which is found by looking in this folder."""
