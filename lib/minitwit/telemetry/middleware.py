"""Falcon middleware that measures each request and records its span."""

from time import perf_counter
from typing import TYPE_CHECKING

import falcon

from minitwit.telemetry.metrics import KNOWN_METHODS, OTHER_METHOD, RequestMetrics
from minitwit.telemetry.spans import RequestSpan

if TYPE_CHECKING:
    # Imports the SDK, which only processes that export spans need.
    from minitwit.telemetry.span_export import Tracer


class Telemetry:
    """Measures every request, failed ones included, and traces those the edge samples.

    Args:
        metrics: record every request.
        tracer: exports the spans; None if spans are not exported.

    """

    def __init__(self, metrics: RequestMetrics, tracer: "Tracer | None") -> None:
        self._metrics = metrics
        self._tracer = tracer

    def process_request(self, req: falcon.Request, _resp: falcon.Response) -> None:
        """Start the clock and the span."""
        req.context.start = perf_counter()
        req.context.span = RequestSpan(
            req.env.get("HTTP_TRACEPARENT", ""), is_recorded=self._tracer is not None
        )
        self._metrics.in_flight += 1

    def process_response(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        _resource: object,
        _succeeded: bool,
    ) -> None:
        """Stop the clock, record the duration and export the span."""
        status = falcon.http_status_to_code(resp.status)
        route = req.uri_template
        seconds = perf_counter() - req.context.start
        span: RequestSpan = req.context.span
        span.finish()
        self._metrics.in_flight -= 1
        method = req.method if req.method in KNOWN_METHODS else OTHER_METHOD
        self._metrics.observe(method, route, status, seconds, span.ids)
        if self._tracer and span.ids:
            attributes = {
                "http.request.method": method,
                "http.route": route or "",
                "http.response.status_code": status,
                "url.path": req.path,
                "url.scheme": req.scheme,
            }
            name = f"{method} {route}" if route else method
            self._tracer.take(span, name, attributes, has_failed=status >= 500)
