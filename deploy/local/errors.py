"""What stops a local run, as a sentence for whoever typed the command."""


class LocalRunError(Exception):
    """The local run cannot go on; the message says what to do about it."""
