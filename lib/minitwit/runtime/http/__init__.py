"""HTTP/1.1 between a client's socket and a WSGI application."""
