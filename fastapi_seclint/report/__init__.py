"""One renderer a format; each takes a report and gives text."""
