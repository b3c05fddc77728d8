"""What makes a recording hard."""
