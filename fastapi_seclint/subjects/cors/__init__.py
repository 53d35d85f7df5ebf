"""Cross-origin access: configurations of CORSMiddleware, and headers written by hand."""
