"""What surrounds a request: routing, sessions, CSRF protection, error responses."""
