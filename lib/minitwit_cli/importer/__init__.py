"""Import of an older MiniTwit: its SQLite file and its password hashes."""
