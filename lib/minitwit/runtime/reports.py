"""Error reports: what nobody expected goes to Sentry, with release and trace."""

from opentelemetry import trace

from minitwit.settings import Settings

_enabled = False


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
        send_default_pii=False,
        # Values of local variables may be passwords.
        include_local_variables=False,
        max_request_body_size="never",
        shutdown_timeout=1,
    )
    sentry_sdk.set_tag("function", settings.function)
    _enabled = True


def capture(error: Exception, route: str | None) -> None:
    """Report an exception; nothing of the request but its route template."""
    if not _enabled:
        return
    import sentry_sdk

    with sentry_sdk.new_scope() as scope:
        scope.set_tag("route", route or "none")
        span = trace.get_current_span().get_span_context()
        scope.set_tag("trace_id", trace.format_trace_id(span.trace_id))
        sentry_sdk.capture_exception(error)
