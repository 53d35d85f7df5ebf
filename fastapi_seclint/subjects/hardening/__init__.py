"""Hosts, HTTPS, security headers: middleware and what stands in for it."""
