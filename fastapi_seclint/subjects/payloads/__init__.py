"""What the tokens that a project makes carry, followed along the way to the encoding call."""
