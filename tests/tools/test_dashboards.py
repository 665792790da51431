"""Every panel has data, and every metric in rules, dashboards and docs exists."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.tools.docker_logs import service, write
from tests.tools.observed import Observed
from tests.tools.rules_files import ROOT, TOOLS, rules
from tests.waiting import wait_until

DASHBOARDS = sorted((TOOLS / "grafana" / "dashboards").glob("*.json"))
DOCS = [
    ROOT / "docs" / "sla.md",
    ROOT / "docs" / "observability.md",
    *ROOT.glob("docs/runbooks/[A-Z]*.md"),
]
VARIABLES = {"$__rate_interval": "30s", "$__range": "1m", "$function": "messages"}

# PostgreSQL's functions, views and roles, in the docs.
NO_METRICS = {
    "minitwit_monitor",
    "pg_drop_replication_slot",
    "pg_monitor",
    "pg_replication_slots",
    "pg_rewind",
    "pg_stat_activity",
    "pg_terminate_backend",
}
# There is no Patroni in the local run, and no certificate where there is no TLS. Where
# nothing is wrong, nothing is refused and there is no outage to recover from;
# test_collector.py has the collector's, test_rules.py the month's.
ABSENT_HERE = {
    "patroni_dcs_last_seen",
    "patroni_is_paused",
    "patroni_postgres_streaming",
    "patroni_postgres_timeline",
    "patroni_primary",
    "patroni_xlog_location",
    "patroni_xlog_replayed_location",
    "otelcol_exporter_send_failed_spans_total",
    "otelcol_processor_filter_logs_filtered_total",
    "otelcol_processor_refused_spans_total",
    "traefik_tls_certs_not_after",
    "minitwit_certificate_expiry_timestamp_seconds",
    "prometheus_rule_evaluation_failures_total",
    "minitwit:availability:ratio_30d",
    "minitwit:recovery_seconds:avg_30d",
}
_METRIC = re.compile(
    r"\b(?:minitwit|traefik|patroni|pg|node|otelcol|alertmanager|prometheus|process)"
    r"[_:][a-z0-9_:]*[a-z0-9]\b(?![./*-])"
)


def dashboard(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


PANELS = [
    pytest.param(target["expr"], id=f"{path.stem}: {panel['title']} {target['refId']}")
    for path in DASHBOARDS
    for panel in dashboard(path)["panels"]
    for target in panel["targets"]
]


@pytest.fixture(scope="module")
def busy(observed: Observed) -> Observed:
    """Send requests of every kind until the rules have been evaluated twice."""
    user = {"username": "alice", "email": "a@example.com", "pwd": "pw"}
    container = observed.containers / "busy-json.log"

    def is_seen() -> bool:
        observed.call("POST", "/register?latest=1", json=user)
        observed.call("POST", "/msgs/alice?latest=2", json={"content": "hi"})
        observed.call("GET", "/msgs")
        observed.call("POST", "/fllws/alice?latest=3", json={"follow": "alice"})
        observed.call("GET", "/public")
        observed.call("GET", "/msgs/nobody")
        observed.call("POST", "/login", data={"username": "alice", "password": "?"})
        observed.call("GET", "/login/throttled")
        write(container, "a line", service("data_postgres"))
        return bool(observed.prometheus.query("count(minitwit:errors:ratio_1d) == 4"))

    wait_until(is_seen)
    return observed


@pytest.mark.parametrize("expression", PANELS)
def test_a_panel_shows_something(busy: Observed, expression: str) -> None:
    for variable, value in VARIABLES.items():
        expression = expression.replace(variable, value)
    if ABSENT_HERE & set(_METRIC.findall(expression)):
        busy.prometheus.query(expression)
    else:
        wait_until(lambda: busy.prometheus.query(expression))


def test_every_metric_in_dashboards_rules_and_docs_exists(busy: Observed) -> None:
    texts = [rule["expr"] for rule in rules()]
    texts += [param.values[0] for param in PANELS]
    texts += [page.read_text(encoding="utf-8") for page in DOCS]
    named = {name for text in texts for name in _METRIC.findall(text)}
    assert len(named) > 50

    def missing() -> set[str]:
        present = busy.prometheus.metric_names()
        histograms = {name.removesuffix("_bucket") for name in present}
        return named - present - histograms - NO_METRICS - ABSENT_HERE

    # Some come late, as the collector's count of what it sent does.
    wait_until(lambda: not missing(), lambda: f"metrics without a source: {missing()}")


def test_a_dashboard_has_a_name_of_its_own_and_knows_its_source() -> None:
    contents = [dashboard(path) for path in DASHBOARDS]
    assert [content["uid"] for content in contents] == [p.stem for p in DASHBOARDS]
    sources = {
        panel["datasource"]["uid"] for one in contents for panel in one["panels"]
    }
    assert sources == {"prometheus"}
