"""Accounts beyond registration: sessions, and what ends them."""
