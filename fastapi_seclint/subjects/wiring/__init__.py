"""How dependencies are declared, lost and found again."""
