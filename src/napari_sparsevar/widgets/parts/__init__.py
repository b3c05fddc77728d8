"""Parts that several docks are made of; they know no movie and no run."""
