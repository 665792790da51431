"""Errors of the local run, as sentences for its operator."""


class LocalRunError(Exception):
    """The local run cannot continue; the message says what to do."""
