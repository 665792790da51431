"""Database maintenance: integrity checks, checksums, identity, admin connection."""
