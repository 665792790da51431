"""Local run without Docker: the whole system on one machine, from PyPI's wheels.

PostgreSQL, Traefik and one gunicorn for each replica run under supervisord. The
Makefile's `up`, `scale`, `status` and `minitwit` call `python -m deploy.local`.
"""
