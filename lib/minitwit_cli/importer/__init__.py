"""What an older MiniTwit left behind: its SQLite file and its password hashes."""
