"""What leaves the server that should not: exception texts, log entries, credentials in URLs."""
