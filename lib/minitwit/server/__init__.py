"""HTTP/1.1 server: a gunicorn worker on an event loop. Imports nothing of MiniTwit."""
