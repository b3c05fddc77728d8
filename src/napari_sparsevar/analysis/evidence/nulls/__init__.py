"""What could have been observed if nothing were there: one file a null."""
