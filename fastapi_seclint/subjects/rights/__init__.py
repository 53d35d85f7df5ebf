"""What a caller may do: roles, permissions, scopes, and rights that a client claims for itself."""
