"""Error reports: what nobody expected goes to Sentry, with release and trace.

A report costs some milliseconds, and more when Sentry is away. So when everything
fails, a few are sent and the rest is left to the logs and the metrics.
"""

import re
from collections import deque
from time import monotonic
from typing import TYPE_CHECKING

from minitwit.settings import Settings
from minitwit.telemetry.spans import current_ids

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

_enabled = False

# So many at most within so many seconds.
_MOST, _WITHIN = 20, 60.0
_recent: deque[float] = deque(maxlen=_MOST)

_QUOTED = re.compile(r"""(["']).*?\1""", re.DOTALL)
_SERVER_FIELD = re.compile(r"""'([CM])': (?:'([^']*)'|"([^"]*)")""")


def start(settings: Settings) -> None:
    """Send exceptions to Sentry from here on, if a DSN is set."""
    global _enabled
    if settings.sentry_dsn is None:
        return
    import sentry_sdk

    sentry_sdk.init(
        dsn=settings.sentry_dsn.get_secret_value(),
        release=settings.version,
        environment=settings.environment,
        # Its integrations wrap every request and cost it 90 microseconds; the rim
        # sees every exception anyway.
        default_integrations=False,
        auto_enabling_integrations=False,
        # Values of local variables may be passwords.
        include_local_variables=False,
        max_request_body_size="never",
        before_send=_without_values,
    )
    # On the global scope: the others belong to a thread.
    sentry_sdk.get_global_scope().set_tag("function", settings.function)
    _enabled = True


def stop() -> None:
    """Hand over what was captured last."""
    if not _enabled:
        return
    import sentry_sdk

    sentry_sdk.flush()


def _without_values(event: "Event", _hint: "Hint") -> "Event":
    """Take out of an event what an exception's message quotes of the caller's data."""
    for exception in event.get("exception", {}).get("values", []):
        exception["value"] = masked(exception.get("value") or "")
    return event


def masked(message: str) -> str:
    """Return an exception's message without what stands in quotation marks.

    PostgreSQL's own sentence is kept where it is about the schema (SQLSTATE 42…), as
    that quotes names of columns; its details, which quote rows, never are.
    """
    server = {key: one or two for key, one, two in _SERVER_FIELD.findall(message)}
    if "C" not in server:
        return _QUOTED.sub("…", message)
    sentence = server.get("M", "")
    if not server["C"].startswith("42"):
        sentence = _QUOTED.sub("…", sentence)
    return f"{sentence} (SQLSTATE {server['C']})"


def capture(error: Exception, route: str | None) -> None:
    """Report an exception; nothing of the request but its route template."""
    if not _enabled or _is_spent(monotonic()):
        return
    import sentry_sdk

    with sentry_sdk.new_scope() as scope:
        scope.set_tag("route", route or "none")
        if ids := current_ids():
            scope.set_tag("trace_id", ids[0])
        sentry_sdk.capture_exception(error)


def _is_spent(now: float) -> bool:
    """Say whether so many were sent lately that this one is not; count it if not."""
    if len(_recent) == _MOST and now - _recent[0] < _WITHIN:
        return True
    _recent.append(now)
    return False
