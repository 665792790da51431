"""Checks end to end what `make swarm` runs: a panel, a trace, a log line, an alert.

It asks the tools through the edge, as an operator's browser does, and Elasticsearch,
which only the tools reach, in its container. `make swarm-check` runs it; the arguments
are the steps, by default all.
"""

import base64
import functools
import http.client
import json
import os
import shutil
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, urlsplit

ADDRESS = urlsplit(os.environ.get("MINITWIT_URL", "http://localhost")).hostname or ""
DOMAIN = os.environ.get("TOOLS_DOMAIN", "localhost")
DASHBOARDS = 6
HISTOGRAM = "minitwit_request_duration_seconds_bucket"
ALERT = "FIRING (critical): FunctionDown"
PATIENCE = 180.0  # seconds for a step; an alert takes up to two minutes


class Missing(Exception):
    """Something that should be there is not, or not yet."""


def docker(*words: str) -> str:
    """Return what a docker command prints on standard output.

    Raises:
        Missing: it failed.

    """
    program = shutil.which("docker") or "docker"
    done = subprocess.run([program, *words], capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        raise Missing(f"docker {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


def container(service: str) -> str:
    """Return the container of a service of the tools."""
    found = docker("ps", "--quiet", "--filter", f"name=^tools_{service}[.]").split()
    if not found:
        raise Missing(f"no container of {service}")
    return found[0]


@functools.cache
def password() -> str:
    """Return the password of Grafana's `admin`, which deploy/swarm/up gives to all."""
    secret = "/run/secrets/grafana_password"  # noqa: S105 - A file, which 472 owns.
    return docker("exec", "--user", "472", container("grafana"), "cat", secret)


def ask(tool: str, path: str, body: object = None) -> Any:
    """Return a tool's JSON answer to a GET, or to a POST if there is a body.

    Raises:
        Missing: the tool does not answer, or not with success.

    """
    user = "admin" if tool == "grafana" else "operator"
    credentials = base64.b64encode(f"{user}:{password()}".encode()).decode()
    headers = {
        "Host": f"{tool}.{DOMAIN}",
        "Authorization": f"Basic {credentials}",
        "Content-Type": "application/json",
    }
    # The edge's certificate is self-signed.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    edge = http.client.HTTPSConnection(ADDRESS, timeout=30, context=context)
    try:
        content = json.dumps(body) if body is not None else None
        edge.request("POST" if content else "GET", path, content, headers)
        answer = edge.getresponse()
        text = answer.read()
    except OSError as error:
        raise Missing(f"{tool}: {error}") from error
    finally:
        edge.close()
    if answer.status != 200:
        raise Missing(f"{tool} answered {path} with {answer.status}: {text[:200]!r}")
    return json.loads(text)


def elasticsearch(path: str) -> Any:
    """Return Elasticsearch's JSON answer to a GET.

    Raises:
        Missing: it does not answer, or not with success.

    """
    url = f"http://127.0.0.1:9200/{path}"
    return json.loads(
        docker("exec", container("elasticsearch"), "curl", "-sgf", url) or "{}"
    )


def count(signal: str, query: str) -> int:
    """Return how many documents of a signal, `logs` or `traces`, match."""
    found = elasticsearch(f"{signal}-*/_count?q={quote(query, safe=':')}")
    return int(found.get("count", 0))


def expressions(panels: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the queries of a dashboard's panels that need no variable."""
    for one in panels:
        yield from expressions(one.get("panels", []))
        for target in one.get("targets", []):
            if "$" not in target.get("expr", "$"):
                yield target["expr"]


def has_values(expression: str) -> bool:
    """Tell whether a panel with this query shows something, as Grafana asks for it."""
    query = {"refId": "A", "datasource": {"uid": "prometheus"}, "expr": expression}
    last_hour = {"queries": [query | {"instant": True}], "from": "now-1h", "to": "now"}
    frames = ask("grafana", "/api/ds/query", last_hour)["results"]["A"]["frames"]
    return any(column for frame in frames for column in frame["data"]["values"])


def panel() -> str:
    """Find a panel with values in each dashboard, and the data source of the logs."""
    found = ask("grafana", "/api/search?type=dash-db")
    if len(found) != DASHBOARDS:
        raise Missing(f"{len(found)} dashboards, not {DASHBOARDS}")
    for entry in found:
        board = ask("grafana", f"/api/dashboards/uid/{entry['uid']}")["dashboard"]
        queries = list(expressions(board["panels"]))
        if queries and not any(map(has_values, queries)):
            raise Missing(f"no panel of {board['title']} has values")
    if ask("grafana", "/api/datasources/uid/logs/health")["status"] != "OK":
        raise Missing("Grafana does not reach Elasticsearch")
    return "each dashboard has values"


def visit(times: int) -> None:
    """Read the public timeline so often; one request of ten is sampled.

    Raises:
        Missing: the site does not answer.

    """
    site = http.client.HTTPConnection(ADDRESS, timeout=30)
    try:
        for _ in range(times):
            site.request("GET", "/public")
            site.getresponse().read()
    except OSError as error:
        raise Missing(f"the site: {error}") from error
    finally:
        site.close()


def trace() -> str:
    """Follow a dot of a histogram to its trace and to a line of the log."""
    # The collector keeps a quarter of the sampled traces, so there have to be some.
    visit(50)
    end = time.time()
    since = f"query={HISTOGRAM}&start={end - 3600:.0f}&end={end:.0f}"
    series = ask("prometheus", f"/api/v1/query_exemplars?{since}")["data"]
    ids = {dot["labels"]["trace_id"] for one in series for dot in one["exemplars"]}
    for trace_id in ids:
        query = f"trace_id:{trace_id}"
        if (spans := count("traces", query)) and (lines := count("logs", query)):
            return f"trace {trace_id} has {spans} spans and {lines} log lines"
    raise Missing(f"none of {len(ids)} exemplars leads to a trace and a log line")


def views() -> str:
    """Find the data views to which the links to a trace lead."""
    for name in ("logs", "traces"):
        view = ask("kibana", f"/api/data_views/data_view/minitwit-{name}")["data_view"]
        if view["title"] != f"{name}-*":
            raise Missing(f"Kibana's view of {name} is of {view['title']}")
    return "Kibana has the data views"


def retention() -> str:
    """Find our lifecycle on every index of logs and traces, the first ones too."""
    path = "logs-*,traces-*/_ilm/explain?filter_path=indices.*.policy"
    indices = elasticsearch(path).get("indices", {})
    others = [name for name, i in indices.items() if i.get("policy") != "minitwit"]
    if others or not indices:
        raise Missing(f"without our lifecycle, of {len(indices)} indices: {others}")
    return f"{len(indices)} indices have our lifecycle"


def alerts() -> int:
    """Return how many messages about a stopped function the chat has."""
    return docker("service", "logs", "--raw", "chat").count(ALERT)


def alert() -> str:
    """Stop a function until the chat has a new alert about it."""
    before = alerts()

    def arrived() -> str:
        if alerts() == before:
            raise Missing(f"no {ALERT} in the chat")
        return f"the chat has {ALERT}"

    docker("service", "scale", "--detach", "minitwit_follow=0")
    try:
        return wait_for(arrived)
    finally:
        docker("service", "scale", "--detach", "minitwit_follow=1")


def wait_for(step: Callable[[], str]) -> str:
    """Repeat a step until nothing is missing; return what it says.

    Raises:
        Missing: what is still missing after PATIENCE.

    """
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return step()
        except Missing:
            if time.monotonic() >= end:
                raise
        time.sleep(2)


STEPS = {
    "panel": panel,
    "trace": trace,
    "views": views,
    "retention": retention,
    "alert": alert,
}


def main(names: list[str]) -> None:
    """Run the steps of these names, or all; exit with 1 at the first that fails."""
    for name in names or STEPS:
        step = STEPS[name]
        try:
            # The alert waits by itself, between its two changes.
            print(f"{name}: {step() if step is alert else wait_for(step)}")
        except Missing as missing:
            sys.exit(f"{name}: {missing}")


if __name__ == "__main__":
    main(sys.argv[1:])
