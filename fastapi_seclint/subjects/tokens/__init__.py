"""JSON web tokens: how they are made, read, told apart and refused."""
