"""What can be wrong with a request as such, whatever it asks for."""

from minitwit.errors import MiniTwitError


class NotAuthorized(MiniTwitError):
    """You are not authorized to use this resource!"""  # noqa: D400 (the contract's words)


class CrossSite(MiniTwitError):
    """The request was sent from another site; go to MiniTwit and do it there."""


class BodyTooLarge(MiniTwitError):
    """The request is too large."""


class UnsupportedBody(MiniTwitError):
    """The body's type is not understood here."""
