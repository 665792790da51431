"""MiniTwit's library: what the four functions share.

The modules here know users, follows, messages and PostgreSQL, and nothing of
HTTP. `runtime` holds what surrounds a request, `commands` what operators type.
"""
