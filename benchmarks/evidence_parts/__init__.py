"""Parts of what is measured about evidence: one kind of common input each."""
