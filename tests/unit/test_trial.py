"""`make swarm`: what it refuses, its memory, and what its check finds or misses."""

import re
import socket
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.swarm import check
from tests.functions import FUNCTIONS

ROOT = Path(__file__).parents[2]
SWARM = ROOT / "deploy" / "swarm"
FILES = (
    ROOT / "stack.yml",
    *(ROOT / "deploy" / name / "stack.yml" for name in ("edge", "data", "tools")),
    # After them, since they replace limits.
    *(SWARM / name for name in ("data.yml", "tools.yml")),
)
# An "8 GB" laptop has 7.6 GiB, and not all of it is ever used at once.
BUDGET = 7.5 * 1024  # MiB

DOCKER = """#!/bin/bash
echo "$*" >> "$CALLS"
case "$1 $2" in
    "info --format") echo "$STATE" ;;
    "context inspect") echo "$ENDPOINT" ;;
    "volume ls") for name in $VOLUMES; do echo "$name"; done ;;
    "service ls") for name in $SERVICES; do echo "$name"; done ;;
    "secret create") [ "$4" != - ] || cat > /dev/null ;;
    "build --file") [ "$3" != deploy/data/Dockerfile ] ;;
esac
"""


def run(
    script: str, folder: Path, **answers: str
) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Run a script with a stand-in for docker; return what it called, too."""
    docker = folder / "docker"
    docker.write_text(DOCKER)
    docker.chmod(0o755)
    calls = folder / "calls"
    environment = {"PATH": f"{folder}:/usr/bin:/bin", "CALLS": str(calls)}
    environment |= {"STATE": "inactive", "VOLUMES": "", "SERVICES": "", "ENDPOINT": ""}
    done = subprocess.run(
        [SWARM / script],
        env=environment | answers,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done, calls.read_text().splitlines()


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ({"STATE": "active"}, "is in a Swarm already"),
        ({"VOLUMES": "other minitwit-postgres"}, "volumes of a MiniTwit: minitwit-pos"),
    ],
)
def test_an_engine_that_is_in_use_is_refused_and_not_changed(
    tmp_path: Path, answers: dict[str, str], reason: str
) -> None:
    done, calls = run("up", tmp_path, **answers)
    assert done.returncode == 1
    assert reason in done.stderr
    assert all(call.startswith(("info", "volume ls")) for call in calls)


def test_a_port_that_is_in_use_is_refused_where_the_engine_is_local(
    tmp_path: Path,
) -> None:
    local = {"ENDPOINT": "unix:///var/run/docker.sock"}
    with socket.socket() as registry:
        registry.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Unless `make up` is running.
        with suppress(OSError):
            registry.bind(("127.0.0.1", 5000))
            registry.listen()
        done, calls = run("up", tmp_path, **local)
        assert done.returncode == 1
        assert "Port 5000 of this machine is in use" in done.stderr
        questions = ("info", "volume ls", "context inspect")
        assert all(call.startswith(questions) for call in calls)
        done, _ = run("up", tmp_path, **local, DOCKER_HOST="ssh://root@203.0.113.9")
        assert "Port" not in done.stderr


def test_a_checkout_is_built_into_a_registry_on_the_engine(tmp_path: Path) -> None:
    """Up to the image of the database, which the stand-in refuses to build."""
    done, calls = run("up", tmp_path)
    assert done.returncode == 1
    assert "deployed" not in done.stdout
    [registry] = [call for call in calls if "registry:3" in call]
    assert "--env REGISTRY_HTTP_ADDR=127.0.0.1:5000" in registry
    pushed = {call.split("/")[-1] for call in calls if call.startswith("push")}
    assert pushed == {f"minitwit-{name}:trial" for name in (*FUNCTIONS, "cli")}
    assert calls.index(registry) < min(
        number for number, call in enumerate(calls) if "localhost:5000/" in call
    )


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ({"STATE": "active"}, "nothing to remove"),
        (
            {
                "STATE": "active",
                "VOLUMES": "minitwit-registry",
                "SERVICES": "edge_traefik chat shop",
            },
            "also runs shop,",
        ),
    ],
)
def test_a_swarm_of_others_is_not_removed(
    tmp_path: Path, answers: dict[str, str], reason: str
) -> None:
    done, calls = run("down", tmp_path, **answers)
    assert done.returncode == 1
    assert reason in done.stderr
    assert not [call for call in calls if " rm" in call or "leave" in call]


def test_the_volume_that_marks_a_trial_is_removed_last(tmp_path: Path) -> None:
    """An interrupted removal can be repeated."""
    volumes = "minitwit-registry other minitwit-postgres"
    done, calls = run("down", tmp_path, STATE="active", VOLUMES=volumes)
    assert done.returncode == 0, done.stderr
    assert "swarm leave --force" in calls
    assert [call for call in calls if call.startswith("volume rm")] == [
        "volume rm minitwit-postgres",
        "volume rm minitwit-registry",
    ]


def mebibytes(text: str) -> int:
    return int(text[:-1]) * {"M": 1, "G": 1024}[text[-1].upper()]


def limits() -> dict[str, int]:
    """Return the limit of each service in MiB, as deploy/swarm/up deploys it."""
    limits = {
        name: service["deploy"]["resources"]["limits"]["memory"]
        for path in FILES
        for name, service in yaml.safe_load(path.read_text())["services"].items()
    }
    # They have no replica on one node.
    absent = {"standby", "standby-exporter", "etcd-2", "etcd-3"}
    assert limits.keys() >= absent
    of_scripts = re.findall(r"memory (\d+m)", (SWARM / "up").read_text())
    return {
        name: mebibytes(limit)
        for name, limit in [*limits.items(), *enumerate(of_scripts)]
        if name not in absent
    }


def test_all_limits_together_fit_a_laptop_of_8_gb() -> None:
    total = sum(limits().values())
    assert total <= BUDGET
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    # As tests/unit/test_tools_stack.py has it of production.
    assert limits()["kibana"] >= 1536 and limits()["elasticsearch"] >= 1792
    assert f"limits of all services add up to {total / 1024:.1f} GiB" in page


class Tools:
    """Answers of the tools, as their documentation has them."""

    def __init__(self) -> None:
        board = {"title": "MiniTwit", "panels": [{"targets": [{"expr": "up"}]}]}
        self.frames: list[dict[str, Any]] = [{"data": {"values": [[1], [2]]}}]
        self.dots = [{"labels": {"trace_id": name}} for name in ("dropped", "kept")]
        self.policies = {"first": "minitwit", "second": "minitwit"}
        self.answers: dict[str, Any] = {
            "/api/search?type=dash-db": [{"uid": "u"}] * check.DASHBOARDS,
            "/api/dashboards/uid/u": {"dashboard": board},
            "/api/datasources/uid/logs/health": {"status": "OK"},
            "/api/data_views/data_view/minitwit-logs": view("logs-*"),
            "/api/data_views/data_view/minitwit-traces": view("traces-*"),
        }

    def ask(self, _tool: str, path: str, _body: object = None) -> Any:
        """Answer as check.ask would."""
        if path == "/api/ds/query":
            return {"results": {"A": {"frames": self.frames}}}
        if path.startswith("/api/v1/query_exemplars"):
            return {"data": [{"exemplars": self.dots}]}
        return self.answers[path]

    def elasticsearch(self, path: str) -> Any:
        """Answer as check.elasticsearch would."""
        assert "_ilm/explain" in path
        return {"indices": {n: {"policy": p} for n, p in self.policies.items()}}

    @staticmethod
    def count(_signal: str, query: str) -> int:
        """Count as check.count would."""
        return int(query == "trace_id:kept")


def view(title: str) -> dict[str, Any]:
    return {"data_view": {"title": title}}


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch) -> Tools:
    tools = Tools()
    monkeypatch.setattr(check, "ask", tools.ask)
    monkeypatch.setattr(check, "count", tools.count)
    monkeypatch.setattr(check, "visit", lambda _times: None)
    monkeypatch.setattr(check, "elasticsearch", tools.elasticsearch)
    monkeypatch.setattr(check, "PATIENCE", 0.0)
    return tools


def test_the_check_finds_what_is_there(
    tools: Tools, capsys: pytest.CaptureFixture[str]
) -> None:
    check.main(["panel", "trace", "views", "retention"])
    assert "trace kept has 1 spans and 1 log lines" in capsys.readouterr().out


def test_the_check_misses_an_empty_panel(tools: Tools) -> None:
    tools.frames = [{"data": {"values": []}}]
    with pytest.raises(SystemExit, match="no panel of MiniTwit has values"):
        check.main(["panel"])


def test_the_check_misses_the_data_source_of_the_logs(tools: Tools) -> None:
    tools.answers["/api/datasources/uid/logs/health"] = {"status": "ERROR"}
    with pytest.raises(SystemExit, match="does not reach Elasticsearch"):
        check.main(["panel"])


def test_the_check_misses_a_trace_that_was_not_kept(tools: Tools) -> None:
    del tools.dots[1]
    with pytest.raises(SystemExit, match="none of 1 exemplars leads to a trace"):
        check.main(["trace"])


def test_the_check_misses_a_view_of_another_index(tools: Tools) -> None:
    path = "/api/data_views/data_view/minitwit-traces"
    tools.answers[path] = view("apm-*")
    with pytest.raises(SystemExit, match=r"view of traces is of apm-\*"):
        check.main(["views"])


@pytest.mark.parametrize(
    ("policies", "reason"),
    [
        ({}, "of 0 indices"),
        ({"first": "logs@lifecycle", "second": "minitwit"}, r"of 2 .* \['first'\]"),
    ],
)
def test_the_check_misses_the_retention_of_an_index(
    tools: Tools, policies: dict[str, str], reason: str
) -> None:
    tools.policies = policies
    with pytest.raises(SystemExit, match=reason):
        check.main(["retention"])


@pytest.mark.parametrize("arrives", [True, False])
def test_the_check_waits_for_an_alert_and_starts_the_function_again(
    monkeypatch: pytest.MonkeyPatch, tools: Tools, arrives: bool
) -> None:
    calls: list[tuple[str, ...]] = []

    def docker(*words: str) -> str:
        """Return the chat, which has an alert of earlier; another one comes later."""
        calls.append(words)
        late = arrives and any("minitwit_follow=0" in call for call in calls)
        return check.ALERT * (2 if late else 1)

    monkeypatch.setattr(check, "docker", docker)
    if arrives:
        check.main(["alert"])
    else:
        with pytest.raises(SystemExit, match=r"no FIRING .* in the chat"):
            check.main(["alert"])
    assert calls[1][-1] == "minitwit_follow=0"
    assert calls[-1][-1] == "minitwit_follow=1"
