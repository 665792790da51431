"""Machines that can be cut off from one another and lost: network namespaces."""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.waiting import wait_until

Program = subprocess.Popen[bytes]


class Host:
    """One machine on a network that the tests' own machine is on, too."""

    def __init__(self, name: str, address: str) -> None:
        self.name = name
        self.address = address
        self.prefix = ["ip", "netns", "exec", name]
        self._started: list[Program] = []

    def start(
        self, command: list[str], log: Path, environment: Mapping[str, str]
    ) -> Program:
        """Run a program on it, and again when it ends, as Docker Swarm does."""
        again = ["sh", "-c", 'while :; do "$@"; sleep 1; done', "sh"]
        with log.open("ab") as output:
            program = subprocess.Popen(
                [*self.prefix, *again, *command],
                cwd="/",
                env=dict(environment),
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._started.append(program)
        return program

    def lose(self) -> None:
        """End every process at once, as when power is lost."""
        wait_until(self._is_dead, f"{self.name} to be dead")
        while self._started:
            self._started.pop().wait()

    def terminate(self, program: Path) -> None:
        """Send SIGTERM to the processes that run a program."""
        for process in self._processes():
            with suppress(FileNotFoundError, ProcessLookupError):
                words = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
                if os.fsencode(program) in words:
                    os.kill(process, signal.SIGTERM)

    def cut_off_from(self, *others: "Host") -> None:
        """Drop what comes from others and goes to them; the tests still reach it."""
        self._filter("-A", others)

    def mend(self, *others: "Host") -> None:
        """Let it through again."""
        self._filter("-D", others)

    @contextmanager
    def refusing(self, port: int, *others: "Host") -> Iterator[None]:
        """Reset others' connections to a port until the block ends."""
        tcp = ["-p", "tcp", "--dport", str(port)]
        refuse = ["-j", "REJECT", "--reject-with", "tcp-reset"]
        rules = [["INPUT", "-s", other.address, *tcp, *refuse] for other in others]
        for rule in rules:
            self._iptables("-A", *rule)
        try:
            yield
        finally:
            for rule in rules:
                self._iptables("-D", *rule)

    def _is_dead(self) -> bool:
        processes = self._processes()
        for process in processes:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        return not processes

    def _processes(self) -> list[int]:
        return [*map(int, _run("ip", "netns", "pids", self.name).split())]

    def _filter(self, action: str, others: tuple["Host", ...]) -> None:
        for other in others:
            for chain, end in (("INPUT", "-s"), ("OUTPUT", "-d")):
                self._iptables(action, chain, end, other.address, "-j", "DROP")

    def _iptables(self, *rule: str) -> None:
        _run(*self.prefix, "iptables", "-w", *rule)


@contextmanager
def hosts(count: int) -> Iterator[list[Host]]:
    """Make so many machines on one network until the block ends."""
    number = os.getpid() % 250 + 1
    bridge = f"mth{number}"
    made = [
        Host(f"mth{number}h{n}", f"10.214.{number}.{n}") for n in range(1, count + 1)
    ]
    _remove(bridge, made)
    _run("ip", "link", "add", bridge, "type", "bridge")
    _run("ip", "address", "add", f"10.214.{number}.254/24", "dev", bridge)
    _run("ip", "link", "set", bridge, "up")
    try:
        for host in made:
            _connect(host, bridge)
        yield made
    finally:
        _remove(bridge, made)


def _connect(host: Host, bridge: str) -> None:
    there, here = f"{host.name}a", f"{host.name}b"
    _run("ip", "netns", "add", host.name)
    _run("ip", "link", "add", here, "type", "veth", "peer", "name", there)
    _run("ip", "link", "set", there, "netns", host.name)
    _run("ip", "link", "set", here, "master", bridge, "up")
    in_host = [*host.prefix, "ip"]
    _run(*in_host, "address", "add", f"{host.address}/24", "dev", there)
    _run(*in_host, "link", "set", there, "up")
    _run(*in_host, "link", "set", "lo", "up")


def _remove(bridge: str, made: list[Host]) -> None:
    for host in made:
        if os.path.exists(f"/run/netns/{host.name}"):
            host.lose()
            _run("ip", "netns", "delete", host.name)
    # The kernel removes a namespace's cables some time after it.
    for link in (bridge, *(f"{host.name}b" for host in made)):
        subprocess.run(["ip", "link", "delete", link], capture_output=True)


def _run(*command: str) -> str:
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout
