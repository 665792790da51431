"""supervisord: its configuration file, and a client of its XML-RPC API."""

import shlex
import sys
import unicodedata
import xmlrpc.client  # nosec B411 (supervisord of the same account answers)
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import SupervisorTransport

from deploy.local.accounts import die_with_parent
from deploy.local.errors import LocalRunError

# supervisord starts what has a low number first and stops it last.
DATABASE_FIRST, FUNCTIONS_NEXT, EDGE_LAST = 10, 20, 30

_NO_ANSWER = (xmlrpc.client.Error, OSError, HTTPException)


@dataclass(frozen=True)
class Program:
    """A program that supervisord restarts whenever its process ends."""

    name: str
    command: list[str]
    priority: int
    directory: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_signal: str = "TERM"
    stop_seconds: int = 20


@dataclass(frozen=True)
class ProcessInfo:
    """The state of a program's process."""

    name: str
    state: str
    pid: int
    description: str


def configuration(
    programs: list[Program], socket_path: Path, logs: Path, pid_file: Path
) -> str:
    """Return supervisord's configuration file.

    Args:
        programs: the programs to run.
        socket_path: the Unix socket of supervisord.
        logs: the folder of the logs. Relative to where supervisord is started, since
            it cannot read a % in the path of a program's log, escaped or not.
        pid_file: the file of its process id.

    """
    server = {
        "supervisord": {
            "nodaemon": "true",
            "silent": "true",
            "logfile": str(logs / "supervisord.log"),
            "logfile_maxbytes": "1MB",
            "logfile_backups": "1",
            "childlogdir": str(logs),
            "pidfile": str(pid_file),
        },
        "unix_http_server": {"file": str(socket_path), "chmod": "0700"},
        "supervisorctl": {"serverurl": f"unix://{socket_path}"},
        "rpcinterface:supervisor": {
            "supervisor.rpcinterface_factory": (
                "supervisor.rpcinterface:make_main_rpcinterface"
            ),
        },
    }
    sections = server | {f"program:{p.name}": _section(p, logs) for p in programs}
    return "\n".join(_render(name, keys) for name, keys in sections.items())


def command(configuration_file: Path) -> list[str]:
    """Return supervisord's command line; it ends with the process that starts it."""
    # Without -P the modules beside the script could hide those of libraries.
    program = [sys.executable, "-P", str(Path(__file__).with_name("supervisord.py"))]
    options = ["--configuration", str(configuration_file)]
    return die_with_parent("TERM") + program + options


class Supervisor:
    """Client of a running supervisord, through its socket."""

    def __init__(self, socket_path: Path) -> None:
        """Take its socket, which is not opened before the first call."""
        self._url = f"unix://{socket_path}"

    def processes(self) -> list[ProcessInfo]:
        """Return every program and the state of its process.

        Raises:
            OSError: no supervisord runs.

        """
        return [
            ProcessInfo(
                info["name"], info["statename"], info["pid"], info["description"]
            )
            for info in self._call("getAllProcessInfo")
        ]

    def pids(self) -> dict[str, int]:
        """Return the process ids of the programs that run at the moment."""
        with suppress(*_NO_ANSWER):
            return {each.name: each.pid for each in self.processes() if each.pid}
        return {}

    def is_running(self) -> bool:
        """Return whether a supervisord answers."""
        try:
            return bool(self._call("getState"))
        except _NO_ANSWER:
            return False

    def stop(self, name: str, wait: bool) -> None:
        """Stop a program, if supervisord still answers."""
        with suppress(*_NO_ANSWER):
            self._call("stopProcess", name, wait)

    def apply_configuration(self) -> None:
        """Read the file again; start and stop only what has changed."""
        added, changed, removed = self._call("reloadConfig")[0]
        for name in (*removed, *changed):
            self._call("stopProcessGroup", name)
            self._call("removeProcessGroup", name)
        for name in (*changed, *added):
            self._call("addProcessGroup", name)

    def _call(self, method: str, *arguments: str | bool) -> Any:
        transport = SupervisorTransport(None, None, self._url)
        with xmlrpc.client.ServerProxy("http://localhost", transport) as server:
            return getattr(server.supervisor, method)(*arguments)


def _section(program: Program, logs: Path) -> dict[str, str]:
    environment = (f'{key}="{value}"' for key, value in program.environment.items())
    return {
        "command": shlex.join(program.command),
        "priority": str(program.priority),
        "directory": str(program.directory),
        "environment": ",".join(environment),
        "autorestart": "true",
        "startretries": "20",
        "stopsignal": program.stop_signal,
        "stopwaitsecs": str(program.stop_seconds),
        "redirect_stderr": "true",
        "stdout_logfile": str(logs / f"{program.name}.log"),
        "stdout_logfile_maxbytes": "10MB",
        "stdout_logfile_backups": "1",
    }


def _render(name: str, keys: Mapping[str, str]) -> str:
    return "\n".join(
        [f"[{name}]", *(f"{k} = {_escape(v)}" for k, v in keys.items()), ""]
    )


def _escape(value: str) -> str:
    # There is no way to write these: a comment begins, or a line ends.
    categories = {unicodedata.category(character) for character in value}
    if " #" in value or " ;" in value or categories & {"Cc", "Cs"}:
        raise LocalRunError(
            "supervisord cannot read a path that has ' #', ' ;', control characters or "
            "bytes that are not UTF-8: rename the folder, or move the checkout."
        )
    return value.replace("%", "%%")
