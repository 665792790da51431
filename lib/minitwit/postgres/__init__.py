"""PostgreSQL driver: connections, prepared statements, reads from a standby."""
