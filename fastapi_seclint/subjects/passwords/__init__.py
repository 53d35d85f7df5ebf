"""Passwords that come with a request, and what becomes of them."""
