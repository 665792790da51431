"""MiniTwit's library, shared by the functions: users, follows, messages, settings.

The modules at this level know the domain and its SQL statements, and nothing of HTTP.
"""
