"""Secrets in the code: their names, their texts, their fallbacks, comparisons with them."""
