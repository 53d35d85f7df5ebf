"""What guards a route, which routes are meant for everybody, and the fixes that give a route its guard."""
