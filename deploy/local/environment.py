"""Environment variables of child processes: an allow-list.

Variables that programs read by themselves (PGPORT, PYTHONPATH, OTEL_*, HTTP_PROXY,
GUNICORN_CMD_ARGS and many others) would change what runs here, or keep it from running.
"""

import os
from collections.abc import Mapping

# PATH finds programs of the system, HOME files of the user; the rest is for a terminal.
_INHERITED = ("PATH", "HOME", "TERM", "COLUMNS", "LINES", "NO_COLOR")

# The same encoding whatever the caller's, since UTF-8 is what everything here writes.
_FIXED = {"LC_ALL": "C.UTF-8"}

_PREFIX = "MINITWIT_"
# The local run has one database and one address, whatever the caller's variables say.
_OWN = {
    f"{_PREFIX}INSTALLATION",
    f"{_PREFIX}DATABASE_URL",
    f"{_PREFIX}DATABASE_PASSWORD_FILE",
    f"{_PREFIX}DATABASE_READ_URL",
    f"{_PREFIX}DATABASE_CA_FILE",
    f"{_PREFIX}URL",
}


def child_environment(**variables: str) -> dict[str, str]:
    """Return the environment of a child that needs nothing of MiniTwit's settings."""
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return {**inherited, **_FIXED, **variables}


def caller_settings() -> Mapping[str, str]:
    """Return the settings (MINITWIT_*) with which the local run was started."""
    return {
        name: value
        for name, value in os.environ.items()
        if name.startswith(_PREFIX) and name not in _OWN
    }
