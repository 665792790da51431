"""Checks and changes of a whole database, by its owner."""
