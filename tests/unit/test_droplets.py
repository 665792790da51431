"""The droplets' first boot: what cloud-init writes, and the firewall's rules."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cloud_config import DROPLETS, NETWORK, TEMPLATE, cloud_config, written


def test_the_template_uses_the_variables_that_terraform_passes() -> None:
    used = set(re.findall(r"\$\{(\w+)\}", TEMPLATE))
    ephemeral = (DROPLETS / "ephemeral" / "main.tf").read_text(encoding="utf-8")
    passed = ephemeral.partition("templatefile(")[2].partition("})")[0]
    assert used == set(re.findall(r"^\s+(\w+) += ", passed, re.MULTILINE))


def test_docker_does_not_start_without_the_block_volume() -> None:
    """It would create empty volumes on the droplet's own disk."""
    [[device, place, *_]] = cloud_config()["mounts"]
    assert device == "/dev/disk/by-id/scsi-0DO_Volume_minitwit-tool"
    assert f"RequiresMountsFor={place}" in written("volumes.conf")


def test_both_parts_name_the_same_droplets() -> None:
    names = [
        set(re.findall(r"^    (\w+) += ", block, re.MULTILINE))
        for part, variable in (
            ("persistent", "volume_sizes"),
            ("ephemeral", "droplet_sizes"),
        )
        for text in [(DROPLETS / part / "main.tf").read_text(encoding="utf-8")]
        for block in [text.partition(f'"{variable}"')[2].partition("\n}\n")[0]]
    ]
    assert names == [{"application", "database", "tool"}] * 2


def test_the_persistent_part_cannot_be_destroyed_by_accident() -> None:
    text = (DROPLETS / "persistent" / "main.tf").read_text(encoding="utf-8")
    resources = re.split(r"^resource ", text, flags=re.MULTILINE)[1:]
    assert resources
    assert all("prevent_destroy = true" in resource for resource in resources)


def firewall_rules(folder: Path, runs: int) -> list[str]:
    """Run the firewall's script in a network of its own and return the rules."""
    script = folder / "minitwit-firewall"
    script.write_text(written("minitwit-firewall"))
    ip = folder / "ip"
    ip.write_text("#!/bin/sh\necho default via 192.0.2.1 dev eth0 proto static\n")
    ip.chmod(0o755)
    commands = [f"bash {script}"] * runs + ["iptables --list-rules"]
    done = subprocess.run(
        ["unshare", "--net", "bash", "-c", " && ".join(commands)],
        env={"PATH": f"{folder}:/usr/sbin:/usr/bin:/sbin:/bin"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("iptables"), reason="needs root and iptables"
)
@pytest.mark.parametrize("runs", [1, 3])
def test_only_the_site_is_open_and_swarm_only_to_the_droplets(
    tmp_path: Path, runs: int
) -> None:
    """The rules of one run, also after Docker's next start."""
    rules = firewall_rules(tmp_path, runs)
    inputs = [rule for rule in rules if rule.startswith("-A MINITWIT-INPUT")]
    swarm = {"tcp/2377", "tcp/7946", "udp/7946", "udp/4789"}
    opened = {
        f"{match['protocol']}/{match['port']}": match["source"]
        for rule in inputs
        if (
            match := re.search(
                r"(?:-s (?P<source>\S+) )?-p (?P<protocol>tcp|udp) .*"
                r"--dport (?P<port>\d+)",
                rule,
            )
        )
    }
    assert opened == dict.fromkeys(swarm, NETWORK) | {"tcp/22": None}
    assert inputs[-1] == "-A MINITWIT-INPUT -j DROP"
    forwards = [rule for rule in rules if rule.startswith("-A DOCKER-USER")]
    published = {
        match for rule in forwards for match in re.findall(r"dstport (\d+)", rule)
    }
    assert published == {"80", "443"}
    assert forwards[-2:] == [
        "-A DOCKER-USER -i eth0 -j DROP",
        "-A DOCKER-USER -j RETURN",
    ]
    jumps = [rule for rule in rules if re.match(r"-A (INPUT|FORWARD) ", rule)]
    assert jumps == ["-A INPUT -j MINITWIT-INPUT", "-A FORWARD -j DOCKER-USER"]


def test_the_check_validates_what_it_can_and_names_the_rest(tmp_path: Path) -> None:
    """Without Terraform, which would ask a registry for its provider."""
    done = subprocess.run(
        [DROPLETS / "check"],
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "scripts: valid" in done.stdout
    assert "Not validated: a real first boot" in done.stdout


BOOTSTRAPPED = """#!/bin/sh
echo "$*" >> "$CALLS"
case "$1 $2" in
    "info --format") echo active true ;;
    "node ls" | "secret ls") echo there ;;
esac
"""


@pytest.mark.parametrize("host", ["", "ssh://root@203.0.113.9"])
def test_a_new_database_is_allowed_on_the_droplet_that_gets_it(
    tmp_path: Path, host: str
) -> None:
    """It was allowed on the application droplet alone, so no other one could start."""
    docker, calls = tmp_path / "docker", tmp_path / "calls"
    docker.write_text(BOOTSTRAPPED)
    docker.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "CALLS": str(calls)}
    environment |= {"MINITWIT_NEW_INSTALLATION": "yes"}
    environment |= {"MINITWIT_DATABASE_HOST": host} if host else {}
    script = DROPLETS.parent / "bootstrap.sh"
    subprocess.run([script], env=environment, stdout=subprocess.PIPE, check=True)
    start = f"--host {host} run " if host else "run "
    [allowed] = [
        line
        for line in calls.read_text().splitlines()
        if "minitwit-postgres:/var/lib/postgresql" in line
    ]
    assert allowed.startswith(start)
