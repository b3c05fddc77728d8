"""Statistics: the sparse VAR of a recording, its maps and the evidence for them."""
