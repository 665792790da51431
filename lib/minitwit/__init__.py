"""MiniTwit's library, shared by the functions: users, follows, messages, settings.

A function is a service with replicas of its own.

The modules at this level know the domain and its SQL statements, and nothing of HTTP.
"""
