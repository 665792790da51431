"""Makes the database read-only before the disk is full, as production's guard does.

PostgreSQL stops when it cannot write its log. Read-only it answers reads until there is
room again, and the functions refuse writes with 503.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

from deploy.local.errors import LocalRunError
from deploy.local.postgres import Cluster
from minitwit.errors import MiniTwitError

_RESERVE = 256 * 2**20  # bytes that stay free for PostgreSQL's log and its recovery
# A little more has to be free before writes go on, so that the state does not flap.
_ROOM = _RESERVE + 64 * 2**20

_IS_READ_ONLY = """
SELECT EXISTS (SELECT FROM pg_file_settings
               WHERE name = 'default_transaction_read_only' AND setting = 'on')
"""
_ALTER = {
    True: "ALTER SYSTEM SET default_transaction_read_only = on",
    False: "ALTER SYSTEM RESET default_transaction_read_only",
}
_RELOAD = "SELECT pg_reload_conf()"


def require_room(folder: Path) -> None:
    """Check that a start leaves the disk's reserve untouched.

    Raises:
        LocalRunError: too little is free.

    """
    if _free(folder) < _ROOM:
        raise LocalRunError(
            f"Less than {_ROOM // 2**20} MB are free on the disk of {folder}: make "
            "room, then run `make up` again."
        )


class DiskGuard:
    """Watches the disk of a running database.

    Args:
        cluster: the database.
        say: tells the operator what happened and what to do.

    """

    def __init__(self, cluster: Cluster, say: Callable[[str], None]) -> None:
        self._cluster = cluster
        self._say = say
        self._is_read_only: bool | None = None
        self._has_said_why = False

    def check(self) -> None:
        """Change what the free space requires; call it every second."""
        free = _free(self._cluster.data.parent)
        try:
            if self._is_read_only is None:
                self._is_read_only = self._run(_IS_READ_ONLY)
            if not self._is_read_only and free < _RESERVE:
                self._say_why()
                self._set_read_only(True)
            elif self._is_read_only and free >= _ROOM:
                self._set_read_only(False)
                self._has_said_why = False
                self._say("There is room on the disk again: writes go on.")
        except MiniTwitError:
            # PostgreSQL is restarting, or there is no room even for its setting: the
            # next check tries again.
            return

    def _say_why(self) -> None:
        if not self._has_said_why:
            self._has_said_why = True
            self._say(
                f"The disk of {self._cluster.data} is nearly full (less than "
                f"{_RESERVE // 2**20} MB are free): reads go on, writes get 503. Make "
                "room, and writes go on by themselves."
            )

    def _set_read_only(self, is_read_only: bool) -> None:
        self._run(_ALTER[is_read_only], _RELOAD)
        self._is_read_only = is_read_only

    def _run(self, *statements: str) -> bool:
        with self._cluster.superuser_connection() as connection:
            rows = [connection.run(statement) for statement in statements]
        return bool(rows[-1][0][0])


def _free(folder: Path) -> int:
    return shutil.disk_usage(folder).free
