"""What limits how often a route is called."""
