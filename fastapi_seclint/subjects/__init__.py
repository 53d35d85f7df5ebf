"""What rules share, a room a subject: the facts that several rules ask for, and the fixes that several make."""
