"""Security log: who did what to which account, when and from where.

One line of the logger `minitwit.security` an event. It never holds a password, a token
or a cookie, nor a username that no account has, which may be a password that was typed
into the wrong field.
"""

import logging
from enum import StrEnum

import falcon

from minitwit.models import Account

_log = logging.getLogger("minitwit.security")

_LONGEST_USER_AGENT = 400  # characters


class SecurityEvent(StrEnum):
    """What happened to an account; the values are what one searches for."""

    SIGNED_IN = "signed in"
    SIGN_IN_REFUSED = "sign-in refused"
    SIGN_IN_THROTTLED = "sign-in throttled"
    PASSWORD_REFUSED = "password refused"  # noqa: S105 (asked for once more)
    ACCESS_REFUSED = "access refused"  # No right to it, or sent by another site.
    SIGNED_OUT = "signed out"
    SIGNED_OUT_EVERYWHERE = "signed out everywhere"
    PASSWORD_CHANGED = "password changed"  # noqa: S105
    PASSWORD_RESET = "password reset"  # noqa: S105 (by an operator's link)
    EXPORTED = "exported"
    DELETED = "deleted"
    SUSPENDED = "suspended"
    SUSPENSION_LIFTED = "suspension lifted"
    MESSAGE_HIDDEN = "message hidden"
    MESSAGE_RESTORED = "message restored"
    MESSAGE_REPORTED = "message reported"
    REPORT_DISMISSED = "report dismissed"


def record(
    event: SecurityEvent,
    req: falcon.Request,
    account: Account | None,
    **details: str | int,
) -> None:
    """Write an event to the security log.

    Args:
        event: what happened.
        req: the request that did it.
        account: that acted, or that a wrong password was sent for; None if none is
            known by the name that was sent.
        details: of the event, such as `target`, the name of a suspended account, or
            `message_id`; never a secret.

    """
    fields: dict[str, str | int] = {
        "event": event.value,
        "client_address": client_address(req),
        "user_agent": (req.user_agent or "")[:_LONGEST_USER_AGENT],
        **details,
    }
    if account:
        fields |= {"user_id": account.id, "username": account.username}
    _log.info(event.value, extra={"fields": fields})


def client_address(req: falcon.Request) -> str:
    """Return the address of the client.

    The edge replaces X-Real-Ip whatever the client sent, and callers reach this port
    only through it.
    """
    return str(req.env.get("HTTP_X_REAL_IP") or req.env["REMOTE_ADDR"])
