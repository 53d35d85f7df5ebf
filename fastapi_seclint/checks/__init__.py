"""One module a rule, found by its name; modules whose names start with `_` are what rules share."""
