"""Code as rules read it and fixes write it: where values come from, literals, expressions written out."""
