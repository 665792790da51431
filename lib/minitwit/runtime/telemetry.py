"""The middleware that measures a request and traces it."""

from time import perf_counter

import falcon

from minitwit.runtime.metrics import RequestMetrics
from minitwit.runtime.tracing import RequestSpan


class Telemetry:
    """Wraps every request of a function, whatever comes of it."""

    def __init__(self, metrics: RequestMetrics) -> None:
        self._metrics = metrics

    def process_request(self, req: falcon.Request, _resp: falcon.Response) -> None:
        """Start the clock and the span."""
        req.context.start = perf_counter()
        req.context.span = RequestSpan(req)
        self._metrics.in_flight.inc()

    def process_resource(
        self,
        req: falcon.Request,
        _resp: falcon.Response,
        resource: object,
        _params: dict[str, object],
    ) -> None:
        """Remember the resource, for the rim."""
        req.context.resource = resource

    def process_response(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        _resource: object,
        _succeeded: bool,
    ) -> None:
        """Stop the clock and end the span."""
        status = falcon.http_status_to_code(resp.status)
        span: RequestSpan = req.context.span
        self._metrics.in_flight.dec()
        self._metrics.observe(
            req.method,
            req.uri_template,
            status,
            perf_counter() - req.context.start,
            span.exemplar(),
        )
        span.end(req, status)
