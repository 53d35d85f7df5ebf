"""Routes where accounts can be guessed, and how a login ends."""
