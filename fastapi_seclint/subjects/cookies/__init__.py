"""Cookies that are a key to an account."""
