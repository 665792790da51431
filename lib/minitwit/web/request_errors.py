"""Exceptions about a request itself: authentication, origin and body."""

from minitwit.errors import MiniTwitError


class NotAuthorized(MiniTwitError):
    """You are not authorized to use this resource!"""  # noqa: D400 (the contract's words)


class CrossSite(MiniTwitError):
    """The request was sent from another site; go to MiniTwit and do it there."""


class BodyTooLarge(MiniTwitError):
    """The request is too large."""


class UnsupportedBody(MiniTwitError):
    """The type of the request's body is not supported."""
