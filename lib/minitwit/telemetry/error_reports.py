"""Error reports: unexpected exceptions go to Sentry, with release and trace id.

A report costs milliseconds, and more when Sentry is unreachable. So the rate is
limited; when every request fails, logs and metrics show the rest.
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

# Rate limit: at most 20 reports in 60 seconds.
_MAX_REPORTS, _PERIOD = 20, 60.0
_recent: deque[float] = deque(maxlen=_MAX_REPORTS)

_QUOTED = re.compile(r"""(["']).*?\1""", re.DOTALL)
_SERVER_FIELD = re.compile(r"""'([CM])': (?:'([^']*)'|"([^"]*)")""")


def start(settings: Settings) -> None:
    """Send exceptions to Sentry from now on, if a DSN is set."""
    global _enabled
    if settings.sentry_dsn is None:
        return
    import sentry_sdk

    sentry_sdk.init(
        dsn=settings.sentry_dsn.get_secret_value(),
        release=settings.version,
        environment=settings.environment,
        # The integrations wrap every request and add 90 µs; `web/error_responses.py`
        # handles every exception anyway.
        default_integrations=False,
        auto_enabling_integrations=False,
        # Local variables may hold passwords.
        include_local_variables=False,
        max_request_body_size="never",
        before_send=_without_values,
    )
    # The global scope, because the others belong to one thread.
    sentry_sdk.get_global_scope().set_tag("function", settings.function)
    _enabled = True


def stop() -> None:
    """Flush the last reports."""
    if not _enabled:
        return
    import sentry_sdk

    sentry_sdk.flush()


def _without_values(event: "Event", _hint: "Hint") -> "Event":
    """Mask callers' data that the messages of an event's exceptions quote."""
    for exception in event.get("exception", {}).get("values", []):
        exception["value"] = masked(exception.get("value") or "")
    return event


def masked(message: str) -> str:
    """Return an exception's message without its quoted parts.

    PostgreSQL's primary message is kept for errors about the schema (SQLSTATE 42…),
    because it quotes names of columns; its details, which quote rows, never are.
    """
    server = {key: one or two for key, one, two in _SERVER_FIELD.findall(message)}
    if "C" not in server:
        return _QUOTED.sub("…", message)
    sentence = server.get("M", "")
    if not server["C"].startswith("42"):
        sentence = _QUOTED.sub("…", sentence)
    return f"{sentence} (SQLSTATE {server['C']})"


def capture(error: Exception, route: str | None) -> None:
    """Report an exception, with nothing of the request but its route template."""
    if not _enabled or _reaches_limit(monotonic()):
        return
    import sentry_sdk

    with sentry_sdk.new_scope() as scope:
        scope.set_tag("route", route or "none")
        if ids := current_ids():
            scope.set_tag("trace_id", ids[0])
        sentry_sdk.capture_exception(error)


def _reaches_limit(now: float) -> bool:
    """Return whether the limit is reached; if not, count this report."""
    if len(_recent) == _MAX_REPORTS and now - _recent[0] < _PERIOD:
        return True
    _recent.append(now)
    return False
