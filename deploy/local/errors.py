"""Errors of the local run, as sentences for its operator."""


class LocalRunError(Exception):
    """The local run cannot go on; the message says what to do about it."""
