"""Work beside the screen: one thread system, the last question, precedence."""
