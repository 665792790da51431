"""The edge's own configuration in a real Traefik: headers in both directions."""

import contextlib
import json
import re
import select
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from deploy.local.ports import free_ports
from deploy.local.traefik import program
from tests.fakes.http_service import Answer, Request, serving
from tests.waiting import status_of, wait_until

# Traefik drops what it cannot send there.
NOTHING = "http://127.0.0.1:9/v1/traces"

EDGE = Path(__file__).parents[2] / "deploy" / "edge"

# Sent by a client that claims to be a proxy in front of the edge.
FORGED = {
    name: "forged.example"
    for name in (
        *("Forwarded", "X-Forwarded", "X-Forwarded-By", "X-Forwarded-For"),
        *("X-Forwarded-Host", "X-Forwarded-Method", "X-Forwarded-Path"),
        *("X-Forwarded-Port", "X-Forwarded-Prefix", "X-Forwarded-Proto"),
        *("X-Forwarded-Protocol", "X-Forwarded-Scheme", "X-Forwarded-Server"),
        *("X-Forwarded-Ssl", "X-Forwarded-Uri", "X-Forwarded-User"),
        *("X-Forwarded-Tls-Client-Cert", "X-Forwarded-Client-Cert", "X-Real-Ip"),
        *("Cf-Connecting-Ip", "Fastly-Client-Ip", "Fly-Client-Ip"),
        *("Front-End-Https", "True-Client-Ip", "X-Client-Ip", "X-Cluster-Client-Ip"),
        *("X-Host", "X-Http-Host-Override", "X-Original-Host", "X-Original-Url"),
        *("X-Originating-Ip", "X-Remote-Addr", "X-Remote-Ip", "X-Rewrite-Url"),
        *("X-Scheme", "X-Script-Name", "X-Url-Scheme"),
        *("X-Http-Method", "X-Http-Method-Override", "X-Method-Override"),
        *("Traceparent", "Tracestate", "Baggage", "B3", "Uber-Trace-Id"),
        *("X-B3-Traceid", "X-B3-Spanid", "X-B3-Parentspanid", "X-B3-Sampled"),
        *("X-B3-Flags", "X-Amzn-Trace-Id", "X-Cloud-Trace-Context", "X-Trace-Id"),
        *("X-Request-Id", "X-Correlation-Id", "Proxy"),
        # Hop by hop (RFC 9110, 7.6.1): about the connection to the edge only.
        *("Keep-Alive", "Proxy-Connection", "Proxy-Authorization", "Upgrade"),
    )
}

READ_TIMEOUT = 1  # seconds; in place of production's


@dataclass(frozen=True)
class Edge:
    """The addresses of a running edge."""

    web: str
    secure: str

    def received(self, **options: Any) -> dict[str, str]:
        """Return the headers that a function receives of a request, in lower case."""
        headers: dict[str, str] = httpx.get(f"{self.web}/echo", **options).json()
        return headers


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """Run Traefik on the edge's options and middlewares, before an echo server."""
    folder = tmp_path_factory.mktemp("edge")
    with serving(_echo) as echo, free_ports(4) as ports:
        dynamic = _with_echo(echo).replace(":8083", f":{ports[3]}")
        (folder / "dynamic.yml").write_text(dynamic)
        command = [program(), *_options(folder, ports)]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log)
        web, secure = (f"127.0.0.1:{port}" for port in ports[:2])
        running = Edge(f"http://{web}", f"https://{secure}")
        try:
            wait_until(lambda: status_of(f"{running.web}/echo") == 200)
            yield running
        finally:
            process.terminate()
            process.wait()


def trace_of(received: dict[str, str]) -> str:
    """Return the id of the trace that a function receives."""
    return received["traceparent"].split("-")[1]


def _echo(request: Request) -> Answer:
    headers = {name.lower(): value for name, value in request.headers.items()}
    return 200, json.dumps(headers).encode()


def _with_echo(url: str) -> str:
    """Return the dynamic configuration with one router, as Swarm's labels add them."""
    configuration = yaml.safe_load((EDGE / "dynamic.yml").read_text())
    http = configuration["http"]
    http["services"]["echo"] = {"loadBalancer": {"servers": [{"url": url}]}}
    echo = {"priority": 10, "service": "echo"}
    http["routers"]["echo"] = echo | {"rule": "Path(`/echo`)"}
    return json.dumps(configuration)


def _options(folder: Path, ports: list[int]) -> list[str]:
    """Return the stack file's options, without Swarm, for addresses of this host."""
    stack = yaml.safe_load((EDGE / "stack.yml").read_text())
    options: list[str] = [
        re.sub(r"\$\{\w+:-\}", "", option)
        for option in stack["services"]["traefik"]["command"]
        if not option.startswith(("--providers.swarm", "--tracing", "--accesslog"))
    ]
    # Nothing is sampled, unless a client could decide that.
    options += [f"--tracing.otlp.http.endpoint={NOTHING}", "--tracing.samplerate=0"]
    places = zip((":8080", ":8443", ":8082", "127.0.0.1:8083"), ports, strict=True)
    replaced = {
        **{f"address={old}": f"address=127.0.0.1:{new}" for old, new in places},
        "/etc/traefik": str(folder),
        "/acme": str(folder),
        "readtimeout=20s": f"readtimeout={READ_TIMEOUT}s",
    }
    for old, new in replaced.items():
        assert any(old in option for option in options), old
        options = [option.replace(old, new) for option in options]
    return options


def test_no_forged_proxy_header_reaches_a_function(edge: Edge) -> None:
    received = edge.received(headers=FORGED)
    forged = {name for name, value in received.items() if "forged" in value}
    assert forged == set()


def test_a_function_receives_the_edges_own_proxy_headers(edge: Edge) -> None:
    received = edge.received(headers=FORGED)
    about_the_client = {
        name: value for name, value in received.items() if name.startswith("x-")
    }
    about_the_client.pop("x-forwarded-server")
    host = edge.web.removeprefix("http://")
    assert about_the_client == {
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-host": host,
        "x-forwarded-port": host.partition(":")[2],
        "x-forwarded-proto": "http",
        "x-real-ip": "127.0.0.1",
    }


@pytest.mark.parametrize("flags", ["00", "01"])
def test_a_client_decides_neither_the_trace_nor_whether_it_is_sampled(
    edge: Edge, flags: str
) -> None:
    own = f"00-{'a' * 32}-{'b' * 16}-{flags}"
    foreign = {"traceparent": own, "tracestate": "a=b", "baggage": "a=b"}
    first, second = (edge.received(headers=foreign) for _ in range(2))
    assert first["traceparent"].endswith("-00")
    assert len({trace_of(first), trace_of(second), "a" * 32}) == 3
    assert not {"tracestate", "baggage"} & first.keys()


def test_a_request_that_brought_a_trace_has_its_own_client_and_scheme(
    edge: Edge,
) -> None:
    foreign = {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
    without = edge.received(headers=FORGED)
    received = edge.received(headers=FORGED | foreign)
    for name in ("x-real-ip", "x-forwarded-proto", "x-forwarded-host", "host"):
        assert received[name] == without[name]
    https = httpx.get(f"{edge.secure}/echo", headers=foreign, verify=False)  # noqa: S501
    assert https.json()["x-forwarded-proto"] == "https"


@pytest.mark.parametrize("spelling", ["FORWARDED", "forwarded", "X_Forwarded_Proto"])
def test_another_spelling_does_not_reach_a_function_either(
    edge: Edge, spelling: str
) -> None:
    received = edge.received(headers={spelling: "forged.example"})
    assert "forged.example" not in received.values()


def test_a_client_cannot_remove_the_edges_headers(edge: Edge) -> None:
    headers = {"Connection": "close, X-Forwarded-Proto, X-Real-Ip"}
    received = edge.received(headers=headers)
    assert received["x-forwarded-proto"] == "http"
    assert received["x-real-ip"] == "127.0.0.1"


@pytest.mark.parametrize("path", ["/echo", "/nothing"])
def test_every_response_has_the_security_headers(edge: Edge, path: str) -> None:
    answer = httpx.get(edge.web + path)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] == "same-origin"


def test_browsers_are_told_over_https_to_stay_there(edge: Edge) -> None:
    answer = httpx.get(f"{edge.secure}/echo", verify=False)  # noqa: S501 (self-signed)
    policy = answer.headers["Strict-Transport-Security"]
    assert policy == "max-age=31536000; includeSubDomains"
    assert "Strict-Transport-Security" not in httpx.get(f"{edge.web}/echo").headers


@pytest.mark.parametrize(
    ("version", "ciphers", "is_accepted"),
    [
        (ssl.TLSVersion.TLSv1_3, "ALL", True),
        (ssl.TLSVersion.TLSv1_2, "ECDHE+AESGCM", True),
        (ssl.TLSVersion.TLSv1_2, "ECDHE+AES+SHA1", False),
        (ssl.TLSVersion.TLSv1_2, "kRSA+AESGCM", False),
        (ssl.TLSVersion.TLSv1_1, "ALL:@SECLEVEL=0", False),
    ],
)
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_only_tls_that_is_current_is_accepted(
    edge: Edge, version: ssl.TLSVersion, ciphers: str, is_accepted: bool
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = context.maximum_version = version
    context.set_ciphers(ciphers)
    refused = (
        contextlib.nullcontext() if is_accepted else pytest.raises(httpx.ConnectError)
    )
    with refused:
        httpx.get(f"{edge.secure}/echo", verify=context)


def test_a_path_without_a_running_function_is_503(edge: Edge) -> None:
    answer = httpx.get(f"{edge.web}/nothing")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")


@pytest.mark.parametrize(
    ("beginning", "more"),
    [
        (b"GET /echo HTTP/1.1\r\nHost: a\r\n", b"X: y\r\n"),
        (b"POST /nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 999\r\n\r\n", b" "),
    ],
    ids=["head", "body"],
)
def test_a_request_has_a_deadline_however_steadily_it_trickles_in(
    edge: Edge, beginning: bytes, more: bytes
) -> None:
    address, _, port = edge.web.removeprefix("http://").partition(":")
    start = time.monotonic()
    with socket.create_connection((address, int(port)), 10) as slow:
        slow.sendall(beginning)
        while not select.select([slow], [], [], 0.05)[0]:
            slow.sendall(more)
            assert time.monotonic() - start < READ_TIMEOUT + 10
