"""The tools' stack file: limits, placement, configs, and needs of official images."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.functions import FUNCTIONS

TOOLS = Path(__file__).parents[2] / "deploy" / "tools"
STACK = yaml.safe_load((TOOLS / "stack.yml").read_text(encoding="utf-8"))
SERVICES = sorted(STACK["services"].items())

# They write to many places inside their images.
WRITABLE = {"elasticsearch", "kibana"}
# The collector's image has no program for a health check; the job ends by itself.
UNCHECKED = {"collector", "collector-agent", "provision"}


@pytest.mark.parametrize(("name", "service"), SERVICES)
def test_every_tool_has_few_privileges_and_limits(
    name: str, service: dict[str, Any]
) -> None:
    assert service["cap_drop"] == ["ALL"]
    assert service.get("read_only") is True or name in WRITABLE
    limits = service["deploy"]["resources"]["limits"]
    assert limits["memory"] and limits["cpus"] and limits["pids"]
    assert service["logging"]["options"]["max-size"]
    assert "ports" not in service
    assert service["deploy"]["endpoint_mode"] == "dnsrr"
    assert (service["healthcheck"] == {"disable": True}) == (name in UNCHECKED)


@pytest.mark.parametrize(("name", "service"), SERVICES)
def test_a_tool_is_on_the_tool_droplet_or_on_every_node(
    name: str, service: dict[str, Any]
) -> None:
    constraints = service["deploy"]["placement"]["constraints"]
    if service["deploy"].get("mode") == "global":
        assert name in ("collector-agent", "node-exporter")
    else:
        # A single node has another role.
        assert constraints == ["node.labels.role == ${TOOLS_ROLE:-tool}"]


@pytest.mark.parametrize(("_name", "service"), SERVICES)
def test_an_image_has_an_exact_version(_name: str, service: dict[str, Any]) -> None:
    version = service["image"].rpartition(":")[2]
    assert version.removeprefix("v").count(".") == 2


def test_the_collector_is_the_one_that_the_tests_build() -> None:
    manifest = TOOLS.parents[1] / "tests" / "tools" / "collector.yaml"
    built = yaml.safe_load(manifest.read_text(encoding="utf-8"))["dist"]["version"]
    for name in ("collector", "collector-agent"):
        assert STACK["services"][name]["image"].endswith(f":{built}")


def test_every_provisioned_file_is_a_config_that_a_service_has() -> None:
    files = {config["file"] for config in STACK["configs"].values()}
    on_disk = {
        str(path.relative_to(TOOLS)) for path in TOOLS.glob("*/**/*") if path.is_file()
    }
    assert files == on_disk
    used = {
        config["source"]
        for service in STACK["services"].values()
        for config in service.get("configs", [])
    }
    assert used == set(STACK["configs"])


def test_names_outlive_the_stack_and_follow_the_content() -> None:
    for kind in ("volumes", "secrets"):
        for item in STACK[kind].values():
            assert item["external"] is True
            assert item["name"]
    for config in STACK["configs"].values():
        assert "${TOOLS_CONFIG:?" in config["name"]


def test_prometheus_asks_only_services_that_exist() -> None:
    configuration = yaml.safe_load((TOOLS / "prometheus/prometheus.yml").read_text())
    names = {
        name.removeprefix("tasks.")
        for job in configuration["scrape_configs"]
        for source in job.get("dns_sd_configs", [])
        for name in source["names"]
    }
    others = {"traefik", "postgres", "standby"}
    assert names - set(FUNCTIONS) - others <= set(STACK["services"])


# What the official images need, from their documentation, sources and issues.


def environment(name: str) -> dict[str, str]:
    variables: dict[str, str] = STACK["services"][name]["environment"]
    return variables


def memory_limit(name: str) -> int:
    """Return the limit in MiB."""
    limit: str = STACK["services"][name]["deploy"]["resources"]["limits"]["memory"]
    return int(limit[:-1]) * (1024 if limit.endswith("G") else 1)


def test_kibana_has_the_heap_that_it_needs_to_start() -> None:
    heap = int(environment("kibana")["NODE_OPTIONS"].rpartition("=")[2])
    assert heap >= 1024
    assert memory_limit("kibana") >= 1.5 * heap


def test_elasticsearch_has_twice_its_heap_and_more() -> None:
    options = environment("elasticsearch")["ES_JAVA_OPTS"]
    assert options == "-Xms768m -Xmx768m"
    assert memory_limit("elasticsearch") >= 1792


def test_grafana_does_not_update_its_bundled_plugins() -> None:
    """The update stops the Elasticsearch plugin and fails on a read-only image."""
    assert environment("grafana")["GF_PLUGINS_PREINSTALL_AUTO_UPDATE"] == "false"
    version = STACK["services"]["grafana"]["image"].rpartition(":")[2]
    assert tuple(map(int, version.split("."))) >= (13, 0, 2)


def links_to_kibana() -> list[str]:
    path = TOOLS / "grafana/provisioning/datasources/minitwit.yml"
    sources = yaml.safe_load(path.read_text(encoding="utf-8"))["datasources"]
    return [
        link["url"]
        for source in sources
        for key in ("exemplarTraceIdDestinations", "dataLinks")
        for link in source["jsonData"].get(key, [])
    ]


@pytest.mark.parametrize("link", links_to_kibana())
def test_a_link_leads_to_a_data_view_with_a_query_for_the_trace(link: str) -> None:
    """Kibana's APM pages find no span that came by OTLP."""
    page, _, state = link.partition("#/?")
    assert page == "${KIBANA_URL}/app/discover"
    assert "query:'trace_id:%22$${__value.raw}%22'" in state
    view = state.partition("dataSource:(dataViewId:")[2].partition(",type:dataView)")[0]
    lines = (TOOLS / "elasticsearch/saved_objects.ndjson").read_text().splitlines()
    objects = {item["id"]: item for item in map(json.loads, lines)}
    assert objects[view]["type"] == "index-pattern"


def test_links_lead_to_the_trace_and_to_its_log_lines() -> None:
    views = {
        view
        for view in ("traces", "logs")
        for link in links_to_kibana()
        if f"dataViewId:minitwit-{view}" in link
    }
    assert views == {"traces", "logs"}


def test_a_search_refers_to_a_data_view_that_is_imported() -> None:
    lines = (TOOLS / "elasticsearch/saved_objects.ndjson").read_text().splitlines()
    objects = list(map(json.loads, lines))
    ids = {(item["type"], item["id"]) for item in objects}
    references = {(r["type"], r["id"]) for item in objects for r in item["references"]}
    assert references and references <= ids


@pytest.mark.parametrize("name", ["alertmanager", "prometheus"])
def test_a_tool_links_to_the_address_at_which_the_edge_serves_it(name: str) -> None:
    """Alertmanager's messages and Prometheus's sources are links for operators."""
    service = STACK["services"][name]
    [url] = [
        option.partition("=")[2]
        for option in service["command"]
        if option.startswith("--web.external-url=")
    ]
    rule = service["deploy"]["labels"][f"traefik.http.routers.{name}.rule"]
    assert url.removeprefix("https://") == rule.removeprefix("Host(`")[:-2]


ROUTED = {"grafana", "kibana", "prometheus", "alertmanager"}


def test_each_tool_has_a_host_name_of_its_own() -> None:
    """So none has the origin of another, or of the site, whose host has no prefix."""
    rules = {
        name: STACK["services"][name]["deploy"]["labels"][
            f"traefik.http.routers.{name}.rule"
        ]
        for name in ROUTED
    }
    domain = "${TOOLS_DOMAIN:?the domain of the tools}"
    assert rules == {name: f"Host(`{name}.{domain}`)" for name in ROUTED}


def test_only_operators_reach_a_tool_without_accounts() -> None:
    labels = {
        name: service["deploy"]["labels"]
        for name, service in SERVICES
        if "labels" in service["deploy"]
    }
    assert set(labels) == ROUTED
    for name in ROUTED - {"grafana"}:
        assert labels[name][f"traefik.http.routers.{name}.middlewares"] == "operators"


def test_a_function_reaches_the_tools_only_as_far_as_telemetry_needs() -> None:
    """Kibana and Alertmanager ask for no account; Traefik does, for the operators."""
    functions = yaml.safe_load((TOOLS.parents[1] / "stack.yml").read_text())
    of_functions = {
        network
        for service in functions["services"].values()
        for network in service["networks"]
    }
    shared = {name for name, tool in SERVICES if of_functions & set(tool["networks"])}
    exporters = {"postgres-exporter", "standby-exporter"}
    assert shared == {"collector", "collector-agent", "prometheus"} | exporters
    for name in ROUTED:
        labels = STACK["services"][name]["deploy"]["labels"]
        assert labels["traefik.swarm.network"] == "operators"


def test_traefik_shows_no_function_the_hashes_of_the_operators_passwords() -> None:
    """Its API would, on an entry point that asks for nothing."""
    edge = yaml.safe_load((TOOLS.parent / "edge" / "stack.yml").read_text())
    command = edge["services"]["traefik"]["command"]
    assert not [option for option in command if option.startswith("--api")]
    assert "labels" not in edge["services"]["traefik"]["deploy"]


@pytest.mark.parametrize("name", sorted(ROUTED))
def test_a_router_with_tls_of_its_own_names_the_edges_resolver(name: str) -> None:
    """Its section replaces the entry point's, so an unset resolver must be an error."""
    router = f"traefik.http.routers.{name}"
    labels = STACK["services"][name]["deploy"]["labels"]
    assert labels[f"{router}.entrypoints"] == "websecure"
    assert labels[f"{router}.tls.certresolver"].startswith("${ACME_RESOLVER?")


def sourced(folder: Path, script: Path, edge: list[str], **shell: str) -> list[str]:
    """Return e-mail, domain and resolver after a script, beside an edge that runs."""
    docker = folder / "docker"
    options = "".join(f"echo '{option}';" for option in edge) or "exit 1;"
    docker.write_text(
        f'#!/bin/sh\ncase "$*" in "service inspect "*" edge_traefik") {options} esac\n'
    )
    docker.chmod(0o755)
    names = "$ACME_EMAIL,$ACME_DOMAIN,$ACME_RESOLVER"
    done = subprocess.run(
        ["bash", "-c", f'set -euo pipefail; . {script}; echo "{names}"'],
        env={"PATH": f"{folder}:/usr/bin:/bin", **shell},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()[-1].split(",")


def edge_with(email: str, domain: str, resolver: str) -> list[str]:
    return [
        "--entrypoints.websecure.http.tls=true",
        f"--entrypoints.websecure.http.tls.certresolver={resolver}",
        f"--entrypoints.websecure.http.tls.domains[0].main={domain}",
        f"--certificatesresolvers.letsencrypt.acme.email={email}",
    ]


CERTIFIED = ("a@b.c", "b.c", "letsencrypt")
SELF_SIGNED = ("", "", "")


@pytest.mark.parametrize("values", [CERTIFIED, SELF_SIGNED])
def test_the_resolver_is_the_running_edges_whatever_the_shell_says(
    tmp_path: Path, values: tuple[str, str, str]
) -> None:
    script, edge = TOOLS / "environment.sh", edge_with(*values)
    shell = {"ACME_RESOLVER": "another", "ACME_EMAIL": "", "ACME_DOMAIN": ""}
    assert sourced(tmp_path, script, edge, **shell)[2] == values[2]


@pytest.mark.parametrize(
    ("edge", "shell", "values"),
    [
        (edge_with(*CERTIFIED), {}, CERTIFIED),
        (edge_with(*SELF_SIGNED), {}, SELF_SIGNED),
        ([], {}, SELF_SIGNED),
        ([], {"ACME_EMAIL": "a@b.c", "ACME_DOMAIN": "b.c"}, CERTIFIED),
        (edge_with(*CERTIFIED), {"ACME_EMAIL": "", "ACME_DOMAIN": ""}, SELF_SIGNED),
    ],
)
def test_an_edge_that_is_deployed_again_keeps_its_certificate(
    tmp_path: Path, edge: list[str], shell: dict[str, str], values: tuple[str, ...]
) -> None:
    """An operator whose shell does not name it must not replace it by a self-signed."""
    script = TOOLS.parent / "environment.sh"
    assert sourced(tmp_path, script, edge, **shell) == list(values)


@pytest.mark.parametrize(
    ("mount_point", "is_seen"),
    [
        ("/", True),
        ("/mnt/data", True),
        ("/var/lib/docker", True),
        ("/var/lib/docker/volumes", True),
        ("/var/lib/docker/volumes/minitwit-postgres/_data", False),
        ("/var/lib/docker/overlay2/abc/merged", False),
        ("/var/lib/docker/containers/abc/mounts/shm", False),
        ("/var/lib/docker/rootfs/overlayfs/abc", False),
        *((f"/{name}", False) for name in ("dev", "proc", "run", "sys")),
        ("/run/docker/netns/abc", False),
    ],
)
def test_the_disk_of_the_volumes_is_watched(mount_point: str, is_seen: bool) -> None:
    """It is one of its own on the droplets of deploy/droplets."""
    option = "--collector.filesystem.mount-points-exclude="
    [excluded] = [
        word.removeprefix(option).replace("$$", "$")
        for word in STACK["services"]["node-exporter"]["command"]
        if word.startswith(option)
    ]
    assert (re.search(excluded, mount_point) is None) == is_seen
