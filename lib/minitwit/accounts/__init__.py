"""Accounts beyond registration: passwords, sessions, and what ends them."""
