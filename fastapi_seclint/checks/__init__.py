"""One module a rule, found by its name; what rules share is in `subjects`."""
