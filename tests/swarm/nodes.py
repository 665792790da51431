"""Droplets on one machine: network namespaces on a switch, an engine in each.

A node's engine lives in its own process and mount namespaces, so that pulling
the plug is one SIGKILL: containers, mounts and interfaces vanish with it, as
they do on a machine without power. Its disk (the data root) stays.
"""

import itertools
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.swarm.shell import CommandFailed, Docker, run
from tests.waiting import wait_until

# Containers of a service on a node whose words are shown.
_NEWEST = 3

# Dies with the test run, whatever kills it; everything inside dies with it.
_TIED = ("setpriv", "--pdeathsig", "KILL")
_OWN_NAMESPACES = ("-m", "-p", "-f", "--kill-child", "--mount-proc")
# The shell is process 1 of the namespace, since that process reaps orphans and
# an engine does not. It passes SIGTERM on and leaves when the engine has left.
# Every node has a /run and a /var/lib/docker of its own, and so its own socket, and its
# containers' logs where every engine has them. As on any droplet, mounts are shared.
_INIT = """
mount --make-rshared / && mount -t tmpfs tmpfs /run &&
    mount --bind "$1" /var/lib/docker && hostname "$0" || exit
dockerd "${@:2}" &
trap "kill -TERM $!" TERM
wait
wait
"""

# Stands in for the runtime that an engine starts containers with, in their folder.
_RUNC = """#!/bin/bash
if [[ " $* " = *" create "* ]] && {tests} && rm {armed} 2> /dev/null; then
    echo "device or resource busy" >&2
    exit 1
fi
exec {real} "$@"
"""


class Engine:
    """A Docker engine with all its processes and mounts in own namespaces."""

    def __init__(self, name: str, hostname: str, folder: Path, data: Path) -> None:
        self.name = name
        self.hostname = hostname
        self.docker = Docker(folder / f"{name}.sock")
        self._folder = folder
        self._data = data
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *options: str, inside: Sequence[str] = ()) -> None:
        """Start the engine and wait until it answers."""
        self._claim_processors()
        for folder in (self._data, Path("/var/lib/docker")):
            folder.mkdir(parents=True, exist_ok=True)
        command = [
            *(*_TIED, *inside, "unshare", "-u", *_OWN_NAMESPACES),
            *("bash", "-c", _INIT, self.hostname, str(self._data)),
            *("--host", self.docker.host, "--host", "unix:///run/docker.sock"),
            *("--exec-opt", "native.cgroupdriver=cgroupfs", "--bridge", "none"),
            *("--cgroup-parent", f"/{self.name}", *options),
        ]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        wait_until(self._answers, lambda: f"dockerd of {self.name}:\n{self.tail()}")

    def stop(self) -> None:
        """Stop the engine as a shutdown does."""
        if self._process and self._process.poll() is None:
            os.kill(self._init(self._process.pid), signal.SIGTERM)
            self._process.wait(60)
        self.kill()

    def inside(self, *command: str) -> str:
        """Run a program of this machine among the engine's processes and mounts."""
        assert self._process, f"{self.name} is off"
        target = f"--target={self._init(self._process.pid)}"
        return run("nsenter", target, "--mount", "--pid", *command)

    @staticmethod
    def _init(unshare: int) -> int:
        """Return the process that is the first one in the engine's namespace."""
        children = Path(f"/proc/{unshare}/task/{unshare}/children").read_text()
        [init] = children.split()
        return int(init)

    def kill(self) -> None:
        """Pull the plug: every process of the engine is gone at once."""
        if self._process:
            self._process.kill()
            self._process.wait(30)
            self._process = None
        wait_until(self._cgroups_are_gone, f"the containers of {self.name} to be gone")

    @property
    def is_on(self) -> bool:
        """Tell whether the engine was started and not stopped."""
        return self._process is not None

    @property
    def log(self) -> Path:
        """The file that holds what the engine said."""
        return self._folder / f"{self.name}.log"

    def tail(self) -> str:
        """Return the engine's last words."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])

    def _claim_processors(self) -> None:
        # All containers of a droplet share its group's part of this machine, which
        # would be no more than that of any one process beside them.
        root, knob, weight = Path("/sys/fs/cgroup"), "cpu.weight", 1000
        if (root / "cpu").is_dir():
            root, knob, weight = root / "cpu", "cpu.shares", 16384
        group = root / self.name
        group.mkdir(exist_ok=True)
        with suppress(OSError):
            (group / knob).write_text(str(weight))

    def _answers(self) -> bool:
        if self._process and self._process.poll() is not None:
            raise AssertionError(f"dockerd of {self.name} ended:\n{self.tail()}")
        return self.docker.answers()

    def _cgroups_are_gone(self) -> bool:
        return not _remove_cgroups(self.name)


def _remove_cgroups(name: str) -> list[Path]:
    """Remove the control groups of an engine; return those still in use."""
    hierarchy = Path("/sys/fs/cgroup")
    roots = [*hierarchy.glob(name), *hierarchy.glob(f"*/{name}")]
    folders = [Path(f) for root in roots for f, _, _ in os.walk(root, topdown=False)]
    left = []
    for folder in folders:
        try:
            folder.rmdir()
        except OSError:
            left.append(folder)
    return left


@dataclass(frozen=True)
class Lan:
    """A switch in a namespace of its own, with a cable to this machine.

    Its own namespace, since a firewall on this machine (Docker's own, on many)
    would otherwise drop what the nodes say to each other.
    """

    number: int

    @classmethod
    def lay(cls) -> "Lan":
        """Lay a network whose number no other run on this machine uses."""
        for number in itertools.islice(
            itertools.cycle(range(1, 250)), os.getpid() % 249, 800
        ):
            try:
                run("ip", "netns", "add", f"mt{number}")
            except CommandFailed:
                continue
            lan = cls(number)
            lan._cable()
            return lan
        raise AssertionError("no free network: remove stale ones, see `ip netns`")

    def _cable(self) -> None:
        switch, cable = self.switch, f"mt{self.number}"
        run("ip", "-n", switch, "link", "add", "switch", "type", "bridge")
        run("ip", "-n", switch, "link", "set", "switch", "up")
        run(
            "ip",
            "link",
            "add",
            cable,
            "type",
            "veth",
            "peer",
            "outside",
            "netns",
            switch,
        )
        run("ip", "-n", switch, "link", "set", "outside", "master", "switch", "up")
        run("ip", "address", "add", f"{self.address(254)}/24", "dev", cable)
        run("ip", "link", "set", cable, "up")

    @property
    def switch(self) -> str:
        """The namespace of the switch."""
        return f"mt{self.number}"

    def address(self, host: int) -> str:
        """Return the address of a host; 254 is this machine."""
        return f"10.90.{self.number}.{host}"

    def take_up(self) -> None:
        """Remove the switch and its cables."""
        run("ip", "netns", "delete", self.switch)


class Node:
    """A droplet: an engine behind a network interface, with a disk."""

    def __init__(
        self, name: str, host: int, lan: Lan, folder: Path, options: Sequence[str]
    ) -> None:
        self.hostname = name
        self.address = lan.address(host)
        self._namespace = f"mt{lan.number}-{name}"
        self._port = f"port{host}"
        self._lan = lan
        self.disk = folder / f"{name}.disk"
        self.engine = Engine(self._namespace, name, folder, self.disk)
        self.docker = self.engine.docker
        self._options = options

    def start(self) -> None:
        """Plug the node in and switch it on."""
        space = self._namespace
        run("ip", "netns", "add", space)
        run("ip", "-n", space, "link", "set", "lo", "up")
        run(
            *("ip", "-n", space, "link", "add", "eth0", "type", "veth"),
            *("peer", self._port, "netns", self._lan.switch),
        )
        run("ip", "-n", space, "address", "add", f"{self.address}/24", "dev", "eth0")
        run("ip", "-n", space, "link", "set", "eth0", "up")
        self._cable("master", "switch", "up")
        self._start_engine()

    def restart_engine(self) -> None:
        """Restart the engine, as `systemctl restart docker` does."""
        self.engine.stop()
        self._start_engine()

    def _start_engine(self) -> None:
        # Not `ip netns exec`: it mounts /sys anew, and the engine then finds no
        # control groups.
        self.engine.start(
            *self._options, inside=("nsenter", f"--net=/run/netns/{self._namespace}")
        )

    def pull_the_plug(self) -> None:
        """Cut the node's power: nothing of it remains but its disk."""
        if not self.engine.is_on:
            return
        self.engine.kill()
        run("ip", "-n", self._lan.switch, "link", "delete", self._port)
        run("ip", "netns", "delete", self._namespace)

    def words(self, service: str, lines: int) -> list[str]:
        """Return the last lines of a service's newest containers."""
        found = ("ps", "--all", "--quiet", "--filter", f"name=^{service}[.]")
        try:
            newest = self.docker(*found, timeout=20).split()[:_NEWEST]
        except CommandFailed as error:
            # They explain a failure, so they must not be one.
            return [f"{self.hostname} does not say: {error}"]
        return [self._last_lines(container, lines) for container in newest]

    def _last_lines(self, container: str, lines: int) -> str:
        try:
            return self.docker("logs", "--tail", str(lines), container, timeout=20)
        except CommandFailed as error:
            # It may be removed meanwhile.
            return f"{self.hostname} does not say: {error}"

    @contextmanager
    def one_failed_start(self, folder: Path, *words: str) -> Iterator[None]:
        """Fail to start the first container whose settings contain the words."""
        runtime = Path(str(shutil.which("runc")))
        stand_in, armed = folder / "runc", folder / "armed"
        real = shutil.copy(runtime, folder / "real-runc")
        tests = " && ".join(f"grep -qF '{word}' config.json" for word in words)
        stand_in.write_text(_RUNC.format(tests=tests, armed=armed, real=real))
        stand_in.chmod(0o755)
        armed.touch()
        self.engine.inside("mount", "--bind", str(stand_in), str(runtime))
        try:
            yield
            assert not armed.exists(), "the engine started no such container"
        finally:
            self.engine.inside("umount", str(runtime))

    def in_network_of(self, container: str, *command: str) -> str:
        """Run a program of this machine in the network of a container."""
        show = "{{.NetworkSettings.SandboxKey}}"
        network = self.docker("inspect", "--format", show, container)
        return self.engine.inside("nsenter", f"--net={network}", *command)

    def unplug(self) -> None:
        """Cut the node's network."""
        self._cable("down")

    def plug(self) -> None:
        """Give the node its network back."""
        self._cable("up")

    def _cable(self, *state: str) -> None:
        run("ip", "-n", self._lan.switch, "link", "set", self._port, *state)
