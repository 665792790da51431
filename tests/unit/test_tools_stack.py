"""The tools' stack file names files, images and limits as it should."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.functions import FUNCTIONS

TOOLS = Path(__file__).parents[2] / "deploy" / "tools"
STACK = yaml.safe_load((TOOLS / "stack.yml").read_text(encoding="utf-8"))
SERVICES = sorted(STACK["services"].items())

# They write where their images expect it, in more places than can be told from outside.
WRITABLE = {"elasticsearch", "kibana"}
# The collector's image holds nothing to ask it with; the job ends by itself.
UNASKED = {"collector", "collector-agent", "provision"}


@pytest.mark.parametrize(("name", "service"), SERVICES)
def test_every_tool_can_do_little_and_grow_little(
    name: str, service: dict[str, Any]
) -> None:
    assert service["cap_drop"] == ["ALL"]
    assert service.get("read_only") is True or name in WRITABLE
    limits = service["deploy"]["resources"]["limits"]
    assert limits["memory"] and limits["cpus"] and limits["pids"]
    assert service["logging"]["options"]["max-size"]
    assert "ports" not in service
    assert service["deploy"]["endpoint_mode"] == "dnsrr"
    assert (service["healthcheck"] == {"disable": True}) == (name in UNASKED)


@pytest.mark.parametrize(("name", "service"), SERVICES)
def test_a_tool_is_on_the_tool_droplet_or_on_every_node(
    name: str, service: dict[str, Any]
) -> None:
    constraints = service["deploy"]["placement"]["constraints"]
    if service["deploy"].get("mode") == "global":
        assert name in ("collector-agent", "node-exporter")
    else:
        assert constraints == ["node.labels.role == tool"]


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
    assert names - set(FUNCTIONS) - {"traefik"} <= set(STACK["services"])
