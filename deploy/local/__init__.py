"""The run without Docker: the same system on one machine, from wheels.

PostgreSQL, Traefik and one gunicorn for each replica run under supervisord.
`python -m deploy.local` (the Makefile's `up`, `scale`, `status`) is the way in.
"""
