"""Prometheus and Alertmanager on the project's own configuration, on this machine.

Three things differ from production: targets have fixed addresses, where production uses
Swarm's DNS; all intervals are SPEED times shorter; and the secrets that Swarm templates
into the configuration are filled in here.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import yaml

from tests.tools.programs import program, running
from tests.tools.rules_files import RULE_FILES, TOOLS
from tests.waiting import status_of, wait_until

SPEED = 15
RUNBOOKS = "https://wiki.example/runbooks"
DOMAIN = "tools.example"

Targets = Mapping[str, list[dict[str, Any]]]

_WAITING = re.compile(
    r"(scrape_interval|scrape_timeout|evaluation_interval|interval|for"
    r"|group_wait|group_interval|repeat_interval|lookback-delta)(: |=)(\d+)(s|m|h)\b"
)
_SECONDS = {"s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True)
class Prometheus:
    """A running Prometheus."""

    url: str

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Return the series that an expression has now.

        Raises:
            HTTPStatusError: the expression is wrong.

        """
        found = self._get("query", query=expression)
        results: list[dict[str, Any]] = found["result"]
        return results

    def value(self, expression: str) -> float | None:
        """Return the value of an expression's only series."""
        results = self.query(expression)
        return float(results[0]["value"][1]) if results else None

    def exemplars(self, expression: str) -> list[dict[str, Any]]:
        """Return the exemplars of an expression's series."""
        window = {"start": "2020-01-01T00:00:00Z", "end": "2100-01-01T00:00:00Z"}
        series: list[dict[str, Any]] = self._get(
            "query_exemplars", query=expression, **window
        )
        return [exemplar for one in series for exemplar in one["exemplars"]]

    def metric_names(self) -> set[str]:
        """Return the names of all metrics."""
        return set(self._get("label/__name__/values"))

    def targets(self) -> dict[str, set[str]]:
        """Return the health of each job's targets."""
        health: dict[str, set[str]] = {}
        for target in self._get("targets")["activeTargets"]:
            health.setdefault(target["labels"]["job"], set()).add(target["health"])
        return health

    def _get(self, endpoint: str, **parameters: str) -> Any:
        answer = self._read(f"/api/v1/{endpoint}?{urlencode(parameters)}")
        return json.loads(answer)["data"]

    def _read(self, path: str) -> str:
        answer = httpx.get(self.url + path)
        assert answer.is_success, answer.text
        return answer.text


@contextmanager
def running_prometheus(
    folder: Path, port: int, targets: Targets, alertmanager: int
) -> Iterator[Prometheus]:
    """Run Prometheus until the block ends."""
    rules = folder / "rules"
    rules.mkdir(parents=True, exist_ok=True)
    for file in RULE_FILES:
        (rules / file.name).write_text(_hurried(file.read_text(encoding="utf-8")))
    source = (TOOLS / "prometheus" / "prometheus.yml").read_text(encoding="utf-8")
    configuration = _at_fixed_addresses(
        yaml.safe_load(_hurried(source)), targets, alertmanager
    )
    file = folder / "prometheus.yml"
    file.write_text(yaml.safe_dump(configuration), encoding="utf-8")
    command = [
        program("prometheus"),
        f"--config.file={file}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--enable-feature=exemplar-storage,expand-external-labels",
        f"--rules.alert.resend-delay={60 // SPEED}s",
        *options_of("prometheus"),
    ]
    url = f"http://127.0.0.1:{port}"
    log = folder / "prometheus.log"
    with running(command, log, {"RUNBOOKS_URL": RUNBOOKS}):
        wait_until(lambda: status_of(f"{url}/-/ready") == 200)
        yield Prometheus(url)


@contextmanager
def running_alertmanager(
    folder: Path, port: int, chat: str, dead_mans_switch: str
) -> Iterator[str]:
    """Run Alertmanager until the block ends; give its URL."""
    folder.mkdir(parents=True)
    file = folder / "alertmanager.yml"
    file.write_text(rendered_alertmanager(folder, chat, dead_mans_switch))
    command = [
        program("prometheus-alertmanager"),
        f"--config.file={file}",
        f"--storage.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
        *options_of("alertmanager"),
    ]
    url = f"http://127.0.0.1:{port}"
    with running(command, folder / "alertmanager.log"):
        wait_until(lambda: status_of(f"{url}/-/ready") == 200)
        yield url


def options_of(service: str) -> list[str]:
    """Return the options in the stack file that matter on this machine as well."""
    stack = yaml.safe_load((TOOLS / "stack.yml").read_text(encoding="utf-8"))
    names = ("--web.external-url=", "--query.lookback-delta=")
    return [
        _hurried(re.sub(r"\$\{TOOLS_DOMAIN:\?[^}]+\}", DOMAIN, option))
        for option in stack["services"][service]["command"]
        if option.startswith(names)
    ]


def rendered_alertmanager(folder: Path, chat: str, dead_mans_switch: str) -> str:
    """Return Alertmanager's configuration as Swarm would hand it to the container."""
    chat_file = folder / "chat_webhook"
    chat_file.write_text(chat)
    source = (TOOLS / "alertmanager" / "alertmanager.yml").read_text(encoding="utf-8")
    template = str(TOOLS / "alertmanager" / "chat.tmpl")
    filled = (
        source.replace('{{ secret "dead_mans_switch" }}', dead_mans_switch)
        .replace("/run/secrets/chat_webhook", str(chat_file))
        .replace("/etc/alertmanager/chat.tmpl", template)
    )
    return _hurried(filled)


def _hurried(text: str) -> str:
    def shorten(match: re.Match[str]) -> str:
        name, separator, number, unit = match.groups()
        seconds = int(number) * _SECONDS[unit] / SPEED
        return f"{name}{separator}{max(int(seconds * 1000), 200)}ms"

    return _WAITING.sub(shorten, text)


def _at_fixed_addresses(
    configuration: dict[str, Any], targets: Targets, alertmanager: int
) -> dict[str, Any]:
    for manager in configuration["alerting"]["alertmanagers"]:
        manager.pop("dns_sd_configs")
        address = f"127.0.0.1:{alertmanager}"
        manager["static_configs"] = [{"targets": [address]}]
    for job in configuration["scrape_configs"]:
        job.pop("dns_sd_configs", None)
        job["static_configs"] = targets.get(job["job_name"], [])
    return configuration
