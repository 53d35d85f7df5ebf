"""Who is calling and whom an object belongs to."""
