"""Alerts are delivered from Prometheus through Alertmanager to the chat."""

from typing import Any

import yaml

from tests.tools.monitoring import DOMAIN, RUNBOOKS
from tests.tools.observed import Observed
from tests.tools.rules_files import TOOLS, alerts
from tests.waiting import wait_until

STOPPED = "messages-2"


def test_a_stopped_replica_and_its_return_are_notified_in_the_chat(
    observed: Observed,
) -> None:
    """Replicas of others may have been missing for a moment at the start."""
    firing, resolved = "FIRING (warning): ReplicaMissing", "RESOLVED: ReplicaMissing"
    observed.system.supervisorctl("stop", STOPPED)
    try:
        wait_until(lambda: _of_messages(observed, firing))
    finally:
        observed.system.supervisorctl("start", STOPPED)
        wait_until(lambda: observed.prometheus.value('min(up{job="functions"})') == 1)
    wait_until(lambda: _of_messages(observed, resolved))
    [message] = _of_messages(observed, firing)
    assert "messages runs with 1 replicas" in message["text"]
    assert f"{RUNBOOKS}/ReplicaMissing.md" in message["text"]
    alertmanager = f"https://alertmanager.{DOMAIN}/#/alerts"
    assert message["title_link"].startswith(alertmanager)


def _of_messages(observed: Observed, title: str) -> list[dict[str, Any]]:
    found = observed.chat.attachments(title)
    return [message for message in found if message["text"].startswith("messages ")]


def test_the_dead_mans_switch_is_notified_repeatedly(observed: Observed) -> None:
    wait_until(lambda: len(observed.dead_mans_switch.requests) >= 3)
    [alert] = observed.dead_mans_switch.messages()[-1]["alerts"]
    assert alert["labels"]["alertname"] == "Watchdog"
    assert not observed.chat.alerts("FIRING (none): Watchdog")


def test_a_missing_replica_is_notified_within_two_minutes_in_production() -> None:
    prometheus = yaml.safe_load((TOOLS / "prometheus/prometheus.yml").read_text())
    alertmanager = yaml.safe_load((TOOLS / "alertmanager/alertmanager.yml").read_text())
    intervals = prometheus["global"]
    waits = [
        intervals["scrape_interval"],
        # Once for the recording rule, once for the alert, once for its `for`.
        *[intervals["evaluation_interval"]] * 3,
        alerts()["ReplicaMissing"]["for"],
        alertmanager["route"]["group_wait"],
    ]
    assert sum(int(wait.removesuffix("s")) for wait in waits) <= 120
